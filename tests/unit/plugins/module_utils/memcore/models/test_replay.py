# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom each model would have chosen, against choices worked out by hand."""

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import replay as replay_model
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.replay import replay
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import Usage
from tests.support.oom_reports import MIB, PAGES, kill, of_host, report, row

LOW = (row(10, "first", 1, -998), row(11, "hog", 700, -998), row(12, "last", 5, -998))


def test_largest_is_taken_by_both_models():
    found = replay(report([row(10, "small", 10), row(11, "hog", 700)], [kill(11, "hog", 690)]))
    assert (found.model, found.agrees, found.why) == ("both", True, ["largest"])
    assert found.signed.margin == 690 * PAGES
    assert found.total == 1000 * PAGES
    assert found.freed.bytes == 690 * MIB


@pytest.mark.parametrize(
    "victim, rule", [pytest.param(10, "first", id="first-scanned"), pytest.param(12, "last", id="last-scanned")]
)
def test_tie_at_the_floor_tells_the_rule_and_what_a_signed_kernel_frees(victim, rule):
    found = replay(report(LOW, [kill(victim, "x", 1, -998)]))
    assert (found.model, found.agrees, found.tie_rule) == ("floored", False, rule)
    assert found.why == [f"floored-{rule}-scanned"]
    assert found.floored.points == 1 and found.floored.tied == [10, 11, 12]
    # The table has no split, so shared memory may be among the 700 MiB.
    assert (found.signed.pid, found.would_free.bytes, found.would_free.at_most) == (11, 700 * MIB, True)


def test_middle_of_a_tie_is_taken_for_its_size_and_by_no_tie_rule():
    found = replay(report(LOW, [kill(11, "hog", 700, -998)]))
    assert (found.model, found.agrees, found.tie_rule) == ("signed", True, None)


def test_up_to_5_2_the_table_of_a_cgroup_does_not_have_the_order_of_the_scan():
    """The processes joined the cgroup in another order than they were created in."""
    tasks = (row(10, "created first", 1, -998), row(11, "middle", 2, -998), row(12, "hog", 700, -998))
    found = replay(report(tasks, [kill(11, "middle", 2, -998)], release="4.19.78"))
    assert (found.model, found.agrees, found.why) == ("floored", False, ["tied-in-the-middle"])
    assert replay(report(tasks, [kill(11, "middle", 2, -998)])).model == "neither"


def test_group_is_judged_by_its_first_and_freed_together():
    kills = [kill(11, "hog", 700), kill(10, "small", 10, in_group=True), kill(11, "hog", 700, True, repeated=True)]
    found = replay(report([row(10, "small", 10), row(11, "hog", 700)], kills, group_cgroup="/a"))
    assert (found.model, found.why) == ("both", ["largest", "group-kill"])
    assert found.freed.bytes == 710 * MIB


def test_larger_one_that_may_not_be_killed_is_named():
    tasks = [row(1, "init", 800), row(10, "kept", 900, -1000), row(11, "hog", 700)]
    found = replay(report(tasks, [kill(11, "hog", 700)], **of_host(3000)))
    assert (found.model, found.why) == ("both", ["largest", "larger-unkillable"])
    assert [one.spared for one in found.candidates] == ["global init", "oom_score_adj -1000", None]


def test_victim_of_an_earlier_report_that_is_not_gone_yet_is_no_candidate():
    tasks = [row(10, "dying", 900), row(11, "hog", 700)]
    found = replay(report(tasks, [kill(11, "hog", 700)]), {10: "dying"})
    assert (found.model, found.why) == ("both", ["largest", "larger-dying"])
    other = replay(report(tasks, [kill(11, "hog", 700)]), {10: "another of that pid"})
    assert other.model == "neither"


