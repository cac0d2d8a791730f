# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The memory block of a global OOM report, "Mem-Info:" to "pages reserved" (lib/show_mem.c, mm/page_alloc.c)."""

import re
from typing import Dict, Iterable, List, Optional, Tuple

from .oom_records import Zone

# active_anon:46467 inactive_anon:399 … in pages, host-wide; one record of many lines, which dmesg shows as lines.
_COUNTERS = re.compile(r"(?:[ \n]{0,2}[a-z_]{2,40}:[0-9]{1,20})+\s?$")
_COUNTER = re.compile(r"(?:^|[ \n])([a-z_]{2,40}):([0-9]{1,20})(?=[ \n]|$)")
_PAGES = re.compile(r"([0-9]{1,20}) (pages|total pagecache pages|reserved pages)(?: ([^ ].{0,40})|$)")
_PAGES_NAMES = {
    "RAM": "ram",
    "reserved": "reserved",
    "HighMem/MovableOnly": "highmem",
    "HighMem": "highmem",
    "in swap cache": "swap_cache",
    "cma reserved": "cma_reserved",
    "hwpoisoned": "hwpoisoned",
    # Up to 2.6.28.
    "of RAM": "ram",
    "of HIGHMEM": "highmem",
    "swap cached": "swap_cache",
}
_WHOLE_NAMES = {"total pagecache pages": "page_cache", "reserved pages": "reserved"}
_SWAP = re.compile(r"(Free|Total) swap(?: {1,2}=|:) {1,20}([0-9]{1,20})kB")
# Without NUMA the kernel leaves "Node N" out.
_OF_NODE = re.compile(r"(?:Node ([0-9]{1,5}) )?(?:([A-Z][A-Za-z0-9]{1,10}) free:|active_anon:(?=[0-9]{1,20}kB))")
_AMOUNT = re.compile(r" ([a-z_()]{2,40}): ?([0-9]{1,20})[kK]B")
_RESERVES = re.compile(r"lowmem_reserve\[\]:((?: [0-9]{1,20}){1,10})\s*$")
_HUGE = re.compile(r"(?:Node ([0-9]{1,5}) )?hugepages_total=([0-9]{1,15}) .{0,200}hugepages_size=([0-9]{1,15})kB")
_BLOCKS = re.compile(
    r"(?:Node ([0-9]{1,5}) )?([A-Z][A-Za-z0-9]{1,10}): ([0-9]{1,15}\*[0-9]{1,10}kB.{0,2000}) = ([0-9]{1,20})kB"
)
_BLOCK = re.compile(r"(?<![0-9])([0-9]{1,15})\*([0-9]{1,10})kB(?: \(([A-Z]{1,8})\))?")
# Only nodes or zones have these; which of the two changed over time, so they are summed where they are seen.
_LEAST_PAGES = 100  # fewer tell no size
_SUMMED = frozenset(["kernel_stack", "mlocked", "anon_thp", "shmem_thp", "shadow_call_stack"])
_IN_BOTH = frozenset(["active_anon", "inactive_anon", "active_file", "inactive_file"])
_MOST_ZONES = 4096


