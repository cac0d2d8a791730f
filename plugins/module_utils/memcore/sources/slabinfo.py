# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/slabinfo (mm/slab_common.c): the kernel's object caches."""

import re
from typing import List, NamedTuple

_NUMBER = r"([0-9]{1,15})"
_LINE = re.compile(
    rf"^(\S+)\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+:"
    rf".*: slabdata\s+{_NUMBER}\s+{_NUMBER}\b",
    re.MULTILINE,
)


class Cache(NamedTuple):
    """One cache; object_bytes is the size of an object, `pages` what all its slabs take."""

    name: str
    active_objects: int
    objects: int
    object_bytes: int
    pages: int


def parse(text: str) -> List[Cache]:
    """The caches in the file's order."""
    return [
        Cache(name, int(active), int(objects), int(size), int(pages_per_slab) * int(slabs))
        for name, active, objects, size, _per, pages_per_slab, _active, slabs in _LINE.findall(text)
    ]
