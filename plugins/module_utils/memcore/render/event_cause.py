# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""All that is said of each cause of an OOM: where the memory was, and what a person does about it."""

from typing import Dict, NamedTuple, Optional

from ..models.oom_cause import OF_TASKS, SMALL_TASK
from ..models.size import human
from ..sources.printable import one_line, with_pid


class Words(NamedTuple):
    """cgroup, host: what to do, in sentences, where a cgroup was at its limit and where the host was full.

    to_do: the same in a few words. held: where the memory was, where the report has figures; instead: where it has
    none. held_short, instead_short: the same for an event's summary. but: why the highest score need not be the right
    choice. Blanks: {holder} and {task} (the process that holds most, with and without its pid), {processes}, {tasks},
    {size}, {share}, {domain}, {small}, {caches}.
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


WORDS: Dict[str, Words] = {
    "one-task": Words(
        cgroup="Find out whether {task} needs that much memory. If it does, raise the limit. If not, set a maximum in "
        "its "
        "own settings (heap, cache, workers), below the limit.",
        host="Find out whether {task} needs that much memory. If it does, add RAM or move it to another host. If not, "
        "set "
        "a maximum in its own settings, or MemoryMax= in its service.",
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
        but="but no single process used the memory up",
    ),
    "working-set": Words(
        cgroup="Raise the limit, or move one of the processes out of the cgroup: together they need more than the "
        "limit.",
        host="Add RAM, or move a service to another host: together the processes need more memory than the host has.",
        to_do="Raise the limit or add RAM, or run fewer of these processes",
        held="{processes} together held {size}, {share} of {domain}, the largest of them {holder}",
        held_short="{tasks} processes held {share} of it together",
        but="but no single process used the memory up",
    ),
    "shared-memory": Words(
        cgroup="Delete files in the cgroup's tmpfs, /dev/shm or emptyDir, set a maximum size for it, or raise the "
        "limit by "
        "that size. Killing processes does not free this memory.",
        host="Find out what fills tmpfs (`df -t tmpfs`, `ipcs -m`), delete it, and set a maximum size for the mount. "
        "Killing processes does not free this memory.",
        to_do="Delete files in tmpfs and set a maximum size",
        held="tmpfs and other shared memory held {size}, {share} of {domain}, and killing a process does not free it",
        held_short="tmpfs and other shared memory held {share} of it",
        but="but killing a process does not free shared memory",
    ),
    "slab": Words(
        cgroup="Find out which slab cache grows (`slabtop -s c`): the files, inodes and sockets of the cgroup count "
        "against "
        "its limit.",
        host="Find out which slab cache grows (`slabtop -s c`). If it never shrinks, the kernel or a driver leaks "
        "memory: "
        "update the kernel and plan a reboot.",
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
        "threads, "
        "BPF maps and unread sockets count against its limit.",
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
        cgroup="Reduce the pool of huge pages: `sysctl vm.nr_hugepages=N`.",
        host="Reduce the pool of huge pages (`sysctl vm.nr_hugepages=N`): nothing else can use that memory.",
        to_do="Reduce the pool of huge pages",
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
    "swap-full": Words(
        cgroup="Give the cgroup more swap or a higher limit, and find out which process is swapped out (`grep VmSwap "
        "/proc/*/status`).",
        host="Find out which process fills the swap (`grep VmSwap /proc/*/status`). More swap only delays the next "
        "OOM if "
        "that process goes on growing.",
        to_do="Find out which process fills the swap",
        instead="The swap was full.",
        instead_short="swap was full",
    ),
    "fragmentation": Words(
        cgroup="Raise vm.min_free_kbytes. The call trace in the log shows which code requests such large blocks.",
        host="Raise vm.min_free_kbytes, or compact memory now (`echo 1 > /proc/sys/vm/compact_memory`). The call "
        "trace in "
        "the log shows which code requests such large blocks.",
        to_do="Raise vm.min_free_kbytes",
        instead="Memory was free, but not in blocks as large as the one requested.",
        instead_short="memory was free, but not in large enough blocks",
    ),
    "one-zone": Words(
        cgroup="Look at the Mem-Info lines of the log: they show which zone is empty.",
        host="Look at the Mem-Info lines of the log: they show which zone is empty. Find out what can use only that "
        "zone: "
        "old 32-bit devices, or processes bound to a memory node.",
        to_do="Find out what can use only the full zone (Mem-Info in the log)",
        instead="Memory was free, but not in a zone that the allocation may use.",
        instead_short="memory was free, but not in a usable zone",
    ),
    "restricted-nodes": Words(
        cgroup=_NODES,
        host=_NODES,
        to_do="Widen the cpuset or the memory policy",
        instead="Other memory nodes may have had room.",
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
        "alone does "
        "not show where the memory went.",
        host="Look at the log around the report, and run memfacts on the host: the report alone does not show where "
        "the "
        "memory went.",
        to_do="Run memfacts on the host",
    ),
}


def sentence(event: Dict) -> str:
    """Where the memory was, as far as the report shows it."""
    words, evidence = _words(event), event["cause"]["evidence"]
    if evidence["part_bytes"] is None or words.held is None:
        return words.instead
    full = ", and the swap was full" if "swap-full" in evidence["contributing"] else ""
    return _filled(words.held, event) + full + "."


def in_short(event: Dict) -> Optional[str]:
    """The same as a part of a sentence; None where the report shows nothing of it."""
    words = _words(event)
    if event["cause"]["evidence"]["share_percent"] is None or words.held_short is None:
        return words.instead_short
    return _filled(words.held_short, event)


def advice(event: Dict) -> str:
    """What to do about it, in sentences."""
    words = _words(event)
    return _filled(words.cgroup if event["scope"] == "memcg" else words.host, event)


def short_advice(event: Dict) -> str:
    """The same in a few words, without a full stop."""
    return _filled(_words(event).to_do, event)


def but(event: Dict) -> str:
    """Why the process with the highest score need not have been the right one."""
    return _words(event).but


def _words(event):
    return WORDS[event["cause"]["class"]]


def _filled(text, event):
    evidence = event["cause"]["evidence"]
    task, count = evidence["largest_task"], evidence["tasks"]
    share, size = evidence["share_percent"], evidence["part_bytes"]
    return text.format(
        holder=with_pid(task["comm"], task["pid"]) if task else "one process",
        task=one_line(task["comm"]) if task else "the largest process",
        processes="1 process" if count == 1 else f"{count} processes",
        tasks=count,
        size=None if size is None else human(size),
        share=None if share is None else f"{share:.0f} %",
        domain=_domain(event),
        small=f"{SMALL_TASK:.0f} %",
        caches=_caches(evidence),
    )


def _domain(event):
    domain = "the limit" if event["scope"] == "memcg" else "the memory"
    swapped = event["cause"]["class"] in OF_TASKS and any(row["swap_bytes"] for row in event["candidates"])
    return domain + " with its swap" * swapped


def _caches(evidence):
    caches = evidence["top_caches"]
    return f", most of it {one_line(caches[0]['name'])} ({human(caches[0]['bytes'])})" if caches else ""
