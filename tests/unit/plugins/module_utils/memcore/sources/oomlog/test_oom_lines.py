# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of OOM reports that only some kernels print so, or not at all."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import (
    oom_lines,
    oom_report,
    task_table,
)


@pytest.mark.parametrize("cpuset", ["", ",cpuset=/,mems_allowed=0"], ids=["without cpusets", "with cpusets"])
def test_whose_limit_it_was_is_read_with_and_without_the_cpuset_of_kernels_that_have_none(cpuset):
    head = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)"
    found = oom_lines.choice(head + cpuset + ",oom_memcg=/a,task_memcg=/a/b,task=t 0,pid=7,uid=0")
    assert (found.constraint, found.nodemask) == ("CONSTRAINT_MEMCG", "(null)")
    assert (found.limit_cgroup, found.task_cgroup, found.comm, found.pid) == ("/a", "/a/b", "t 0", 7)
    head = "oom-kill:constraint=CONSTRAINT_NONE,nodemask=0,2"
    found = oom_lines.choice(head + cpuset + ",global_oom,task_memcg=/,task=x,pid=8,uid=0")
    assert (found.nodemask, found.in_whole_host, found.task_cgroup, found.pid) == ("0,2", True, "/", 8)


def test_report_without_a_killable_process_lacks_no_cgroup_of_a_victim():
    log = [
        "4,1,1000000,-;t0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-1000",
        "4,2,1000000,-;CPU: 0 PID: 9 Comm: t0 Not tainted 6.1.176 #1 ",
        "6,3,1000000,-;memory: usage 16384kB, limit 16384kB, failcnt 51",
        "6,4,1000000,-;swap: usage 0kB, limit 9007199254740988kB, failcnt 0",
        "6,5,1000000,-;Memory cgroup stats for /a/b:",
        "6,6,1000000,-;anon 16683008\\x0afile 0",
        "6,7,1000000,-;Tasks state (memory values in pages):",
        "6,8,1000000,-;[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        "6,9,1000000,-;[      9]     0     9     3843     3801    53248        0         -1000 t0",
        "4,10,1000000,-;Out of memory and no killable processes...",
    ]
    (report,) = oom_report.read(log)
    assert (report.outcome, report.limit_cgroup, report.missing) == ("no-killable-process", "/a/b", [])


def test_header_that_names_a_column_twice_is_none():
    header = "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"
    assert task_table.Table.of_header(header) is not None
    assert task_table.Table.of_header(header.replace(" rss ", " rss rss ")) is None


def test_order_that_no_kernel_has_is_no_order():
    found = oom_lines.invoked("a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=9999, oom_score_adj=0")
    assert (found.comm, found.order) == ("a", None)
    assert oom_lines.invoked("a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=10").order == 10
