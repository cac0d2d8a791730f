# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""All that is said of each cause of an OOM, as texts with blanks: where the memory was, and what to do about it."""

from typing import Dict, NamedTuple, Optional


class Words(NamedTuple):
    """cgroup, host: what to do, in sentences, where a cgroup was at its limit and where the host was full.

    to_do: the same in a few words. held: where the memory was, where the report has figures; instead: where it has
    none. held_short, instead_short: the same for an event's summary. but: why the highest score need not be the right
    choice. Blanks: see cause_blanks.py.
    """

    cgroup: str
    host: str
    to_do: str
    held: Optional[str] = None
    held_short: Optional[str] = None
    instead: str = "The report does not show where the memory went."
    instead_short: Optional[str] = None
    but: str = "but the report does not show that it used the memory up"


_PAGE_TABLES = (
    "Use huge pages, or run fewer processes that map the same region: each of them needs page tables of its own."
)
_NODES = "Widen the cpuset (cpuset.mems) or the memory policy (numactl --membind), or use numactl --preferred instead."
_REQUESTED = "Find out who pressed Alt-SysRq-F or wrote f to /proc/sysrq-trigger."
_NO_SINGLE = "but no single process used the memory up"
_SHARED = "but the report does not show whether the kill freed the shared memory"
_ONE_ZONE = "{zone_advice} The call trace in the log shows what requested the memory."
_WHAT_SHARED = (
    "Find out what the shared memory is: `df -t tmpfs` and `ipcs -m` list the files and SysV segments that are still "
    "there. If they are small, it was memory that {program} shares among its own processes: lower its setting "
    "(PostgreSQL: shared_buffers), or {more}."
)


