# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The ledger of MemTotal: every page has one owner, and what nobody claims is said, not hidden."""

from typing import Dict, List, NamedTuple, Optional


class Claim(NamedTuple):
    """Memory an owner outside the kernel's own totals says it holds; it may claim no more than nobody else has."""

    part: str
    bytes: int


class Readings(NamedTuple):
    """What the ledger is made from. Bytes, except vmstat, which is in the file's units (mostly pages).

    None says that the host did not tell. `vmalloc_pages` is the sum of /proc/vmallocinfo without thread stacks,
    `stacks_in_vmalloc` whether thread stacks are vmalloc'ed (CONFIG_VMAP_STACK), `huge_pages` the pools of every size,
    `zram` what its devices use, `balloon_inside` whether a balloon's pages still count in MemTotal.
    """

    meminfo: Dict[str, int]
    vmstat: Dict[str, int]
    page_size: int
    pcp_pages: Optional[int]
    drift_pages: Optional[int]
    vmalloc_pages: Optional[int]
    stacks_in_vmalloc: bool
    huge_pages: Optional[int]
    zram: Optional[int]
    balloon_inside: bool
    claims: List[Claim]


class Ledger(NamedTuple):
    """Bytes; sum of the parts that are not None + unaccounted == total.

    unaccounted: the rest when pages are counted by type; by_lru: the same rest when user pages are counted by the
    LRU list they are on. Both miss the same kernel pages, so a gap between them is user memory in transit
    (half unmapped huge pages, batches on their way to a list).
    """

    total: int
    parts: Dict[str, Optional[int]]
    unaccounted: int
    unaccounted_by_lru: Optional[int]
    uncertainty: Optional[int]
    missing: Dict[str, str]


# Counters that enter the sum and are kept per CPU until they are folded (mm/vmstat.c).
_PER_CPU_COUNTERS = 14
_LRU = ("Active", "Inactive", "Unevictable")
# What is not "used" when people say used: free, or given back when somebody asks; and with what resident sets show.
GIVEN_BACK = frozenset(
    "free pcp_free page_cache buffers slab_reclaimable kernel_reclaimable_other swap_cache zfs_arc".split()
)
SHOWN = GIVEN_BACK | {"anon"}
NOT_TOLD = "this kernel does not tell"


def balance(readings: Readings) -> Ledger:
    """Give every byte of MemTotal its owner."""
    total = readings.meminfo["MemTotal"]
    kernel, missing = _kernel_parts(readings)
    parts = {**_free_parts(readings), **_user_parts(readings), **kernel}
    missing.update({part: NOT_TOLD for part, value in parts.items() if value is None and part not in missing})
    rest = total - _sum(parts)
    for claim in readings.claims:
        taken = min(claim.bytes, max(rest, 0))
        parts[claim.part] = (parts.get(claim.part) or 0) + taken
        missing.pop(claim.part, None)
        rest -= taken
    return Ledger(total, parts, rest, _rest_by_lru(readings, parts, total), _uncertainty(readings), missing)


def _free_parts(readings):
    # MemFree leaves out the pages on per-CPU lists: 1 % of a healthy host (mm/page_alloc.c).
    return {"free": readings.meminfo.get("MemFree"), "pcp_free": _bytes(readings.pcp_pages, readings)}


def _user_parts(readings):
    info = readings.meminfo
    swap_cache = info.get("SwapCached")
    if swap_cache:
        # A page mapped again while still in the swap cache is in AnonPages and SwapCached; the LRU has it once.
        counted = sum(info.get(name, 0) for name in ("AnonPages", "Cached", "Buffers", "SwapCached"))
        swap_cache -= min(swap_cache, max(0, counted - (_lru_bytes(readings) or counted)))
    return {
        "page_cache": _difference(info.get("Cached"), info.get("Shmem")),
        "buffers": info.get("Buffers"),
        "swap_cache": swap_cache,
        "anon": info.get("AnonPages"),
        "shmem": info.get("Shmem"),
    }


