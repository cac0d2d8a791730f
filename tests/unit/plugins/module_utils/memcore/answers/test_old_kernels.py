# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of kernels from 2.6.9 to 3.x, of pages that are not 4 KiB, and of odd statistics. The logs are composed."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events

MIB = 1 << 20
RHEL_4 = """\
Dec  1 10:11:12 db1 kernel: oom-killer: gfp_mask=0xd0
Dec  1 10:11:12 db1 kernel: Mem-info:
Dec  1 10:11:12 db1 kernel: Free swap:       2040244kB
Dec  1 10:11:12 db1 kernel: 1245184 pages of RAM
Dec  1 10:11:12 db1 kernel: 819200 pages of HIGHMEM
Dec  1 10:11:12 db1 kernel: 206000 reserved pages
Dec  1 10:11:12 db1 kernel: Out of Memory: Killed process 2705 (mysqld).
"""
RHEL_5 = """\
httpd invoked oom-killer: gfp_mask=0x201d2, order=0, oomkilladj=0
Mem-info:
Free swap  = 0kB
258032 pages of RAM
5332 reserved pages
Out of memory: Killed process 2587, UID 48, (httpd).
"""
LINUX_2_6_32 = """\
apache2 invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=0
Pid: 2600, comm: apache2 Not tainted 2.6.32-5-amd64 #1
[ pid ]   uid  tgid total_vm      rss cpu oom_adj name
[ 1200]     0  1200    50000     4000   0     -17 sshd
[ 1234]    48  1234   500000   400000   1       3 httpd
Out of memory: kill process 1234 (httpd) score 800 or a child
Killed process 1240 (perl)
"""
RHEL_6 = """\
httpd invoked oom-killer: gfp_mask=0x200da, order=0, oom_adj=0, oom_score_adj=0
Pid: 2600, comm: httpd Not tainted 2.6.32-642.el6.x86_64 #1
{0}[ 1200]     0  1200    50000     4000   0     -17         -1000 sshd
[ 1234]    48  1234   500000   400000   1       0             0 httpd
Out of memory: Kill process 1234 (httpd) score 800 or sacrifice child
Killed process 1234, UID 48, (httpd) total-vm:2000000kB, anon-rss:1599000kB, file-rss:1000kB
"""
RHEL_6_HEADER = "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name\n"


def read(text):
    return list(events.read(text.encode().splitlines(True)))


def test_rhel_4_and_its_memory():
    (found,) = read(RHEL_4)
    assert (found["scope"], found["victim"]["pid"], found["victim"]["comm"]) == ("global", 2705, "mysqld")
    assert found["limit_owner"]["limit_bytes"] == (1245184 - 206000) * 4096
    assert "kill" not in [one["source"] for one in found["incomplete"]]


def test_rhel_5_names_the_user():
    (found,) = read(RHEL_5)
    assert (found["victim"]["pid"], found["victim"]["comm"], found["victim"]["uid"]) == (2587, "httpd", 48)
    assert found["trigger"]["comm"] == "httpd"
    assert found["limit_owner"]["limit_bytes"] == (258032 - 5332) * 4096


def test_kernels_before_2_6_36_get_no_verdict_by_the_rules_of_today():
    (found,) = read(LINUX_2_6_32)
    assert (found["victim"]["pid"], found["verdict"]["chosen_pid"], found["kernel_release"][:6]) == (
        1240,
        1234,
        "2.6.32",
    )
    assert found["verdict"]["agrees"] is None
    assert "before 2.6.36" in found["verdict"]["reason"]
    rows = {row["pid"]: row for row in found["candidates"]}
    # oom_adj -17 meant never; 3 is 3 * 1000 / 17 of today's scale.
    assert (rows[1200]["oom_score_adj"], rows[1234]["oom_score_adj"]) == (-1000, 176)
    assert [row["signed_points"] for row in rows.values()] == [None, None]
    assert [row["swap_bytes"] for row in rows.values()] == [None, None]


