# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Records of the kills that a log's readers find, each once."""

from typing import Dict, List, Optional, Sequence

from ..gather import oom_event, user_kill
from ..gather.oom_event import Origin
from ..sources.oomlog.all_kills import Found
from ..sources.oomlog.killer_records import Decision

REMEMBERED = 256  # earlier victims, which may still be in the table of the next report; and ids given out


class Recorder:
    """Makes records of reports and of kills by user space, in the order of the log.

    An OOM that is read again is no second event.
    """

    def __init__(self, origin: Origin, top: int) -> None:
        self.origin = origin
        self.top = top
        self.boot: Optional[str] = None
        self.place = 0
        self.earlier: Dict[int, str] = {}  # victims of this boot: pid, comm
        self.given: Dict[str, float] = {}  # ids, and the kernel's time in seconds

    def records(self, found: Sequence[Found]) -> List[Dict]:
        """The record of each that is new."""
        return [record for record in map(self._record, found) if record is not None]

    def _record(self, report):
        self.place += 1
        if isinstance(report, Decision):
            return self._new(user_kill.record(report, self.place, self.origin, self.top))
        if report.boot_id != self.boot:
            self.boot = report.boot_id
            self.earlier.clear()
        found = oom_event.record(report, self.place, self.origin, self.earlier, self.top)
        for kill in report.kills:
            _remember(self.earlier, kill.pid, kill.comm)
        return self._new(found)

    def _new(self, found):
        uptime = found["uptime_seconds"]
        if uptime is None:
            return found  # a date to the second does not tell two apart
        if self._is_given(found["id"], uptime):
            return None
        _remember(self.given, found["id"], uptime)
        return found

    def _is_given(self, event, uptime):
        boot = event.partition(":")[0]
        if boot == "unknown":
            return self.given.get(event) == uptime
        if event in self.given:
            return True
        if len(self.given) < REMEMBERED:
            return False
        # A boot's events come in their order; what is older than all that are remembered was given before these.
        oldest = next(iter(self.given))
        return oldest.partition(":")[0] == boot and uptime < self.given[oldest]


def _remember(among: Dict, key, value) -> None:
    """Put it last, and forget the first where there are too many."""
    among.pop(key, None)
    among[key] = value
    while len(among) > REMEMBERED:
        del among[next(iter(among))]
