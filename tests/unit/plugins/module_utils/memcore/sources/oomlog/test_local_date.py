# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates of log lines without a time zone."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.local_date import local_date


@pytest.mark.parametrize(
    "stamp, date",
    [
        pytest.param("Fri Nov 27 06:54:05 2026", "2026-11-27T06:54:05", id="dmesg-T"),
        pytest.param("Nov 27 06:54:05", "11-27T06:54:05", id="syslog"),
        pytest.param("Nov  7 06:54:05.123456", "11-07T06:54:05", id="short-precise"),
        pytest.param("Nov 27 2026 06:54:05", "2026-11-27T06:54:05", id="syslog-with-year"),
        pytest.param("Fri 2026-11-27 06:54:05 CET", "2026-11-27T06:54:05", id="short-full"),
        pytest.param("2026-11-27T06:54:05.1", "2026-11-27T06:54:05", id="iso-without-a-zone"),
        pytest.param("Nov 27 06:54", None, id="no-seconds"),
        pytest.param("Abc 27 06:54:05", None, id="no-month"),
        pytest.param("1795762438.250000", None, id="epoch"),
        pytest.param(None, None, id="none"),
    ],
)
def test_local_date(stamp, date):
    assert local_date(stamp) == date
