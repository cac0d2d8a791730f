# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an event says beyond itself: only what its report proves."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import oom_event
from tests.support.oom_reports import MIB, kill, of_host, report, row

LOGS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "oomlogs")


def findings(given):
    return events.told(oom_event.record(given, 1, events.NOWHERE, {}, 20))["findings"]


def test_choice_by_the_order_of_the_scan_is_a_fault_of_the_kernel():
    tasks = [row(10, "first", 1, -998), row(11, "hog", 700, -998)]
    [found] = findings(report(tasks, [kill(10, "first", 1, -998)]))
    assert (found["id"], found["evidence"]["pid"], found["evidence"]["count"]) == ("floored-badness", 11, 2)
    assert found["summary"] == (
        "2 processes tied at 1 point, so this kernel picked by scan order: it killed first and spared hog"
    )
    # The log may be old, so that pid 11 is another process by now.
    assert found["remedy_commands"] == ["echo 0 > /proc/PID/oom_score_adj"]
    assert findings(report(tasks[1:], [kill(11, "hog", 700, -998)])) == []


@pytest.mark.parametrize(
    "cgroup, ids",
    [
        pytest.param("/system.slice/ssh.service", ["lifeline-unprotected"], id="the-host's"),
        pytest.param("/user.slice/user-1000.slice/session-1.scope", [], id="of-a-session"),
    ],
)
def test_lifeline_that_was_killed(cgroup, ids):
    tasks = [row(10, "sshd", 700), row(11, "other", 1)]
    given = report(tasks, [kill(10, "sshd", 700)], **dict(of_host(), task_cgroup=cgroup))
    found = findings(given)
    assert [one["id"] for one in found] == ids
    assert [one["remedy_commands"] for one in found] == [["systemctl restart ssh.service"]] * len(ids)


def test_shared_memory_of_a_cgroup_stays():
    given = report([row(10, "a", 10)], [kill(10, "a", 10)], stats={"shmem": 900 * MIB, "file_mapped": 2 * MIB})
    [found] = findings(given)
    assert found["id"] == "cgroup-shmem-at-limit"
    assert (found["evidence"]["cgroup"], found["evidence"]["shmem_bytes"]) == ("/a", 900 * MIB)


def test_shared_memory_that_processes_map_is_no_finding():
    """It may be shared anonymous memory, which goes with the last process."""
    given = report([row(10, "a", 900)], [kill(10, "a", 10)], stats={"shmem": 890 * MIB, "file_mapped": 890 * MIB})
    assert findings(given) == []


def test_allocating_task_is_a_setting():
    with open(os.path.join(LOGS, "5.10.223-allocating-task.kmsg.txt"), "rb") as log:
        [event] = events.read(log)
    assert [found["id"] for found in event["findings"]] == ["kill-allocating-task"]


def test_ordinary_oom_has_none():
    with open(os.path.join(LOGS, "6.12.117-global.kmsg.txt"), "rb") as log:
        [event] = events.read(log)
    assert event["findings"] == []


def test_report_that_lost_the_line_of_its_kill_is_no_error():
    with open(os.path.join(LOGS, "4.19.78-memcg-v2-equal-adj-tie.kmsg.txt"), "rb") as log:
        lines = [line for line in log if b"Killed process" not in line]
    found = list(events.read(lines))
    assert [(event["victim"], event["findings"]) for event in found] == [(None, [])] * 2
