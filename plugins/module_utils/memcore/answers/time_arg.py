# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The moment that a person means with `since`."""

import datetime
import re

from ..errors import OptionError

_AGE = re.compile(r"([0-9]{1,9}) ?(s|min|m|h|d|w)(?: ago)?$")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:\.[0-9]+)?)?"
    r" ?(Z|UTC|([+-])([0-9]{2}):?([0-9]{2}))?$"
)
_EPOCH = datetime.datetime(1970, 1, 1)


def seconds(text: str, now: float) -> float:
    """Seconds since the epoch of `2h`, `7d` (before now), `2026-11-27` or RFC 3339; UTC where no zone is named."""
    asked = text.strip()
    age = _AGE.match(asked)
    if age:
        return now - int(age[1]) * _SECONDS[age[2]]
    date = _DATE.match(asked)
    if date is None:
        raise _wrong(text)
    try:
        moment = datetime.datetime(*(int(date[part] or 0) for part in range(1, 7)))
    except ValueError:
        raise _wrong(text) from None
    ahead = 0
    if date[8]:
        ahead = (int(date[9]) * 3600 + int(date[10]) * 60) * (1 if date[8] == "+" else -1)
    return (moment - _EPOCH).total_seconds() - ahead


def _wrong(text):
    return OptionError(
        f"since is {text!r}, which is no time; give an age such as 30m, 2h or 7d, a date such as 2026-11-27, or a time "
        "such as 2026-11-27T06:53:58Z."
    )
