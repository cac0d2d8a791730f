# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole log: the newest events, what was left out, and the page that a person reads."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_page

FIXTURES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures")
STORM = os.path.join(FIXTURES, "oomlogs", "5.4.59-global-storm-ratelimited.kmsg.txt")
TIE = os.path.join(FIXTURES, "oomlogs", "5.4.59-memcg-v2-equal-adj-tie.kmsg.txt")
COMMIT = os.path.join(FIXTURES, "oom-commit-9066e5cfb73c.txt")
BOOTED = 1795762438.0


def answer(path, origin=events.NOWHERE, **asked):
    with open(path, "rb") as log:
        return events.of_lines(log, "the log", events.Asked(**asked), origin)


def test_newest_events_are_kept_in_their_order_and_the_rest_is_counted():
    found = answer(STORM, limit=3)
    assert found.total == 18
    assert [event["victim"]["comm"] for event in found.events] == [
        event["victim"]["comm"] for event in answer(STORM).events[-3:]
    ]
    assert found.incomplete == [
        {"source": "the log", "reason": "15 older events are left out, as limit is 3"},
    ]


def test_since_leaves_older_events_out():
    origin = events.Origin(booted=BOOTED)
    times = [event["time"] for event in answer(STORM, origin).events]
    assert times == sorted(times)
    found = answer(STORM, origin, since=BOOTED + 5.0)
    assert 0 < found.total < 18
    assert [event["time"] for event in found.events] == [time for time in times if time >= "2026-11-27T06:54:03Z"]


def test_events_without_a_date_stay_and_that_is_said():
    found = answer(TIE, since=BOOTED)
    assert found.total == 1
    assert found.incomplete[0]["reason"] == "1 events have no date, so that since could not be applied to them"


@pytest.mark.parametrize("asked", [(0, 20, None), (50, 0, None)])
def test_no_room_is_refused(asked):
    with pytest.raises(OptionError):
        events.checked(*asked)


def test_summary_of_one_event_says_first_that_it_was_the_wrong_one():
    first = event_page.render(answer(COMMIT), 200)[0]
    assert first == (
        "WRONG ONE killed: pause (pid 5740) in pod f1c273d3, freed 36.0 KiB, while data_sim (pid 58406, 15.2 GiB) "
        "lives on; cgroup at its limit of 16.0 GiB (one-task) (1 OOM report in the log)"
    )


def test_summary_of_many_counts_the_wrong_ones():
    path = os.path.join(FIXTURES, "oomlogs", "4.19.78-memcg-v2-equal-adj-tie.kmsg.txt")
    assert event_page.summary(answer(path)).startswith(
        "2 OOM reports in the log; in 1 of them the kernel killed the wrong process; the last: "
    )


def test_summary_of_none():
    assert event_page.summary(events.of_lines([b"[ 1.0] hello"], "x", events.Asked())) == "No OOM report in x (1 line)."
    assert event_page.summary(events.of_lines([], "x", events.Asked())) == "No OOM report in x: it is empty."


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_page_keeps_to_the_width(width):
    lines = event_page.render(answer(STORM), width) + event_page.render(answer(COMMIT), width)
    # A cgroup's path and a pod's uid are never broken, so that they can be copied.
    assert all(len(line) <= width or len(max(line.split(), key=len)) > width // 2 for line in lines)


def test_what_the_running_host_knows(tmp_path):
    from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Host

    for name, text in (
        ("proc/sys/kernel/hostname", "web3\n"),
        ("proc/sys/kernel/random/boot_id", "2720b512-ca14-4546-bef5-4ebce0aefcf7\n"),
        ("proc/stat", "cpu 1 2 3\nbtime 1795762438\nprocesses 9\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = events.origin_of(Host(str(tmp_path)))
    assert found == ("web3", "2720b512-ca14-4546-bef5-4ebce0aefcf7", BOOTED)
    assert events.origin_of(Host(str(tmp_path / "none"))) == events.NOWHERE


def test_since_keeps_what_is_of_the_same_second():
    lines = [b"2026-11-27T06:53:58.123456+00:00 web3 kernel: Out of memory: Killed process 7 (x) total-vm:1kB\n"]
    moment = 1795762438.0
    assert events.of_lines(lines, "x", events.Asked(since=moment)).total == 1
    assert events.of_lines(lines, "x", events.Asked(since=moment + 1)).total == 0
