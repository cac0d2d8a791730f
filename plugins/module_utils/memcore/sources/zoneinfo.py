# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/zoneinfo (mm/vmstat.c): what /proc/meminfo leaves out of MemFree, and how exact the counters are."""

import re
from typing import Dict, List, NamedTuple

_COUNT = re.compile(r"^ +count: +([0-9]{1,20})$", re.MULTILINE)
_THRESHOLD = re.compile(r"^ +vm stats threshold: +([0-9]{1,20})$", re.MULTILINE)
_MANAGED = re.compile(r"^ +managed +([0-9]{1,20})$", re.MULTILINE)
_OF_NODE = re.compile(r"^Node ([0-9]{1,4}), zone|^ +(spanned|present) +([0-9]{1,20})$", re.MULTILINE)


class Zoneinfo(NamedTuple):
    """Pages, summed over all zones and CPUs.

    pcp_pages: on the per-CPU free lists, which MemFree does not count.
    drift_pages: what the CPUs may hold back of one counter (vm stats threshold of each).
    """

    pcp_pages: int
    drift_pages: int
    managed_pages: int


def parse(text: str) -> Zoneinfo:
    """Sum the text up; a text without any zone gives zeros."""
    return Zoneinfo(*(sum(map(int, pattern.findall(text))) for pattern in (_COUNT, _THRESHOLD, _MANAGED)))


class Node(NamedTuple):
    """Pages of a memory node; spanned ones with the holes between."""

    present: int
    spanned: int


def nodes(text: str) -> Dict[int, Node]:
    """The memory nodes that have pages."""
    found: Dict[int, List[int]] = {}
    sums = [0, 0]
    for number, name, pages in _OF_NODE.findall(text):
        if number:
            sums = found.setdefault(int(number), [0, 0])
        else:
            sums[name == "spanned"] += int(pages)
    return {node: Node(*sums) for node, sums in found.items() if sums[0]}
