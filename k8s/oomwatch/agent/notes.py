# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The forecasts of the last seconds, and how the one that was made before a kill compares with that kill.

An event may be told seconds after its kill, when a newer forecast has been made already. That one must not count.
"""

import bisect
from typing import Dict, List, NamedTuple, Optional, Set

from oomwatch.agent.outlook import Domain, Forecast

RIGHT, TIED, WRONG, NONE = "right", "tied", "wrong", "none"
KEPT_SECONDS = 15.0  # an event waits for the names of its pods for 10 s at most
_MOST_DEAD = 4096


class Compared(NamedTuple):
    """result: RIGHT, TIED, WRONG or NONE; was_sure: whether the forecast named exactly one process and was sure."""

    result: str
    was_sure: bool


class _Note(NamedTuple):
    forecast: Forecast
    until: float  # when the look had ended, in seconds since the epoch
    by_path: Dict[Optional[str], Domain]


class Notes:
    """add() each forecast, then compare() each kill once, in their order. Times in seconds since the epoch."""

    def __init__(self) -> None:
        self._notes: List[_Note] = []
        self._dead: Dict[int, float] = {}

    def add(self, forecast: Forecast, until: float) -> None:
        """Remember a forecast; until: the end of the look, from which on it may be held against a kill."""
        if self._notes and until < self._notes[-1].until:
            self._notes.clear()  # the clock was set back
        self._notes.append(_Note(forecast, until, {domain.path: domain for domain in forecast.domains}))
        while len(self._notes) > 1 and self._notes[1].until < until - KEPT_SECONDS:
            del self._notes[0]

    def compare(self, event: Dict, killed_at: float) -> Compared:
        """The kill of an event against the last forecast that was made before it."""
        note = next((one for one in reversed(self._notes) if one.until <= killed_at), None)
        dead = {pid for pid, at in self._dead.items() if note is not None and at >= note.until}
        found = compared(None if note is None else note.by_path.get(_path(event), None), event, dead)
        for row in event["victims"]:
            self._dead.pop(row["pid"], None)
            self._dead[row["pid"]] = killed_at
        while len(self._dead) > _MOST_DEAD:
            del self._dead[next(iter(self._dead))]
        return found


def compared(domain: Optional[Domain], event: Dict, dead: Set[int]) -> Compared:
    """The forecast for one domain against a kill there. dead: pids that were killed since the forecast.

    RIGHT: it named the victim alone. TIED: it named several, the victim among them, or named the victim as one that
    dies if it grows. WRONG: it named others. NONE: there was no forecast, or the victim had not started yet when it
    was made, or it is not known whether the victim was one of a large tie, or one of the domain was killed since the
    forecast, which tells of the next kill only, and the victim is none of those that are left of a tie.
    """
    victim = event["victim"]
    if domain is None or victim is None or victim["pid"] is None or event["scope"] not in ("memcg", "global"):
        return Compared(NONE, False)
    pid = victim["pid"]
    left = [one for one in domain.pids if one not in dead]
    if not left or not _is_in(domain.known, pid):
        return Compared(NONE, False)
    was_sure = domain.sure and domain.count == 1
    if pid in left:
        return Compared(RIGHT if domain.count == 1 else TIED, was_sure)
    if pid in domain.others:
        return Compared(TIED, was_sure)
    is_spent = any(_is_in(domain.known, one) for one in dead)
    return Compared(NONE if is_spent or domain.count > len(domain.pids) else WRONG, was_sure)


def _path(event) -> Optional[str]:
    """The cgroup whose limit was hit, None for the host; an empty path, which no domain has, where it is not known."""
    if event["scope"] == "global":
        return None
    limit = event["limit_owner"]
    return (limit["cgroup"] if limit is not None else None) or ""


def _is_in(pids, pid) -> bool:
    place = bisect.bisect_left(pids, pid)
    return place < len(pids) and pids[place] == pid
