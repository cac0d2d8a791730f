# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset memory: the ledger of MemTotal and what no process shows of it."""

from typing import Dict, List, Optional

from ..models import gpu, ledger, sockets
from ..models.size import percent
from ..sources import balloon, kstat, number, sockstat
from .survey import Survey

# Drivers whose pages no counter has: balloons, GPUs, network cards with large rings, pass-through, file systems.
_PAGE_TAKERS = frozenset(
    "amdgpu ath10k_core ath11k ath11k_ahb ath11k_pci ath12k bnxt_en hv_balloon i40e ib_core ice iosm ixgbe mlx4_core "
    "mlx5_core nouveau nvidia nvidia_uvm qede radeon vboxguest vendor_reset vfio vfio_pci vmw_balloon xe xmm7360 "
    "zfs".split()
)


def gather(survey: Survey) -> Dict:
    """The ledger, checked by a second way of counting, and the figures around it; all in bytes."""
    info = survey.meminfo
    pools = huge_pages(survey)
    book = ledger.balance(readings(survey, pools))
    for part, why in book.missing.items():
        survey.host.lacks(f"ledger {part}", why)
    return {
        "total_bytes": book.total,
        "free_bytes": info.get("MemFree"),
        "available_bytes": info.get("MemAvailable"),
        "swap_total_bytes": info.get("SwapTotal"),
        "swap_free_bytes": info.get("SwapFree"),
        "swap_cached_bytes": info.get("SwapCached"),
        "ledger": book.parts,
        "unaccounted_bytes": book.unaccounted,
        "unaccounted_percent": percent(book.unaccounted, book.total),
        "unaccounted_by_lru_bytes": book.unaccounted_by_lru,
        "uncertainty_bytes": book.uncertainty,
        "hidden_bytes": _hidden(survey, book),
        "processes_bytes": _shown_by_processes(info),
        "cma_total_bytes": info.get("CmaTotal"),
        "cma_free_bytes": info.get("CmaFree"),
        "hugepages": pools,
        "page_takers": _page_takers(survey),
        "unknown_fields": {name: value for name, value in info.items() if name not in ledger.KNOWN_FIELDS},
    }


def readings(survey: Survey, pools: List[Dict]) -> ledger.Readings:
    """What the ledger needs, from whatever this kernel has; `pools` as huge_pages tells them."""
    zones = survey.zoneinfo
    usage = survey.vmalloc
    return ledger.Readings(
        meminfo=survey.meminfo,
        vmstat=survey.vmstat,
        page_size=survey.page_size,
        pcp_pages=zones.pcp_pages if zones else None,
        drift_pages=zones.drift_pages if zones else None,
        vmalloc_pages=None if usage is None else sum(usage.pages.values()) - usage.stack_pages,
        stacks_in_vmalloc=_has_vmapped_stacks(survey),
        huge_pages=sum(pool["total_bytes"] for pool in pools) if pools else None,
        zram=_zram(survey),
        balloon_inside=_balloon_counts_in_total(survey),
        claims=_claims(survey),
    )


def _page_takers(survey) -> Optional[List[str]]:
    """Loaded modules that are known to take pages past every counter; None where /proc/modules cannot be read."""
    text = survey.host.optional("proc/modules")
    if text is None:
        return None
    return sorted({line.split(" ")[0] for line in text.split("\n")} & _PAGE_TAKERS)


def huge_pages(survey: Survey) -> List[Dict]:
    """The pools of every size: total, free, reserved (promised to a mapping) and surplus bytes."""
    folder = "sys/kernel/mm/hugepages"
    pools = []
    for name in sorted(survey.host.names(folder)):
        size = number.parse(name.replace("hugepages-", "").replace("kB", ""))
        counts = [
            number.parse(survey.host.optional(f"{folder}/{name}/{kind}"))
            for kind in ("nr_hugepages", "free_hugepages", "resv_hugepages", "surplus_hugepages")
        ]
        if size is not None and None not in counts:
            pools.append(_pool(size * 1024, counts))
    return pools or _default_pool(survey.meminfo)


def _default_pool(info):
    size = info.get("Hugepagesize")
    if size is None or "HugePages_Total" not in info:
        return []
    return [_pool(size, [info.get(f"HugePages_{kind}", 0) for kind in ("Total", "Free", "Rsvd", "Surp")])]


