# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Events of one series as one event that counts: of a log as it stands (Folded), or as it grows (Folding)."""

import collections
import copy
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional, Tuple

from ..models import series
from ..sources import saved_state

PAUSE_SECONDS = 10.0  # a series that had nothing new for so long is told again, with its count
AGAIN_SECONDS = 60.0  # one that goes on is told again so often
_MOST = 256  # series that are open at a time, and events that wait for the end of one


class Folded:
    """For a log that is read to its end: an event is given out when its series has ended."""

    def __init__(self) -> None:
        self._waiting: Deque[Dict] = collections.deque()
        self._open: Dict[str, Tuple[Dict, Dict]] = {}  # the first and the last of a series

    def add(self, record: Dict) -> Iterator[Dict]:
        """Take the next event of the log; give those out that are complete, in the log's order."""
        key = series.key(record)
        if key is not None:
            first, last = self._open.get(key, (record, record))
            if first is not record and series.is_near(last, record):
                first["repeats"] += 1 + record["repeats"]
                self._open[key] = (first, record)
                return iter(())
            self._open[key] = (record, record)
        self._waiting.append(record)
        return self._given_out(record)

    def _given_out(self, newest: Dict) -> Iterator[Dict]:
        if self._open:
            self._open = {
                key: pair for key, pair in self._open.items() if pair[0] is newest or series.is_near(pair[1], newest)
            }
        held = {id(first) for first, _last in self._open.values()}
        while self._waiting and (id(self._waiting[0]) not in held or len(self._waiting) > _MOST):
            given = self._waiting.popleft()
            for key in [key for key, pair in self._open.items() if pair[0] is given]:
                del self._open[key]
            yield given

    def end(self) -> Iterator[Dict]:
        """All that waits: the log has ended."""
        waiting, self._waiting = self._waiting, collections.deque()
        self._open.clear()
        return iter(waiting)


class _Series:
    """A series that may go on. first: as it was given out, None where an earlier process did; moment: when it was.

    last: the moment of the newest. told: the count that was given out. told_at, seen: by the clock.
    """

    def __init__(self, moment: Dict, last: Dict, counts: Tuple[int, int], now: float, first: Optional[Dict]) -> None:
        self.first, self.moment, self.last = first, moment, last
        self.repeats, self.told = counts
        self.told_at = self.seen = now

    @property
    def is_counting(self) -> bool:
        """Whether more were counted than were told. Without a first event there is nothing to tell it with."""
        return self.repeats != self.told and self.first is not None

    def tell(self, now: float) -> Dict:
        """The first event with the count; `is_again` says that it was given out before."""
        self.told, self.told_at = self.repeats, now
        return dict(copy.deepcopy(self.first or {}), repeats=self.repeats, is_again=True)


class Folding:
    """For a log that grows: the first event of a series is given out at once.

    What follows is counted. Once the series has paused for 10 seconds, and else every 60 seconds, the first is given
    out again: the same id, and `repeats` is the whole count so far.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """clock: seconds that never go back."""
        self._clock = clock
        self._series: Dict[str, _Series] = {}

    @property
    def is_counting(self) -> bool:
        """Whether due() will have something."""
        return any(one.is_counting for one in self._series.values())

    def add(self, record: Dict) -> List[Dict]:
        """Take a new event; what is to be given out at once."""
        key = series.key(record)
        if key is None:
            return [record]
        known, now = self._series.get(key), self._clock()
        if known is not None and series.is_near(known.last, record):
            known.repeats += 1 + record["repeats"]
            known.last, known.seen = _moment(record), now
            known.first = known.first or dict(copy.deepcopy(record), **known.moment)
            return []
        before = [known.tell(now)] if known is not None and known.is_counting else []
        self._series.pop(key, None)
        while len(self._series) >= _MOST:
            del self._series[next(iter(self._series))]
        counts = record["repeats"], record["repeats"]
        self._series[key] = _Series(_moment(record), _moment(record), counts, now, copy.deepcopy(record))
        return [*before, record]

    def due(self, is_end: bool = False) -> List[Dict]:
        """The events whose count has to be told now. is_end: all, since the log ends."""
        found: List[Dict] = []
        now = self._clock() if self._series else 0.0
        for key, one in list(self._series.items()):
            is_quiet = now - one.seen >= PAUSE_SECONDS
            if one.is_counting and (is_end or is_quiet or now - one.told_at >= AGAIN_SECONDS):
                found.append(one.tell(now))
            elif now - one.seen > series.WINDOW_SECONDS:
                del self._series[key]
        return found

    def state(self) -> List[List[Any]]:
        """Rows for resume(): what series are open, and their counts."""
        return [
            [saved_state.saved_text(key), *map(saved_state.saved_text, (*_texts(one.moment), *_texts(one.last)))]
            + [one.repeats, one.told]
            for key, one in self._series.items()
        ]

    def resume(self, rows: List[List[Any]]) -> None:
        """Go on where another's state() was. A count that was not told is told with the next event of its series."""
        for row in rows:
            texts = [saved_state.text_saved(text, "series") for text in row[:-2]]
            moment, last = _moment_of(texts[1:4]), _moment_of(texts[4:7])
            self._series[texts[0] or ""] = _Series(moment, last, (row[-2], row[-1]), self._clock(), None)

    def clear(self) -> None:
        """Another boot has begun."""
        self._series.clear()


def _moment(record: Dict) -> Dict:
    return {name: record[name] for name in ("id", "time", "uptime_seconds")}


def _texts(moment: Dict) -> Tuple[str, str, str]:
    uptime = moment["uptime_seconds"]
    return moment["id"], moment["time"] or "", "" if uptime is None else repr(uptime)


def _moment_of(texts: List[Optional[str]]) -> Dict:
    try:
        uptime = float(texts[2]) if texts[2] else None
    except ValueError:
        raise saved_state.broken("series has a time that is no number") from None
    return {"id": texts[0] or "", "time": texts[1] or None, "uptime_seconds": uptime}
