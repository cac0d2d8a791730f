# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oom_badness() of mm/oom_kill.c and oom_score of fs/proc/base.c, in the kernel's integer arithmetic.

Two models exist. Commit 9066e5cfb73c (v5.9, in late 5.4.y too) lets points go below zero ("signed"); before it every
killable task has at least one point ("floored"), so that among tasks of a very negative adj all scores are equal.
"""

from typing import NamedTuple, Optional

SIGNED, FLOORED, UNKNOWN = "signed", "floored", "unknown"
UNKILLABLE_ADJ = -1000  # OOM_SCORE_ADJ_MIN


class Task(NamedTuple):
    """A process as oom_badness() sees it; memory in pages, parts of the resident set None where they are not told.

    spared: why the kernel never chooses it ("global init", "kernel thread" …), None where it may.
    administrator: has CAP_SYS_ADMIN, which earned 3 % off before 4.17.
    total_vm: pages of its address space. maybe_vfork: it may still use its parent's memory (vfork.py).
    nodes: the memory nodes that it may use, as the kernel prints them, None where nobody tells.
    """

    pid: int
    comm: str
    adj: int
    rss: int
    swap: int
    page_tables: int
    anon: Optional[int] = None
    file: Optional[int] = None
    shmem: Optional[int] = None
    uid: Optional[int] = None
    ppid: Optional[int] = None
    cgroup: Optional[str] = None
    spared: Optional[str] = None
    administrator: bool = False
    total_vm: Optional[int] = None
    maybe_vfork: bool = False
    nodes: Optional[str] = None


def points(task: Task, total: int, model: str) -> Optional[int]:
    """The badness in pages of `total`, the pages that may be used in the domain; None: the kernel never chooses it."""
    if task.spared is not None or task.adj == UNKILLABLE_ADJ:
        return None
    size = task.rss + task.swap + task.page_tables
    if task.administrator:
        size -= size * 3 // 100
    # The division comes first in the kernel; below 1000 pages the adj has no effect at all.
    badness = size + task.adj * (total // 1000)
    return max(badness, 1) if model == FLOORED else badness


def oom_score(badness: Optional[int], total: int, model: str) -> int:
    """What /proc/PID/oom_score shows, `total` being the whole host's pages of RAM and swap."""
    if badness is None:
        return 0
    if model == FLOORED:
        return badness * 1000 // total
    # C divides towards zero; both steps can be negative.
    return max(_divide((1000 + _divide(badness * 1000, total)) * 2, 3), 0)


def total_of_host(ram: int, swap: int) -> int:
    """The domain of a global OOM: all pages of RAM and of swap; never 0, whatever a captured file says."""
    return max(ram + swap, 1)


def total_of_memcg(
    limit: int, swap_limit: Optional[int], swap_of_host: int, may_swap: bool, memsw: Optional[int]
) -> int:
    """The domain of a memory cgroup (mem_cgroup_get_max() as of 5.10; never 0).

    limit, swap_limit (v2's memory.swap.max), memsw (v1's memory plus swap limit): pages, None where there is no limit;
    may_swap: whether the swappiness is above 0.
    """
    total = limit
    if may_swap and memsw is not None:
        total += min(max(memsw - limit, 0), swap_of_host)
    elif may_swap:
        total += swap_of_host if swap_limit is None else min(swap_limit, swap_of_host)
    return max(total, 1)


def _divide(number, by):
    return number // by if number >= 0 else -(-number // by)
