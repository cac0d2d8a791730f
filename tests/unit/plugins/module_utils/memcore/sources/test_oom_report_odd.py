# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM reports that are not as usual: odd names, other outcomes, lost and foreign lines, several boots.

The lines are composed to the templates of mm/oom_kill.c and its neighbours in the versions named.
"""

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import oom_report
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oom_records import Reaped, Slab

KB = 1024
HEADER = "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"
RSS = "total-vm:4000kB, anon-rss:3000kB, file-rss:4kB, shmem-rss:8kB"
END = RSS + ", UID:0 pgtables:40kB oom_score_adj:0"


def row(pid, comm, adj=0):
    return "[{0:7d}]     0 {0:5d}     1000      753    40960        0         {1:5d} {2}".format(pid, adj, comm)


def choice(pid, comm, limit="/a", task="/a/b"):
    whose = "global_oom" if limit is None else "oom_memcg=" + limit
    return (
        "oom-kill:constraint=CONSTRAINT_{0},nodemask=(null),cpuset=/,mems_allowed=0,{1},"
        "task_memcg={2},task={3},pid={4},uid=0"
    ).format("NONE" if limit is None else "MEMCG", whose, task, comm, pid)


def invoked(comm):
    return comm + " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"


def machine(comm, pid=7):
    return "CPU: 1 PID: {0} Comm: {1} Not tainted 6.1.0-50-amd64 #1  Debian 6.1.176-1".format(pid, comm)


def killed(pid, comm, prefix="Memory cgroup out of memory: "):
    return "{0}Killed process {1} ({2}) {3}".format(prefix, pid, comm, END)


def report(comm="hog", pid=8, trigger="hog"):
    """A report of 6.1 with two tasks."""
    return [
        invoked(trigger),
        machine(trigger),
        "Call Trace:",
        " dump_header+0x4c/0x22b",
        "memory: usage 40960kB, limit 40960kB, failcnt 73",
        "swap: usage 0kB, limit 9007199254740988kB, failcnt 0",
        "Memory cgroup stats for /a:",
        "anon 41545728\nfile 0",
        "Tasks state (memory values in pages):",
        HEADER,
        row(5, "pause", -998),
        row(pid, comm),
        choice(pid, comm),
        killed(pid, comm),
    ]


def escaped(text):
    data = text.encode("utf-8", "surrogateescape")
    return b"".join(b"\\x%02x" % byte if byte < 32 or byte >= 127 or byte == 92 else bytes([byte]) for byte in data)


def kmsg(texts, sequence=100, usec=5000000, priority=4):
    """As records one after the other, a microsecond apart."""
    return [
        b"%d,%d,%d,-;%s\n" % (priority, sequence + number, usec + number, escaped(text))
        for number, text in enumerate(texts)
    ]


def dmesg(texts, usec=5000000):
    """As the kernel prints records: each line of one with the same time."""
    found = []
    for number, text in enumerate(texts):
        stamp = "[{0:5d}.{1:06d}] ".format(*divmod(usec + number, 1000000)).encode()
        found += [stamp + line.encode("utf-8", "surrogateescape") + b"\n" for line in text.split("\n")]
    return found


def read(lines):
    return list(oom_report.read(lines))


def one(lines):
    found = read(lines)
    assert len(found) == 1, found
    return found[0]


def why(found):
    return dict(found.missing)


def printable(comm):
    """As reports show a name: what is no UTF-8 or would move the cursor as an escape."""
    text = comm.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


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
@hypothesis.settings(max_examples=300)
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


def test_the_parents_score_and_the_childs_death_up_to_5_0():
    texts = [
        "java invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0",
        "Out of memory: Kill process 24572 (java) score 640 or sacrifice child",
        "Killed process 28438 (java), UID 1000, " + RSS,
    ]
    found = one(dmesg(texts))
    assert found.selected == (24572, "java", 640)
    assert [(kill.pid, kill.uid) for kill in found.kills] == [(28438, 1000)]
    assert (found.scope, found.outcome) == ("global", "killed")


def test_processes_that_share_the_victims_memory_die_with_it():
    texts = [
        "Out of memory: Kill process 8 (hog) score 640 or sacrifice child",
        "Killed process 8 (hog) " + RSS,
        "Kill process 9 (a) b\nc) sharing same memory",
    ]
    found = one(dmesg(texts))
    assert [kill.pid for kill in found.kills] == [8]
    assert found.sharers == [(9, "a) b\\nc")]


def test_the_rest_of_a_line_is_read_where_no_report_is_open():
    found = read(dmesg(["x"] * 3 + [killed(8, "a\nb")] + ["x"] * 3 + [killed(9, "c\nd")]))
    assert [[(kill.pid, kill.comm, kill.anon_bytes) for kill in one.kills] for one in found] == [
        [(8, "a\\nb", 3000 * KB)],
        [(9, "c\\nd", 3000 * KB)],
    ]


def test_a_kill_line_of_el6():
    found = one(dmesg(["Killed process 12, UID 48, (httpd) total-vm:900kB, anon-rss:800kB, file-rss:4kB"]))
    assert found.kills[0][:5] == (12, "httpd", 48, 900 * KB, 800 * KB)
    assert (found.scope, found.kills[0].shmem_bytes) == (None, None)


@pytest.mark.parametrize(
    "constraint, scope",
    [("CPUSET", "cpuset"), ("MEMORY_POLICY", "mempolicy"), ("NONE", "global"), ("MEMCG", "memcg"), ("NEW", "global")],
)
def test_the_scope_is_that_of_the_constraint(constraint, scope):
    texts = report()
    memcg = constraint == "MEMCG"
    texts[12] = choice(8, "hog", "/a" if memcg else None).replace("NONE", constraint).replace("(null)", "0,2-3")
    texts[13] = killed(8, "hog", "Memory cgroup out of memory: " if memcg else "Out of memory: ")
    found = one(kmsg(texts[:4] + texts[8:]))
    assert (found.scope, found.constraint, found.nodemask) == (scope, "CONSTRAINT_" + constraint, "0,2-3")


def test_sysrq_of_3_10_has_an_order_of_0():
    texts = [
        "SysRq : Manual OOM execution",
        "kworker/0:1 invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0",
        "CPU: 0 PID: 4 Comm: kworker/0:1 Not tainted 3.10.0-1160.el7.x86_64 #1",
        "Workqueue: events moom_callback",
        "Out of memory: Kill process 8 (hog) score 10 or sacrifice child",
        "Killed process 8 (hog), UID 0, " + RSS,
    ]
    assert one(dmesg(texts)).scope == "sysrq"


def test_a_tainted_kernel_has_its_release_too():
    for taint in (
        "Tainted: G        W  OE     5.4.0-42-generic #46",
        "Kdump: loaded Tainted: P  O  5.4.0-42-generic #46",
    ):
        texts = report()
        texts[1] = "CPU: 3 PID: 7 Comm: hog " + taint
        assert one(kmsg(texts)).release == "5.4.0-42-generic"


def test_another_tasks_stack_in_the_report_is_not_the_triggers():
    texts = report()
    texts[1:1] = [machine("other", 99)]
    assert one(kmsg(texts)).trigger_pid == 7


def test_no_killable_process():
    texts = report()[:12] + [
        "Out of memory and no killable processes...",
        "Kernel panic - not syncing: System is deadlocked on memory",
    ]
    found = one(kmsg(texts))
    assert (found.outcome, found.kills, found.panic) == (
        "no-killable-process",
        [],
        "System is deadlocked on memory",
    )


@pytest.mark.parametrize("kind", ["system-wide", "compulsory"])
def test_panic_on_oom(kind):
    panic = "Out of memory: {0} panic_on_oom is enabled".format(kind)
    found = one(kmsg(report()[:12] + ["Kernel panic - not syncing: " + panic]))
    assert (found.outcome, found.panic) == ("panic", panic)


def test_another_panic_is_none_of_ours():
    assert read(dmesg(["Kernel panic - not syncing: Fatal exception in interrupt"])) == []


def test_a_victim_that_is_already_exiting():
    exiting = "Memory cgroup out of memory: OOM victim 8 (hog) is already exiting. Skip killing the task"
    found = one(kmsg(report()[:13] + [exiting]))
    assert (found.outcome, found.kills, found.target_pid) == ("already-exiting", [], 8)


@pytest.mark.parametrize(
    "text",
    [
        "OOM killer disabled.",
        "OOM killer enabled.",
        "Huh VM_FAULT_OOM leaked out to the #PF handler. Retrying PF",
        "hog: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/,mems_allowed=0",
        "sysrq: Manual OOM execution",
        "oom_reaper: reaped process 8 (hog), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
        "oom_kill_process: 3 callbacks suppressed",
        "Linux version 6.1.0 (oom@Killed process 1 (x))",
    ],
)
def test_what_is_no_oom_gives_no_report(text):
    assert read(kmsg([text])) == []


def test_kills_without_their_reports():
    texts = [killed(8, "hog"), killed(9, "hog"), killed(10, "hog", "Out of memory: "), "Killed process 11 (x) " + RSS]
    found = read(kmsg(texts))
    assert [[kill.pid for kill in one.kills] for one in found] == [[8], [9], [10], [11]]
    assert [one.scope for one in found] == ["memcg", "memcg", "global", None]
    assert all("report" in why(one) for one in found)
    assert found[0].limit_cgroup is found[0].tasks is found[0].trigger_comm is None


def test_kills_after_a_groups_that_are_not_in_its_table_are_others():
    group = ["Tasks in /a are going to be killed due to memory.oom.group set", killed(5, "pause"), killed(8, "hog")]
    found = read(kmsg(report() + group + [killed(77, "other"), killed(78, "other")]))
    assert [[kill.pid for kill in one.kills] for one in found] == [[8, 5, 8], [77], [78]]
    assert [(kill.in_group, kill.repeated) for kill in found[0].kills] == [(False, False), (True, False), (True, True)]
    assert found[0].group_cgroup == "/a"


def test_a_group_without_a_table_ends_by_time():
    texts = report()[:8] + report()[12:] + ["Tasks in /a are going to be killed due to memory.oom.group set"]
    late = kmsg([killed(9, "late")], sequence=100 + len(texts) + 1, usec=40000000)
    found = read(kmsg(texts + [killed(6, "member")]) + late)
    assert [[kill.pid for kill in one.kills] for one in found] == [[8, 6], [9]]


def test_a_group_whose_line_is_cut_in_two():
    pieces = ["Tasks in /a", " are going to be killed due to memory.oom.group set", killed(5, "pause")]
    lines = kmsg(report() + pieces)
    lines[15] = lines[15].replace(b"-;", b"c;")
    found = one(lines)
    assert (found.group_cgroup, [kill.pid for kill in found.kills]) == ("/a", [8, 5])


def reaped(pid, comm="hog"):
    return "oom_reaper: reaped process {0} ({1}), now anon-rss:0kB, file-rss:16kB, shmem-rss:8kB".format(pid, comm)


def test_the_reaper_comes_late_and_inside_the_next_report():
    second = report(pid=9)
    found = read(kmsg(report() + second[:6] + [reaped(8)] + second[6:] + ["x"] * 500 + [reaped(9)]))
    assert [one.reaped for one in found] == [
        [Reaped(8, "hog", 0, 16 * KB, 8 * KB)],
        [Reaped(9, "hog", 0, 16 * KB, 8 * KB)],
    ]
    assert all(one.missing == [] for one in found)


def test_the_reaper_gives_up():
    found = one(kmsg(report() + ["oom_reaper: unable to reap pid:8 (hog)"]))
    assert found.reaped == [Reaped(8, "hog", None, None, None)]


def test_the_reaper_of_4_6():
    old = "oom_reaper: reaped process :8 (hog) anon-rss:1kB, file-rss:2kB, shmem-rss:3lkB"
    assert one(kmsg(report() + [old])).reaped == [Reaped(8, "hog", 1 * KB, 2 * KB, 3 * KB)]


def test_reports_come_in_the_order_of_the_log_however_many():
    lines = []
    for number in range(40):
        lines += kmsg(report(pid=100 + number), sequence=1000 * number, usec=1000000 * number)
    # 1000 records are missing between two: told of each but the first.
    found = read(lines)
    assert [one.kills[0].pid for one in found] == list(range(100, 140))
    assert [list(why(one)) for one in found] == [[]] + [["log"]] * 39


def test_a_reader_gives_out_what_it_has_when_told_so():
    reader = oom_report.Reader(held=0)
    for line in kmsg(report()):
        reader.feed(line)
    assert reader.take() == []
    reader.flush()
    (first,) = reader.take()
    assert first.kills[0].pid == 8
    assert reader.take() == []
    for line in kmsg(report(pid=9), sequence=114):
        reader.feed(line)
    reader.flush()
    assert [one.kills[0].pid for one in reader.take()] == [9]


@pytest.mark.parametrize("at", range(1, 14))
def test_a_record_that_is_lost_within_a_report_is_told(at):
    lines = kmsg(report())
    del lines[at]
    found = read(lines)
    if at == 13:  # the last: nothing tells that there was more
        assert (found[0].outcome, list(why(found[0]))) == ("unknown", ["kill"])
    else:
        assert len(found) == 1
        assert "log" in why(found[0])
        assert found[0].kills[0].pid == 8


def test_a_kill_of_another_after_a_loss_is_another_event():
    lines = kmsg(report() + [killed(99, "other")])
    del lines[13]
    found = read(lines)
    assert [(one.target_pid, [kill.pid for kill in one.kills]) for one in found] == [(8, []), (None, [99])]
    assert "kill" in why(found[0])


@pytest.mark.parametrize(
    "line, reason",
    [
        (b"[    5.000005] ** 17 printk messages dropped **\n", "17 messages dropped"),
        (b"** 17 printk messages dropped ** [    5.000006] Call Trace:\n", "17 messages dropped"),
        (b"Nov 27 06:53:58 h systemd-journald[291]: Missed 12 kernel messages\n", "missed 12 messages"),
        (b"Nov 27 06:53:58 h systemd-journald[291]: /dev/kmsg buffer overrun, some messages lost.\n", "overwritten"),
    ],
)
def test_what_a_log_says_that_it_lost(line, reason):
    lines = dmesg(report())
    inside = one(lines[:6] + [line] + lines[6:])
    assert reason in why(inside)["log"]
    before = one([line] + lines)
    assert reason in why(before)["log"]
    after = one(lines + [line])
    assert reason in why(after)["log"]


def test_records_of_others_are_not_lost_ones():
    lines = kmsg(report())
    for number, line in enumerate(lines):
        lines[number] = line.replace(b",%d," % (100 + number), b",%d," % (100 + 3 * number))
    noise = b"14,%d,5000000,-;noise\n"
    device = b"6,%d,5000000,-;usb 1-1: x\n SUBSYSTEM=usb\n DEVICE=+usb:1-1\n"
    mixed = []
    for number, line in enumerate(lines):
        mixed += [line, noise % (101 + 3 * number)] + (device % (102 + 3 * number)).splitlines(True)
    assert one(mixed).missing == []
    far = [noise % number for number in range(141 + 1, 1000)]
    second = kmsg(report(pid=9), sequence=1000)
    assert [found.missing for found in read(mixed + far + second)] == [[], []]


def test_user_space_cannot_imitate_a_kill():
    forged = kmsg(report(pid=666), sequence=200, priority=12)
    lines = kmsg(report(), usec=6000000)
    mixed = [line for pair in zip(lines, forged) for line in pair]
    assert one(mixed)._replace(missing=[]) == one(lines)


def test_another_boot_ends_a_report_and_takes_no_reaper_of_the_one_before():
    first, second = kmsg(report()), kmsg(report(pid=9), sequence=3, usec=1000000)
    found = read(first[:12] + second + kmsg([reaped(8)], sequence=50, usec=9000000))
    assert [(one.outcome, one.time_usec, one.reaped) for one in found] == [
        ("unknown", 5000000, []),
        ("killed", 1000000, []),
    ]
    found = read(dmesg(report()) + dmesg(["Linux version 6.1.0"], 0) + dmesg([reaped(8)], 9000000))
    assert [one.reaped for one in found] == [[]]
    found = read(dmesg(report()) + [b"-- Boot 5a6fc4d1c6cc4b6fb9d3f37cc1d1f1a5 --\n"] + dmesg([reaped(8)], 9000000))
    assert [one.reaped for one in found] == [[]]


def test_a_report_that_does_not_go_on_ends_by_time_and_by_lines():
    later = kmsg([killed(9, "hog")], sequence=112, usec=5000000 + 61 * 1000000)
    first, second = read(kmsg(report()[:12]) + later)
    assert (first.outcome, [kill.pid for kill in second.kills]) == ("unknown", [9])
    assert "60 s" in why(first)["end"]
    foreign = ["eth0: link {0}".format(number) for number in range(5001)]
    first, second = read(dmesg(report()[:12] + foreign + [killed(9, "hog")]))
    assert (first.outcome, [kill.pid for kill in second.kills]) == ("unknown", [9])
    assert "5000 lines" in why(first)["end"]


def test_a_table_without_end_is_cut_and_said_so():
    rows = [row(number % 100000, "x") for number in range(70000)]
    found = one(dmesg(report()[:10] + rows + report()[12:]))
    assert len(found.tasks) == 65536
    assert "more than 65536 rows" in why(found)["tasks"]
    assert found.kills[0].pid == 8


def test_unreclaimable_slab():
    table = [
        "Unreclaimable slab info:",
        "Name                      Used          Total",
        "dentry                 1234KB       2345KB",
        "kmalloc-1k(5:a)           8KB          8KB",
    ]
    found = one(dmesg(report()[:4] + ["Mem-Info:"] + table + report()[8:]))
    assert found.slabs == [Slab("dentry", 1234 * KB, 2345 * KB), Slab("kmalloc-1k(5:a)", 8 * KB, 8 * KB)]
    assert [task.pid for task in found.tasks] == [5, 8]


def test_a_page_of_64_kib_is_told_by_the_free_blocks_and_by_the_victim():
    texts = [text.replace("total-vm:4000kB", "total-vm:64000kB") for text in report()]
    assert one(kmsg(texts)).page_size == 65536
    block = [
        "Mem-Info:",
        "active_anon:10 inactive_anon:0 isolated_anon:0\n free:7 free_pcp:0 free_cma:0",
        "Node 0 DMA: 4*64kB (UME) 0*128kB 1*256kB (M) = 512kB",
        "1000 pages RAM",
    ]
    found = one(kmsg(report()[:4] + block + report()[8:]))
    assert found.page_size == 65536
    assert (found.meminfo["active_anon"], found.meminfo["ram"]) == (10 * 65536, 1000 * 65536)
    assert one(kmsg(report())).page_size == 4096


def test_5_4_0_calls_bytes_kb():
    texts = [text.replace("pgtables:40kB", "pgtables:40960kB") for text in report()]
    assert one(kmsg(texts)).kills[0].page_tables_bytes == 40960
    assert one(kmsg(report())).kills[0].page_tables_bytes == 40960


def test_statistics_that_fill_a_record_lose_their_last_line():
    pairs = ["stat_number_{0} {1}".format(number, 1000 + number) for number in range(40)]
    texts = report()
    texts[7] = "\n".join(pairs)
    assert len(texts[7]) > 760
    whole = one(kmsg(texts))
    assert (len(whole.stats), whole.missing) == (40, [])
    texts[7] = "\n".join(pairs + ["more_statistics_{0} 5".format(number) for number in range(9)])[:970]
    found = one(kmsg(texts))
    assert "stats" in why(found)
    assert "stat_number_39" in found.stats
    assert len(found.stats) < len(texts[7].split("\n"))


def test_a_kill_whose_line_ends_early():
    found = one(kmsg(report()[:13] + ["Memory cgroup out of memory: Killed process 8 (ho"]))
    assert (found.outcome, found.kills[0].pid, found.kills[0].anon_bytes) == ("killed", 8, None)
    assert "kill" in why(found)


def test_a_failed_allocation_within_a_report_is_told():
    foreign = (
        "kswapd0: page allocation failure: order:0, mode:0xa20(GFP_ATOMIC), nodemask=(null),cpuset=/,mems_allowed=0"
    )
    assert "meminfo" in why(one(kmsg(report()[:4] + [foreign] + report()[4:])))


@pytest.mark.parametrize(
    "columns, values, expected",
    [
        ("nr_ptes", "7", (7, None)),
        ("nr_ptes nr_pmds", "7       3", (10, None)),
        ("nr_ptes nr_pmds nr_puds", "7       3       1", (11, None)),
        ("pgtables_bytes", "40960", (None, 40960)),
    ],
)
def test_columns_of_page_tables(columns, values, expected):
    header = "[ pid ]   uid  tgid total_vm      rss {0} swapents oom_score_adj name".format(columns)
    line = "[    8]     0     8     1000      753 {0}        2           -17 my name".format(values)
    found = one(kmsg(report()[:9] + [header, line] + report()[12:]))
    (task,) = found.tasks
    assert (task.page_tables_pages, task.page_tables_bytes) == expected
    assert (task.swap_pages, task.adj, task.comm) == (2, -17, "my name")


@pytest.mark.parametrize(
    "line, expected",
    [
        ("[    8]     0     8     1000      753       7        2           -17 my name", (7, None)),
        ("[    8]     0     8     1000      753       7       3        2           -17 my name", (10, None)),
        ("[    8]     0     8     1000      753    40960        2           -17 my name", (None, 40960)),
        ("[      8]     0     8     1000      753    40960        2           -17 my name", (None, 40960)),
        (
            "[      8]     0     8     1000      753    500   200   53   40960        2           -17 my name",
            (None, 40960),
        ),
    ],
)
def test_rows_without_their_header_are_told_by_their_columns(line, expected):
    found = one(kmsg(report()[:8] + [line] + report()[12:]))
    (task,) = found.tasks
    assert (task.page_tables_pages, task.page_tables_bytes) == expected
    assert (task.rss_pages, task.swap_pages, task.adj, task.comm) == (753, 2, -17, "my name")
    assert "head of the task table" in why(found)["tasks"]


def test_no_table_is_none_and_an_empty_one_is_empty():
    without = one(kmsg(report()[:8] + report()[12:]))
    assert (without.tasks, "tasks" in why(without)) == (None, True)
    assert one(kmsg(report()[:10] + report()[12:])).tasks == []


@pytest.mark.parametrize(
    "data", [[], [b""], [b"\n"], [b"\0" * 1000], [bytes(range(256))], ["\ud800"], [b"\xff\xfe[" * 99]]
)
def test_what_is_no_log_gives_nothing(data):
    assert read(data) == []
