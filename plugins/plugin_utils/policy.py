# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an OOM policy on the control side: what is wrong with it, in sentences, and what it asks of each host."""

import json
import os
import re
import sys

from ansible.errors import AnsibleFilterError

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, selection

try:
    from jsonschema import Draft202012Validator
except ImportError:  # or older than version 4, as some distributions have it
    Draft202012Validator = None

SCHEMA = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "schemas", "policy.schema.json")
# Workloads first: where two parts mean the same process, the lifeline's value is the last word.
PARTS = ("workloads", "services", "lifelines")
SELECTORS = ("unit", "name", "pattern", "user", "cgroup", "container")
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,9}\s*$", re.ASCII)
_BOOLEAN = {"true": True, "yes": True, "false": False, "no": False}
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "boolean": "a yes or no",
}


def plain(value, name=None):
    """The policy as plain Python: a value that came out of a template may be a text that means a number."""
    if isinstance(value, dict):
        return {str(key): plain(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(int(value)) if name == "user" else int(value)
    if isinstance(value, float):
        return float(value)
    text = str(value)
    if name == "value" and _INTEGER.match(text):
        return int(text)
    if name in ("children", "allow_unkillable"):
        return _BOOLEAN.get(text.strip().lower(), text)
    return text


def errors(policy, name):
    """What is wrong with a plain policy, one sentence each; `name` is the variable that holds it."""
    if Draft202012Validator is None:
        raise AnsibleFilterError(
            "An OOM policy is checked with jsonschema 4 or later, which Ansible's Python on the control node lacks; "
            f"install it there: {sys.executable} -m pip install 'jsonschema>=4'."
        )
    with open(SCHEMA, encoding="utf-8") as stream:
        validator = Draft202012Validator(json.load(stream))
    found = sorted(validator.iter_errors(policy), key=lambda error: [str(step) for step in error.absolute_path])
    if found:
        return list(dict.fromkeys(_sentence(error, name) for error in found))
    return [*_refused_anywhere(policy, name), *_twice(policy, name)]


def entries(policy):
    """[{part, selector …, value …}] in the order in which they are applied."""
    return [dict(entry, part=part, title=_title(entry)) for part in PARTS for entry in policy.get(part, [])]


def differing(first, again):
    """[(title, summary)] of the entries that are not effective, by the results of setting them and of reading again.

    Both are what a loop over `entries` registered. A process that a later entry has set too, or that was started in
    between, tells nothing about an entry.
    """
    second = {result["item"]["title"]: result for result in again}
    found, set_later = [], set()
    for result in reversed(first):
        own = {row["pid"] for row in result["processes"]} - set_later
        set_later |= own
        seen = second.get(result["item"]["title"])
        if seen is not None and (seen["reloaded"] or any(_has_moved(row, own) for row in seen["processes"])):
            found.append((result["item"]["title"], seen["summary"]))
    return found[::-1]


def _has_moved(row, own):
    return row["pid"] in own and row["before"] != row["after"]


def _placed(policy, name):
    """(what an error calls the entry, the entry) of each."""
    for part in PARTS:
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
        if "unit" in entry:
            if drop_in_text.full_name(entry["unit"]) is None:
                yield f"{place}.unit is {entry['unit']!r}, which names no unit that runs; give one like ssh.service."
        elif entry.get("scope") == "user" or entry.get("persist") == "systemd":
            yield f"{place} is about {_title(entry)}, but scope and persist are of a unit; leave them out."


def _twice(policy, name):
    seen = {}
    for place, entry in _placed(policy, name):
        title = _title(entry)
        key = (entry.get("scope"), drop_in_text.full_name(entry["unit"])) if "unit" in entry else title
        if key in seen:
            yield f"{place} is about {title}, as {seen[key]} is; say it once."
        seen.setdefault(key, place)


def _title(entry):
    return next(f"{kind} {entry[kind]}" for kind in SELECTORS if kind in entry)


def _sentence(error, name):
    place = name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return f"{place} {_complaint(error)}."


def _complaint(error):
    keyword, wanted, given = error.validator, error.validator_value, error.instance
    if keyword == "additionalProperties":
        unknown = sorted(set(given) - set(_known(error)))
        return f"has the unknown key {', '.join(map(repr, unknown))}; known are {', '.join(_known(error))}"
    if keyword == "required":
        return f"lacks {' and '.join(key for key in wanted if key not in given)}; add it"
    if keyword == "dependentRequired":
        return "has allow_unkillable, but no note that says why; add it"
    if keyword == "oneOf":
        return _complaint_of_selectors(given, error)
    if keyword == "type":
        return f"is {given!r}, but must be {_KINDS[wanted]}"
    if keyword in ("minimum", "maximum"):
        return f"is {given}, but must be at {'least' if keyword == 'minimum' else 'most'} {wanted}{_why(error, given)}"
    if keyword == "enum":
        return f"is {given!r}, but must be one of {', '.join(wanted)}"
    return f"is {given!r}, but must not be empty"


def _complaint_of_selectors(given, error):
    possible = [kind for kind in SELECTORS if kind in _known(error)]
    there = [kind for kind in possible if kind in given]
    said = "names " + " and ".join(there) if there else "names nothing that it is about"
    return f"{said}; give exactly one of {', '.join(possible)}"


def _known(error):
    """The keys that the mapping in which the error is may have."""
    return sorted(error.schema.get("properties", {}))


def _why(error, given):
    if given < -999 and error.validator_value == -999:
        return ", since only lifelines may be unkillable"
    if error.validator_value == 0 and error.validator == "minimum":
        return ", since a workload must stay killable"
    return ""
