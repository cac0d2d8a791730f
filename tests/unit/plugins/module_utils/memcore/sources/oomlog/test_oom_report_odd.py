# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM reports that are not as usual: other outcomes, constraints and columns, kills without a report.

The lines are composed to the templates of mm/oom_kill.c and its neighbours in the versions named.
"""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import Reaped, Slab
from tests.support.composed_log import KB, RSS, choice, dmesg, killed, kmsg, machine, one, read, reaped, report, why


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
        "panic",
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
        "hog: page allocation stalls for 10004ms, order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
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


def test_the_first_victim_of_a_group_may_be_named_by_another_of_its_threads():
    """6.12 in the lab: process 8 was killed, its first thread was gone at once, and its second had the memory."""
    group = ["Tasks in /a are going to be killed due to memory.oom.group set", killed(5, "pause"), killed(9, "hog")]
    [found] = read(kmsg(report() + group))
    assert [(kill.pid, kill.repeated) for kill in found.kills] == [(8, False), (5, False), (9, True)]
    [found] = read(kmsg(report() + [group[0], killed(8, "hog"), killed(5, "pause"), killed(9, "hog")]))
    assert [kill.repeated for kill in found.kills] == [False, True, False, True]


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
    failed, killed = read(kmsg(report()[:4] + [foreign] + report()[4:]))
    assert (failed.outcome, failed.trigger_comm, failed.kills) == ("allocation-failed", "kswapd0", [])
    assert "meminfo" in why(killed)


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
