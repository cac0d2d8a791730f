# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The changes that a person means with `what_if`."""

from typing import Dict, List

from ..errors import OptionError
from ..models import size
from ..models.changes import ADJ, CHANGES, EMPTIED, GONE, LIMIT, NO_LIMIT, RESIZED, SELECTORS, Change

# What each change needs besides its name, and what it may have.
_NEEDS = {ADJ: ("value",), GONE: (), EMPTIED: ("mount",), RESIZED: ("mount", "size"), LIMIT: ("cgroup", "size")}
_MAY_HAVE = {ADJ: SELECTORS, GONE: SELECTORS, EMPTIED: (), RESIZED: (), LIMIT: ()}


def checked(asked: List[Dict]) -> List[Change]:
    """The changes, or an OptionError that says which one lacks what."""
    return [_checked(number, given) for number, given in enumerate(asked, 1)]


def _checked(number, given) -> Change:
    known = {key: value for key, value in given.items() if value is not None}
    change = known.get("change")
    if change not in CHANGES:
        raise OptionError(f"what_if entry {number} has change {change!r}, which is none of {', '.join(CHANGES)}.")
    unknown = sorted(set(known) - set(_NEEDS[change]) - set(_MAY_HAVE[change]) - {"change"})
    if unknown:
        raise OptionError(f"what_if entry {number} ({change}) has {unknown[0]}, which it cannot use; drop it.")
    missing = [name for name in _NEEDS[change] if name not in known]
    if missing:
        words = "give it" if len(missing) == 1 else "give them"
        raise OptionError(f"what_if entry {number} ({change}) lacks {' and '.join(missing)}; {words}.")
    if _MAY_HAVE[change] and len(set(known) & set(SELECTORS)) != 1:
        raise OptionError(
            f"what_if entry {number} ({change}) must say with exactly one of {', '.join(SELECTORS)} which processes."
        )
    _check_values(number, change, known)
    return Change(**known)


def _check_values(number, change, known):
    value = known.get("value")
    if value is not None and not -1000 <= value <= 1000:
        raise OptionError(f"what_if entry {number} has value {value}, but oom_score_adj goes from -1000 to 1000.")
    text = known.get("size")
    if text is not None and not (change == LIMIT and text == NO_LIMIT) and not size.parse(text):
        words = "a size such as 512M, or max for no limit" if change == LIMIT else "a size such as 512M"
        raise OptionError(f"what_if entry {number} has size {text!r}, which is no size above 0; give {words}.")
