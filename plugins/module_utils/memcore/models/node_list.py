# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Lists of memory nodes as the kernel prints them: `0`, `0-1`, `0,2-3`."""

import re
from typing import FrozenSet, Optional

_MOST_NODES = 1024  # MAX_NUMNODES on the largest machines
_PART = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?$")


def nodes_of(printed: Optional[str]) -> Optional[FrozenSet[int]]:
    """The nodes of a list; None of no list, and of one that is not such a list."""
    nodes = set()
    for part in (printed or "").split(","):
        match = _PART.match(part.strip())
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if last >= _MOST_NODES:
            return None
        nodes.update(range(first, last + 1))
    return frozenset(nodes)
