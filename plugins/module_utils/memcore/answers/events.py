# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the OOM killer did: the events of a log as it stands, or as it grows (Follower)."""

import collections
import sys
import time
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Union

from ..errors import OptionError
from ..findings import oom_event as rules
from ..findings.judge import judge
from ..gather.oom_event import NOWHERE, Origin
from ..gather.rows import rfc3339
from ..models.event_list import EventList
from ..render import event_words
from ..sources import saved_state
from ..sources.host import Host
from ..sources.oomlog import oom_report
from ..sources.oomlog.all_kills import AllKills
from ..sources.oomlog.growing_log import GrowingReader
from ..sources.oomlog.log_source import KernelLog, Tally
from .asked import checked_top
from .folding import Folded, Folding
from .recorder import REMEMBERED, Recorder

Line = Union[bytes, str]
_SECOND = len("2026-11-27T06:53:58")
_MOST_LINES = 1 << 12  # of programs in user space, in a state
_KIND, _VERSION = "memfacts.follower", 2
_FIELDS = ["kind", "version", "origin", "boot", "place", "earlier", "given", "reader", "killers", "series"]
_LONGEST_TEXT = 1 << 12


class Asked(NamedTuple):
    """limit: how many events at most, the newest; top: rows of each list in one; since: seconds since the epoch."""

    limit: int = 50
    top: int = 20
    since: Optional[float] = None


