# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Dates of log lines that name no time zone, or one whose offset nobody knows: what dmesg -T and syslog files have."""

import re
from typing import Optional

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = r"(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?"
_NAMED = re.compile(
    r"(?:[A-Z][a-z]{2} )?(?P<month>[A-Z][a-z]{2}) (?P<day>[ 0-9][0-9]) (?:(?P<before>[0-9]{4}) )?"
    + _TIME
    + r"(?: (?P<after>[0-9]{4}))?$"
)
_NUMBERED = re.compile(r"(?:[A-Z][a-z]{2} )?(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]" + _TIME + r"(?: [A-Z]{2,5})?$")


def local_date(stamp: Optional[str]) -> Optional[str]:
    """`2026-11-27T06:54:05`, `11-27T06:54:05` where the log has no year, None where the stamp is no such date."""
    if stamp is None:
        return None
    match = _NUMBERED.match(stamp)
    if match:
        return f"{match['date']}T{match['time']}"
    match = _NAMED.match(stamp)
    if match is None or match["month"] not in _MONTHS:
        return None
    year = match["before"] or match["after"]
    day = f"{_MONTHS.index(match['month']) + 1:02}-{int(match['day']):02}T{match['time']}"
    return f"{year}-{day}" if year else day
