# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""GFP flags of an allocation, as kernel logs print them: `0xcc0(GFP_KERNEL)`, and before 4.6 only `0x201da`.

The numbers of most flags changed between versions, so the printed names decide. The lowest bits have kept their meaning
since 2.6.31: the zones (0x1 DMA, 0x2 HighMem, 0x4 DMA32), 0x8 movable, 0x20 high priority (include/linux/gfp_types.h).
"""

import re
from typing import List, NamedTuple, Optional

# From the lowest zone to the highest; Device is never allocated from.
ZONES = ("DMA", "DMA32", "Normal", "HighMem", "Movable")
_MASK = re.compile(r"(?:0x)?([0-9a-f]{1,16})(?:\(([^)]*)\))?")
_DMA, _HIGHMEM, _DMA32, _MOVABLE, _HIGH = 0x1, 0x2, 0x4, 0x8, 0x20
# Without direct reclaim an allocation may take more of the reserve. The names that imply it.
_ATOMIC = frozenset(["GFP_ATOMIC", "__GFP_ATOMIC"])
# Each of these names has direct reclaim in it, so that the caller waits until memory is free.
_WAITS = frozenset(
    ["GFP_KERNEL", "GFP_KERNEL_ACCOUNT", "GFP_USER", "GFP_HIGHUSER", "GFP_HIGHUSER_MOVABLE", "GFP_NOFS", "GFP_NOIO"]
    + ["GFP_TRANSHUGE", "GFP_TEMPORARY", "__GFP_RECLAIM", "__GFP_DIRECT_RECLAIM", "__GFP_WAIT"]
)
_NO_RESERVE_LIMIT = frozenset(["__GFP_MEMALLOC"])


class Gfp(NamedTuple):
    """flags: by name as printed, empty where only the number is; highest_zone: the highest that it may use.

    movable: whether the pages may be moved later, so that free pages of CMA will do. high: __GFP_HIGH, which may take
    half of a zone's reserve; atomic: whether it may take still more, None where no name tells; this_node: it was
    bound to one node; reserves: no watermark holds (__GFP_MEMALLOC). waits: whether the caller waits until the kernel
    has freed memory, None where no name tells.
    """

    flags: List[str]
    highest_zone: str
    movable: bool
    high: bool
    atomic: Optional[bool]
    this_node: bool
    reserves: bool
    waits: Optional[bool]


def parse(printed: Optional[str]) -> Optional[Gfp]:
    """The flags of a mask as printed; None where there is none."""
    match = _MASK.match(printed or "")
    if match is None:
        return None
    mask = int(match[1], 16)
    flags = [name for name in (match[2] or "").split("|") if name]
    high = bool(mask & _HIGH)
    return Gfp(
        flags,
        _highest_zone(mask),
        bool(mask & _MOVABLE),
        high,
        None if high and not flags else bool(_ATOMIC & set(flags)),
        "__GFP_THISNODE" in flags,
        bool(_NO_RESERVE_LIMIT & set(flags)),
        bool(_WAITS & set(flags)) if flags else None,
    )


def _highest_zone(mask):
    if mask & _DMA:
        return "DMA"
    if mask & _DMA32:
        return "DMA32"
    if not mask & _HIGHMEM:
        return "Normal"
    return "Movable" if mask & _MOVABLE else "HighMem"
