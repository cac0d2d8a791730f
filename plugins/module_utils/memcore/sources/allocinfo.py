# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/allocinfo (lib/alloc_tag.c, 6.10 and later): bytes by allocating source line."""

import re
from typing import List, NamedTuple, Optional

_LINE = re.compile(r"^ *([0-9]{1,20}) +([0-9]{1,20}) +(\S+:[0-9]+)(?: \[(\S+)\])? func:(\S+)", re.MULTILINE)


class Site(NamedTuple):
    """One place in the kernel's source that allocates."""

    bytes: int
    calls: int
    place: str
    module: Optional[str]
    function: str


def parse(text: str) -> List[Site]:
    """The sites that hold memory, in the file's order."""
    return [
        Site(int(size), int(calls), place, module or None, function)
        for size, calls, place, module, function in _LINE.findall(text)
        if size != "0"
    ]
