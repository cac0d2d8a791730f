# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that begin inside a report, as those of a full ring buffer do: captured ones, cut, and composed ones."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import oom_report
from tests.support.composed_log import HEADER, KB, RSS, choice, killed, one, report, row

LOGS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 5, "fixtures", "oomlogs")
BARE = "Killed process 8 (hog) " + RSS


def lines_from(name, word):
    """The lines of a captured log from the first that has the word."""
    with open(os.path.join(LOGS, name), "rb") as log:
        lines = log.read().splitlines(True)
    return lines[next(number for number, line in enumerate(lines) if word in line) :]


@pytest.mark.parametrize("word", [b"Mem-Info:", b"active_anon:", b"Node 0 DMA free:", b"pages RAM", b"Tasks state"])
@pytest.mark.parametrize("name", ["6.12.117-global.kmsg.txt", "5.10.223-global.dmesg.txt"])
def test_what_is_left_of_a_report_of_the_host_belongs_to_its_kill(name, word):
    found = next(iter(oom_report.read(lines_from(name, word))))
    assert (found.scope, len(found.tasks), len(found.kills)) == ("global", 4, 1)
    assert ("trigger", "the beginning of the report is not in the log") in found.missing
    assert ("ram" in found.meminfo) == (word != b"Tasks state")
    # Another report's zones are none of this one's, nor are those that came before the log begins.
    assert bool(found.zones) == (word not in (b"pages RAM", b"Tasks state"))


@pytest.mark.parametrize("word", [b"swap: usage", b"Memory cgroup stats for", b"anon "])
def test_what_is_left_of_a_report_of_a_cgroup_belongs_to_its_kill(word):
    found = next(iter(oom_report.read(lines_from("6.12.117-memcg-v2.kmsg.txt", word))))
    assert (found.scope, len(found.tasks)) == ("memcg", 3)
    assert "trigger" in dict(found.missing)
    assert found.limit_cgroup.startswith("/kubepods/burstable/pod")
    assert found.stats["anon"] > 30000 * KB


def test_log_that_begins_inside_the_table():
    found = one([row(5, "pause", -998), row(8, "hog"), choice(8, "hog"), killed(8, "hog")])
    assert [task.comm for task in found.tasks] == ["pause", "hog"]
    assert "tasks" in dict(found.missing)  # rows may be lost


def test_group_whose_first_rows_are_lost_is_one_report():
    group = "Tasks in /a are going to be killed due to memory.oom.group set"
    found = one([row(8, "hog"), choice(8, "hog"), killed(8, "hog"), group, killed(8, "hog"), killed(5, "pause")])
    assert [(kill.pid, kill.repeated) for kill in found.kills] == [(8, False), (8, True), (5, False)]


@pytest.mark.parametrize(
    "others",
    [
        ["Mem-Info:", "active_anon:1 inactive_anon:2", "51070 pages RAM"],  # a failed allocation's, or sysrq-m's
        ["CPU: 1 PID: 7 Comm: x Not tainted 6.1.0 #1", "Call Trace:", " warn_slowpath+0x1/0x2"],
        ["x cpuset=/ mems_allowed=0"],
    ],
)
def test_lines_that_others_print_too_are_not_taken_for_the_kills(others):
    found = one([*others, BARE])
    assert (found.kills[0].pid, found.scope, found.meminfo, found.release) == (8, None, {}, None)
    assert list(oom_report.read(others)) == []


def test_rest_of_a_report_does_not_swallow_the_next_one():
    rest = ["51070 pages RAM", HEADER, row(5, "pause", -998)]
    first, second = oom_report.read([*rest, *report()])
    assert (first.outcome, [task.pid for task in first.tasks]) == ("unknown", [5])
    assert (second.outcome, second.trigger_comm) == ("killed", "hog")
    assert "trigger" not in dict(second.missing)