@pytest.mark.parametrize("header", [RHEL_6_HEADER, ""])
def test_swap_of_rhel_6_is_not_known_even_without_the_head_of_the_table(header):
    (found,) = read(RHEL_6.format(header))
    rows = {row["pid"]: row for row in found["candidates"]}
    assert [rows[pid]["swap_bytes"] for pid in (1200, 1234)] == [None, None]
    assert (rows[1200]["spared"], found["trigger"]["pid"], found["victim"]["uid"]) == ("oom_score_adj -1000", 2600, 48)


@pytest.mark.parametrize(("prefix", "scope"), [("(MPOL_BIND)", "mempolicy"), ("in cpuset", "cpuset")])
def test_old_kernels_tell_the_scope_in_the_line_of_the_choice(prefix, scope):
    log = f"No available memory {prefix}: kill process 100 (vm) score 421 or a child\nKilled process 100 (vm)\n"
    (found,) = read(log)
    assert (found["scope"], found["victim"]["comm"]) == (scope, "vm")


def test_short_line_behind_an_old_kill_is_no_part_of_the_name():
    (found,) = read("Out of memory: Killed process 2705 (mysqld)\nMem-info:\n")
    assert found["victim"]["comm"] == "mysqld"


@pytest.mark.parametrize(("kib", "pages"), [(16, 32000), (64, 8000), (4, 128000)])
def test_size_of_a_page_by_what_is_in_pages_and_in_kb(kib, pages):
    log = f"""\
x invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
Mem-Info:
active_anon:{pages} inactive_anon:0 isolated_anon:0
Node 0 active_anon:512064kB inactive_anon:0kB active_file:0kB inactive_file:0kB unevictable:0kB
{4 * pages} pages RAM
[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name
[   11]     0    11     9000     1000       6       4        0             0 y
Out of memory: Kill process 11 (y) score 1000 or sacrifice child
"""
    (found,) = read(log)
    assert found["limit_owner"]["limit_bytes"] == 4 * pages * kib * 1024
    assert found["candidates"][0]["rss_bytes"] == 1000 * kib * 1024


_SUMS = " total_cache:4096KB total_inactive_file:4096KB total_rss:500100KB"
CGROUP = """\
x invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0
memory: usage 524288kB, limit 524288kB, failcnt 14
{0}[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[     12]     0    12   400000    129760      40960        0             0 x
Memory cgroup out of memory: Killed process 12 (x) total-vm:1600000kB, anon-rss:519040kB, file-rss:0kB, shmem-rss:0kB
"""
LINE = "Memory cgroup stats for {0}: cache:{1}KB inactive_file:{1}KB rss:{2}KB{3}\n"


@pytest.mark.parametrize(
    "stats",
    [
        LINE.format("/a", 0, 0, "") + LINE.format("/a/b", 0, 500000, "") + LINE.format("/a/c", 4096, 100, ""),
        LINE.format("/a", 0, 0, _SUMS) + LINE.format("/a/b", 0, 500000, ""),
        "Memory cgroup stats for /a:\ncache 0\ninactive_file 0\nrss 0\n"
        "total_cache 4194304\ntotal_inactive_file 4194304\ntotal_rss 512102400\n",
    ],
    ids=["a line for each cgroup", "sums in the line", "sums in lines of their own, as Linux 6.8 prints"],
)
def test_statistics_are_those_of_the_whole_subtree(stats):
    (found,) = read(CGROUP.format(stats))
    parts = found["cause"]["evidence"]["parts"]
    assert (parts["anon_bytes"], parts["file_bytes"]) == (500100 * 1024, 4 * MIB)


@pytest.mark.parametrize("before", ["", "[   12.000000] Out of memory and no killable processes...\n"])
def test_deadlock_on_memory_is_a_panic(before):
    (found,) = read(before + "[   12.000010] Kernel panic - not syncing: System is deadlocked on memory\n")
    assert (found["outcome"], found["victim"]) == ("panic", None)


def test_sysrq_c_after_a_kill_is_no_panic_of_the_oom_killer():
    kill = "[   12.000000] Out of memory: Killed process 12 (a) total-vm:9kB, anon-rss:8kB, file-rss:0kB\n"
    (found,) = read(kill + "[   12.500000] Kernel panic - not syncing: sysrq triggered crash\n")
    assert found["outcome"] == "killed"
    assert read("[   12.500000] Kernel panic - not syncing: sysrq triggered crash\n") == []
