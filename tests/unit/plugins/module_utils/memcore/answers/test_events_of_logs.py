# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cause and verdict of every captured log, against what a person wrote down from reading them."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import event_list
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event as words
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_page
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import oom_report

FIXTURES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures")
LOGS = os.path.join(FIXTURES, "oomlogs")


def unrolled(text):
    """`a*2 b` is a, a, b."""
    found = []
    for word in text.split():
        name, dummy, count = word.partition("*")
        found += [name] * int(count or 1)
    return found


def expectations():
    with open(os.path.join(FIXTURES, "oomlogs-verdicts.tsv"), encoding="utf-8") as table:
        rows = [line.rstrip("\n").split("\t") for line in table if not line.startswith("#")]
    return {row[0]: row[1:] for row in rows[1:]}


EXPECTED = expectations()


def events_of(name, folder=LOGS):
    with open(os.path.join(folder, name), "rb") as log:
        return list(events.read(log))


def test_there_is_an_expectation_for_every_log():
    assert sorted(EXPECTED) == sorted(name for name in os.listdir(LOGS) if name.endswith(".txt"))
    assert len(EXPECTED) >= 69


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_log_has_the_causes_and_verdicts_that_were_read_out_of_it(name):
    causes, models, agrees, dummy = EXPECTED[name]
    found = [event for event in events_of(name) if event["outcome"] != "allocation-failed"]
    assert [event["cause"]["class"] for event in found] == unrolled(causes)
    assert [event["verdict"]["model"] or "-" for event in found] == unrolled(models)
    told = {True: "yes", False: "no", None: "-"}
    assert [told[event["verdict"]["agrees"]] for event in found] == unrolled(agrees)


# The kill line's anon-rss and, before 5.4, the table's page tables; the table's rss and page tables of whom a signed
# kernel takes, at most.
TIES = [
    pytest.param(
        "4.4.155-memcg-v1-equal-adj-tie.kmsg.txt",
        ("small1st", "first", 996 * 1024 + 6 * 4096, 7276 * 4096 + 21 * 4096),
        id="4.4",
    ),
    pytest.param(
        "4.19.78-memcg-v2-equal-adj-tie.kmsg.txt",
        ("small1st", "first", 996 * 1024 + 40960, 7276 * 4096 + 98304),
        id="4.19",
    ),
    pytest.param(
        "5.4.59-memcg-v2-equal-adj-tie.kmsg.txt",
        ("mid3rd", "last", (10764 + 56) * 1024, 7276 * 4096 + 98304),
        id="5.4",
    ),
]


@pytest.mark.parametrize("name, expected", TIES)
def test_floored_kernel_took_a_small_one_and_a_signed_one_would_have_taken_the_big_one(name, expected):
    killed, rule, freed, would_free = expected
    event = events_of(name)[0]
    judged = event["verdict"]
    assert event["victim"]["comm"] == killed
    assert (judged["model"], judged["tie_rule"]) == ("floored", rule)
    assert judged["why"][0] == f"floored-{rule}-scanned"
    assert (judged["expected_comm"], judged["would_free_at_most"]) == ("big2nd", True)
    assert judged["floored"]["points"] == 1 and judged["floored"]["tied"] == 2
    assert (event["freed_bytes"], judged["would_free_bytes"]) == (freed, would_free)
    assert "big2nd" in event["explanation"]
    # Late releases of 5.4 have the fix, so that the release alone does not say which kernel it is.
    which = "such a" if name.startswith("5.4") else "this"
    assert f"{which} kernel kills the {rule} one it scans" in event["explanation"]