def _pool(page_bytes, counts):
    names = ("total_bytes", "free_bytes", "reserved_bytes", "surplus_bytes")
    return dict(page_bytes=page_bytes, **dict(zip(names, (count * page_bytes for count in counts))))


def _has_vmapped_stacks(survey):
    """vmallocinfo shows it; an ordinary user goes by what all x86-64 and arm64 distributions have had since 4.14."""
    if survey.vmalloc is not None:
        return survey.vmalloc.stack_pages > 0
    used = survey.meminfo.get("VmallocUsed", 0)
    return bool(used and used > survey.meminfo.get("KernelStack", 0))


def _zram(survey) -> Optional[int]:
    """What the zram devices take; 0 where /sys shows that there is none."""
    devices = survey.host.names("sys/block")
    if not devices:
        return None
    used = [
        (survey.host.text(f"sys/block/{name}/mm_stat") or "").split() for name in devices if name.startswith("zram")
    ]
    figures = [number.parse(fields[2]) if len(fields) > 2 else None for fields in used]
    return None if None in figures else sum(figures)


def _balloon_counts_in_total(survey):
    """A virtio balloon's pages are mostly taken off MemTotal; those of other drivers are not."""
    folder = "sys/bus/virtio/drivers/virtio_balloon"
    features = [
        survey.host.optional(f"{folder}/{name}/features")
        for name in survey.host.names(folder)
        if name.startswith("virtio")
    ]
    told = [balloon.virtio_counts_in_total(text) for text in features if text]
    return not told or any(told)


def _claims(survey):
    """Owners that take whole pages past every counter of /proc/meminfo; they claim only what nobody else has."""
    claims = []
    arc = _zfs_arc(survey)
    if arc is not None:
        claims.append(ledger.Claim("zfs_arc", arc))
    if "GPUActive" not in survey.meminfo and any(
        name.startswith("card") for name in survey.host.names("sys/class/drm")
    ):
        buffers = gpu.unaccounted_bytes(survey.held.gpu)
        if buffers is not None:
            claims.append(ledger.Claim("gpu", buffers))
    if "Balloon" not in survey.meminfo:
        vmware = _vmware_balloon(survey)
        if vmware is not None:
            claims.append(ledger.Claim("balloon", vmware))
    held = _sockets(survey)
    return claims + [ledger.Claim("sockets", held)] if held is not None else claims


def _sockets(survey) -> Optional[int]:
    counters = sockstat.parse(survey.host.optional("proc/net/sockstat") or "")
    tcp, udp = (counters.get(name, {}).get("mem") for name in ("TCP", "UDP"))
    if tcp is None:
        return None
    buffers = [cache.active_objects for cache in survey.slab_caches or [] if cache.name == "skbuff_head_cache"]
    charged = (tcp * survey.page_size, (udp or 0) * survey.page_size)
    return sockets.pages_outside_slab(*charged, socket_buffers=buffers[0] if buffers else None)


def _zfs_arc(survey):
    buffers = kstat.parse(survey.host.optional("proc/spl/kstat/zfs/abdstats") or "")
    if "scatter_data_size" in buffers:
        return buffers["scatter_data_size"] + buffers.get("scatter_chunk_waste", 0)
    return kstat.parse(survey.host.optional("proc/spl/kstat/zfs/arcstats") or "").get("size")


def _vmware_balloon(survey):
    pages = balloon.vmware_pages(survey.host.optional("sys/kernel/debug/vmmemctl") or "")
    return None if pages is None else pages * survey.page_size


def _shown_by_processes(info):
    """Distinct pages that processes map; no page counts twice, however many map it."""
    return None if "AnonPages" not in info or "Mapped" not in info else info["AnonPages"] + info["Mapped"]


def _hidden(survey, book):
    shmem = book.parts.get("shmem")
    if shmem is None:
        return None
    hiding = sum(size for _part, size in ledger.hiding(book.parts))
    return max(hiding + book.unaccounted - _mapped_shmem(survey, shmem), 0)


def _mapped_shmem(survey, shmem):
    """At most this much of Shmem is in resident sets: a page mapped by ten processes is in ten of them."""
    shown = [process.status.shmem_bytes for process in survey.table.user]
    bound = min(shmem, survey.meminfo.get("Mapped", shmem))
    return min(bound, sum(shown)) if survey.table.complete and None not in shown else bound
