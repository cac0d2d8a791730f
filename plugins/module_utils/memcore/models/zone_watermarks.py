# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Whether a zone of an OOM report could have served an allocation: __zone_watermark_ok() of mm/page_alloc.c.

Three answers: True, False, and None where the report lacks a figure that decides.
"""

from typing import FrozenSet, NamedTuple, Optional, Tuple

from ..sources.oomlog.oom_records import Zone
from .gfp import ZONES, Gfp

# Types of free blocks that every allocation may take: unmovable, movable, reclaimable.
_ANYBODYS = frozenset("UME")
_CMA, _HIGHATOMIC = "C", "H"
# (node, zone) of each zone of a report.
Present = FrozenSet[Tuple[Optional[int], str]]


class Look(NamedTuple):
    """One zone for one request.

    allowed: whether the request may use the zone; usable_bytes: free memory of the kinds that it may take there,
    reserve_bytes: what of it the zone keeps at least (its watermark, and lowmem_reserve), both None where not known;
    enough: whether more than the reserve is free; served: whether a block of the order is there too.
    """

    zone: Zone
    allowed: bool
    usable_bytes: Optional[int]
    reserve_bytes: Optional[int]
    enough: Optional[bool]
    served: Optional[bool]


def look_at(zone: Zone, present: Present, gfp: Gfp, order: int, page_size: int, old: Optional[bool]) -> Look:
    """One zone. present: of all zones; old: whether the kernel is older than 4.4, None where that is not known."""
    if not reaches(gfp.highest_zone, zone.name):
        return Look(zone, False, 0, None, False, False)
    usable = _usable(zone, gfp)
    if usable is None or zone.min_bytes is None:
        return Look(zone, True, usable, None, None, None)
    least, most = _marks(zone.min_bytes, gfp)
    low, high = reserve_pages(zone, present, gfp.highest_zone)
    reserve = least + low * page_size
    spare = usable - ((1 << order) - 1) * page_size
    enough = True if high is not None and spare > most + high * page_size else None
    enough = False if spare <= reserve else enough
    served = (
        enough if enough is False or order == 0 else _both(enough, _has_block(zone, usable, gfp, order, page_size, old))
    )
    return Look(zone, True, usable, reserve, enough, served)


def reaches(highest: str, name: str) -> bool:
    """Whether a request whose highest zone is `highest` may use the zone `name`."""
    return name in ZONES and ZONES.index(name) <= ZONES.index(highest)


def _both(first, second):
    """And of three answers."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _usable(zone, gfp):
    if zone.free_bytes is None:
        return None
    usable = zone.free_bytes
    if not gfp.movable:
        usable -= zone.cma_free_bytes or 0
    if gfp.atomic is False:
        usable -= zone.reserved_highatomic_bytes or 0
    return max(usable, 0)


def _marks(min_bytes, gfp) -> Tuple[int, int]:
    """(least, most) bytes of the watermark: high priority takes half of it, an atomic request a quarter of the rest."""
    if gfp.reserves:
        return 0, 0
    if not gfp.high:
        return min_bytes, min_bytes
    half = min_bytes - min_bytes // 2
    return (half if gfp.atomic is False else half - half // 4), (half - half // 4 if gfp.atomic else half)


def reserve_pages(zone: Zone, present: Present, highest: str) -> Tuple[int, Optional[int]]:
    """(least, most) pages of lowmem_reserve against a request whose highest zone is `highest`; most None: not known.

    The kernel prints a number for each zone that it is built with, and not their names. Against its own zone and lower
    ones the reserve is 0; it grows with each zone above that has memory on that node.
    """
    if zone.name == highest:
        return 0, 0
    above = [name for name in ZONES[ZONES.index(zone.name) + 1 :] if (zone.node, name) in present]
    usable = [name for name in above if reaches(highest, name)]
    if not usable:
        return 0, 0
    printed = zone.lowmem_reserve_pages
    if not printed:
        return 0, None
    if len(usable) == len(above):
        return printed[-1], printed[-1]
    steps = sorted({pages for pages in printed if pages > 0})
    return (steps[len(usable) - 1],) * 2 if len(steps) == len(above) else (0, printed[-1])


def _has_block(zone, usable, gfp, order, page_size, old) -> Optional[bool]:
    """Whether a free block of that order is there that the request may take."""
    if not zone.free_blocks:
        return None
    found = any(count and _may_take(zone, place, gfp) for place, count in enumerate(zone.free_blocks) if place >= order)
    if not found or old is False:
        return found
    by_old = _enough_above(zone, usable, gfp, order, page_size)
    return by_old if old else (True if by_old else None)


def _may_take(zone, place, gfp):
    letters = zone.block_types[place] if place < len(zone.block_types) else ""
    takes = _ANYBODYS | ({_CMA} if gfp.movable else set()) | ({_HIGHATOMIC} if gfp.atomic is not False else set())
    return not letters or bool(takes & set(letters))


def _enough_above(zone, usable, gfp, order, page_size):
    """The rule up to 4.3: what is free in larger blocks must exceed half of the watermark for each order."""
    free = usable // page_size - ((1 << order) - 1)
    least = _marks(zone.min_bytes or 0, gfp)[1] // page_size
    for place, count in enumerate(zone.free_blocks[:order]):
        free -= count << place
        least >>= 1
        if free <= least:
            return False
    return True
