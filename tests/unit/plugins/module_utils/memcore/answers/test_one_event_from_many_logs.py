# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same OOM is one event, wherever it is read: real kernels' logs, captured twice or shown in every format.

/dev/kmsg and busybox dmesg (which calls syslog(2)) were both captured, from the same boot. dmesg -T, the journal and
syslog files are derived from the captured records of /dev/kmsg by tests/support/log_formats.py.
"""

import datetime
import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.event_id import same_event
from tests.support import log_formats

LOGS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "oomlogs")
CAPTURED_TWICE = sorted(name[: -len(".dmesg.txt")] for name in os.listdir(LOGS) if name.endswith(".dmesg.txt"))
SEVERAL = "6.12.117-memcg-v2"  # three kills, the last two within 55 ms
BOOT_ID = "5a6fc4d1-c6cc-4b6f-b9d3-f37cc1d1f1a5"
BTIME = 1795762438.0  # /proc/stat has whole seconds, and the formats' dates are of a boot 0.25 s later
HOST = events.Origin("web3", BOOT_ID, BTIME)


def lines_of(name):
    with open(os.path.join(LOGS, name), "rb") as log:
        return log.read().splitlines(True)


def records_of(name):
    return log_formats.records(line for line in lines_of(f"{name}.kmsg.txt") if line[:1] != b" ")


def read_on_the_host(name):
    return list(events.read(lines_of(f"{name}.kmsg.txt"), HOST))


def matches(some, others):
    """Which of the others each is the same as."""
    return [[place for place, other in enumerate(others) if same_event(one, other)] for one in some]


@pytest.mark.parametrize("name", CAPTURED_TWICE)
def test_kmsg_and_syslog_of_a_real_kernel_have_the_same_ids(name):
    of_kmsg = list(events.read(lines_of(f"{name}.kmsg.txt")))
    of_syslog = list(events.read(lines_of(f"{name}.dmesg.txt")))
    assert of_kmsg
    assert [event["id"] for event in of_kmsg] == [event["id"] for event in of_syslog]
    assert matches(of_kmsg, of_syslog) == [[place] for place in range(len(of_kmsg))]


def test_there_are_logs_of_real_kernels_that_were_captured_twice():
    assert {"4.4.155-global", "4.19.78-memcg-v1", "6.12.117-memcg-v2", "6.18.15-global"} <= set(CAPTURED_TWICE)


@pytest.mark.parametrize("name", [SEVERAL, "4.4.155-global", "6.18.15-global-storm-ratelimited"])
@pytest.mark.parametrize("shown", [shown for shown in log_formats.FORMATS.values() if shown is not log_formats.bare])
def test_every_format_shows_the_events_that_the_host_has(shown, name):
    on_host = read_on_the_host(name)
    found = list(events.read(shown(records_of(name))))
    assert matches(found, on_host) == [[place] for place in range(len(on_host))]
    assert matches(on_host, found) == [[place] for place in range(len(on_host))]


@pytest.mark.parametrize(
    "shown",
    [
        log_formats.dmesg,
        log_formats.dmesg_raw,
        log_formats.rsyslog,
        log_formats.rsyslog_iso,
        log_formats.short_monotonic,
    ],
)
def test_formats_with_kernel_time_but_no_boot_have_the_same_id_but_for_the_boot(shown):
    ids = [event["id"] for event in events.read(shown(records_of(SEVERAL)))]
    # 3,463,6248126,-;… Killed process 173 (python3), 3,570,8542481 … 171, 3,691,8596189 … 175
    assert ids == ["unknown:6248126:173", "unknown:8542481:171", "unknown:8596189:175"]


@pytest.mark.parametrize("shown", [log_formats.journal_json, log_formats.journal_bytes, log_formats.journal_export])
def test_the_journal_and_the_host_have_the_same_id(shown):
    ids = [event["id"] for event in events.read(shown(records_of(SEVERAL)))]
    assert ids == [f"{BOOT_ID}:6248126:173", f"{BOOT_ID}:8542481:171", f"{BOOT_ID}:8596189:175"]
    assert ids == [event["id"] for event in read_on_the_host(SEVERAL)]


@pytest.mark.parametrize("hours", [-9.5, -5, 5.75, 13])
def test_dmesg_of_a_host_in_any_time_zone_shows_the_events_that_the_host_has(monkeypatch, hours):
    monkeypatch.setattr(log_formats, "BOOT", log_formats.BOOT + datetime.timedelta(hours=hours))
    on_host = read_on_the_host(SEVERAL)
    for shown in (log_formats.dmesg_human, log_formats.short):
        found = list(events.read(shown(records_of(SEVERAL))))
        assert matches(found, on_host) == [[0], [1], [2]]


def test_dates_that_are_no_time_zone_apart_are_other_events(monkeypatch):
    monkeypatch.setattr(log_formats, "BOOT", log_formats.BOOT + datetime.timedelta(minutes=7))
    found = list(events.read(log_formats.dmesg_human(records_of(SEVERAL))))
    assert matches(found, read_on_the_host(SEVERAL)) == [[], [], []]


def test_without_any_time_the_figures_tell():
    found = list(events.read(log_formats.bare(records_of(SEVERAL))))
    again = list(events.read(log_formats.bare(records_of(SEVERAL))))
    assert matches(found, again) == [[0], [1], [2]]
    assert matches(found, read_on_the_host(SEVERAL)) == [[], [], []]


def test_another_boot_or_another_node_is_another_event():
    mine = read_on_the_host(SEVERAL)
    rebooted = events.Origin("web3", "2720b512-ca14-4546-bef5-4ebce0aefcf7", BTIME)
    assert matches(mine, list(events.read(lines_of(f"{SEVERAL}.kmsg.txt"), rebooted))) == [[], [], []]
    elsewhere = events.Origin("web4", None, BTIME)
    assert matches(mine, list(events.read(lines_of(f"{SEVERAL}.kmsg.txt"), elsewhere))) == [[], [], []]


def test_without_its_own_time_the_journal_has_a_date_and_no_kernel_time():
    """journalctl -o json --output-fields=MESSAGE leaves _SOURCE_MONOTONIC_TIMESTAMP out; journald has its own clock."""
    fields = b'"_SOURCE_MONOTONIC_TIMESTAMP": "'
    lines = [line.replace(fields, b'"_X": "') for line in log_formats.journal_json(records_of(SEVERAL))]
    found = list(events.read(lines))
    assert [event["id"] for event in found][0] == "unknown:2026-11-27T06:54:04.498126Z:173"
    assert [event["uptime_seconds"] for event in found] == [None] * 3
    assert matches(found, read_on_the_host(SEVERAL)) == [[0], [1], [2]]
