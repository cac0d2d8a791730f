# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which of several tasks with the same points dies: the one that was scanned first, or last.

Up to 5.2 an equal one never replaces a chosen process ("prefer thread group leaders", oom_evaluate_task()); from 5.3
on it always does. Red Hat's 4.18 changed between builds 147 and 240.
"""

from typing import List, Optional, Tuple

from ..sources.printable import with_pid
from .badness import FLOORED, SIGNED
from .oom_rules import Version, version_of

FIRST, LAST, UNKNOWN = "first", "last", "unknown"

Told = Tuple[str, str]


def of_model_and_release(model: str, release: Optional[str]) -> Told:
    """The rule and one sentence why; UNKNOWN where model and release do not tell it."""
    version = version_of(release)
    if version is None:
        return UNKNOWN, "the kernel's release is not known"
    if model == SIGNED:
        return _of_signed(version, release)
    if model != FLOORED:
        return UNKNOWN, "the kernel's badness model is not known"
    if version.vendor == "el" and version.base == (4, 18):
        return _of_el8(version.build, release)
    if version.vendor == "suse":
        return UNKNOWN, f"the release {release} is SUSE's, which carries changes of later kernels"
    if version.base < (5, 3):
        return FIRST, f"kernels up to 5.2 keep the first that was scanned, and this one is {release}"
    if version.base < (5, 9):
        return LAST, f"kernels from 5.3 on take the last that was scanned, and this one is {release}"
    return UNKNOWN, f"no known kernel of the release {release} has the floored model, so it tells nothing about ties"


def of_points(scored: List[Tuple[int, int]], chosen: int) -> Optional[str]:
    """What one choice tells: (pid, points) in the order of the scan and the pid that was chosen; None: nothing.

    Only a tie at the top tells, and only where the first or the last of it was chosen.
    """
    best = max((points for dummy, points in scored), default=None)
    tied = [pid for pid, points in scored if points == best]
    if len(tied) < 2 or chosen not in tied:
        return None
    if chosen == tied[0]:
        return FIRST
    return LAST if chosen == tied[-1] else None


def _of_signed(version: Version, release) -> Told:
    is_late_el8 = version.vendor == "el" and version.base == (4, 18) and (version.build or 0) >= 240
    if version.base >= (5, 3) or is_late_el8:
        return LAST, f"kernels from 5.3 on take the last that was scanned, and this one is {release}"
    return UNKNOWN, f"the signed model is a backport in the release {release}, and what it did to ties is not known"


def _of_el8(build, release) -> Told:
    if build is not None and build <= 147:
        return FIRST, f"Red Hat's 4.18 keeps the first that was scanned up to build 147, and this one is {release}"
    if build is not None and build >= 240:
        return LAST, f"Red Hat's 4.18 takes the last that was scanned from build 240 on, and this one is {release}"
    return UNKNOWN, f"Red Hat's 4.18 changed between builds 147 and 240, and this one is {release}"


def seen_in_log(rule: str, times: int, comm: str, pid: int) -> Told:
    """The rule as earlier OOM reports of this kernel show it; comm and pid of the last that died by it."""
    often = "once" if times == 1 else f"{times} times"
    return (
        rule,
        f"the kernel's log shows {often} that of processes with equal points the {rule} one scanned was killed, "
        f"last {with_pid(comm, pid)}",
    )