class MemoryBlock:
    """Collects the lines of one block."""

    def __init__(self) -> None:
        self.begun = False
        self.ended = False
        self.block_bytes: Optional[int] = None  # the smallest free block: a page
        self._pages: Dict[str, int] = {}
        self._bytes: Dict[str, int] = {}
        self._kb: Dict[bool, Dict[str, int]] = {True: {}, False: {}}  # of nodes, and of zones: what they have in all
        self._zones: Dict[Tuple[Optional[int], str], Zone] = {}
        self._newest: Optional[Tuple[Optional[int], str]] = None  # the zone whose line was the last

    def begin(self) -> bool:
        """At "Mem-Info:"; a second block in one report is that of another task's failed allocation."""
        self.ended = self.begun and bool(self._pages or self._bytes or self._zones)
        self.begun = True
        return True

    def counters(self, text: str) -> bool:
        """The host's counters, all of them or a line."""
        if self.ended or not _COUNTERS.match(text):
            return False
        for name, pages in _COUNTER.findall(text):
            self._pages.setdefault(name, int(pages))
        return True

    def pages(self, text: str) -> bool:
        """`51070 pages RAM` and its like."""
        match = _PAGES.match(text)
        if match is None or self.ended:
            return False
        name = _WHOLE_NAMES.get(match[2]) if match[3] is None else _PAGES_NAMES.get(match[3])
        if name is None:
            return False
        self._pages.setdefault(name, int(match[1]))
        return True

    def swap(self, text: str) -> bool:
        """`Free swap  = 0kB`."""
        match = _SWAP.match(text)
        if match is None or self.ended:
            return False
        self._bytes.setdefault(match[1].lower() + "_swap", int(match[2]) * 1024)
        return True

    def node(self, text: str) -> bool:
        """A line of a node or a zone, of its free blocks or of its huge pages."""
        if self.ended:
            return False
        match = _OF_NODE.match(text)
        if match:
            amounts = {name: int(kb) * 1024 for name, kb in _AMOUNT.findall(text)}
            sums = self._kb[match[2] is None]
            for name in _IN_BOTH & set(amounts):
                sums[name] = sums.get(name, 0) + amounts[name] // 1024
            for name in _SUMMED & set(amounts):
                self._bytes[name] = self._bytes.get(name, 0) + amounts[name]
            if match[2]:
                self._zone(_node(match[1]), match[2], amounts)
            return True
        return self._blocks(text) or self._huge(text)

    def _zone(self, node: Optional[int], name: str, amounts: Dict[str, int]) -> None:
        wanted = ("free", "min", "low", "high", "managed")
        if len(self._zones) < _MOST_ZONES and (node, name) not in self._zones:
            self._newest = (node, name)
            self._zones[node, name] = Zone(
                node,
                name,
                *[amounts.get(key) for key in wanted],
                free_blocks=[],
                present_bytes=amounts.get("present"),
                cma_free_bytes=amounts.get("free_cma"),
                reserved_highatomic_bytes=amounts.get("reserved_highatomic"),
            )

    def reserves(self, text: str) -> bool:
        """`lowmem_reserve[]: 0 2960 3914`, behind its zone's line: pages kept from requests for higher zones."""
        match = _RESERVES.match(text)
        if match is None:
            return False
        zone = None if self.ended or self._newest is None else self._zones[self._newest]
        if zone is not None and not zone.lowmem_reserve_pages:
            pages = [int(number) for number in match[1].split()]
            self._zones[zone.node, zone.name] = zone._replace(lowmem_reserve_pages=pages)
        return True

    def _blocks(self, text: str) -> bool:
        match = _BLOCKS.match(text)
        if match is None:
            return False
        blocks = _BLOCK.findall(match[3])
        self.block_bytes = self.block_bytes or int(blocks[0][1]) * 1024
        zone = self._zones.get((_node(match[1]), match[2]))
        if zone:
            self._zones[zone.node, zone.name] = zone._replace(
                free_blocks=[int(count) for count, _kb, _types in blocks],
                block_types=[types for _count, _kb, types in blocks],
            )
        return True

    def _huge(self, text: str) -> bool:
        match = _HUGE.match(text)
        if match:
            self._bytes["hugetlb"] = self._bytes.get("hugetlb", 0) + int(match[2]) * int(match[3]) * 1024
        return match is not None

    def page_bytes(self, sizes: Iterable[int]) -> Optional[int]:
        """Which of these sizes a page has: what the smallest free block shows, or a figure in pages and in kB.

        The two were read a moment apart, so that they may differ a little; sizes differ by half at least.
        """
        if self.block_bytes in sizes:
            return self.block_bytes
        in_kb = self._kb[True] or self._kb[False]
        name = max(_IN_BOTH & set(in_kb) & set(self._pages), key=lambda name: (self._pages[name], name), default=None)
        if name is None or self._pages[name] < _LEAST_PAGES:
            return None
        size = in_kb[name] * 1024 / self._pages[name]
        return next((one for one in sizes if abs(size - one) < one / 8), None)

    def zones(self) -> List[Zone]:
        """All zones in the order printed."""
        return list(self._zones.values())

    def in_bytes(self, page_size: int) -> Dict[str, int]:
        """All amounts."""
        return dict({name: pages * page_size for name, pages in self._pages.items()}, **self._bytes)


def _node(number: Optional[str]) -> Optional[int]:
    return None if number is None else int(number)