def test_allocating_task_is_not_judged_but_told_beside_the_choice_by_badness():
    found = replay(
        report([row(10, "asker", 10), row(11, "hog", 700)], [kill(10, "asker", 10)], allocating_task=True, **of_host())
    )
    assert (found.model, found.agrees, found.why) == (None, False, ["allocating-task"])
    assert found.signed.pid == 11 and "compared no scores" in found.reason


def test_child_dies_for_its_parent_up_to_5_0():
    tasks = [row(10, "parent", 500), row(11, "child", 100)]
    found = replay(report(tasks, [kill(11, "child", 100)], selected=(10, "parent", 500), release="4.19.78"))
    assert (found.model, found.chosen_pid, found.why) == ("both", 10, ["largest", "child-sacrificed"])
    assert (found.freed.bytes, found.would_free.bytes) == (100 * MIB, 500 * MIB)


def test_thread_is_found_by_the_memory_of_its_process():
    tasks = [row(10, "small", 10), row(11, "java", 700)]
    found = replay(report(tasks, [kill(4711, "GC Thread", 690, total_vm=700)], release="4.4.155"))
    assert (found.chosen_pid, found.model, found.agrees) == (11, "both", True)


def test_bonus_of_root_up_to_4_16_leaves_near_ties_open():
    tasks = [row(10, "plain", 690), row(11, "of root", 700)]
    old = replay(report(tasks, [kill(10, "plain", 690)], release="4.4.155", **of_host(2000)))
    assert (old.model, old.why, old.slack) == ("both", ["near-tie"], 700 * PAGES * 3 // 100)
    new = replay(report(tasks, [kill(10, "plain", 690)], release="4.19.78", **of_host(2000)))
    assert (new.model, new.agrees, new.why) == ("neither", False, ["unexplained"])


def test_split_of_the_table_tells_what_survives():
    tasks = [row(10, "tmpfs user", 700, -998, anon=50, tables=3), row(11, "victim", 1, -998)]
    found = replay(report(tasks, [kill(11, "victim", 1, -998)]))
    assert (found.would_free.bytes, found.would_free.at_most) == (50 * MIB + 3 * 4096, False)


def test_swap_of_a_task_counts_and_is_told_apart():
    tasks = [row(10, "resident", 500), row(11, "swapped", 100, swap=600)]
    found = replay(report(tasks, [kill(11, "swapped", 100)], swap=Usage(600 * MIB, 600 * MIB, 0)))
    assert (found.model, found.total, found.freed.swap_bytes) == ("both", 1600 * PAGES, 600 * MIB)


@pytest.mark.parametrize(
    "fields, total",
    [
        pytest.param({}, 1000, id="no-swap-told"),
        # What hit its limit and swapped nothing out had nothing to swap to.
        pytest.param({"swap": Usage(0, 500 * MIB, 0)}, 1000, id="v2-swap-limit-and-no-swap"),
        pytest.param({"swap": Usage(MIB, 500 * MIB, 0)}, 1500, id="v2-swap-limit"),
        pytest.param({"swap": Usage(0, 0, 0)}, 1000, id="v2-no-swap"),
        pytest.param({"memory_swap": Usage(1000 * MIB, 1200 * MIB, 0)}, 1000, id="v1-memsw-and-no-swap"),
        pytest.param({"memory_swap": Usage(1001 * MIB, 1200 * MIB, 0)}, 1200, id="v1-memsw"),
        pytest.param({"memory_swap": Usage(1100 * MIB, None, 0)}, 1100, id="v1-memsw-without-limit"),
        pytest.param(of_host(1000, 300), 1300, id="host"),
    ],
)
def test_pages_of_the_domain(fields, total):
    assert replay(report([row(10, "a", 10)], [kill(10, "a", 10)], **fields)).total == total * PAGES


def test_reserved_pages_are_no_memory():
    found = replay(report([row(10, "a", 10)], [kill(10, "a", 10)], **of_host(1000, reserved=100)))
    assert found.total == 900 * PAGES


@pytest.mark.parametrize(
    "given, reason",
    [
        pytest.param(report([row(10, "a", 10)]), "the log ends before it shows a kill", id="no-kill"),
        pytest.param(report([], [kill(10, "a", 1)]), "the report has no task table", id="no-table"),
        pytest.param(
            report([row(10, "a", 10)], [kill(99, "b", 1)]),
            "the victim b (pid 99) is not in the task table",
            id="absent",
        ),
        pytest.param(
            report([row(10, "a", 10, -1000)], [kill(10, "a", 1)]), "the task table has no process", id="nobody-killable"
        ),
        pytest.param(
            report([row(10, "a", 10), row(11, "b", 10, 5)], [kill(10, "a", 1)], memory=None),
            "the report does not show how much memory there was",
            id="no-total",
        ),
        pytest.param(
            report([row(10, "a", 10)], outcome="no-killable-process"), "there was no process that the kernel", id="none"
        ),
        pytest.param(report([row(10, "a", 10)], outcome="panic"), "the kernel panicked", id="panic"),
    ],
)
def test_no_verdict_has_its_reason(given, reason):
    found = replay(given)
    assert (found.model, found.agrees) == (None, None)
    assert found.reason.startswith(reason)


def test_of_equal_adj_no_total_is_needed():
    found = replay(report(LOW, [kill(10, "first", 1, -998)], memory=None))
    assert (found.model, found.signed.pid, found.total) == ("floored", 11, None)
    assert found.missing[0][0] == "total_pages"


ROWS = strategies.lists(
    strategies.builds(
        row,
        strategies.integers(2, 40),
        strategies.sampled_from(["a", "b c", "(x"]),
        strategies.integers(0, 900),
        strategies.sampled_from([-1000, -998, -500, 0, 500, 1000]),
        strategies.integers(0, 50),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda made: made.pid,
)


@hypothesis.given(ROWS, strategies.data())
def test_the_signed_choice_is_right_and_the_floored_one_tells_its_model(tasks, data):
    """The victim that a model takes is explained by that model, whatever the table."""
    able = [one for one in tasks if one.adj != -1000]
    hypothesis.assume(able)
    pid = data.draw(strategies.sampled_from([one.pid for one in able]))
    found = replay(report(tasks, [kill(pid, "x", 1)]))
    best = max(one.signed for one in found.candidates if one.signed is not None)
    assert found.signed.points == best
    assert found.floored.points == max(best, 1)
    right = replay(report(tasks, [kill(found.signed.pid, "x", 1)]))
    assert right.agrees and right.model in ("signed", "both")
    assert set(found.why) <= set(replay_model.WHY)


class Pid(int):
    """Counts how often one is compared."""

    compared = 0

    def __eq__(self, other):
        Pid.compared += 1
        return int(self) == other

    __hash__ = int.__hash__


def test_group_of_thousands_costs_in_proportion():
    """Looking for each kill in the whole table would take 4 million comparisons."""
    tasks = [row(Pid(pid), "worker", 1) for pid in range(2, 3002)]
    kills = [kill(Pid(pid), "worker", 1, in_group=pid != 3001) for pid in range(3001, 1, -1)]
    Pid.compared = 0
    found = replay(report(tasks, kills, group_cgroup="/a"))
    assert found.freed.bytes == 3000 * MIB
    assert Pid.compared < 50 * 3000


def test_a_place_in_a_table_of_another_order_tells_no_rule_that_the_release_denies():
    """4.19 keeps the first that joined the cgroup, wherever it stands in a table by creation."""
    last = replay(report(LOW, [kill(12, "last", 5, -998)], release="4.19.78"))
    assert (last.model, last.tie_rule, last.why) == ("floored", None, ["tied-in-the-middle"])
    first = replay(report(LOW, [kill(10, "first", 1, -998)], release="4.19.78"))
    assert (first.tie_rule, first.why) == ("first", ["floored-first-scanned"])
