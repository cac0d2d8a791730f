# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What used the memory up, decided from the figures of the OOM report alone.

Each part of the domain (a cgroup's limit, or RAM) has a threshold in percent of it; of those that reach theirs the one
that exceeds it by the largest factor is the cause. What the report does not print is not guessed.
"""

import re
from typing import Dict, List, NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, Slab, TaskRow
from .size import percent

# In percent of the domain: the limit of a memory cgroup, or the RAM that the kernel manages (tasks: with the swap).
THRESHOLDS = {
    "one-task": 50.0,  # anonymous memory and swap of one process
    "many-tasks": 50.0,  # of all processes, none of which has more than SMALL_TASK
    "working-set": 50.0,  # of all processes, one of which has more than SMALL_TASK, but not half
    "shared-memory": 40.0,  # tmpfs and other shared memory
    "slab": 20.0,
    "page-tables": 10.0,
    "kernel-memory": 20.0,  # of a cgroup, without slab and page tables; of the host, thread stacks
    "locked-memory": 30.0,  # unevictable, without what is shared memory already
    "huge-pages": 20.0,
    "unaccounted": 20.0,  # RAM that no counter of the report names
}
SMALL_TASK = 20.0
FREE_BUT_SPLIT = 3.0  # free although an allocation of more than one page failed
FREE_ELSEWHERE = 10.0  # free although an allocation of one page failed
SWAP_USED = 98.0
CAUSES = (
    "one-task",
    "many-tasks",
    "working-set",
    "shared-memory",
    "slab",
    "page-tables",
    "kernel-memory",
    "locked-memory",
    "huge-pages",
    "unaccounted",
    "swap-full",
    "fragmentation",
    "one-zone",
    "restricted-nodes",
    "requested",
    "unknown",
)
# These count swap too, on both sides.
OF_TASKS = ("one-task", "many-tasks", "working-set")
# What the domain is made of, as far as a report tells; they overlap (locked memory may be shared).
PARTS = (
    "anon",
    "shmem",
    "file",
    "slab",
    "page_tables",
    "kernel",
    "unevictable",
    "huge_pages",
    "free",
    "unaccounted",
)
_TOP_CACHES = 5
_GFP = re.compile(r"(?:0x)?([0-9a-f]{1,16})")
_GFP_DMA, _GFP_HIGHMEM, _GFP_DMA32 = 1, 2, 4
_LRU = (
    "active_anon",
    "inactive_anon",
    "isolated_anon",
    "active_file",
    "inactive_file",
    "isolated_file",
    "unevictable",
)
_KERNEL = ("kernel_stack", "kernel_misc_reclaimable", "bounce", "sec_pagetables")


class Holder(NamedTuple):
    """The process that holds most, and how much of anonymous memory and swap."""

    pid: int
    comm: str
    bytes: int


class Cause(NamedTuple):
    """Why memory ran out. name: one of CAUSES; rule: what decided, in words.

    limit_is: own (of the victim's cgroup), ancestor or host; total_bytes: the domain; parts: bytes of all parts that
    the report tells; part_bytes, share_percent and threshold_percent: of the part that decided, None where none did;
    contributing: other causes whose threshold is reached too, the strongest first.
    """

    name: str
    rule: str
    limit_is: Optional[str]
    total_bytes: Optional[int]
    part_bytes: Optional[int]
    share_percent: Optional[float]
    threshold_percent: Optional[float]
    parts: Dict[str, int]
    contributing: List[str]
    holder: Optional[Holder]
    tasks: Optional[int]
    top_caches: List[Slab]


def decide(report: Report) -> Cause:
    """The cause of one report."""
    in_cgroup = report.scope == "memcg"
    total = _total(report, in_cgroup)
    holder = _holder(report)
    parts = {}
    if total:
        parts = _parts_of_cgroup(report) if in_cgroup else _parts_of_host(report, total)
    found = _reached(report, parts, holder, total, in_cgroup)
    name, rule = _first(report, parts, total, in_cgroup, found)
    part = next((row for row in found if row[0] == name), (name, None, None))
    return Cause(
        name,
        rule,
        _limit_is(report),
        total,
        part[1],
        part[2],
        THRESHOLDS.get(name) if part[1] is not None else None,
        parts,
        [row[0] for row in found if row[0] != name] + _also(report, name),
        holder,
        None if report.tasks is None else len(report.tasks),
        sorted(report.slabs, key=lambda slab: -slab.total_bytes)[:_TOP_CACHES],
    )


def held(row: TaskRow, page_size: int) -> int:
    """Bytes of memory and swap of a task that are its own; where the table has no split also what it shares."""
    own = row.rss_pages if row.anon_pages is None else row.anon_pages
    return (own + row.swap_pages) * page_size


def _first(report, parts, total, in_cgroup, found):
    """(cause, the rule that decided)."""
    if report.scope == "sysrq":
        return "requested", "someone requested it (sysrq-f); memory need not have run out"
    if report.scope in ("cpuset", "mempolicy"):
        return "restricted-nodes", f"the allocation was restricted to some memory nodes (scope {report.scope})"
    split = None if in_cgroup or not total else _free_but_no_use(report, parts, total)
    if split is not None:
        return split
    if _at_kmem_limit(report):
        return "kernel-memory", "the cgroup's limit of kernel memory (kmem) was hit"
    if found:
        name, size, share = found[0]
        domain = "the limit" if in_cgroup else "RAM"
        if name in OF_TASKS:
            domain += " and swap"
        return name, f"{name} has {share:.1f} % of {domain}, the threshold is {THRESHOLDS[name]:.0f} %"
    if _swap_full(report):
        return "swap-full", f"no part reaches its threshold, and at least {SWAP_USED:.0f} % of the swap is used"
    if not total:
        return "unknown", "the report does not show how much memory there was"
    return "unknown", "no part that the report shows reaches its threshold"


def _total(report, in_cgroup):
    """Bytes of the domain, None where the report does not tell."""
    if in_cgroup:
        usage = report.memory
        return None if usage is None else usage.limit_bytes or usage.usage_bytes
    ram = report.meminfo.get("ram")
    return None if ram is None else max(ram - report.meminfo.get("reserved", 0), 0)


def _limit_is(report):
    if report.scope != "memcg":
        return None if report.scope is None else "host"
    owner, own = report.limit_cgroup, report.task_cgroup
    if owner is None or own is None:
        return None
    return "own" if owner == own else "ancestor"


def _holder(report):
    if not report.tasks:
        return None
    row = max(report.tasks, key=lambda row: held(row, report.page_size))
    return Holder(row.pid, row.comm, held(row, report.page_size))


def _parts_of_cgroup(report):
    """memory.stat's names up to 5.2 on v1 and v2 (cache, rss), later v2's on both, from 6.8 on each its own."""
    stats = report.stats
    parts = {
        "anon": stats.get("anon", stats.get("rss")),
        "shmem": stats.get("shmem"),
        "page_tables": stats.get("pagetables"),
        "unevictable": stats.get("unevictable"),
    }
    if parts["shmem"] is None and "cache" in stats:
        # 4.4 and el7 do not name it: page cache that is on no list of files is shared memory.
        parts["shmem"] = max(stats["cache"] - stats.get("active_file", 0) - stats.get("inactive_file", 0), 0)
    cached = stats.get("file", stats.get("cache"))
    parts["file"] = None if cached is None else max(cached - (parts["shmem"] or 0), 0)
    parts.update(_kernel_of_cgroup(report))
    return {name: value for name, value in parts.items() if value is not None}


def _kernel_of_cgroup(report):
    stats = report.stats
    slab = stats.get("slab")
    if slab is None and "slab_unreclaimable" in stats:
        slab = stats["slab_unreclaimable"] + stats.get("slab_reclaimable", 0)
    kernel = stats.get("kernel")
    if kernel is None and report.kmem is not None:
        kernel = report.kmem.usage_bytes
    if kernel is None:
        names = ("kernel_stack", "percpu", "vmalloc", "sock")
        other = sum(stats[name] for name in names if name in stats) if any(name in stats for name in names) else None
    else:
        other = max(kernel - (slab or 0) - stats.get("pagetables", 0), 0) + stats.get("sock", 0)
    return {"slab": slab, "kernel": other}


def _parts_of_host(report, total):
    info = report.meminfo
    shmem = info.get("shmem")
    anon = None
    if "active_anon" in info and "inactive_anon" in info:
        anon = max(sum(info.get(name, 0) for name in _LRU[:3]) - (shmem or 0), 0)
    slab = None
    if "slab_unreclaimable" in info:
        slab = info["slab_unreclaimable"] + info.get("slab_reclaimable", 0)
    parts = {
        "free": info.get("free"),
        "anon": anon,
        "shmem": shmem,
        "page_tables": info.get("pagetables"),
        "unevictable": info.get("unevictable"),
        "slab": slab,
        "kernel": info.get("kernel_stack"),
        "huge_pages": info.get("hugetlb"),
    }
    parts = {name: value for name, value in parts.items() if value is not None}
    if all(name in parts for name in ("free", "anon", "slab")):
        known = sum(info.get(name, 0) for name in (*_LRU, *_KERNEL, "free", "free_pcp", "pagetables", "hugetlb"))
        parts["unaccounted"] = max(total - known - parts["slab"], 0)
    return parts


def _reached(report, parts, holder, total, in_cgroup):
    """[(cause, bytes, percent)] of the parts that reach their threshold, the one that exceeds it most first."""
    if not total:
        return []
    rows = _of_tasks(report, parts, holder, total, in_cgroup)
    rows += [
        (cause, parts[part], percent(parts[part], total))
        for cause, part in (
            ("shared-memory", "shmem"),
            ("slab", "slab"),
            ("page-tables", "page_tables"),
            ("kernel-memory", "kernel"),
            ("huge-pages", "huge_pages"),
            ("unaccounted", "unaccounted"),
        )
        if part in parts
    ]
    if "unevictable" in parts:
        # Shared memory that is locked is on that list too.
        locked = max(parts["unevictable"] - parts.get("shmem", 0), 0)
        rows.append(("locked-memory", locked, percent(locked, total)))
    rows = [row for row in rows if row[2] >= THRESHOLDS[row[0]]]
    return sorted(rows, key=lambda row: -row[2] / THRESHOLDS[row[0]])


def _of_tasks(report, parts, holder, total, in_cgroup):
    if holder is None:
        return []
    swap = sum(row.swap_pages for row in report.tasks) * report.page_size
    # Where the table has no split, shared pages count once for each task; the domain's own counter bounds them.
    bound = parts["anon"] + swap if "anon" in parts else None
    largest = _bounded(holder.bytes, bound)
    together = _bounded(sum(held(row, report.page_size) for row in report.tasks), bound)
    domain = total + (swap if in_cgroup else report.meminfo.get("total_swap", 0))
    share = percent(largest, domain)
    if share >= THRESHOLDS["one-task"]:
        return [("one-task", largest, share)]
    name = "many-tasks" if share < SMALL_TASK else "working-set"
    return [(name, together, percent(together, domain))]


def _bounded(size, bound):
    return size if bound is None else min(size, bound)


def _free_but_no_use(report, parts, total):
    """Free memory that did not help; where any zone would have done it only became free since."""
    share = percent(parts.get("free", 0), total)
    order = max(report.order or 0, 0)
    if order and share >= FREE_BUT_SPLIT:
        return "fragmentation", f"{share:.1f} % of RAM is free, but a block of {1 << order} pages was requested"
    if share >= FREE_ELSEWHERE and _needs_low_zone(report):
        return "one-zone", f"{share:.1f} % of RAM is free, but not in a zone that the allocation may use"
    return None


def _needs_low_zone(report):
    """By the zone modifiers of gfp_mask, whose bits have always been these (include/linux/gfp_types.h)."""
    match = _GFP.match(report.gfp_mask or "")
    if match is None:
        return False
    mask = int(match[1], 16)
    has_high_zone = any(zone.name == "HighMem" for zone in report.zones)
    return bool(mask & (_GFP_DMA | _GFP_DMA32)) or (has_high_zone and not mask & _GFP_HIGHMEM)


def _at_kmem_limit(report):
    kmem, memory = report.kmem, report.memory
    if kmem is None or kmem.limit_bytes is None or memory is None or memory.limit_bytes is None:
        return False
    return kmem.usage_bytes * 100 >= kmem.limit_bytes * 99 and memory.usage_bytes * 100 < memory.limit_bytes * 99


def _swap_full(report):
    total, free = report.meminfo.get("total_swap"), report.meminfo.get("free_swap")
    if total and free is not None:
        return percent(total - free, total) >= SWAP_USED
    swap = report.swap
    return bool(swap and swap.limit_bytes and percent(swap.usage_bytes, swap.limit_bytes) >= SWAP_USED)


def _also(report, name):
    return ["swap-full"] if name != "swap-full" and _swap_full(report) else []
