# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What ran out in an OOM, how large it was, and the parts of it that the report tells."""

from typing import Dict, NamedTuple, Optional

from ..sources.oomlog.oom_records import Report
from . import limit_resource

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


class Domain(NamedTuple):
    """What ran out. kind: memory (a cgroup's limit), memsw (of memory and swap together), kmem, or ram.

    total_bytes: how large it was, None where the report does not tell; swap_bytes: swap in use beside it, which the
    memory of processes may be in too, 0 where the total counts swap already.
    """

    kind: str
    total_bytes: Optional[int]
    swap_bytes: int


def domain(report: Report, swap_of_tasks: int) -> Domain:
    """What ran out in this report. swap_of_tasks: bytes of swap by the task table."""
    if report.scope != "memcg":
        return Domain("ram", _ram(report), _swap_in_use(report))
    hit, usage = limit_resource.hit(report)
    if hit == limit_resource.MEMSW:
        return Domain(hit, usage.limit_bytes, 0)
    memory = report.memory
    limit = None if memory is None else memory.limit_bytes or memory.usage_bytes
    # Where memory and swap are limited together and full, there is no more swap to have beside the memory.
    swap = 0 if limit_resource.is_full(report.memory_swap) else swap_of_tasks
    return Domain(limit_resource.KMEM if hit == limit_resource.KMEM and memory else limit_resource.MEMORY, limit, swap)


def parts_of(report: Report, total: Optional[int]) -> Dict[str, int]:
    """Bytes by part, for those of PARTS that the report tells; nothing where the total is not known."""
    if not total:
        return {}
    return _of_cgroup(report) if report.scope == "memcg" else _of_host(report, total)


def swapped_bytes(report: Report) -> Optional[int]:
    """Bytes of the host's swap in use; None where the report does not tell."""
    total, free = report.meminfo.get("total_swap"), report.meminfo.get("free_swap")
    return None if total is None or free is None else max(total - free, 0)


def _ram(report):
    """What the kernel manages; some versions count reserved pages among those of RAM."""
    ram = report.meminfo.get("ram")
    return None if ram is None else max(ram - report.meminfo.get("reserved", 0), 0)


def _swap_in_use(report):
    used = swapped_bytes(report)
    return report.meminfo.get("total_swap", 0) if used is None else used


def _of_cgroup(report):
    """memory.stat's names up to 5.2 on v1 and v2 (cache, rss), later v2's on both, from 6.8 on each its own."""
    stats = report.stats
    parts = {
        "anon": stats.get("anon", stats.get("rss")),
        "shmem": stats.get("shmem"),
        "page_tables": stats.get("pagetables"),
        "unevictable": stats.get("unevictable"),
        "huge_pages": stats.get("hugetlb"),  # only where huge pages count against limits (memory_hugetlb_accounting)
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
        # zswap's compressed pages are charged as kernel memory.
        named = (slab or 0) + stats.get("pagetables", 0) + stats.get("zswap", 0)
        other = max(kernel - named, 0) + stats.get("sock", 0)
    return {"slab": slab, "kernel": other}


def _of_host(report, total):
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
