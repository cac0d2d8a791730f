# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in OOM reports that look like something else, and lines that were cut in two.

The lines are composed to the templates of mm/oom_kill.c and its neighbours in the versions named.
"""

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.support.composed_log import HEADER, KB, RSS, choice, dmesg, kmsg, one, printable, report, row
from tests.support.examples import examples

COMM = st.one_of(
    st.binary(min_size=1, max_size=15),
    st.sampled_from(
        "(sd-pam)|((resolved))|Plex Media Serv|a,pid=1,uid=0|x) total-vm:1|,task=b|name) with (x|a\nb\nc|\n|%s".split(
            "|"
        )
    ).map(lambda text: text.encode()),
    st.text(alphabet="ab (),=[]:0\n", min_size=1, max_size=15).map(lambda text: text.encode()),
).filter(lambda comm: b"\0" not in comm)


@hypothesis.given(COMM, COMM)
@hypothesis.settings(max_examples=examples(300))
def test_any_name_is_read_out_of_records(victim, trigger):
    victim_text, trigger_text = (comm.decode("utf-8", "surrogateescape") for comm in (victim, trigger))
    found = one(kmsg(report(victim_text, trigger=trigger_text)))
    assert found.trigger_comm == printable(trigger)
    assert found.tasks[1].comm == found.target_comm == found.kills[0].comm == printable(victim)
    assert (found.limit_cgroup, found.task_cgroup, found.target_pid) == ("/a", "/a/b", 8)
    assert found.missing == []


@pytest.mark.parametrize("comm", ["my\nname", "a\nb\nc", "(x\ny)", "a,\nb=", "a\n[ 1]"])
def test_a_newline_in_a_name_makes_lines_of_dmesg_which_are_joined(comm):
    found = one(dmesg(report(comm, trigger=comm)))
    shown = comm.replace("\n", "\\n")
    assert found.trigger_comm == shown
    assert (found.trigger_pid, found.release) == (7, "6.1.0-50-amd64")
    assert [task.comm for task in found.tasks] == ["pause", shown]
    assert (found.target_comm, found.target_pid) == (shown, 8)
    assert [(kill.pid, kill.comm, kill.anon_bytes) for kill in found.kills] == [(8, shown, 3000 * KB)]
    assert found.missing == []


def test_a_newline_in_a_name_up_to_5_0():
    lines = [
        "a\nb invoked oom-killer: gfp_mask=0x24000c0, order=0, oom_score_adj=0",
        "a\nb cpuset=/ mems_allowed=0",
        "CPU: 0 PID: 9 Comm: a\nb Not tainted 4.4.155 #1",
        "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
        "[    9]     0     9     8950     8794      21       3        0           986 a\nb",
        "Out of memory: Kill process 9 (a\nb) score 1798 or sacrifice child",
        "Killed process 9 (a\nb) total-vm:35800kB, anon-rss:34524kB, file-rss:652kB",
    ]
    found = one(dmesg(lines))
    assert (found.trigger_comm, found.tasks[0].comm, found.selected, found.kills[0].comm) == (
        "a\\nb",
        "a\\nb",
        (9, "a\\nb", 1798),
        "a\\nb",
    )


@pytest.mark.parametrize(
    "limit, task",
    [
        ("/a,task_memcg=/b", "/a,task_memcg=/b/c"),
        ("/a", "/a/x,task=y,pid=1,uid=0"),
        ("/a,oom_memcg=/b", "/a,oom_memcg=/b"),
        ("/", "/system.slice/a.service"),
        ("/a,mems_allowed=0,oom_memcg=/b", "/a,mems_allowed=0,oom_memcg=/b/c"),
        ("/a b:c", "/a b:c/d"),
    ],
)
def test_cgroups_with_the_words_of_the_line_in_their_names(limit, task):
    texts = report()
    texts[12] = choice(8, "hog", limit, task)
    found = one(kmsg(texts))
    assert (found.limit_cgroup, found.task_cgroup, found.target_comm, found.target_pid) == (limit, task, "hog", 8)


@pytest.mark.parametrize("cut", range(60, len(choice(8, "hog", "/a" * 30, "/a" * 30 + "/b")), 7))
def test_a_line_cut_where_a_record_is_full_is_joined_with_the_rest(cut):
    texts = report()
    whole = choice(8, "hog", "/a" * 30, "/a" * 30 + "/b")
    # The kernel prints the line in pieces, each ends before "," or "/" or after "=".
    cut = next(at for at in range(cut, 0, -1) if whole[at] in ",/" or whole[at - 1] == "=")
    lines = kmsg(texts[:12] + [whole[:cut], "usb 1-1: new device", whole[cut:], texts[13]])
    lines[14] = lines[14].replace(b"-;", b"c;")
    found = one(lines)
    assert (found.limit_cgroup, found.task_cgroup, found.target_comm, found.target_pid) == (
        "/a" * 30,
        "/a" * 30 + "/b",
        "hog",
        8,
    )
    assert found.missing == []


def test_fragments_of_3_10_are_marked_from_the_first_on():
    pieces = ["Task in /a", "/b", " killed as a result of limit of /a", "\u00e4"]
    lines = kmsg(report()[:4] + pieces + report()[4:10] + [report()[11], "Killed process 8 (hog) " + RSS])
    for number, flag in ((4, b"c"), (5, b"+"), (6, b"+")):
        lines[number] = lines[number].replace(b"-;", flag + b";")
    found = one(lines)
    assert (found.limit_cgroup, found.task_cgroup) == ("/a", "/a/b")


def test_pieces_in_dmesg_have_no_mark_but_a_line_that_wants_an_end():
    texts = [
        "x invoked oom-killer: gfp_mask=0x6200ca(GFP_HIGHUSER_MOVABLE), nodemask=(null), order=0, oom_score_adj=986",
        "x cpuset=",
        "foreign: line",
        "/ mems_allowed=0",
        "Task in /a/b",
        "foreign: line",
        " killed as a result of limit of /a",
        "Memory cgroup stats for /a",
        "foreign: line",
        ": cache:8KB rss:4KB",
        HEADER,
        row(8, "hog"),
        "Memory cgroup out of memory: Kill process 8 (hog) score 10 or sacrifice child",
        "Killed process 8 (hog) " + RSS,
    ]
    found = one(dmesg(texts))
    assert (found.limit_cgroup, found.task_cgroup, found.stats) == ("/a", "/a/b", {"cache": 8 * KB, "rss": 4 * KB})
