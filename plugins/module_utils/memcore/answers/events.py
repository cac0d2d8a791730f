# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the OOM killer did: the events of a log as it stands, or as it grows (Follower)."""

import collections
import sys
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Union

from ..errors import OptionError
from ..findings import oom_event as rules
from ..findings.judge import judge
from ..gather import oom_event
from ..gather.oom_event import NOWHERE, Origin
from ..gather.rows import rfc3339
from ..models.event_list import EventList
from ..render import event as words
from ..sources.host import Host
from ..sources.oomlog import oom_report
from ..sources.oomlog.log_source import KernelLog, Tally
from ..sources.oomlog.oom_records import Report
from .asked import checked_top

Line = Union[bytes, str]
_SECOND = len("2026-11-27T06:53:58")
_REMEMBERED = 256  # earlier victims, which may still be in the table of the next report


class Asked(NamedTuple):
    """limit: how many events at most, the newest; top: rows of each list in one; since: seconds since the epoch."""

    limit: int = 50
    top: int = 20
    since: Optional[float] = None


class Follower:
    """The events of a log that grows: feed() its lines, take() the records that are complete, flush() at its end.

    A record has neither findings nor sentences yet. Whoever knows more (a pod's name) adds it; told() completes it.
    """

    def __init__(self, origin: Origin = NOWHERE, top: int = 20) -> None:
        self._origin = origin
        self._top = top
        self._reader = oom_report.Reader()
        self._earlier: Dict[int, str] = {}
        self._boot: Optional[str] = None
        self._place = 0

    def feed(self, line: Line) -> None:
        """Read one line, with or without its end."""
        self._reader.feed(line)

    def take(self) -> List[Dict]:
        """The records that are complete, each once, in the order of the log."""
        return [self._record(report) for report in self._reader.take()] if self._reader.ready else []

    def flush(self) -> None:
        """Take what has been read for complete, since the log ends."""
        self._reader.flush()

    def _record(self, report):
        self._place += 1
        if report.boot_id != self._boot:
            self._boot = report.boot_id
            self._earlier.clear()
        found = oom_event.record(report, self._place, self._origin, self._earlier, self._top)
        _remember(self._earlier, report)
        return found


def told(record: Dict) -> Dict:
    """The event in the shape of schemas/event.schema.json: the record with its findings and sentences."""
    record["verdict"]["explanation"] = words.verdict(record)
    record["explanation"] = words.explanation(record)
    record["findings"] = [one._asdict() for one in judge(record, rules.RULES)]
    return record


def read(lines: Iterable[Line], origin: Origin = NOWHERE, top: int = 20, since: Optional[str] = None) -> Iterator[Dict]:
    """Each event of a log as soon as its report is complete.

    top: how many rows each list may have; since: RFC 3339 UTC, before which events are left out that have a time.
    """
    follower = Follower(origin, top)
    for line in lines:
        follower.feed(line)
        yield from _newer(follower.take(), since)
    follower.flush()
    yield from _newer(follower.take(), since)


def _newer(records, since):
    for record in records:
        # To the second: some logs tell fractions of it.
        if since is None or record["time"] is None or record["time"][:_SECOND] >= since[:_SECOND]:
            yield told(record)


class Found(NamedTuple):
    """The newest events, oldest first; total: how many there were; undated: events that `since` could not judge."""

    events: List[Dict]
    total: int
    undated: int


def newest(
    lines: Iterable[Line], origin: Origin = NOWHERE, top: int = 20, since: Optional[str] = None, limit: int = 50
) -> Found:
    """The newest `limit` events of a log, since and top as for read()."""
    kept = collections.deque(maxlen=min(limit, sys.maxsize))
    total = undated = 0
    for found in read(lines, origin, top, since):
        undated += since is not None and found["time"] is None
        total += 1
        kept.append(found)
    return Found(list(kept), total, undated)


def checked(limit: int, top: int, since: Optional[float]) -> Asked:
    """The options, or an OptionError that names what is wrong."""
    if limit < 1:
        raise OptionError(f"limit is {limit}, but must be at least 1; give 1 for the newest event alone.")
    return Asked(limit, checked_top(top), since)


def of_lines(lines: Iterable[bytes], name: str, asked: Asked, origin: Origin = NOWHERE) -> EventList:
    """Read a log that comes as lines; name: how to call it in a sentence."""
    tally = Tally(lines)
    found = newest(tally, origin, asked.top, since_of(asked), asked.limit)
    incomplete = []
    if found.undated:
        reason = f"{found.undated} events have no date, so that since could not be applied to them"
        incomplete.append({"source": name, "reason": reason})
    if found.total > len(found.events):
        reason = f"{found.total - len(found.events)} older events are left out, as limit is {asked.limit}"
        incomplete.append({"source": name, "reason": reason})
    complaint = None if found.total else tally.complaint()
    return EventList(name, found.events, found.total, tally.lines, complaint, incomplete)


def of_kernel(log: KernelLog, host: Host, asked: Asked) -> EventList:
    """Read the running kernel's own log."""
    answer = of_lines(log, "the kernel's log", asked, origin_of(host))
    if log.overruns:
        reason = f"records were overwritten {log.overruns} times before they could be read"
        answer.incomplete.append({"source": "/dev/kmsg", "reason": reason})
    return answer


def since_of(asked: Asked) -> Optional[str]:
    """The moment of `since` as events have it."""
    return None if asked.since is None else rfc3339(asked.since)


def origin_of(host: Host) -> Origin:
    """What the running host knows about its own log."""
    return Origin(
        _line(host.optional("proc/sys/kernel/hostname")),
        _line(host.optional("proc/sys/kernel/random/boot_id")),
        _booted(host.optional("proc/stat")),
    )


def _line(text):
    return text.strip() or None if text else None


def _booted(stat: Optional[str]) -> Optional[float]:
    """`btime 1795762438`."""
    for row in (stat or "").splitlines():
        name, dummy, value = row.partition(" ")
        if name == "btime" and value.isdigit():
            return float(value)
    return None


def _remember(earlier: Dict[int, str], report: Report) -> None:
    for kill in report.kills:
        earlier.pop(kill.pid, None)
        earlier[kill.pid] = kill.comm
    while len(earlier) > _REMEMBERED:
        del earlier[next(iter(earlier))]
