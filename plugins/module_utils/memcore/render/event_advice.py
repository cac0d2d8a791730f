# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a person does about each cause of an OOM: of a memory cgroup at its limit, and of a full host."""

from typing import Dict, Tuple

# {task} is the process that holds most.
ADVICE: Dict[str, Tuple[str, str]] = {
    "one-task": (
        "Find out whether {task} needs that much: if so raise the limit, if not cap it in its own settings (heap, "
        "cache, workers), below the limit.",
        "Find out whether {task} needs that much: if so add RAM or move it, if not cap it in its own settings or "
        "with a MemoryMax of its service.",
    ),
    "many-tasks": (
        "Run fewer processes at a time (workers, jobs, forks) or raise the limit: no single one of them is to blame.",
        "Run fewer processes at a time, or put them in a service with a TasksMax and a MemoryMax: no single one "
        "is to blame.",
    ),
    "working-set": (
        "Raise the limit, or move one of the processes out of the cgroup: together they need more than it allows.",
        "Add RAM or move a service elsewhere: together the processes need more than the host has.",
    ),
    "shared-memory": (
        "Delete files in the tmpfs, /dev/shm or emptyDir of that cgroup, cap its size, or count it into the "
        "limit: no kill frees it.",
        "See what fills tmpfs (`df -t tmpfs`, `ipcs -m`), delete it and cap the mount's size: no kill frees it.",
    ),
    "slab": (
        "See which cache grows (`slabtop -s c`): many files, inodes or sockets of that cgroup count against its limit.",
        "See which cache grows (`slabtop -s c`); if it never shrinks it is a leak of the kernel or a driver: "
        "update, and plan a reboot.",
    ),
    "page-tables": (
        "Use huge pages or fewer processes that map the same region: each pays for its own page tables.",
        "Use huge pages or fewer processes that map the same region: each pays for its own page tables.",
    ),
    "kernel-memory": (
        "See what the kernel holds for the cgroup (memory.stat: kernel_stack, percpu, vmalloc, sock): threads, "
        "BPF maps and stuck sockets count against its limit.",
        "Find who has so many threads: `ps -eo nlwp,pid,comm --sort=-nlwp | head`.",
    ),
    "locked-memory": (
        "Lower what is locked (mlock, RLIMIT_MEMLOCK, LimitMEMLOCK=) or raise the limit: locked memory cannot be "
        "reclaimed.",
        "Lower what is locked (mlock, RLIMIT_MEMLOCK, LimitMEMLOCK=): locked memory can neither be reclaimed nor "
        "swapped.",
    ),
    "huge-pages": (
        "Give huge pages back: `sysctl vm.nr_hugepages=N`.",
        "Give huge pages back that nobody uses (`sysctl vm.nr_hugepages=N`): nothing else can use that memory.",
    ),
    "unaccounted": (
        "Look at drivers and GPUs, which take pages that no counter names: run memfacts on a like host.",
        "Look at drivers, GPUs and balloons, which take pages that no counter names: run memfacts while it lasts.",
    ),
    "swap-full": (
        "Give the cgroup more swap or a higher limit, and see who is swapped out (`grep VmSwap /proc/*/status`).",
        "See who fills the swap (`grep VmSwap /proc/*/status`); more swap only delays it unless that stops growing.",
    ),
    "fragmentation": (
        "Raise vm.min_free_kbytes, and see who asks for adjoining pages (the call trace in the log).",
        "Raise vm.min_free_kbytes or compact now (`echo 1 > /proc/sys/vm/compact_memory`), and see in the call "
        "trace who asks for adjoining pages.",
    ),
    "one-zone": (
        "See in the Mem-Info lines of the log which zone is empty.",
        "See in the Mem-Info lines of the log which zone is empty, and who may use only that one: old 32-bit "
        "devices, or a node whose memory is bound.",
    ),
    "restricted-nodes": (
        "Widen the cpuset (cpuset.mems) or the memory policy (numactl --membind), or use --preferred instead.",
        "Widen the cpuset (cpuset.mems) or the memory policy (numactl --membind), or use --preferred instead.",
    ),
    "requested": (
        "Ask who pressed Alt-SysRq-F or wrote f to /proc/sysrq-trigger.",
        "Ask who pressed Alt-SysRq-F or wrote f to /proc/sysrq-trigger.",
    ),
    "unknown": (
        "Look at the cgroup now (memory.stat, memory.events) and at the log around it: this report alone does not "
        "tell.",
        "Look at the log around it, and run memfacts on the host: this report alone does not tell where memory went.",
    ),
}
