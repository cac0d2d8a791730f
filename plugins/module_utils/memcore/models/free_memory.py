# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Why free memory was of no use to the allocation that failed: wrong zone, too small blocks, or kept in reserve."""

from typing import Dict, NamedTuple, Optional

from .allocation_request import CMA, NO, NO_BLOCK, UNKNOWN, ZONES_FULL, Request
from .large_parts import OF_KERNEL, Found
from .size import human, percent

# In percent of RAM.
FREE_BUT_SPLIT = 3.0  # free in zones that the request may use, but in smaller blocks
FREE_ELSEWHERE = 10.0  # free, but of no use to the request
FREE_BESIDES = 3.0  # the same, where no part of the memory reaches its threshold
# From which share on free memory is the cause although a part of the memory reaches its threshold.
_DECIDES = 10.0
# Of the zones that the request may use: if the kernel's own data fills as much of them, that is what used them up.
_FILLS_PERCENT = 50.0


class OfNoUse(NamedTuple):
    """name: the cause, fragmentation, one-zone or reserve; decides: whether it comes before a part of the memory."""

    name: str
    rule: str
    decides: bool


def kernels_room(request: Optional[Request], total: Optional[int]) -> Optional[int]:
    """Bytes of the zones that a request for the kernel's own data may use, where they are full and others are not."""
    if request is None or request.obstacle != ZONES_FULL or request.highest_zone != "Normal" or request.movable:
        return None
    elsewhere = sum(one.bytes for one in request.unusable)
    if not total or not request.zones_bytes or percent(elsewhere, total) < FREE_BESIDES:
        return None
    cma = sum(one.bytes for one in request.unusable if one.where == CMA)
    return max(request.zones_bytes - cma, 0) or None


def of_no_use(
    request: Optional[Request], total: int, parts: Dict[str, int], part: Optional[Found]
) -> Optional[OfNoUse]:
    """Why the free memory did not help; None where there was little, or the request could have been served.

    total: bytes of RAM; part: which part of the memory would be the cause, None where none is.
    """
    if request is None:
        return None
    if request.obstacle == NO_BLOCK:
        share = percent(request.usable_bytes, total)
        rule = f"{share:.1f} % of RAM is free, but a block of {1 << request.order} pages was requested"
        return OfNoUse("fragmentation", rule, part is None or share >= _DECIDES) if share >= FREE_BUT_SPLIT else None
    if request.obstacle == ZONES_FULL:
        return _outside(request, total, part) or _in_reserve(request, total, part)
    if request.could_be_served == UNKNOWN:
        return _without_zones(request, total, parts, part)
    return None


def of_failure(request: Optional[Request], total: int) -> Optional[OfNoUse]:
    """The same of an allocation that failed without a kill: memory need not be full of anything for that.

    What cannot wait fails although page cache could have been freed for it, and a large block is soon missing.
    """
    if request is None or request.could_be_served != NO:
        return OfNoUse("unknown", "an allocation failed; the report does not show that memory had run out", True)
    if request.obstacle == NO_BLOCK:
        rule = f"{human(request.usable_bytes)} are free, but a block of {1 << request.order} pages was requested"
        return OfNoUse("fragmentation", rule, True)
    if request.waits is False:
        return OfNoUse("atomic", "only the reserve was free, and the request could not wait for more", True)
    return _outside(request, total, None)


def _outside(request, total, part):
    share = percent(sum(one.bytes for one in request.unusable), total)
    if share < FREE_BESIDES:
        return None
    rule = f"{share:.1f} % of RAM is free, but not in a zone that the allocation may use"
    fills = part is not None and part.name in OF_KERNEL and part.share_percent >= _FILLS_PERCENT
    return OfNoUse("one-zone", rule, part is None or (share >= FREE_ELSEWHERE and not fills))


def _in_reserve(request, total, part):
    share = percent(request.usable_bytes, total)
    if share < FREE_ELSEWHERE:
        return None
    rule = f"{share:.1f} % of RAM ({human(request.usable_bytes)}) is free, but no zone has more free than its reserve"
    return OfNoUse("reserve", rule, part is None or share >= 2 * _DECIDES)


def _without_zones(request, total, parts, part):
    """The report does not show the zones: only what the flags of the request say of them."""
    share = percent(parts.get("free", 0), total)
    if share < FREE_ELSEWHERE or part is not None:
        return None
    if request.highest_zone in ("DMA", "DMA32"):
        rule = f"{share:.1f} % of RAM is free, and the allocation may use no zone above {request.highest_zone}"
        return OfNoUse("one-zone", rule, decides=True)
    return _split(request.order, share)


def _split(order, share):
    if not order or order < 0:
        return None
    rule = f"{share:.1f} % of RAM is free, and a block of {1 << order} pages was requested"
    return OfNoUse("fragmentation", rule, decides=True)
