# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which moment `since` means."""

import calendar

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import time_arg
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError

NOW = 1795762438.0


def utc(*date):
    return float(calendar.timegm(date + (0,) * (9 - len(date))))


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("45s", NOW - 45, id="seconds"),
        pytest.param("30m", NOW - 1800, id="minutes"),
        pytest.param("2h", NOW - 7200, id="hours"),
        pytest.param("7 d ago", NOW - 7 * 86400, id="days-ago"),
        pytest.param("1w", NOW - 7 * 86400, id="week"),
        pytest.param("2026-11-27", utc(2026, 11, 27), id="date"),
        pytest.param("2026-11-27 06:53", utc(2026, 11, 27, 6, 53), id="minute"),
        pytest.param("2026-11-27T06:53:58Z", utc(2026, 11, 27, 6, 53, 58), id="rfc-3339"),
        pytest.param("2026-11-27T06:53:58.5+02:00", utc(2026, 11, 27, 4, 53, 58), id="east"),
        pytest.param("2026-11-27T06:53:58-0330", utc(2026, 11, 27, 10, 23, 58), id="west"),
    ],
)
def test_moment(text, expected):
    assert time_arg.seconds(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30", "2h30", "-1h", "27.11.2026", "1" * 20 + "d"]
)
def test_no_moment_is_refused_with_one_sentence(text):
    with pytest.raises(OptionError) as refusal:
        time_arg.seconds(text, NOW)
    assert str(refusal.value).startswith("since is ")
