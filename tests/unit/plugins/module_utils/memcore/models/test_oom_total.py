# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report shows of the memory that oom_score_adj is scaled to, and what follows where it does not show all.

The reports are composed. Points are worked out by hand: pages of 4 KiB, 256 to the MiB, adj times thousands of pages.
"""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import oom_total, verdicts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import Task
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.oom_cause import decide
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.replay import VFORK, replay
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import Usage, Zone
from tests.support.oom_reports import MIB, PAGES, kill, of_host, report, row


def verdict(given):
    judged = replay(given)
    return judged, verdicts.by_rule(given, judged)


# 1000 MiB are 256,000 pages: adj 100 counts 25,600. With 500 MiB of swap it counts 38,400.
PLAIN, RAISED = row(10, "plain", 300), row(11, "raised", 180, 100)


def test_swap_limit_without_swap_on_the_host_is_docker_s_default():
    """plain has 76,800 points; raised 46,080 + 25,600 = 71,680 without swap, but 84,480 with 500 MiB of it."""
    judged, by_rule = verdict(report([PLAIN, RAISED], [kill(10, "plain", 300)], swap=Usage(0, 500 * MIB, 0)))
    assert (judged.agrees, judged.model, judged.why) == (True, "both", ["largest"])
    assert by_rule.result == "right"


def test_swap_limit_with_swap_on_the_host():
    """The same processes; something was swapped out, so that there is swap, and raised dies."""
    given = report([PLAIN, RAISED], [kill(11, "raised", 180, 100)], swap=Usage(MIB, 500 * MIB, 0))
    judged, by_rule = verdict(given)
    assert (judged.agrees, judged.total) == (True, 1500 * PAGES)
    assert (by_rule.result, by_rule.sure) == ("right", False)


def test_swap_that_the_report_does_not_show_may_explain_the_choice():
    """raised dies although nothing was swapped out: from 31,000 points for its adj on, 308,000 pages in all."""
    judged, by_rule = verdict(report([PLAIN, RAISED], [kill(11, "raised", 180, 100)], swap=Usage(0, 500 * MIB, 0)))
    assert (judged.agrees, judged.why) == (True, ["largest"])
    assert judged.total == 308000
    assert (by_rule.result, by_rule.sure, by_rule.settle) == ("right", False, verdicts.SIZE)


def test_choice_that_no_swap_explains_is_not_excused_by_it():
    judged, by_rule = verdict(report([PLAIN, row(11, "small", 10)], [kill(11, "small", 10)], swap=Usage(0, None, 0)))
    assert (judged.agrees, judged.model) == (False, "neither")
    assert by_rule.result == "unknown"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"memory_swap": Usage(1000 * MIB, 2000 * MIB, 0)}, id="v1"),
        pytest.param({"swap": Usage(0, 1000 * MIB, 0)}, id="v2"),
    ],
)
def test_ties_at_the_floor_are_not_claimed_where_another_total_explains_the_choice(fields):
    """postgres 70 MiB adj 900 and exporter 15 MiB adj 950: adj decides only where there is swap to multiply it by."""
    tasks = [row(10, "postgres", 70, -900), row(11, "exporter", 15, -850)]
    # 17,920 - 230,400 = -212,480 against 3,840 - 217,600 = -213,760 without swap; with it exporter is ahead.
    for victim in (kill(10, "postgres", 70, -900), kill(11, "exporter", 15, -850)):
        judged = replay(report(tasks, [victim], release="6.1.176", **fields))
        assert judged.agrees is True
        assert judged.model in ("signed", "both")


def test_floored_release_is_not_explained_by_other_swap():
    tasks = [row(10, "pause", 1, -998), row(11, "hog", 700, -998)]
    judged, by_rule = verdict(report(tasks, [kill(10, "pause", 1, -998)], release="4.19.78", swap=Usage(0, None, 0)))
    assert (judged.agrees, judged.model, by_rule.result) == (False, "floored", "right")


def test_larger_one_with_the_same_adj_is_the_choice_whatever_there_was():
    tasks = [row(10, "journal", 7), row(11, "dbus", 3, -900), row(12, "hog", 700)]
    judged = replay(report(tasks, [kill(12, "hog", 700)], scope="global", memory=None))
    assert (judged.agrees, judged.total, judged.reason) == (True, None, None)


def test_smaller_one_with_a_higher_adj_cannot_be_judged_without_the_total():
    tasks = [row(10, "hog", 700), row(11, "raised", 10, 500)]
    judged = replay(report(tasks, [kill(11, "raised", 10, 500)], scope="global", memory=None))
    assert (judged.agrees, judged.model) == (None, None)
    assert judged.reason.startswith("the report does not show how much memory there was")


def test_limit_of_nothing_divides_by_nothing():
    given = report([row(10, "a", 1), row(11, "b", 2, 500)], [kill(11, "b", 2, 500)], memory=Usage(0, 0, 9))
    judged = replay(given)
    assert (judged.agrees, judged.total) == (True, 1)
    assert decide(given).share_percent is None or decide(given).share_percent <= 100


# Two nodes of 300 and 700 MiB; adj 150 counts 150 * 76 = 11,400 on the first, 150 * 256 = 38,400 on both.
ZONES = [
    Zone(0, "DMA32", 9, 9, 9, 9, 290 * MIB, [], present_bytes=300 * MIB),
    Zone(1, "Normal", 9, 9, 9, 9, 690 * MIB, [], present_bytes=700 * MIB),
]
ON_NODE = [row(10, "plain", 80), row(11, "raised", 10, 150)]


@pytest.mark.parametrize("scope, fields", [("cpuset", {"mems_allowed": "0"}), ("mempolicy", {"nodemask": "0"})])
def test_total_of_some_nodes_is_theirs(scope, fields):
    """plain has 20,480 points, raised 2,560 + 11,400."""
    given = report(ON_NODE, [kill(10, "plain", 80)], zones=ZONES, **{**of_host(1000), "scope": scope, **fields})
    judged = replay(given)
    assert (judged.agrees, judged.total) == (True, 300 * PAGES)


def test_nodes_that_the_report_does_not_show_leave_the_total_open():
    fields = {**of_host(1000), "scope": "cpuset", "zones": ZONES[1:], "mems_allowed": "0"}
    given = report(ON_NODE, [kill(10, "plain", 80)], **fields)
    judged, by_rule = verdict(given)
    assert (judged.agrees, by_rule.sure) == (True, False)
    assert "memory of the nodes" in [what for what, _why in judged.missing]


def test_child_in_vfork_is_skipped():
    tasks = [row(10, "big", 300), row(11, "shell", 2), row(12, "shell", 2, 1000)]
    judged, by_rule = verdict(report(tasks, [kill(10, "big", 300)]))
    assert (judged.agrees, judged.signed.comm) == (True, "big")
    assert "vfork-child" in judged.why
    assert [one.spared for one in judged.candidates] == [None, None, VFORK]
    assert (by_rule.result, by_rule.sure) == ("right", False)


def test_two_children_in_vfork_are_skipped():
    tasks = [row(10, "big", 300), row(11, "sh", 2), row(12, "sh", 2, 1000), row(13, "sh", 2, 900)]
    judged = replay(report(tasks, [kill(10, "big", 300)]))
    assert (judged.agrees, [one.spared for one in judged.candidates][2:]) == (True, [VFORK, VFORK])


def test_thousands_of_twins_are_looked_at_once_each():
    """Looking for each of them anew took 22 s for 2,000 of them, and four times that for twice as many."""
    twins = [row(pid, "sh", 2, 1000) for pid in range(100, 6100)]
    judged = replay(report([row(10, "big", 300), row(11, "sh", 2), *twins], [kill(10, "big", 300)]))
    assert judged.agrees is True
    assert [one.spared for one in judged.candidates] == [None, None] + [VFORK] * 6000


@pytest.mark.parametrize("other", [row(12, "shell", 3, 1000), row(12, "dash", 2, 1000)])
def test_larger_process_that_is_no_twin_is_not_taken_for_a_child_in_vfork(other):
    judged = replay(report([row(10, "big", 300), row(11, "shell", 2), other], [kill(10, "big", 300)]))
    assert (judged.agrees, judged.why[0]) == (False, "unexplained")


def test_group_frees_what_all_of_it_held():
    kills = [kill(10, "work", 4, -997), kill(11, "hog", 60, -997, in_group=True)]
    tasks = [row(10, "work", 4, -997), row(11, "hog", 60, -997)]
    judged = replay(report(tasks, kills, group_cgroup="/a", release="6.1.192"))
    assert judged.signed.pid == 11
    assert judged.would_free.bytes == judged.freed.bytes == 64 * MIB


def test_thread_that_was_chosen_is_no_parent():
    """el7 chooses threads; 28512 is in no row, and the line of the kill names the process."""
    tasks = [row(28438, "java", 400), row(28400, "bash", 1)]
    judged = replay(report(tasks, [kill(28438, "java", 400)], selected=(28512, "C2 CompilerThre", 0), release="3.10.0"))
    assert "child-sacrificed" not in judged.why
    assert judged.agrees is True


def test_child_that_died_for_its_parent_is_one_where_both_are_in_the_table():
    tasks = [row(10, "apache2", 400), row(11, "apache2", 90)]
    judged = replay(report(tasks, [kill(11, "apache2", 90)], selected=(10, "apache2", 400), release="4.19.78"))
    assert "child-sacrificed" in judged.why


def task(pid, pages, adj):
    return Task(pid, "t", adj, pages, 0, 0)


@pytest.mark.parametrize(
    "tasks, expected",
    [
        ([task(1, 500, 0), task(2, 100, 0)], (1, None)),
        ([task(1, 100, 0), task(2, 500, 0)], None),
        # 500 against 100 + 100 k: up to 4 thousand pages
        ([task(1, 500, 0), task(2, 100, 100)], (1, 4)),
        # 100 + 100 k against 500: from 4 thousand on
        ([task(1, 100, 100), task(2, 500, 0)], (4, None)),
        ([task(1, 100, 100), task(2, 500, 0), task(3, 100, 300)], None),
        ([task(1, 500, 0), task(2, 900, -1000)], (1, None)),
        ([task(1, 500, -1000), task(2, 100, 0)], None),
    ],
)
def test_span_of_totals_for_which_a_process_has_the_most_points(tasks, expected):
    total = oom_total.Total(1000, 1000, None, True, None)
    assert oom_total.span(tasks, 1, total) == expected
