# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The first line of a page allocation that failed: warn_alloc() since 4.9, warn_alloc_failed() before.

vmalloc() prints the same with words of its own (mm/vmalloc.c). "page allocation stalls for" (4.9 to 4.14) is none: such
an allocation goes on. What follows the line is a stack and, as in an OOM report, the memory block (mm/page_alloc.c).
"""

import re
from typing import NamedTuple, Optional

_LONGEST_COMM = 64
_PAGES = re.compile(
    r"page allocation failure[:.] order:([0-9]{1,2})(?![0-9]),? mode:(0x[0-9a-f]{1,16}(?:\([^)]{0,1000}\))?)"
    r"(?:,? ?nodemask=([^ ,]{1,1000}))?"
)
_VMALLOC = re.compile(
    r"vmalloc(?: error: size [0-9]{1,20},|: allocation failure[:,]?(?: allocated [0-9]{1,20} of)? [0-9]{1,20} bytes,?)"
    r"[^\n]{0,200}?(?:, mode:(0x[0-9a-f]{1,16}(?:\([^)]{0,1000}\))?)(?:,? ?nodemask=([^ ,]{1,1000}))?|$)"
)
# Addresses ran out here, not memory: only 32-bit kernels have so few. No process is named and nothing follows.
_VMAP = re.compile(r"vmap allocation for size [0-9]{1,20} failed")
_SUPPRESSED = re.compile(r"warn_alloc(?:_failed)?: ([0-9]{1,9}) callbacks suppressed")


class Failed(NamedTuple):
    """comm: who ran, None where not printed. order: None of vmalloc(), which asks for many single pages."""

    comm: Optional[str]
    order: Optional[int]
    gfp_mask: Optional[str]
    nodemask: Optional[str]


def read(text: str) -> Optional[Failed]:
    """The line, None where it is none."""
    comm, found, _rest = text.partition(": page allocation failure")
    if found and len(comm) <= _LONGEST_COMM:
        match = _PAGES.match(text, len(comm) + 2)
        return Failed(comm, int(match[1]), match[2], match[3]) if match else None
    comm, found, _rest = text.partition(": vmalloc")
    match = _VMALLOC.match(text, len(comm) + 2 if found else 0)
    if match and len(comm) <= _LONGEST_COMM or (match and not found):
        return Failed(comm if found else None, None, match[1], match[2])
    match = _VMAP.match(text)
    return Failed(None, None, None, None) if match else None


def suppressed(text: str) -> Optional[int]:
    """How many failures before this line were not printed: one in 10 seconds is."""
    match = _SUPPRESSED.match(text)
    return int(match[1]) if match else None
