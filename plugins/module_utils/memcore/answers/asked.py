# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a caller may ask for, and the one sentence for what it may not."""

from typing import Callable, Dict, Iterable, Optional, Tuple

from ..errors import OptionError
from ..findings.rule import Rule
from ..gather.options import SUBSETS, Options


def checked(
    gather_subset: Iterable[str],
    top: int,
    scan_files: bool,
    scan_seconds: float,
    namespaces: bool,
    thresholds: Optional[Dict[str, float]] = None,
) -> Options:
    """The options, or an OptionError that names what is wrong and what would be right.

    thresholds: as checked_thresholds() gives them; without them every rule has its own.
    """
    checked_top(top)
    if not 0 <= scan_seconds < float("inf"):
        raise OptionError(f"scan_seconds is {scan_seconds}, but must be a number from 0 up; give 1 for a second.")
    return Options(subsets(gather_subset), top, thresholds or {}, scan_files, scan_seconds, namespaces)


def checked_top(top: int) -> int:
    """How many rows a list may have; OptionError below 1."""
    if top < 1:
        raise OptionError(f"top is {top}, but a list needs room for at least 1 entry; give 1 or more.")
    return top


def subsets(wanted: Iterable[str]) -> Tuple[str, ...]:
    """Resolve `all`, names and `!name` as Ansible's own gather_subset does; only exclusions mean all but those."""
    asked = [name.strip() for name in wanted]
    for name in asked:
        if (name[1:] if name.startswith("!") else name) not in SUBSETS + ("all",):
            raise OptionError(
                f"gather_subset {name!r} does not exist; valid are all, {', '.join(SUBSETS)}, also with a leading '!'."
            )
    included = {name for name in asked if not name.startswith("!")}
    excluded = {name[1:] for name in asked if name.startswith("!")}
    if "all" in included or not included:
        included |= set(SUBSETS)
    if "all" in excluded:
        included &= set(asked)
        excluded.discard("all")
    return tuple(name for name in SUBSETS if name in included - excluded)


def checked_thresholds(given: Dict[str, object], rules: Callable[[], Iterable[Rule]]) -> Dict[str, float]:
    """The thresholds that are given, by finding; for all others a rule's own holds.

    rules: gives the rules that may have a threshold, and is called only where one is given.
    """
    if not given:
        return {}
    known = {rule.id: rule for rule in rules() if rule.threshold is not None}
    for name in given:
        if name not in known:
            raise OptionError(
                f"thresholds has {name!r}, which is no finding with a threshold; valid are {', '.join(sorted(known))}."
            )
    return {name: _limit(known[name], value) for name, value in given.items()}


def _limit(rule, value):
    try:
        limit = float(value)
    except (OverflowError, TypeError, ValueError):
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise OptionError(f"thresholds.{rule.id} is {_shown(value)}, but must be a number from 0 up ({rule.unit}).")
    return limit


def _shown(value):
    # Python refuses to print integers of more than 4300 digits, and nobody would read them.
    return "a number of many digits" if isinstance(value, int) and abs(value) > 10**20 else repr(value)