WORDS: Dict[str, Words] = {
    "one-task": Words(
        cgroup="Find out whether {task} needs that much memory. If it does, raise the limit. If not, set a maximum in "
        "its own settings (heap, cache, workers), below the limit.",
        host="Find out whether {task} needs that much memory. If it does, add RAM or move it to another host. If not, "
        "set a maximum in its own settings, or MemoryMax= in its service.",
        to_do="Cap {task} or give it more memory",
        held="{holder} alone held {size}, {share} of {domain}",
        held_short="{holder} held {share} of it",
    ),
    "many-tasks": Words(
        cgroup="Run fewer processes at a time (workers, jobs, forks), or raise the limit.",
        host="Run fewer processes at a time, or put them into a service with TasksMax= and MemoryMax=.",
        to_do="Run fewer processes at a time",
        held="{processes} together held {size}, {share} of {domain}, none of them more than {small}",
        held_short="{tasks} processes held {share} of it together",
        but=_NO_SINGLE,
    ),
    "working-set": Words(
        cgroup="Raise the limit, or move one of the processes out of the cgroup: together they need more than the "
        "limit.",
        host="Add RAM, or move a service to another host: together the processes need more memory than the host has.",
        to_do="Give these processes more memory, or run fewer of them",
        held="{processes} together held {size}, {share} of {domain}, the largest of them {holder}",
        held_short="{tasks} processes held {share} of it together",
        but=_NO_SINGLE,
    ),
    "anonymous": Words(
        cgroup="Find out which process of the cgroup grows (`ps -o pid,rss,comm` of the pids in its cgroup.procs). A "
        "process that moved to another cgroup after it took memory counts here until it exits.",
        host="Find out which process grows (`ps -eo pid,rss,comm --sort=-rss | head`).",
        to_do="Find out which process grows",
        held="Anonymous memory of processes held {size}, {share} of {domain}, and the report does not show which "
        "process has it",
        held_short="anonymous memory of processes held {share} of it",
    ),
    "shared-memory": Words(
        cgroup=_WHAT_SHARED,
        host=_WHAT_SHARED,
        to_do="Find out what the shared memory is (df -t tmpfs, ipcs -m)",
        held="Shared memory held {size}, {share} of {domain}; the report does not show whether processes share it, so "
        "that it goes with the last of them, or whether it is in files in tmpfs or SysV segments, which stay",
        held_short="shared memory held {share} of it",
        but=_SHARED,
    ),
    "slab": Words(
        cgroup="Find out which slab cache grows (`slabtop -s c`).{cache_advice} The files, inodes and sockets of the "
        "cgroup count against its limit.",
        host="Find out which slab cache grows (`slabtop -s c`).{cache_advice} If it never shrinks, the kernel or a "
        "driver leaks memory: update the kernel and plan a reboot.",
        to_do="Find out which slab cache grows (slabtop -s c)",
        held="The kernel's slab caches held {size}, {share} of {domain}{caches}",
        held_short="kernel slab caches held {share} of it",
    ),
    "page-tables": Words(
        cgroup=_PAGE_TABLES,
        host=_PAGE_TABLES,
        to_do="Use huge pages or fewer processes",
        held="Page tables alone took {size}, {share} of {domain}",
        held_short="page tables held {share} of it",
    ),
    "kernel-memory": Words(
        cgroup="Find out what the kernel holds for the cgroup (memory.stat: kernel_stack, percpu, vmalloc, sock): "
        "threads, BPF maps and unread sockets count against its limit.",
        host="Find out which process has so many threads: `ps -eo nlwp,pid,comm --sort=-nlwp | head`.",
        to_do="Find out what holds the kernel's memory",
        held="The kernel's own memory took {size}, {share} of {domain}",
        held_short="the kernel's own memory held {share} of it",
        instead="The limit of kernel memory (kmem) was hit.",
        instead_short="its limit of kernel memory was hit",
    ),
    "locked-memory": Words(
        cgroup="Lock less memory (mlock, RLIMIT_MEMLOCK, LimitMEMLOCK=), or raise the limit: locked memory cannot be "
        "reclaimed.",
        host="Lock less memory (mlock, RLIMIT_MEMLOCK, LimitMEMLOCK=): the kernel can neither reclaim nor swap it.",
        to_do="Lock less memory",
        held="Locked memory that cannot be reclaimed held {size}, {share} of {domain}",
        held_short="locked memory held {share} of it",
    ),
    "huge-pages": Words(
        cgroup="Compare HugePages_Total with HugePages_Free in /proc/meminfo, and reduce the pool by what is not used "
        "(`sysctl vm.nr_hugepages=N`). A program that needs the pages does not start without them.",
        host="Compare HugePages_Total with HugePages_Free in /proc/meminfo, and reduce the pool by what is not used "
        "(`sysctl vm.nr_hugepages=N`): nothing else can use that memory. A program that needs the pages does not "
        "start without them.",
        to_do="Reduce the pool of huge pages by what is not used",
        held="The pool of huge pages held {size}, {share} of {domain}",
        held_short="the pool of huge pages held {share} of it",
    ),
    "unaccounted": Words(
        cgroup="Check drivers and GPUs, which take pages that no counter shows: run memfacts on a similar host.",
        host="Check drivers, GPUs and balloons, which take pages that no counter shows: run memfacts while it lasts.",
        to_do="Run memfacts on the host to find who took the rest",
        held="{size}, {share} of {domain}, appear in no counter of the report",
        held_short="{share} of it appear in no counter",
    ),
    "compressed-swap": Words(
        cgroup="See `swapon --show` and `zramctl`: compressed swap takes RAM itself.",
        host="See `swapon --show` and `zramctl`: if the swap is zram, it takes RAM itself, so give it a smaller size "
        "or use swap on a disk. If there is no zram or zswap, check drivers and GPUs: run memfacts while it lasts.",
        to_do="Check whether the swap is zram or zswap (swapon --show, zramctl)",
        held="{size}, {share} of {domain}, appear in no counter of the report. This is probably compressed swap "
        "(zram or zswap), which keeps {swap} of swapped memory in it",
        held_short="{share} of it is probably compressed swap (zram or zswap)",
    ),
    "swap-full": Words(
        cgroup="Give the cgroup more swap or a higher limit, and find out which process is swapped out (`grep VmSwap "
        "/proc/*/status`).",
        host="Find out which process fills the swap (`grep VmSwap /proc/*/status`). More swap only delays the next "
        "OOM if that process goes on growing.",
        to_do="Find out which process fills the swap",
        instead="The swap was full.",
        instead_short="swap was full",
    ),
    "fragmentation": Words(
        cgroup="Raise vm.min_free_kbytes a little: the kernel then keeps more memory free, and processes have that "
        "much less. The call trace in the log shows which code requests blocks of {block}.",
        host="Compact memory now (`echo 1 > /proc/sys/vm/compact_memory`, which may slow the host down for seconds), "
        "or raise vm.min_free_kbytes a little: processes then have that much less. The call trace in the log shows "
        "which code requests blocks of {block}.",
        to_do="Compact memory, and find out what requests blocks of {block}",
        instead="{detail}",
        instead_short="there was {probably}no free block of {block}",
    ),
    "one-zone": Words(
        cgroup=_ONE_ZONE,
        host=_ONE_ZONE,
        to_do="Find out what fills {zones} (Mem-Info in the log)",
        instead="{detail}",
        instead_short="only the reserve of {zones} was left",
    ),
    "reserve": Words(
        cgroup="Compare `sysctl vm.min_free_kbytes` with the RAM: a value of more than a few percent makes the kernel "
        "kill while memory is free.",
        host="Compare `sysctl vm.min_free_kbytes` and vm.lowmem_reserve_ratio with the RAM: a reserve of more than a "
        "few percent makes the kernel kill while memory is free. Lower it step by step; too low a value makes "
        "network drivers drop packets.",
        to_do="Lower vm.min_free_kbytes",
        instead="{detail} The kernel keeps that much back (vm.min_free_kbytes).",
        instead_short="all of that is kept in reserve",
    ),
    "atomic": Words(
        cgroup="A few such failures do no harm: the caller tries again, and a network driver drops a packet. If they "
        "come often, raise vm.min_free_kbytes a little; processes then have that much less.",
        host="A few such failures do no harm: the caller tries again, and a network driver drops a packet. If they "
        "come often, raise vm.min_free_kbytes a little; processes then have that much less.",
        to_do="Raise vm.min_free_kbytes a little if it happens often",
        instead="The request could not wait until the kernel had freed more.",
        instead_short="only the reserve of {zones} was left, and the request could not wait for more",
    ),
    "restricted-nodes": Words(
        cgroup=_NODES,
        host=_NODES,
        to_do="Widen the cpuset or the memory policy",
        instead="The request was restricted to {nodes}; other memory nodes may have had room.",
        instead_short="other memory nodes may have had room",
    ),
    "requested": Words(
        cgroup=_REQUESTED,
        host=_REQUESTED,
        to_do="Find out who requested it",
        instead="Memory need not have run out.",
        but="as the kernel's rule demands",
    ),
    "unknown": Words(
        cgroup="Look at the cgroup now (memory.stat, memory.events) and at the log around the report: the report "
        "alone does not show where the memory went.",
        host="Look at the log around the report, and run memfacts on the host: the report alone does not show where "
        "the memory went.",
        to_do="Run memfacts on the host",
    ),
}

