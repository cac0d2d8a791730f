# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of an OOM policy: which keys it may have and with which values, checked with the standard library alone.

schemas/policy.schema.json documents the same shape for other programs; the tests hold the two against each other.
"""

from typing import NamedTuple, Tuple

SELECTORS = ("unit", "name", "pattern", "user", "cgroup", "container")


class Part(NamedTuple):
    """What an entry of one part may have beside value, persist and note; `why` says why its value may not be lower."""

    selectors: Tuple[str, ...]
    others: Tuple[str, ...]
    lowest: int
    highest: int
    why: str

    @property
    def known(self):
        """All keys of an entry."""
        return {*self.selectors, *self.others, "value", "persist", "note"}


PARTS = {
    "lifelines": Part(("unit", "name"), ("allow_unkillable",), -1000, 0, ""),
    "services": Part(SELECTORS, ("scope", "children"), -999, 1000, ", since only lifelines may be unkillable"),
    "workloads": Part(SELECTORS, ("scope", "children"), 0, 1000, ", since a workload must stay killable"),
}
_TEXTS = {*SELECTORS, "note"}
_BOOLEANS = {"children", "allow_unkillable"}
_CHOICES = {"scope": ("system", "user"), "persist": ("auto", "systemd", "none")}


def errors(policy, name):
    """One sentence for each thing that is wrong; `name` is the variable that holds the policy."""
    if not isinstance(policy, dict):
        yield _must_be(name, policy, "a mapping")
        return
    yield from _unknown_keys(policy, PARTS, name)
    for kind, part in PARTS.items():
        entries = policy.get(kind, [])
        if not isinstance(entries, list):
            yield _must_be(f"{name}.{kind}", entries, "a list")
            continue
        for index, entry in enumerate(entries):
            yield from _of_entry(entry, part, f"{name}.{kind}[{index}]")


def _of_entry(entry, part, place):
    if not isinstance(entry, dict):
        yield _must_be(place, entry, "a mapping")
        return
    yield from _unknown_keys(entry, part.known, place)
    given = [kind for kind in part.selectors if kind in entry]
    if given and "unit" not in given and (entry.get("scope") == "user" or entry.get("persist") == "systemd"):
        yield (
            f"{place} has the selector {given[0]} {entry[given[0]]}, but scope and persist are only for units; "
            "remove them."
        )
    if len(given) != 1:
        said = "has the selectors " + " and ".join(given) if given else "has no selector"
        yield f"{place} {said}; give exactly one of {', '.join(part.selectors)}."
    if "value" not in entry:
        yield f"{place} has no value; add one."
    if "allow_unkillable" in part.known and "allow_unkillable" in entry and "note" not in entry:
        yield f"{place} has allow_unkillable, but no note that gives the reason; add a note."
    for key in sorted(part.known.intersection(entry)):
        yield from _of_value(key, entry[key], part, f"{place}.{key}")


def _of_value(key, given, part, place):
    if key in _CHOICES:
        if given not in _CHOICES[key]:
            yield _must_be(place, given, "one of " + ", ".join(_CHOICES[key]))
    elif key in _BOOLEANS:
        if not isinstance(given, bool):
            yield _must_be(place, given, "a yes or no")
    elif key in _TEXTS:
        if not isinstance(given, str):
            yield _must_be(place, given, "a text")
        elif not given.strip():
            yield f"{place} is {given!r}, but must not be empty."
    elif isinstance(given, bool) or not isinstance(given, int):
        yield _must_be(place, given, "a whole number")
    elif given < part.lowest:
        yield f"{place} is {given}, but must be at least {part.lowest}{part.why}."
    elif given > part.highest:
        yield f"{place} is {given}, but must be at most {part.highest}."


def _unknown_keys(given, known, place):
    unknown = sorted(set(given) - set(known))
    if unknown:
        yield f"{place} has the unknown key {', '.join(map(repr, unknown))}; known are {', '.join(sorted(known))}."


def _must_be(place, given, what):
    return f"{place} is {given!r}, but must be {what}."