class Follower:
    """The events of a log that grows: feed() its lines, take() the records that are complete, flush() when it pauses.

    A record has neither findings nor sentences yet. Whoever knows more (a pod's name) adds it; told() completes it.

    An OOM is given out when the next one begins, or when flush() finds that it has had no line for so long. A group's
    kills or the reaper's line that come later make no second event, nor does an OOM whose id was given out before, as
    where /dev/kmsg is read again from its start. Ids without the kernel's time (`dmesg -T`) are not compared: two OOMs
    of one second may share theirs.

    In memory are at most one open report (65,536 tasks) with 512 KiB of its lines, 256 earlier victims and 256 ids.
    """

    def __init__(self, origin: Origin = NOWHERE, top: int = 20, clock: Callable[[], float] = time.monotonic) -> None:
        """origin: with a boot_id only where the log is that boot's alone, as /dev/kmsg is. top: rows of each list.

        clock: seconds that never go back.
        """
        self._recorder = Recorder(origin, top)
        self._reader = GrowingReader(clock, origin.boot_id is not None)
        self._kills = AllKills(self._reader, clock)
        self._folding = Folding(clock)
        self._is_ended = False
        self._found: List[Dict] = []  # of an earlier boot, whose state was resumed

    @property
    def is_waiting(self) -> bool:
        """Whether lines were read of an event that take() has not given out."""
        return self._reader.is_waiting or self._kills.is_waiting

    @property
    def is_counting(self) -> bool:
        """Whether a series has grown since it was told, so that take() will give it out again within 60 seconds."""
        return self._folding.is_counting

    @property
    def kill_lines(self) -> int:
        """How many lines "Killed process" were read since this follower was made or resumed.

        __oom_kill_process() (mm/oom_kill.c) prints one and raises `oom_kill` of /proc/vmstat by one, also for a process
        that the kernel kills a second time with its group.
        """
        return self._reader.kill_lines

    def feed(self, line: Line) -> None:
        """Read one line, with or without its end."""
        self._kills.feed(line)

    def date_from(self, booted: float) -> None:
        """Date what is taken from now on by this moment of boot, seconds since the epoch: the host's clock was set."""
        self._recorder.origin = self._recorder.origin._replace(booted=booted)

    def take(self) -> List[Dict]:
        """The records that are complete, each once, in the order of the log; then series whose count has grown."""
        found, self._found = self._found, []
        if self._kills.is_ready:
            for record in self._recorder.records(self._kills.take()):
                found += self._folding.add(record)
        is_ended, self._is_ended = self._is_ended, False
        return found + self._folding.due(is_ended)

    def flush(self, after_seconds: float = 0.0) -> None:
        """Take for complete what has had no line for so many seconds; with 0 all, since the log ends.

        A report without a kill is one that the kernel has not ended: it waits for 60 seconds at least.
        """
        self._reader.flush(after_seconds)
        self._kills.flush(after_seconds)
        self._is_ended = self._is_ended or after_seconds <= 0

    def state(self) -> Dict:
        """What resume() needs to go on after the last line that was fed, as JSON can have it. take() first.

        It has the lines of the report that is open (at most 512 KiB; of a longer one the end of its task table is lost)
        and what is remembered of earlier events. Where the log was is for its reader to keep; a ring buffer may be read
        again from its start.
        """
        kept = self._recorder
        return {
            "kind": _KIND,
            "version": _VERSION,
            "origin": dict(kept.origin._asdict(), node=saved_state.saved_text(kept.origin.node)),
            "boot": saved_state.saved_text(kept.boot),
            "place": kept.place,
            "earlier": [[pid, comm] for pid, comm in kept.earlier.items()],
            "given": [[event, uptime] for event, uptime in kept.given.items()],
            "reader": self._reader.state(),
            "killers": self._kills.state(),
            "series": self._folding.state(),
        }

    @classmethod
    def resume(
        cls, state: object, origin: Origin = NOWHERE, top: int = 20, clock: Callable[[], float] = time.monotonic
    ) -> "Follower":
        """A follower that goes on where a state() was; the rest as for a new one.

        Where the host has booted since, what the earlier boot left unfinished is ready to be taken. Raises ParseError
        where the state is damaged, of another program or of another version.
        """
        fields = saved_state.Fields(state, _FIELDS)
        if fields.text("kind", _LONGEST_TEXT) != _KIND or fields.number("version") != _VERSION:
            raise saved_state.broken(f"it is not of {_KIND}, version {_VERSION}")
        saved = fields.object("origin", list(Origin._fields))
        before = Origin(
            saved_state.text_saved(saved.text_or_none("node", _LONGEST_TEXT), "node"),
            saved.text_or_none("boot_id", _LONGEST_TEXT),
            saved.seconds_or_none("booted"),
        )
        found = cls(before, top, clock)
        kept = found._recorder
        kept.boot = saved_state.text_saved(fields.text_or_none("boot", _LONGEST_TEXT), "boot")
        kept.place = fields.number("place")
        kept.earlier = dict(fields.rows("earlier", REMEMBERED, "nt"))
        kept.given = dict(fields.rows("given", REMEMBERED, "ts"))
        found._reader.resume(fields.any("reader"))
        found._kills.resume(fields.rows("killers", _MOST_LINES, "nooooo"))
        found._folding.resume(fields.rows("series", REMEMBERED, "tttttttnn"))
        found._go_on(origin, clock)
        return found

    def _go_on(self, origin, clock):
        before = self._recorder.origin
        if None not in (before.boot_id, origin.boot_id) and before.boot_id != origin.boot_id:
            self.flush()
            self._found = self.take()
            self._recorder.boot = None
            self._recorder.earlier.clear()
            self._folding.clear()
            self._reader = GrowingReader(clock, True)
            self._kills = AllKills(self._reader, clock)
        self._recorder.origin = origin
        self._reader.is_one_boot = origin.boot_id is not None


def is_again(record: Dict) -> bool:
    """Whether a record that is not told yet is of a series that was given out before: the same event, counted on."""
    return record.get("is_again", False)


def told(record: Dict) -> Dict:
    """The event in the shape of schemas/event.schema.json: the record with its findings and sentences."""
    record.pop("is_again", None)
    event_words.add(record)
    record["findings"] = [one._asdict() for one in judge(record, rules.RULES)]
    return record


