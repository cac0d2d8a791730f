# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tie rule learnt from real reports of kernels that are known to have it."""

import pathlib

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import next_victim
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import tie_evidence
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import FLOORED
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import captured
from tests.support.oomtree import lay, process, write

LOGS = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "oomlogs"
NEW = "6.1.176"
ROW = "[{pid:7}]     0 {pid:5}     2000 {rss:8}    16384        0          -998 {comm}"


def lines(name):
    return (LOGS / name).read_bytes().splitlines()


def report(pids, chosen, second=0):
    """A report of a memory cgroup of 100 MiB with tasks of growing size, all at -998."""
    text = ["job invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-998"]
    text += ["memory: usage 102400kB, limit 102400kB, failcnt 9", "swap: usage 0kB, limit 0kB, failcnt 0"]
    text += ["Tasks state (memory values in pages):"]
    text += ["[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"]
    text += [ROW.format(pid=pid, rss=300 + 9000 * (pid == max(pids)), comm=f"task{pid}") for pid in pids]
    text += [
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/p,task_memcg=/p,"
        f"task=task{chosen},pid={chosen},uid=0",
        f"Memory cgroup out of memory: Killed process {chosen} (task{chosen}) total-vm:8000kB, anon-rss:1200kB, "
        "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:16kB oom_score_adj:-998",
    ]
    return [f"[{100 + second}.{number:06}] {line}".encode() for number, line in enumerate(text)]


def test_a_kernel_that_keeps_the_first():
    rule, evidence = tie_evidence.of_log(report([50, 60, 40], 50), NEW)
    assert rule == "first"
    assert evidence == (
        "the kernel's log shows once that of processes with equal points the first one scanned was killed, "
        "last task50 (pid 50)"
    )


def test_a_kernel_that_takes_the_last():
    log = report([50, 60, 40], 40) + report([50, 60, 41], 41, 5)
    assert tie_evidence.of_log(log, NEW) == (
        "last",
        "the kernel's log shows 2 times that of processes with equal points the last one scanned was killed, "
        "last task41 (pid 41)",
    )


def test_reports_that_contradict_each_other_tell_nothing():
    assert tie_evidence.of_log(report([50, 60, 40], 40) + report([70, 80, 71], 70, 5), NEW) is None


@pytest.mark.parametrize("log", [[], [b"nothing here"], report([50, 60, 40], 60)], ids=["empty", "no-report", "hog"])
def test_a_log_without_a_tie_tells_nothing(log):
    assert tie_evidence.of_log(log, NEW) is None


def test_the_table_of_kernels_up_to_5_2_is_not_in_the_order_of_the_scan():
    assert tie_evidence.of_log(report([50, 60, 40], 50), "4.19.78") is None


def test_a_real_tie_of_5_4_59():
    """Three processes at -998, and the last to join was killed."""
    rule, dummy = tie_evidence.of_log(lines("5.4.59-memcg-v2-equal-adj-tie.kmsg.txt"), "5.4.59")
    assert rule == "last"


def floored(folder):
    """A host with a release of no known floored kernel, whose processes show a floored one's scores."""
    tasks = [process(10, 10, -900), process(11, 9000, -900)] + [process(20 + place, 10) for place in range(4)]
    laid = lay(folder, tasks, [("/p", {"memory.max": 100 << 20}, [10, 11])], release="6.1.176")
    for place in range(4):
        write(folder, f"proc/{20 + place}/oom_score", "0\n")
    laid.tiny_task = lambda adj: (b"500", b"500", (folder / "proc/20/status").read_bytes())
    return laid


def test_the_module_reads_the_log_where_the_release_does_not_tell(tmp_path):
    machine = floored(tmp_path)
    write(tmp_path, "dev/kmsg", "")
    (tmp_path / "dev" / "kmsg").write_bytes(b"\n".join(report([50, 60, 40], 50)) + b"\n")
    found = next_victim.collect(machine, next_victim.checked(None, 10, None))
    assert (found["badness_model"], found["tie_rule"]) == (FLOORED, "first")
    assert "the kernel's log shows once" in found["tie_rule_evidence"]
    assert [row["pid"] for row in found["by_cgroup"][0]["next"]] == [10]


def test_a_log_that_may_not_be_read_is_said(tmp_path):
    machine = floored(tmp_path)
    found = next_victim.collect(machine, next_victim.checked(None, 10, None))
    assert found["tie_rule"] == "unknown"
    assert [row["pid"] for row in found["by_cgroup"][0]["next"]] == [10, 11]
    reasons = {item["source"]: item["reason"] for item in found["incomplete"]}
    assert reasons["/dev/kmsg"] == ("no such file or directory; the kernel's log might show which process wins a tie")


def test_of_a_captured_host_this_machines_log_tells_nothing(tmp_path):
    floored(tmp_path)
    assert tie_evidence.of_host(captured.CapturedTree(str(tmp_path))) is None
