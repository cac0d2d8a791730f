# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The ledger of MemTotal: every page has one owner, and what nobody claims is said, not hidden."""

from typing import Dict, List, NamedTuple, Optional, Tuple


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


class Part(NamedTuple):
    """One part of the ledger, for whoever shows it.

    name: its key in the facts; label: what people read; reclaimable: free, or a cache that is given back when somebody
    needs memory; in_processes: resident sets show it; colour: for charts, as #rrggbb.
    """

    name: str
    label: str
    reclaimable: bool
    in_processes: bool
    colour: str


# In the order of the ledger; the first 18 are always there. A part that is not listed is shown by its name.
# Colours: the palette of Okabe and Ito, which colour-blind readers can tell apart, with one hue for each kind of memory
# (free grey, caches blue, processes orange, shared memory red, kernel green, set aside purple) and one lightness for
# each part of that kind. Charts name each part beside its colour, since nobody can tell 26 colours apart.
PARTS = (
    Part("free", "free", True, False, "#e6e6e6"),
    Part("pcp_free", "free (per-CPU lists)", True, False, "#bfbfbf"),
    Part("page_cache", "page cache", True, False, "#56b4e9"),
    Part("buffers", "buffers", True, False, "#0072b2"),
    Part("swap_cache", "swap cache", True, False, "#a6d8f5"),
    Part("anon", "process memory (anon)", False, True, "#e69f00"),
    Part("shmem", "shared memory and tmpfs", False, False, "#d55e00"),
    Part("slab_reclaimable", "reclaimable slab", True, False, "#8cc8ee"),
    Part("slab_unreclaimable", "unreclaimable slab", False, False, "#009e73"),
    Part("kernel_reclaimable_other", "other reclaimable kernel", True, False, "#1f6fa0"),
    Part("kernel_stacks", "kernel stacks", False, False, "#00543d"),
    Part("page_tables", "page tables", False, False, "#4fd0ab"),
    Part("secondary_page_tables", "KVM and IOMMU page tables", False, False, "#00785a"),
    Part("vmalloc", "vmalloc", False, False, "#9ae6cf"),
    Part("percpu", "per-CPU memory", False, False, "#3ecba2"),
    Part("hugetlb", "hugetlb huge pages", False, False, "#cc79a7"),
    Part("zram", "zram", False, False, "#8a4a6e"),
    Part("balloon", "hypervisor's balloon", False, False, "#f0c9de"),
    Part("zswap", "zswap", False, False, "#a85f88"),
    Part("bounce", "bounce buffers", False, False, "#003d2c"),
    Part("writeback_tmp", "FUSE writeback", False, False, "#6fdcbc"),
    Part("hardware_corrupted", "hardware-corrupted memory", False, False, "#000000"),
    Part("memmap", "page descriptors", False, False, "#006b4f"),
    Part("gpu", "GPU buffers", False, False, "#f0e442"),
    Part("zfs_arc", "ZFS cache (ARC)", True, False, "#005a8c"),
    Part("sockets", "socket buffers", False, False, "#bff0e2"),
)
_BY_NAME = {part.name: part for part in PARTS}
# Fields of /proc/meminfo that the ledger uses, or that only show the same pages from another side. Whatever a later
# kernel adds is reported as unknown.
KNOWN_FIELDS = frozenset(
    "MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon) Active(file) "
    "Inactive(file) Unevictable Mlocked SwapTotal SwapFree Zswap Zswapped Dirty Writeback AnonPages Mapped Shmem "
    "KReclaimable Slab SReclaimable SUnreclaim KernelStack ShadowCallStack PageTables SecPageTables NFS_Unstable "
    "Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal VmallocUsed VmallocChunk Percpu EarlyMemtestBad "
    "HardwareCorrupted AnonHugePages ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped CmaTotal CmaFree "
    "Unaccepted Balloon GPUActive GPUReclaim HugePages_Total HugePages_Free HugePages_Rsvd HugePages_Surp "
    "Hugepagesize Hugetlb DirectMap4k DirectMap64k DirectMap1M DirectMap2M DirectMap4M DirectMap1G DirectMap2G "
    "HighTotal HighFree LowTotal LowFree MmapCopy Quicklists".split()
)
# Counters that enter the sum and are kept per CPU until they are folded (mm/vmstat.c).
_PER_CPU_COUNTERS = 14
_LRU = ("Active", "Inactive", "Unevictable")
NOT_TOLD = "this kernel does not tell"


def label(name: str) -> str:
    """What people read for a part; its name where this version does not know it."""
    return _BY_NAME[name].label if name in _BY_NAME else name


def used_bytes(total: int, parts: Dict[str, Optional[int]]) -> int:
    """RAM that is neither free nor a cache that the kernel would give back."""
    return total - _sum({name: size for name, size in parts.items() if name in _BY_NAME and _BY_NAME[name].reclaimable})


def hiding(parts: Dict[str, Optional[int]]) -> List[Tuple[str, int]]:
    """The parts in use that no resident set shows, the largest first, as (name, bytes)."""
    found = [(name, size) for name, size in parts.items() if size and _hides(name)]
    return sorted(found, key=lambda item: -item[1])


def _hides(name):
    part = _BY_NAME.get(name)
    return part is None or not (part.reclaimable or part.in_processes)


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