# In place of the above where the report shows more: cause:what.
VARIANTS: Dict[str, Words] = {
    "one-task:pool": WORDS["one-task"]._replace(
        held="{holder} alone held {size}, {share} of the memory that the pool of huge pages leaves",
    ),
    "many-tasks:group": WORDS["many-tasks"]._replace(
        cgroup="Limit how many {group_comm} processes run at a time (workers, jobs, pids.max), or raise the limit.",
        host="Limit how many {group_comm} processes run at a time (its workers or jobs, TasksMax= and MemoryMax= in "
        "its service).",
        to_do="Limit how many {group_comm} processes run at a time",
        held="{group_count} processes named {group_comm}{group_user} together held {group_size}, {group_share} of "
        "{domain}, none of them more than {small}",
        held_short="{group_count} processes named {group_comm} held {group_share} of it together",
    ),
    "working-set:group": WORDS["working-set"]._replace(
        cgroup="Limit how many {group_comm} processes run at a time, or raise the limit.",
        host="Limit how many {group_comm} processes run at a time, or add RAM.",
        to_do="Limit how many {group_comm} processes run at a time, or give them more memory",
        held="{group_count} processes named {group_comm}{group_user} together held {group_size}, {group_share} of "
        "{domain}, the largest process being {holder}",
        held_short="{group_count} processes named {group_comm} held {group_share} of it together",
    ),
    "working-set:shared": WORDS["working-set"]._replace(
        held="{processes} together held {size}, {share} of {domain}; how much each of them has the report does not "
        "show, because they share memory",
    ),
    "anonymous:no-table": WORDS["anonymous"]._replace(
        held="Anonymous memory of processes held {size}, {share} of {domain}, and the report has no task table that "
        "shows which process has it",
    ),
    "anonymous:elsewhere": WORDS["anonymous"]._replace(
        cgroup="Find processes that took memory in this cgroup and then moved to another one: it stays charged here "
        "until they free it or exit. Start them in the cgroup where they belong.",
        to_do="Look for a kill in this cgroup just before; if there was none, find processes that moved to another one",
        held="Anonymous memory of processes held {size}, {share} of {domain}, but the processes that the report "
        "lists hold only {tasks_size}. The rest probably belongs to processes that moved from this cgroup to another "
        "one (what they held stays charged here), or that were just exiting, as those killed a moment before are",
    ),
    "compressed-swap:zswap": WORDS["compressed-swap"]._replace(
        cgroup="Limit what zswap takes here (memory.zswap.max), use swap on a disk, or raise the limit: compressed "
        "pages count against it.",
        to_do="Limit zswap (memory.zswap.max) or raise the limit",
        held="zswap, which keeps swapped memory compressed in RAM, took {size}, {share} of {domain}",
        held_short="zswap held {share} of it",
    ),
    "shared-memory:nobody": WORDS["shared-memory"]._replace(
        cgroup="Delete files that nobody needs in the cgroup's tmpfs, /dev/shm or emptyDir (their content is lost), "
        "set a maximum size for it, or raise the limit by that size.",
        host="Find out what fills tmpfs (`df -t tmpfs`, `ipcs -m`), delete what nobody needs (its content is lost), "
        "and set a maximum size for the mount.",
        to_do="Delete files in tmpfs that nobody needs, and set a maximum size",
        held="tmpfs and other shared memory held {size}, {share} of {domain}. Processes had less than half of it "
        "mapped, so most of it is probably in files in tmpfs, SysV segments or memfds, which no kill frees as long "
        "as they exist",
        held_short="tmpfs and other shared memory held {share} of it",
        but="but a kill does not free files in tmpfs",
    ),
    "shared-memory:victims": WORDS["shared-memory"]._replace(
        held="Shared memory held {size}, {share} of {domain}, and of the processes in the report only those that "
        "were killed had most of it mapped. If they shared it among themselves (MAP_SHARED and MAP_ANONYMOUS, as "
        "PostgreSQL does), the kill freed it; a file in tmpfs or a SysV segment stays",
    ),
    "shared-memory:others": WORDS["shared-memory"]._replace(
        held="Shared memory held {size}, {share} of {domain}, and processes that were not killed have most of it "
        "mapped, so the kill probably did not free it",
        but="but others have the shared memory mapped too",
    ),
    "unknown:listed": WORDS["unknown"]._replace(
        instead="The report does not show what used the memory up. The largest process in it, {holder}, held "
        "{holder_size}.",
    ),
    "unknown:failed": WORDS["unknown"]._replace(
        cgroup="If it happens often, the call trace in the log shows which code requests the memory.",
        host="If it happens often, the call trace in the log shows which code requests the memory.",
        to_do="Look at the call trace in the log if it happens often",
        instead="An allocation that fails alone does not mean that memory had run out.",
    ),
}

# What a slab cache is, by the beginning of its name: for advice.
CACHES: Dict[str, str] = {
    "kmemleak_object": "kmemleak_object belongs to the kernel's own leak detector: boot with kmemleak=off.",
    "dentry": "dentry holds names of files: look for a program that creates or looks up very many.",
    "ext4_inode_cache": "ext4_inode_cache holds inodes: look for a program that walks very many files.",
    "xfs_inode": "xfs_inode holds inodes: look for a program that walks very many files.",
    "skbuff": "Network buffers fill it: look for sockets that nobody reads (`ss -m`).",
    "TCP": "Sockets fill it: count them by state (`ss -s`).",
    "task_struct": "Processes and threads fill it: count them (`ps -eL | wc -l`).",
    "filp": "Open files fill it: see /proc/sys/fs/file-nr.",
}