def test_report_of_the_commit_that_fixed_the_kernel():
    """mm, oom: make the calculation of oom badness more accurate: pause died with one page, data_sim had 15 GiB."""
    [event] = events_of("oom-commit-9066e5cfb73c.txt", FIXTURES)
    judged = event["verdict"]
    assert (event["victim"]["comm"], event["victim"]["qos_class"]) == ("pause", "Guaranteed")
    assert event["limit_owner"]["limit_bytes"] == 16 << 30
    assert event["limit_owner"]["is"] == "ancestor"
    assert (judged["model"], judged["agrees"], judged["why"]) == ("floored", False, ["floored-first-scanned"])
    assert judged["floored"]["tied"] == 20
    assert (judged["expected_pid"], judged["expected_comm"]) == (58406, "data_sim")
    # 3967322 pages resident, 37101568 bytes of page tables; 4194304 pages of limit, of which -998 takes 4194 each.
    assert judged["would_free_bytes"] == 3967322 * 4096 + 37101568
    assert judged["signed"]["points"] == 3967322 + 37101568 // 4096 - 998 * 4194
    assert event["freed_bytes"] == 4096 + 32768
    assert event["cause"]["class"] == "one-task"
    assert words.headline(event).startswith(
        "WRONG ONE killed: pause (pid 5740) in pod f1c273d3, freed 36.0 KiB, while data_sim"
    )
    # The odin-log-agent that follows it in size is shown too, and the killed although it has the least points.
    assert event["candidates"][1]["comm"] == "odin-log-agent"
    assert [row["comm"] for row in event["candidates"] if row["killed"]] == ["pause"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_explanation_has_three_to_eight_sentences(name):
    for event in events_of(name):
        text = event["explanation"]
        assert text.endswith(".") and "\n" not in text
        # Full stops inside figures are followed by a digit, those of sentences by a blank.
        assert 3 <= text.count(". ") + 1 <= 8, text


def test_group_is_named_once_each_and_its_kills_are_summed():
    event = events_of("6.12.117-memcg-v2-oomgroup.kmsg.txt")[0]
    assert event["group_kill"] and event["group_cgroup"] == event["limit_owner"]["cgroup"]
    assert [row["comm"] for row in event["also_killed"]] == ["pause", "name) with (x"]
    kilobytes = (34432 + 108) + (1024 + 40) + (5120 + 44)
    assert event["freed_bytes"] == kilobytes * 1024


def test_all_victims_of_a_group_are_told_with_the_pod_of_their_group():
    event = events_of("6.12.117-memcg-v2-oomgroup.kmsg.txt")[0]
    # Killed process 174 (python3), then 171 (pause), 172 (name) with (x), and 174 again.
    assert [(row["pid"], row["comm"]) for row in event["victims"]] == [
        (174, "python3"),
        (171, "pause"),
        (172, "name) with (x"),
    ]
    assert event["victims"][0] is event["victim"]
    assert [row["anon_bytes"] for row in event["victims"]] == [34432 << 10, 1024 << 10, 5120 << 10]
    assert [row["oom_score_adj"] for row in event["victims"]] == [986, -998, 986]
    assert {row["pod_uid"] for row in event["victims"]} == {"d11ab7b0-d6db-4a24-a7de-4a2faf1e6980"}
    assert len({row["container_id"] for row in event["victims"]}) == 1
    assert [row["cgroup"] is None for row in event["victims"]] == [False, True, True]


def test_late_line_of_the_reaper_is_in_the_report_but_in_no_event():
    """Composed, by oom_reap_task_mm() of 6.1: an event need not wait for it."""
    begun = b"[  %d.000000] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"
    killed = b"[  %d.000100] Out of memory: Killed process %d (java) total-vm:6104kB, anon-rss:36kB, file-rss:0kB"
    reaped = b"[  12.000050] oom_reaper: reaped process 50 (java), now anon-rss:4kB, file-rss:0kB, shmem-rss:0kB"
    without = [begun % 10, killed % (10, 50), begun % 12, killed % (12, 51)]
    late = [*without[:3], reaped, without[3]]
    assert [[one.pid for one in report.reaped] for report in oom_report.read(late)] == [[50], []]
    found = list(events.read(late))
    assert [event["victim"]["pid"] for event in found] == [50, 51]
    assert found == list(events.read(without))


def test_process_that_shared_the_victim_s_memory_is_a_victim_too():
    """Composed, by oom_kill_process() of 4.4."""
    lines = [
        b"Out of memory: Kill process 50 (java) score 900 or sacrifice child",
        b"Killed process 50 (java) total-vm:6104kB, anon-rss:36kB, file-rss:0kB",
        b"Kill process 51 (vforked) sharing same memory",
    ]
    [event] = events.read(lines)
    assert [(row["pid"], row["comm"], row["anon_bytes"]) for row in event["victims"]] == [
        (50, "java", 36 << 10),
        (51, "vforked", None),
    ]
    assert event["also_killed"] == []


def test_outcomes_without_a_kill_have_the_time_of_their_line_and_no_pid():
    """Composed, by out_of_memory() and __oom_kill_process() of 6.1."""
    lines = [
        b"[   10.000000] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        b"[   10.000100] Mem-Info:",
        b"[   10.500000] Out of memory and no killable processes...",
        b"[   10.500009] Kernel panic - not syncing: System is deadlocked on memory",
    ]
    [event] = events.read(lines)
    assert (event["outcome"], event["id"]) == ("panic", "unknown:10500000:0")
    panic = b"[   10.500000] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled"
    [event] = events.read([*lines[:2], panic])
    assert (event["outcome"], event["id"]) == ("panic", "unknown:10500000:0")
    exiting = b"[   10.500000] Out of memory: OOM victim 77 (hog) is already exiting. Skip killing the task"
    [event] = events.read([*lines[:2], exiting])
    assert (event["outcome"], event["victim"], event["id"]) == ("already-exiting", None, "unknown:10500000:77")


def test_what_only_the_api_of_kubernetes_knows_is_null():
    victim = events_of("5.10.223-memcg-v2.kmsg.txt")[0]["victim"]
    assert victim["kind"] == "pod" and victim["qos_class"] == "Burstable"
    assert victim["pod_uid"] == "d11ab7b0-d6db-4a24-a7de-4a2faf1e6980"
    assert victim["container_id"].startswith("9f02d9fa0049")
    assert (victim["namespace"], victim["pod"], victim["container"], victim["unit"]) == (None, None, None, None)


def test_lists_are_cut_but_not_whom_they_are_about():
    with open(os.path.join(FIXTURES, "oom-commit-9066e5cfb73c.txt"), "rb") as log:
        [event] = events.read(log, top=2)
    assert event["truncated"] == ["candidates"]
    assert [row["comm"] for row in event["candidates"]] == ["data_sim", "pause"]


def test_times_of_the_running_host():
    origin = events.Origin("web3", "2720b512-ca14-4546-bef5-4ebce0aefcf7", 1795762438.0)
    with open(os.path.join(LOGS, "5.10.223-global.kmsg.txt"), "rb") as log:
        [event] = events.read(log, origin)
    # 50:3,406,7451565,-;Out of memory: Killed process 106 (big proc)
    assert event["id"] == "2720b512-ca14-4546-bef5-4ebce0aefcf7:7451565:106"
    assert event["node"] == "web3"
    assert event["uptime_seconds"] == 7.439191
    assert event["time"] == "2026-11-27T06:54:05Z"


def group_of(count, victim, points="1402"):
    """A report whose group of `count` dies; the victim has fewer points than all others."""
    names = [(50, victim, "9"), *((100 + number, "worker", points) for number in range(count))]
    line = "[{:7}]     0 {:5}     1526 {:>8}           4096        0             0 {}"
    rows = [line.format(pid, pid, rss, name) for pid, name, rss in names]
    kill = "Memory cgroup out of memory: Killed process {} ({}) total-vm:6104kB, anon-rss:36kB, file-rss:0kB"
    kills = [kill.format(50, victim), "Tasks in /a are going to be killed due to memory.oom.group set"]
    kills += [kill.format(pid, name) for pid, name, dummy in names]
    head = ["x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"]
    head += ["memory: usage 409600kB, limit 409600kB, failcnt 8"]
    head += ["[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"]
    return [line.encode() for line in head + rows + kills]


def test_of_a_group_larger_than_the_lists_the_count_is_a_least_and_the_victim_stays():
    [event] = events.read(group_of(60, "first"), top=20)
    assert (len(event["also_killed"]), len(event["candidates"])) == (20, 20)
    assert event["truncated"] == ["victims", "also_killed", "candidates"]
    assert [row["comm"] for row in event["candidates"] if row["pid"] == 50] == ["first"]
    assert all(row["killed"] for row in event["candidates"])
    # Beside the victim the better choice, the last of these equals; the rest of the room is for the first of them.
    assert [row["pid"] for row in event["candidates"]] == [*range(100, 118), 159, 50]
    assert "At least 20 processes died with it because memory.oom.group is set." in event["explanation"]
    assert "and at least 19 more processes" in event["summary"]
    page = event_page.render(event_list.EventList("x", [event], 1, 1, None, []))
    assert sum(line.endswith("first  <- killed") for line in page) == 1
    [whole] = events.read(group_of(60, "first"), top=100)
    assert "60 processes died with it because memory.oom.group is set." in whole["explanation"]
    assert (len(whole["victims"]), whole["truncated"]) == (61, [])


def test_choice_whose_kill_is_lost_has_a_reason():
    choice = b"Memory cgroup out of memory: Kill process 100 (worker) score 9 or sacrifice child"
    lines = group_of(2, "first")[:6] + [choice]
    [event] = events.read(lines)
    assert (event["victim"], event["verdict"]["chosen_pid"]) == (None, 100)
    assert event["verdict"]["explanation"] == ("No verdict: the log ends between the kernel's choice and the kill.")
