# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What an OOM report says, as plain records: made by oom_report.py, read by the models.

Sizes in bytes unless a name says pages; None is what the report does not say. Names (comm, cgroups) are decoded and
printable. Templates of every version: mm/oom_kill.c, mm/memcontrol.c, mm/show_mem.c, lib/show_mem.c.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple


class TaskRow(NamedTuple):
    """A row of the task table. page_tables_pages is None where the column is pgtables_bytes, and the reverse."""

    pid: int
    tgid: int
    uid: int
    total_vm_pages: int
    rss_pages: int
    anon_pages: Optional[int]
    file_pages: Optional[int]
    shmem_pages: Optional[int]
    page_tables_pages: Optional[int]
    page_tables_bytes: Optional[int]
    swap_pages: Optional[int]  # tables up to 3.2 have no such column
    adj: int
    comm: str


class Usage(NamedTuple):
    """`memory: usage 40876kB, limit 40960kB, failcnt 8`; limit_bytes None where it is unlimited."""

    usage_bytes: int
    limit_bytes: Optional[int]
    failcnt: int


class Kill(NamedTuple):
    """A "Killed process" line. in_group: it followed "are going to be killed due to memory.oom.group set".

    repeated: the same process was named before in this report (the first victim of a group is).
    """

    pid: int
    comm: str
    uid: Optional[int]
    total_vm_bytes: Optional[int]
    anon_bytes: Optional[int]
    file_bytes: Optional[int]
    shmem_bytes: Optional[int]
    page_tables_bytes: Optional[int]
    adj: Optional[int]
    in_group: bool
    repeated: bool


class Reaped(NamedTuple):
    """An `oom_reaper: reaped process` line: what was left; bytes None where it was "unable to reap"."""

    pid: int
    comm: str
    anon_bytes: Optional[int]
    file_bytes: Optional[int]
    shmem_bytes: Optional[int]


class Slab(NamedTuple):
    """A row of "Unreclaimable slab info"."""

    name: str
    used_bytes: int
    total_bytes: int


class Zone(NamedTuple):
    """A zone of the memory block; free_blocks: how many free blocks of 1, 2, 4, … pages, empty where not printed."""

    node: Optional[int]  # None on kernels without NUMA, whose lines lack "Node N"
    name: str
    free_bytes: Optional[int]
    min_bytes: Optional[int]
    low_bytes: Optional[int]
    high_bytes: Optional[int]
    managed_bytes: Optional[int]
    free_blocks: List[int]
    present_bytes: Optional[int] = None
    cma_free_bytes: Optional[int] = None  # free_cma
    reserved_highatomic_bytes: Optional[int] = None
    lowmem_reserve_pages: List[int] = []  # one for each zone above, as printed
    block_types: List[str] = []  # letters behind each block count, "UME", "C"; "" where none


class Report(NamedTuple):
    """One OOM event of the log, complete or not.

    scope: memcg, global, cpuset, mempolicy, sysrq, or None where no line that survived tells.
    limit_cgroup: the memory cgroup whose limit was hit; task_cgroup: the victim's own.
    selected: (pid, comm, score) of a "Kill process … or sacrifice child" line (up to 5.0), where pid may be a thread.
    memory, memory_swap, swap, kmem: the limits printed; stats: memory.stat of the limit's cgroup in bytes.
    meminfo: the global memory block by its own names in bytes ("active_anon", "slab_unreclaimable", "shmem",
    "free_swap", "total_swap", "ram", "swap_cache", "page_cache", "hugetlb", "mlocked", "kernel_stack", …), sums of all
    nodes; zones: the same block's zones.
    tasks: the task table in the order printed, None where not printed. It is the order in which the kernel scanned,
    but for memory cgroups up to 5.2: they are scanned in the order of joining and printed in that of creation.
    outcome: killed, no-killable-process, panic, already-exiting, or unknown (the log ends before).
    missing: (what, why) of what was cut, lost, dropped or unreadable.
    stamp: the first line's date as it stands in the log; without a year and a zone wall_time is None.
    sharers: (pid, comm) of processes that shared the victim's memory and were killed with it, as kernels up to 4.6 say.
    panic: the text after "Kernel panic - not syncing: " where the kernel gave up.
    acted_usec, acted_stamp: time and date of the line that says what the kernel did (the first kill, else that nobody
    could be killed, the panic, or that the victim was exiting); of the first line where the log ends before.
    exiting: (pid, comm) of a victim that was exiting already.
    """

    sequence: Optional[int]
    time_usec: Optional[int]  # since boot
    wall_time: Optional[str]  # RFC 3339 UTC, where the line had a date
    boot_id: Optional[str]
    scope: Optional[str]
    release: Optional[str]  # of the "CPU: … Comm: …" line
    trigger_pid: Optional[int]
    trigger_comm: Optional[str]
    trigger_adj: Optional[int]
    gfp_mask: Optional[str]
    order: Optional[int]
    allocating_task: bool  # vm.oom_kill_allocating_task
    constraint: Optional[str]  # CONSTRAINT_…
    nodemask: Optional[str]
    limit_cgroup: Optional[str]
    task_cgroup: Optional[str]
    selected: Optional[Tuple[int, str, Optional[int]]]
    target_pid: Optional[int]  # of the "oom-kill:" line
    target_comm: Optional[str]
    memory: Optional[Usage]
    memory_swap: Optional[Usage]
    swap: Optional[Usage]
    kmem: Optional[Usage]
    stats: Dict[str, int]
    meminfo: Dict[str, int]
    slabs: List[Slab]
    tasks: Optional[List[TaskRow]]
    group_cgroup: Optional[str]
    kills: List[Kill]
    reaped: List[Reaped]
    outcome: str
    page_size: int  # 4096 unless the report itself tells otherwise
    missing: List[Tuple[str, str]]
    stamp: Optional[str] = None
    panic: Optional[str] = None
    zones: List[Zone] = []
    sharers: List[Tuple[int, str]] = []
    acted_usec: Optional[int] = None  # since boot
    acted_stamp: Optional[str] = None
    exiting: Optional[Tuple[int, str]] = None
    mems_allowed: Optional[str] = None  # "0-1" of the oom-kill: or cpuset= line
    table_lost_rows: bool = False  # the table's header is there, but rows are known to be missing
    old_scores: bool = False  # a kernel before 2.6.36, which scored by address space and age, says its lines
    repeats: int = 0  # failed allocations that the kernel did not print, but counted ("callbacks suppressed")
