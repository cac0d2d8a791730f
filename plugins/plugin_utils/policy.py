# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an OOM policy on the control node: what is wrong with it, in sentences, and what it asks of each host."""

import re

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, selection
from ansible_collections.memfacts.linux.plugins.plugin_utils import policy_shape

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,9}(?:\.0+)?\s*$", re.ASCII)
_BOOLEAN = {"true": True, "yes": True, "false": False, "no": False}
# YAML reads a uid, a program that is called 7 and some ids of containers as numbers.
_TEXTS_OF_DIGITS = ("user", "name", "container")


def plain(value, name=None):
    """The policy as plain Python: a value that came out of a template may be a text that means a number."""
    if isinstance(value, dict):
        return {str(key): plain(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(int(value)) if name in _TEXTS_OF_DIGITS else int(value)
    if isinstance(value, float):
        return int(value) if name == "value" and value.is_integer() else float(value)
    text = str(value)
    if name == "value" and _INTEGER.match(text):
        return int(text.partition(".")[0])
    if name in ("children", "allow_unkillable"):
        return _BOOLEAN.get(text.strip().lower(), text)
    return text


def errors(policy, name):
    """What is wrong with a plain policy, one sentence each; `name` is the variable that holds it."""
    # Each of these needs a policy in which the one before it finds nothing.
    return (
        list(policy_shape.errors(policy, name)) or list(_refused_anywhere(policy, name)) or list(_twice(policy, name))
    )


def entries(policy, missing):
    """The entries that the module oom_score_adj takes, of a plain policy without errors.

    Of the lifelines most are alternatives, since no host has all container runtimes; `missing` is for the others.
    """
    return [
        dict(
            {key: value for key, value in entry.items() if key != "note"},
            missing="ignore" if part == "lifelines" else missing,
        )
        for part in policy_shape.PARTS
        for entry in policy.get(part, [])
    ]


def _placed(policy, name):
    """(what an error calls the entry, the entry) of each."""
    for part in policy_shape.PARTS:
        for index, entry in enumerate(policy.get(part, [])):
            yield f"{name}.{part}[{index}]", entry


def _refused_anywhere(policy, name):
    """What the module refuses on every host, which is better said before any is touched."""
    for place, entry in _placed(policy, name):
        try:
            if "pattern" in entry:
                selection.checked_pattern(entry["pattern"])
            if "cgroup" in entry:
                selection.checked_folder(entry["cgroup"])
        except OptionError as error:
            yield f"{place}: {error}"
        if "unit" in entry and drop_in_text.full_name(entry["unit"]) is None:
            yield (
                f"{place}.unit is {entry['unit']!r}, which is not the name of a unit; give a name such as ssh.service."
            )


def _twice(policy, name):
    """Entries that mean the same wherever they are applied. The module finds those that meet on one host only."""
    seen = {}
    for place, entry in _placed(policy, name):
        meant = _meant(entry)
        if meant in seen:
            yield f"{place} has the selector {_title(entry)}, as {seen[meant]} has; remove one of them."
        seen.setdefault(meant, place)


def _meant(entry):
    """What an entry is about, the same for all ways of writing it."""
    if "unit" in entry:
        return entry.get("scope", "system"), drop_in_text.full_name(entry["unit"])
    return ("cgroup", selection.checked_folder(entry["cgroup"])) if "cgroup" in entry else _title(entry)


def _title(entry):
    return next(f"{kind} {entry[kind]}" for kind in policy_shape.SELECTORS if kind in entry)
