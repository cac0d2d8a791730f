# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a person does about each cause of an OOM: of a memory cgroup at its limit, and of a full host."""

from typing import Dict, NamedTuple

from ..sources.printable import one_line


class Advice(NamedTuple):
    """cgroup, host: what to do, in sentences. short: the same in a few words, for an event's summary.

    {task} is the process that holds most memory.
    """

    cgroup: str
    host: str
    short: str


_PAGE_TABLES = (
    "Use huge pages, or run fewer processes that map the same region: each of them needs page tables of its own."
)
_NODES = "Widen the cpuset (cpuset.mems) or the memory policy (numactl --membind), or use numactl --preferred instead."
_REQUESTED = "Find out who pressed Alt-SysRq-F or wrote f to /proc/sysrq-trigger."

ADVICE: Dict[str, Advice] = {
    "one-task": Advice(
        "Find out whether {task} needs that much memory. If it does, raise the limit. If not, set a maximum in its "
        "own settings (heap, cache, workers), below the limit.",
        "Find out whether {task} needs that much memory. If it does, add RAM or move it to another host. If not, set "
        "a maximum in its own settings, or MemoryMax= in its service.",
        "Cap {task} or give it more memory",
    ),
    "many-tasks": Advice(
        "Run fewer processes at a time (workers, jobs, forks), or raise the limit.",
        "Run fewer processes at a time, or put them into a service with TasksMax= and MemoryMax=.",
        "Run fewer processes at a time",
    ),
    "working-set": Advice(
        "Raise the limit, or move one of the processes out of the cgroup: together they need more than the limit.",
        "Add RAM, or move a service to another host: together the processes need more memory than the host has.",
        "Give the processes more memory or run fewer of them",
    ),
    "shared-memory": Advice(
        "Delete files in the cgroup's tmpfs, /dev/shm or emptyDir, set a maximum size for it, or raise the limit by "
        "that size. Killing processes does not free this memory.",
        "Find out what fills tmpfs (`df -t tmpfs`, `ipcs -m`), delete it, and set a maximum size for the mount. "
        "Killing processes does not free this memory.",
        "Delete files in tmpfs and set a maximum size",
    ),
    "slab": Advice(
        "Find out which slab cache grows (`slabtop -s c`): the files, inodes and sockets of the cgroup count against "
        "its limit.",
        "Find out which slab cache grows (`slabtop -s c`). If it never shrinks, the kernel or a driver leaks memory: "
        "update the kernel and plan a reboot.",
        "Find out which slab cache grows (slabtop -s c)",
    ),
    "page-tables": Advice(_PAGE_TABLES, _PAGE_TABLES, "Use huge pages or fewer processes"),
    "kernel-memory": Advice(
        "Find out what the kernel holds for the cgroup (memory.stat: kernel_stack, percpu, vmalloc, sock): threads, "
        "BPF maps and unread sockets count against its limit.",
        "Find out which process has so many threads: `ps -eo nlwp,pid,comm --sort=-nlwp | head`.",
        "Find out what holds the kernel's memory",
    ),
    "locked-memory": Advice(
        "Lock less memory (mlock, RLIMIT_MEMLOCK, LimitMEMLOCK=), or raise the limit: locked memory cannot be "
        "reclaimed.",
        "Lock less memory (mlock, RLIMIT_MEMLOCK, LimitMEMLOCK=): the kernel can neither reclaim nor swap it.",
        "Lock less memory",
    ),
    "huge-pages": Advice(
        "Reduce the pool of huge pages: `sysctl vm.nr_hugepages=N`.",
        "Reduce the pool of huge pages (`sysctl vm.nr_hugepages=N`): nothing else can use that memory.",
        "Reduce the pool of huge pages",
    ),
    "unaccounted": Advice(
        "Check drivers and GPUs, which take pages that no counter shows: run memfacts on a similar host.",
        "Check drivers, GPUs and balloons, which take pages that no counter shows: run memfacts while it lasts.",
        "Run memfacts on the host to find who took the rest",
    ),
    "swap-full": Advice(
        "Give the cgroup more swap or a higher limit, and find out which process is swapped out (`grep VmSwap "
        "/proc/*/status`).",
        "Find out which process fills the swap (`grep VmSwap /proc/*/status`). More swap only delays the next OOM if "
        "that process goes on growing.",
        "Find out which process fills the swap",
    ),
    "fragmentation": Advice(
        "Raise vm.min_free_kbytes. The call trace in the log shows which code requests such large blocks.",
        "Raise vm.min_free_kbytes, or compact memory now (`echo 1 > /proc/sys/vm/compact_memory`). The call trace in "
        "the log shows which code requests such large blocks.",
        "Raise vm.min_free_kbytes",
    ),
    "one-zone": Advice(
        "Look at the Mem-Info lines of the log: they show which zone is empty.",
        "Look at the Mem-Info lines of the log: they show which zone is empty. Find out what can use only that zone: "
        "old 32-bit devices, or processes bound to a memory node.",
        "Find out what can use only the full zone (Mem-Info in the log)",
    ),
    "restricted-nodes": Advice(_NODES, _NODES, "Widen the cpuset or the memory policy"),
    "requested": Advice(_REQUESTED, _REQUESTED, "Find out who requested it"),
    "unknown": Advice(
        "Look at the cgroup now (memory.stat, memory.events) and at the log around the report: the report alone does "
        "not show where the memory went.",
        "Look at the log around the report, and run memfacts on the host: the report alone does not show where the "
        "memory went.",
        "Run memfacts on the host",
    ),
}


def advice(event: Dict) -> str:
    """What to do about the cause of an event, in sentences."""
    found = ADVICE[event["cause"]["class"]]
    return _filled(found.cgroup if event["scope"] == "memcg" else found.host, event)


def short_advice(event: Dict) -> str:
    """The same in a few words, without a full stop."""
    return _filled(ADVICE[event["cause"]["class"]].short, event)


def _filled(text, event):
    task = event["cause"]["evidence"]["largest_task"]
    return text.replace("{task}", one_line(task["comm"]) if task else "the largest process")
