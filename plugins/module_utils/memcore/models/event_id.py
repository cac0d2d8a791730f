# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which OOM an event is: its id, and whether two events, read from two places, are of one OOM.

An id is `boot:moment:pid`. The moment is the kernel's own time of the line that says what it did, in microseconds since
boot: /dev/kmsg, syslog(2), dmesg and the journal (_SOURCE_MONOTONIC_TIMESTAMP) all print the same number, since all of
them cut the kernel's nanoseconds (kernel/printk/printk.c). A log without it has a date, or nothing.
"""

import datetime
from typing import Dict, NamedTuple, Optional

UNKNOWN = "unknown"
NOBODY = 0  # no process has this pid
_NO_TIME = "event-"
_TOLERANCE_SECONDS = 2.0
# Offsets of time zones from UTC are whole quarters of an hour.
_ZONE_SECONDS = 900
_WEST_SECONDS, _EAST_SECONDS = -12 * 3600, 14 * 3600
_LEAP_YEAR = 2000


def make(boot_id: Optional[str], usec: Optional[int], date: Optional[str], place: int, pid: Optional[int]) -> str:
    """The id. usec: since boot; date: RFC 3339 in UTC, or without a zone; place: of the report in its log.

    pid: who was killed, or was to be; None where nobody was. The boot stands in it only with the kernel's own time.
    """
    moment = date or f"{_NO_TIME}{place}" if usec is None else usec
    boot = boot_id if usec is not None and boot_id is not None else UNKNOWN
    return f"{boot}:{moment}:{NOBODY if pid is None else pid}"


def same_event(one: Dict, other: Dict) -> bool:
    """Whether two events of one host are the same OOM, wherever each was read. False where nothing tells.

    Events whose hosts or boots are both known and differ never are, nor are a kill by the kernel and one by user space.
    With the kernel's time in both, time and pid have to be equal; else victim and time have to match within 2 s. A date
    without a zone may be off by any offset that zones have, and one without a year may be of any year.
    """
    if _is_of_kernel(one) != _is_of_kernel(other):
        return False
    first, second = _Parts.of(one), _Parts.of(other)
    if UNKNOWN not in (first.boot, second.boot):
        if first.boot != second.boot:
            return False
    elif None not in (one["node"], other["node"]) and one["node"] != other["node"]:
        return False
    if first.pid != second.pid:
        return False
    if first.usec is not None and second.usec is not None:
        return first.usec == second.usec
    if _name(one) != _name(other):
        return False
    if first.is_timeless or second.is_timeless:
        return first.is_timeless and second.is_timeless and _content(one) == _content(other)
    return _close(first, second)


def _is_of_kernel(event):
    return event.get("killer") is None


class _Parts(NamedTuple):
    """An event's id, read. utc: of the kill, None where only a date without a zone is known, which is `local`."""

    boot: str
    pid: str
    usec: Optional[int]
    utc: Optional[datetime.datetime]
    local: Optional[str]
    is_timeless: bool

    @classmethod
    def of(cls, event: Dict) -> "_Parts":
        boot, _colon, rest = event["id"].partition(":")
        moment, _colon, pid = rest.rpartition(":")
        if moment.isdigit():
            return cls(boot, pid, int(moment), _utc_of_kill(event, int(moment)), None, False)
        if moment.startswith(_NO_TIME):
            return cls(boot, pid, None, None, None, True)
        utc = _parsed(moment[:-1]) if moment.endswith("Z") else None
        return cls(boot, pid, None, utc, moment if utc is None else None, False)


def _utc_of_kill(event, usec):
    """An event's time is that of its first line, which may be seconds before the kill on a slow console."""
    if event["time"] is None:
        return None
    began = _parsed(event["time"][:-1])
    if began is None or event["uptime_seconds"] is None:
        return began
    return began + datetime.timedelta(seconds=usec / 1e6 - event["uptime_seconds"])


def _parsed(text):
    for form in ("%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            pass
    return None


def _close(first, second):
    if first.utc is not None and second.utc is not None:
        return abs((first.utc - second.utc).total_seconds()) <= _TOLERANCE_SECONDS
    if first.local is not None and second.local is not None:
        return _close_dates(first.local, second.local)
    utc, local = first.utc or second.utc, first.local or second.local
    if utc is None or local is None:
        return False  # one has only the time since a boot that is not known
    dates = [local] if _has_year(local) else [f"{utc.year + more}-{local}" for more in (-1, 0, 1)]
    return any(_is_some_zone(_parsed(date), utc) for date in dates)


def _is_some_zone(local, utc):
    if local is None:
        return False
    ahead = (local - utc).total_seconds()
    offset = round(ahead / _ZONE_SECONDS) * _ZONE_SECONDS
    return abs(ahead - offset) <= _TOLERANCE_SECONDS and _WEST_SECONDS <= offset <= _EAST_SECONDS


def _close_dates(one, other):
    """Two dates of one unknown zone; a year that only one of them has is the other's too."""
    if _has_year(one) != _has_year(other):
        year = (one if _has_year(one) else other)[:5]
    else:
        year = "" if _has_year(one) else f"{_LEAP_YEAR}-"
    dates = [_parsed(text if _has_year(text) else year + text) for text in (one, other)]
    return None not in dates and abs((dates[0] - dates[1]).total_seconds()) <= _TOLERANCE_SECONDS


def _has_year(date):
    return date[4:5] == "-"


def _name(event):
    """Who died, as far as an event without a pid says it."""
    if event["victim"]:
        return event["victim"]["comm"]
    killer = event.get("killer")
    return event["outcome"] if killer is None else [killer["cgroup"], killer["unit"], killer["pods"]]


def _content(event):
    """What the report itself says, of which two OOMs without any time would have to share every figure."""
    return [event[name] for name in ("victim", "scope", "limit_owner", "trigger", "freed_bytes")]