def _kernel_parts(readings):
    info, vmstat = readings.meminfo, readings.vmstat
    missing = {}
    hugetlb = info.get("Hugetlb", readings.huge_pages)
    if hugetlb is None and "HugePages_Total" in info:
        hugetlb = info["HugePages_Total"] * info.get("Hugepagesize", 0)
    parts = {
        "slab_reclaimable": info.get("SReclaimable"),
        "slab_unreclaimable": info.get("SUnreclaim"),
        "kernel_reclaimable_other": _kernel_reclaimable_other(readings),
        "kernel_stacks": info.get("KernelStack"),
        "page_tables": info.get("PageTables"),
        "secondary_page_tables": info.get("SecPageTables"),
        "vmalloc": _vmalloc(readings, missing),
        "percpu": info.get("Percpu"),
        "hugetlb": hugetlb,
        **_compressed(readings),
        "balloon": _balloon(readings),
    }
    for part, field in (
        ("bounce", "Bounce"),
        ("writeback_tmp", "WritebackTmp"),
        ("hardware_corrupted", "HardwareCorrupted"),
    ):
        if info.get(field):
            parts[part] = info[field]
    if vmstat.get("nr_memmap_pages"):
        parts["memmap"] = _bytes(vmstat["nr_memmap_pages"], readings)
    if "GPUActive" in info:
        parts["gpu"] = info["GPUActive"] + info.get("GPUReclaim", 0)
    return parts, missing


def _kernel_reclaimable_other(readings):
    misc = readings.vmstat.get("nr_kernel_misc_reclaimable")
    if misc is not None:
        return _bytes(misc, readings)
    return _difference(readings.meminfo.get("KReclaimable"), readings.meminfo.get("SReclaimable"))


def _vmalloc(readings, missing):
    used, stacks = vmalloc_used(readings.meminfo), readings.meminfo.get("KernelStack", 0)
    if used is not None:
        return max(used - stacks, 0) if readings.stacks_in_vmalloc else used
    if readings.vmalloc_pages is None:
        missing["vmalloc"] = "VmallocUsed counts no pages on this kernel and /proc/vmallocinfo could not be read"
        return None
    return _bytes(readings.vmalloc_pages, readings)


def vmalloc_used(meminfo: Dict[str, int]) -> Optional[int]:
    """VmallocUsed where it counts pages (5.3 and later), else None.

    Up to 4.3 it counts address ranges and from 4.4 to 5.2 it is always 0; VmallocChunk tells ranges apart, as it has
    been 0 ever since they are not counted any more.
    """
    return None if meminfo.get("VmallocChunk") else meminfo.get("VmallocUsed") or None


def _compressed(readings):
    """zram and zswap; zsmalloc's pages (nr_zspages) hold zram's and, where zswap uses zsmalloc, zswap's too."""
    pool = _bytes(readings.vmstat.get("nr_zspages"), readings)
    zswap, zram = readings.meminfo.get("Zswap"), readings.zram
    if zram is None and pool is not None:
        zram = max(pool - (zswap or 0), 0)
    if zswap is None and pool is not None and zram is not None:
        zswap = max(pool - zram, 0)
    return {"zram": zram} if zswap is None else {"zram": zram, "zswap": zswap}


def _balloon(readings):
    inflated = readings.meminfo.get("Balloon", _bytes(readings.vmstat.get("nr_balloon_pages"), readings))
    if inflated is None:
        return None
    return inflated if readings.balloon_inside else 0


def _rest_by_lru(readings, parts, total):
    lru = _lru_bytes(readings)
    if lru is None:
        return None
    user = ("page_cache", "buffers", "swap_cache", "anon", "shmem")
    return total - lru - _sum({part: value for part, value in parts.items() if part not in user})


def _lru_bytes(readings):
    sizes = [readings.meminfo.get(name) for name in _LRU]
    if None in sizes:
        return None
    isolated = sum(readings.vmstat.get(name, 0) for name in ("nr_isolated_anon", "nr_isolated_file"))
    return sum(sizes) + isolated * readings.page_size


def _uncertainty(readings):
    return None if readings.drift_pages is None else readings.drift_pages * readings.page_size * _PER_CPU_COUNTERS


def _bytes(pages, readings):
    return None if pages is None else pages * readings.page_size


def _difference(whole, part):
    return None if whole is None or part is None else max(whole - part, 0)


def _sum(parts):
    return sum(value for value in parts.values() if value is not None)
