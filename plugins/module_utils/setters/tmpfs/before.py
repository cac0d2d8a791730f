# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The limits that a mount had before it was changed, kept so that they mean the same after a reboot with other RAM."""

from typing import Dict, NamedTuple, Optional

from ...memcore.sources.host import Space
from .amount import Amount, mounted, written
from .mount_options import value_of
from .record import LiveBefore


class Memory(NamedTuple):
    """MemTotal and the size of a page."""

    total_bytes: int
    page_bytes: int

    @property
    def half_pages(self) -> int:
        """What a tmpfs without options gets, as pages and as inodes (shmem_default_max_blocks)."""
        return self.total_bytes // self.page_bytes // 2


def size(space: Space, super_options: str, memory: Memory) -> Dict:
    """The size to keep, in bytes and where it is a share of RAM, as that."""
    is_default = value_of(super_options.split(","), "size") is None
    return {"size_bytes": space.size_bytes, "size_share": "default" if is_default else _share(space.size_bytes, memory)}


def size_to_declare(space: Space, super_options: str, memory: Memory) -> Optional[str]:
    """The value of size= with which a new mount is as large as this one; None where that is the kernel's default."""
    if space.size_bytes is None:
        return "0"  # no limit, which leaving it out would not be
    share = size(space, super_options, memory)["size_share"]
    if share == "default":
        return None
    return Amount(None, share).text if share else Amount(space.size_bytes).text


def inodes(space: Space, super_options: str) -> Dict:
    """The number of inodes to keep."""
    is_default = value_of(super_options.split(","), "nr_inodes") is None
    return {"inodes": space.inodes, "inodes_share": "default" if is_default else None}


def size_now(kept: LiveBefore, memory: Memory) -> Optional[int]:
    """Bytes; None where the size was not changed."""
    if kept.size_bytes is None or kept.total_bytes == memory.total_bytes or not kept.size_share:
        return kept.size_bytes
    if kept.size_share == "default":
        return memory.half_pages * memory.page_bytes
    return mounted(Amount(None, kept.size_share), memory.total_bytes, memory.page_bytes)


def inodes_now(kept: LiveBefore, memory: Memory) -> Optional[int]:
    """A count; None where the number was not changed."""
    if kept.inodes is None or kept.total_bytes == memory.total_bytes or not kept.inodes_share:
        return kept.inodes
    return memory.half_pages


def _share(size_bytes, memory):
    """The whole percentage of RAM that gives exactly this size, which no fixed size does but by a rare accident."""
    nearest = round(100 * size_bytes / memory.total_bytes)
    for percent in (nearest - 1, nearest, nearest + 1):
        if percent > 0 and mounted(Amount(None, percent), memory.total_bytes, memory.page_bytes) == size_bytes:
            return percent
    return None


def set_size(kept: LiveBefore) -> Optional[Amount]:
    """The size that the mount was given; None where it was given none."""
    return None if kept.set_size is None else written(kept.set_size)
