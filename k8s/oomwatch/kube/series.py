# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which occurrences get an Event of their own, and which are counted in the series of an Event that was sent before.

An occurrence is counted in a series when 30 Events came within a minute, or wait, and an Event with the same object
and reason was sent before. An object that has none yet waits its turn instead.
"""

import collections
from typing import Dict, Iterator, NamedTuple, Optional, Tuple

MOST_EVENTS, MINUTE = 30, 60.0
_IDLE = 1800.0  # seconds after which an Event is not counted on: the API server forgets Events after an hour
_MOST_SERIES = 1024


class Window:
    """How many things happened in the last minute."""

    def __init__(self, most: int = MOST_EVENTS, seconds: float = MINUTE) -> None:
        self._times = collections.deque(maxlen=most)
        self._seconds = seconds

    def add(self, now: float) -> None:
        """One happened now. Times in seconds, of a clock that never goes back."""
        self._times.append(now)

    def pause(self, now: float) -> float:
        """Seconds until one more may happen; 0: now."""
        if len(self._times) < self._times.maxlen:
            return 0.0
        return max(0.0, self._times[0] + self._seconds - now)


class Series(NamedTuple):
    """count: occurrences, that of the Event included; acknowledged: how many of them the API server knows.

    event: (namespace, name) of the Event; touched, patched: clock of the last occurrence and of the last update.
    own: how many of the occurrences are of the event that the Event was made of, the others are later ones.
    """

    event: Tuple[str, str]
    kind: str
    count: int = 1
    acknowledged: int = 1
    touched: float = 0.0
    patched: float = 0.0
    own: int = 1

    @property
    def pending(self) -> int:
        """Occurrences that the API server does not know."""
        return self.count - self.acknowledged


class AllSeries:
    """The newest Event of each object and reason, with what was counted on it."""

    def __init__(self) -> None:
        self._arrivals = Window()
        self._series: Dict[str, Series] = {}

    def __getitem__(self, key: str) -> Series:
        return self._series[key]

    def get(self, key: str) -> Optional[Series]:
        """The series, or None."""
        return self._series.get(key)

    def admit(self, key: str, event: Tuple[str, str], kind: str, waiting: int, now: float) -> Optional[Series]:
        """The series that counts this occurrence, or None: it becomes an Event. waiting: Events not yet sent."""
        known = self._series.get(key)
        # While something counted is not sent yet, the series cannot become that of another Event.
        if known is not None and (known.pending or (now - known.touched < _IDLE and self._is_crowded(waiting, now))):
            known = known._replace(count=known.count + 1, touched=now)
            self.put(key, known)
            return known
        self._arrivals.add(now)
        self.put(key, Series(event, kind, touched=now))
        return None

    def put(self, key: str, series: Series) -> None:
        """Add or replace one."""
        self._series.pop(key, None)
        self._series[key] = series
        if len(self._series) > _MOST_SERIES:
            self._forget_one()

    def drop(self, key: str) -> None:
        """Forget one, so that the next occurrence becomes an Event."""
        self._series.pop(key, None)

    def pending(self) -> Iterator[Tuple[str, Series]]:
        """Those that the API server does not know whole, the one first that waited longest."""
        found = [(key, one) for key, one in self._series.items() if one.pending]
        return iter(sorted(found, key=lambda pair: pair[1].patched))

    def _is_crowded(self, waiting: int, now: float) -> bool:
        return waiting >= MOST_EVENTS or self._arrivals.pause(now) > 0

    def _forget_one(self) -> None:
        # Those that wait to be sent stay; the spool's bound is theirs too.
        for key, one in self._series.items():
            if not one.pending:
                del self._series[key]
                return


def key_of(event: Dict) -> str:
    """What occurrences of one series share: the object that the Event regards, and the reason."""
    regarding = event.get("regarding") or {}
    parts = [regarding.get(part) or "" for part in ("kind", "namespace", "name", "uid")]
    return "/".join(parts + [event.get("reason") or ""])
