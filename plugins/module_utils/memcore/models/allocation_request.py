# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The memory allocation that failed, and whether the memory that the report shows could have served it.

The kernel prints its figures a moment after the allocation failed, so a request that "could be served" may have failed
rightly: memory was freed in between.
"""

from typing import FrozenSet, List, NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, Zone
from . import gfp, zone_watermarks
from .node_list import nodes_of
from .oom_rules import version_of
from .size import human

YES, NO, UNKNOWN = "yes", "no", "unknown"

# What was in the way of a request that could not be served.
LIMIT = "limit"  # a cgroup's limit
ZONES_FULL = "zones-full"  # no zone that it may use has enough free memory
NO_BLOCK = "no-block"  # a zone has enough free memory, but in smaller blocks


CMA, ATOMIC_RESERVE, OTHER_NODES = "CMA", "atomic reserve", "other nodes"
HIGHER_ZONES = "higher zones"


class Elsewhere(NamedTuple):
    """Free memory that the request may not use.

    where: a zone's name, CMA, the atomic reserve, other nodes, or higher zones, which the report leaves out.
    """

    where: str
    bytes: int


class Request(NamedTuple):
    """What was requested. order: 2 to that power pages; bytes: their size.

    gfp_flags: by name, empty where the log has only a number; highest_zone: the highest that it may use (DMA, DMA32,
    Normal, HighMem, Movable), None where the log has no mask; movable: whether free pages of CMA will do; nodes: the
    memory nodes to which it was restricted, None where it was not.
    could_be_served: yes, no or unknown; why: a sentence; obstacle: of "no", LIMIT, ZONES_FULL or NO_BLOCK.
    zones: the zones it may use, by name; zones_bytes: what the kernel manages there, None where not printed;
    usable_bytes: free there for this request, None without zones; unusable: free memory that it may not use, the
    most first. waits: whether the caller waited until the kernel had freed memory, None where the log does not tell.
    """

    order: int
    bytes: int
    gfp_flags: List[str]
    highest_zone: Optional[str]
    movable: Optional[bool]
    nodes: Optional[str]
    could_be_served: str
    why: str
    obstacle: Optional[str] = None
    zones: List[str] = []
    zones_bytes: Optional[int] = None
    usable_bytes: Optional[int] = None
    unusable: List[Elsewhere] = []
    waits: Optional[bool] = None


def of_report(report: Report) -> Optional[Request]:
    """The request of a report; None where the log lost it, and of a kill by sysrq-f, where nothing was requested."""
    if report.order is None or report.order < 0 or report.scope == "sysrq":
        return None
    flags = gfp.parse(report.gfp_mask)
    request = Request(
        report.order,
        report.page_size << report.order,
        flags.flags if flags else [],
        flags.highest_zone if flags else None,
        flags.movable if flags else None,
        _nodes(report),
        UNKNOWN,
        "",
        waits=flags.waits if flags else None,
    )
    if report.scope == "memcg":
        return _of_limit(report, request)
    if flags is None:
        return request._replace(why="The log does not show which zones the request may use.")
    if not report.zones:
        return request._replace(why="The log does not show the free memory of each zone.")
    return _of_zones(report, request, flags)


def _nodes(report):
    """The memory nodes that the allocation was bound to, as the log prints them."""
    if report.scope == "mempolicy" and report.nodemask and report.nodemask != "(null)":
        return report.nodemask
    return report.mems_allowed if report.scope == "cpuset" else None


def _of_limit(report, request):
    """Of a cgroup: whether the request fits below every limit that the report prints."""
    limits = [
        (what, usage)
        for what, usage in (
            ("memory", report.memory),
            ("memory and swap", report.memory_swap),
            ("kernel memory", report.kmem),
        )
        if usage is not None and usage.limit_bytes is not None
    ]
    if report.memory is None or not limits:
        return request._replace(why="The log does not show the cgroup's limit and usage.")
    for what, usage in limits:
        room = max(usage.limit_bytes - usage.usage_bytes, 0)
        if room < request.bytes:
            why = f"No: the limit of {what}, {human(usage.limit_bytes)}, left {human(room)} for {_asked(request)}."
            return request._replace(could_be_served=NO, why=why, obstacle=LIMIT)
    room = min(usage.limit_bytes - usage.usage_bytes for _what, usage in limits)
    why = (
        f"Yes: {human(room)} were free below the cgroup's limit when the kernel printed the report, and the request "
        f"was for {_asked(request)}."
    )
    return request._replace(could_be_served=YES, why=why)


def _of_zones(report, request, flags):
    old = None if version_of(report.release) is None else version_of(report.release).base < (4, 4)
    allowed = nodes_of(request.nodes)
    present = frozenset((zone.node, zone.name) for zone in report.zones)
    looks = [
        zone_watermarks.look_at(zone, present, flags, report.order, report.page_size, old) for zone in report.zones
    ]
    may = [look for look in looks if look.allowed and _is_on(look.zone, allowed)]
    managed = [look.zone.managed_bytes for look in may]
    request = request._replace(
        zones=[_name(look.zone) for look in may],
        zones_bytes=None if None in managed or not managed else sum(managed),
        usable_bytes=sum(look.usable_bytes or 0 for look in may),
        unusable=_unusable(looks, allowed, flags),
    )
    elsewhere = report.meminfo.get("free", 0) - sum(zone.free_bytes or 0 for zone in report.zones)
    if request.nodes is None and _is_much(elsewhere, report) and not any(look.served for look in may):
        if not _leaves_out_higher_zones(report, flags):
            return request._replace(why="The log lacks the lines of some zones.")
        request = request._replace(unusable=[Elsewhere(HIGHER_ZONES, elsewhere), *request.unusable])
    if not flags.movable and report.meminfo.get("free_cma") and any(look.zone.cma_free_bytes is None for look in may):
        return request._replace(why="The log does not show how much of each zone's free memory is CMA.")
    return _answer(request, may, flags)


def _is_much(elsewhere, report):
    """Whether more memory was free than the zones that the log has account for; the counters are read one by one."""
    return elsewhere * 10 > report.meminfo.get("free", 0)


def _leaves_out_higher_zones(report, flags):
    """Whether the zones that are missing are higher than those the request may use, which 6.2 and later do not print.

    mm/show_mem.c, show_free_areas() skips zones above max_zone_idx. lowmem_reserve of the last zone that is printed
    tells a zone that the log lost from one that is empty: it is 0 up to the next zone that has memory. Its columns are
    DMA, DMA32, Normal, Movable, Device, or on 32 bits DMA, Normal, HighMem, Movable.
    """
    version = version_of(report.release)
    if version is None or version.base < (6, 2) or flags.highest_zone not in ("Normal", "HighMem"):
        return False
    last = {zone.node: zone.lowmem_reserve_pages for zone in report.zones}
    return all(len(reserves) > 3 and not any(reserves[:3]) for reserves in last.values())


def _unusable(looks, allowed, flags) -> List[Elsewhere]:
    sums = {}
    for look in looks:
        zone = look.zone
        if not _is_on(zone, allowed):
            kept = [(OTHER_NODES, zone.free_bytes)]
        elif not look.allowed:
            kept = [(zone.name, zone.free_bytes)]
        else:
            kept = [
                (CMA, 0 if flags.movable else zone.cma_free_bytes),
                (ATOMIC_RESERVE, zone.reserved_highatomic_bytes if flags.atomic is False else 0),
            ]
        for where, size in kept:
            sums[where] = sums.get(where, 0) + (size or 0)
    found = [Elsewhere(where, size) for where, size in sums.items() if size]
    return sorted(found, key=lambda one: -one.bytes)


def _is_on(zone: Zone, allowed: Optional[FrozenSet[int]]) -> bool:
    return allowed is None or zone.node is None or zone.node in allowed


def _answer(request, may, flags):
    served = [look for look in may if look.served]
    if served and not flags.this_node:
        return request._replace(could_be_served=YES, why=_served(request, served[0]))
    if served or any(look.served is None for look in may):
        what = "which node it was bound to" if served else "all figures of the zones that the request may use"
        return request._replace(why=f"The log does not show {what}.")
    enough = [look for look in may if look.enough]
    if enough:
        return request._replace(could_be_served=NO, obstacle=NO_BLOCK, why=_no_block(request, enough[0]))
    return request._replace(could_be_served=NO, obstacle=ZONES_FULL, why=_full(request, may))


def _served(request, look):
    return (
        f"Yes: when the kernel printed the report, zone {_name(look.zone)} had {human(look.usable_bytes)} free for "
        f"this request of {_asked(request)}, more than its reserve. Memory was freed after the allocation failed."
    )


def _no_block(request, look):
    return (
        f"No: zone {_name(look.zone)} had {human(look.usable_bytes)} free, but no free block of {human(request.bytes)}."
    )


def _full(request, may):
    if not may:
        return f"No: the report shows no zone that a request for zone {request.highest_zone} or lower may use."
    rows = [
        f"{_name(look.zone)}: {human(look.usable_bytes)} free, reserve {human(look.reserve_bytes)}" for look in may[:4]
    ]
    rows += [f"{len(may) - 4} more zones"] * (len(may) > 4)
    return (
        f"No: no zone that the request may use had more free memory than its reserve ({'; '.join(rows)})"
        f"{_elsewhere(request)}."
    )


def _elsewhere(request):
    """What was free and of no use, where it is more than what was usable."""
    if sum(one.bytes for one in request.unusable) <= max(request.usable_bytes, request.bytes):
        return ""
    rows = [f"{human(one.bytes)} {_place(one.where)}" for one in request.unusable]
    return f"; this request may not use the {' and the '.join(rows)} that were free"


def _place(where):
    named = {
        CMA: "of CMA (kept for devices)",
        ATOMIC_RESERVE: "kept for atomic requests",
        OTHER_NODES: "of other nodes",
        HIGHER_ZONES: "of higher zones (the report leaves them out)",
    }
    return named.get(where, f"of zone {where}")


def _asked(request):
    return (
        f"{1 << request.order} pages ({human(request.bytes)})"
        if request.order
        else f"one page ({human(request.bytes)})"
    )


def _name(zone):
    return zone.name if zone.node is None else f"{zone.name} of node {zone.node}"