def read(lines: Iterable[Line], origin: Origin = NOWHERE, top: int = 20, since: Optional[str] = None) -> Iterator[Dict]:
    """Each event of a log as soon as the next report begins, the last at the log's end.

    A series of the same trouble is one event, given out when it has ended; `repeats` counts the others.
    top: how many rows each list may have; since: RFC 3339 UTC, before which events are left out that have a time.
    """
    # Nothing is held back: what the reaper writes late is in no event, and a Follower gives the same events.
    recorder, kills, folded = Recorder(origin, top), AllKills(oom_report.Reader(held=0)), Folded()
    for _ready in kills.feed_all(lines):
        for record in newer(recorder.records(kills.take()), since):
            yield from map(told, folded.add(record))
    kills.kernel.flush()
    kills.flush()
    for record in newer(recorder.records(kills.take()), since):
        yield from map(told, folded.add(record))
    yield from map(told, folded.end())


def newer(records: Iterable[Dict], since: Optional[str]) -> Iterator[Dict]:
    """Those that are not before a moment (RFC 3339 UTC), or have no time."""
    for record in records:
        # To the second: some logs tell fractions of it.
        if since is None or record["time"] is None or record["time"][:_SECOND] >= since[:_SECOND]:
            yield record


class Found(NamedTuple):
    """The newest events, oldest first; total: how many there were; undated: those that `since` could not judge.

    failed: those of them that are allocations that failed without a kill.
    """

    events: List[Dict]
    total: int
    undated: int
    failed: int


class Newest:
    """Counts the events of a log and keeps the newest `limit` of them; since as for read()."""

    def __init__(self, limit: int, since: Optional[str]) -> None:
        self.total = 0
        self._undated = self._failed = 0
        self._since = since
        self._kept = collections.deque(maxlen=min(limit, sys.maxsize))

    def count(self, event: Dict) -> None:
        """Count an event that need not be kept, since it is shown at once."""
        self.total += 1
        self._failed += event["outcome"] == "allocation-failed"
        self._undated += self._since is not None and event["time"] is None

    def keep(self, event: Dict) -> None:
        """Count an event, and keep it until so many newer ones have come; a series that is told again is replaced."""
        if is_again(event):
            for place, kept in enumerate(self._kept):
                if kept["id"] == event["id"]:
                    self._kept[place] = event
            return
        self.count(event)
        self._kept.append(event)

    def take(self) -> Found:
        """The events that are kept, each once, and the count of all so far."""
        found = Found(list(self._kept), self.total, self._undated, self._failed)
        self._kept.clear()
        return found


def newest(
    lines: Iterable[Line], origin: Origin = NOWHERE, top: int = 20, since: Optional[str] = None, limit: int = 50
) -> Found:
    """The newest `limit` events of a log, since and top as for read()."""
    kept = Newest(limit, since)
    for found in read(lines, origin, top, since):
        kept.keep(found)
    return kept.take()


def checked(limit: int, top: int, since: Optional[float]) -> Asked:
    """The options, or an OptionError that names what is wrong."""
    if limit < 1:
        raise OptionError(f"limit is {limit}, but must be at least 1; give 1 for the newest event alone.")
    return Asked(limit, checked_top(top), since)


def of_lines(lines: Iterable[bytes], name: str, asked: Asked, origin: Origin = NOWHERE) -> EventList:
    """Read a log that comes as lines; name: how to call it in a sentence."""
    tally = Tally(lines)
    found = newest(tally, origin, asked.top, since_of(asked), asked.limit)
    return listed(found, name, asked, tally)


def listed(found: Found, name: str, asked: Asked, tally: Tally) -> EventList:
    """The events with what is said of the log; tally: of its lines."""
    incomplete = []
    if found.undated:
        reason = f"{found.undated} events have no date, so that since could not be applied to them"
        incomplete.append({"source": name, "reason": reason})
    if found.total > len(found.events):
        reason = f"{found.total - len(found.events)} older events are left out, as limit is {asked.limit}"
        incomplete.append({"source": name, "reason": reason})
    complaint = None if found.total else tally.complaint()
    return EventList(name, found.events, found.total, tally.lines, complaint, incomplete, found.failed)


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
