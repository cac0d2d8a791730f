# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A kernel log from one end to the other: the newest OOM events in it, and what could not be read."""

from typing import Dict, Iterable, List, NamedTuple, Optional

from ..errors import OptionError
from ..sources.host import Host
from ..sources.log_source import KernelLog, Tally
from . import oom_events
from .options import checked_top
from .rows import rfc3339


class Asked(NamedTuple):
    """limit: how many events at most, the newest; top: rows of each list in one; since: seconds since the epoch."""

    limit: int = 50
    top: int = 20
    since: Optional[float] = None


class Answer(NamedTuple):
    """events, oldest first; total: how many there were; lines: how many lines the log had.

    complaint: why this is no log at all ("it is empty"), None where it may be one.
    """

    name: str
    events: List[Dict]
    total: int
    lines: int
    complaint: Optional[str]
    incomplete: List[Dict]


def checked(limit: int, top: int, since: Optional[float]) -> Asked:
    """The options, or an OptionError that names what is wrong."""
    if limit < 1:
        raise OptionError(f"limit is {limit}, but must be at least 1; give 1 for the newest event alone.")
    return Asked(limit, checked_top(top), since)


def of_lines(lines: Iterable[bytes], name: str, asked: Asked, origin: oom_events.Origin = oom_events.NOWHERE) -> Answer:
    """Read a log that comes as lines; name: how to call it in a sentence."""
    tally = Tally(lines)
    found = oom_events.newest(tally, origin, asked.top, since_of(asked), asked.limit)
    incomplete = []
    if found.undated:
        reason = f"{found.undated} events have no date, so that since could not be applied to them"
        incomplete.append({"source": name, "reason": reason})
    if found.total > len(found.events):
        reason = f"{found.total - len(found.events)} older events are left out, as limit is {asked.limit}"
        incomplete.append({"source": name, "reason": reason})
    complaint = None if found.total else tally.complaint()
    return Answer(name, found.events, found.total, tally.lines, complaint, incomplete)


def of_kernel(log: KernelLog, host: Host, asked: Asked) -> Answer:
    """Read the running kernel's own log."""
    answer = of_lines(log, "the kernel's log", asked, origin_of(host))
    if log.overruns:
        reason = f"records were overwritten {log.overruns} times before they could be read"
        answer.incomplete.append({"source": "/dev/kmsg", "reason": reason})
    return answer


def since_of(asked: Asked) -> Optional[str]:
    """The moment of `since` as events have it."""
    return None if asked.since is None else rfc3339(asked.since)


def origin_of(host: Host) -> oom_events.Origin:
    """What the running host knows about its own log."""
    return oom_events.Origin(
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
