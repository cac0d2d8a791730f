# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event's summary: what ran out, who filled it, who died, whether that was right, and what to do, in one line."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import oom_event
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_cause
from tests.support.oom_reports import kill, of_host, report, row

FIXTURES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures")
POD = "d11ab7b0-d6db-4a24-a7de-4a2faf1e6980"


def summaries(name):
    with open(os.path.join(FIXTURES, name), "rb") as log:
        return [event["summary"] for event in events.read(log)]


def told(given):
    return events.told(oom_event.record(given, 1, events.NOWHERE, {}, 20))["summary"]


def test_wrong_process_of_a_floored_kernel():
    assert summaries("oom-commit-9066e5cfb73c.txt") == [
        "Pod f1c273d3-9b36-11ea-b3df-246e9693c184 reached its limit of 16.0 GiB: data_sim (pid 58406) held 95 % of it. "
        "The kernel killed pause (pid 5740), which freed 36.0 KiB: the wrong process, Linux 5.9 or later would kill "
        "data_sim (pid 58406). Update the kernel, or raise the largest process's oom_score_adj so that it is killed "
        "first."
    ]


def test_group_and_shared_memory():
    group, alone = summaries("oomlogs/6.12.117-memcg-v2-oomgroup.kmsg.txt")
    assert group == (
        f"Container 9f02d9fa0049 of pod {POD} reached its limit of 40.0 MiB: python3 (pid 174) held 84 % of it. The "
        "kernel killed python3 (pid 174) and 2 more processes, which freed 39.8 MiB: probably the right process. Cap "
        "python3 or give it more memory."
    )
    assert alone == (
        f"Container 9f02d9fa0049 of pod {POD} reached its limit of 40.0 MiB: tmpfs and other shared memory held 97 % "
        "of it. The kernel killed filler (pid 176), which freed 1.0 MiB: it had the highest score, but a kill "
        "does not free files in tmpfs. Delete files in tmpfs that nobody needs, and set a maximum size."
    )


def test_full_host_and_a_requested_kill():
    [host] = summaries("oomlogs/5.10.223-allocating-task.kmsg.txt")
    assert host.startswith("The host ran out of memory (")
    assert ": it requested memory, and vm.oom_kill_allocating_task is 1. " in host
    [requested] = summaries("oomlogs/5.10.223-sysrq-f.kmsg.txt")
    assert requested.startswith("Someone requested an OOM kill (sysrq-f). The kernel killed victim1 (pid 103)")
    assert requested.endswith(": it had the highest score, as the kernel's rule demands. Find out who requested it.")


HOG = (row(11, "hog", 700, anon=700), row(10, "small", 10, anon=10))
LOW = (row(10, "first", 300, -998, anon=300), row(11, "hog", 700, -998, anon=700))


@pytest.mark.parametrize(
    "given, part",
    [
        pytest.param(
            report(HOG, [kill(10, "small", 10)]), ": probably the wrong process, hog (pid 11) still runs. ", id="wrong"
        ),
        pytest.param(
            report([row(10, "a", 300), row(11, "b", 310)], [kill(10, "a", 300)], release="6.12.0"),
            ": no known rule explains why it was not b (pid 11). ",
            id="unexplained",
        ),
        pytest.param(report([], [kill(10, "a", 1)]), ": the report does not show whether that was right. ", id="bare"),
        pytest.param(
            report([row(10, "a", 300), row(11, "b", 310)], [kill(11, "b", 310)]),
            ": it had the highest score, but no single process used the memory up. ",
            id="many",
        ),
        pytest.param(
            report(HOG, outcome="panic"),
            "The kernel panicked: the host went down, and no process was killed. ",
            id="panic",
        ),
        pytest.param(report(HOG), "The log ends before it shows a kill. ", id="cut"),
        pytest.param(
            report(LOW, [kill(10, "first", 300)], release="4.19.78"),
            ": the wrong process, Linux 5.9 or later would kill hog (pid 11). Update the kernel",
            id="floored",
        ),
    ],
)
def test_judgement_says_no_more_than_the_report_shows(given, part):
    assert part in told(given)


@pytest.mark.parametrize(
    "cgroup, whose",
    [
        ("/kubepods.slice", "The node's memory for pods (/kubepods.slice) reached"),
        ("/kubepods/burstable", "The QoS class /kubepods/burstable reached"),
        ("/system.slice/cron.service", "cron.service reached"),
        ("/docker/" + "0123456789abcdef" * 4, "Container 0123456789ab reached"),
        ("/batch", "The cgroup /batch reached"),
        (None, "A memory cgroup reached"),
    ],
)
def test_whose_limit(cgroup, whose):
    assert told(report(HOG, [kill(11, "hog", 700)], limit_cgroup=cgroup)).startswith(whose)


@pytest.mark.parametrize("name", sorted(os.listdir(os.path.join(FIXTURES, "oomlogs"))))
def test_summary_is_one_line_of_two_or_three_sentences(name):
    for text in summaries(f"oomlogs/{name}") if name.endswith(".txt") else []:
        assert text.endswith(".") and "\n" not in text and ".." not in text
        assert 2 <= text.count(". ") <= 3, text
        assert len(text) < 400, text


def test_every_cause_has_short_advice_without_a_full_stop():
    for name, advice in event_cause.WORDS.items():
        assert advice.to_do and not advice.to_do.endswith("."), name
        assert advice.cgroup.endswith(".") and advice.host.endswith("."), name


def test_names_from_the_log_stay_in_the_line():
    text = told(report([row(10, "a\nb", 700, anon=700)], [kill(10, "a\nb", 700)], **of_host(ram_mib=1000)))
    assert "\n" not in text
