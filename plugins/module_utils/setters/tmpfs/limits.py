# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The limits of what is mounted: which remounts they take, what is refused, and what to keep for the way back."""

from typing import Dict, List, Optional

from ...memcore.errors import OptionError
from . import before as tmpfs_before
from .amount import Amount, mounted
from .parts import Limits, Live, Remount, Situation, TooSmall, Wanted
from .place import LOGIND
from .record import Entry, LiveBefore


def remounts(situation: Situation, wanted: Wanted, place: str) -> List[Remount]:
    """What to remount; TooSmall or OptionError where that cannot be."""
    # systemd rounds a share of RAM in its own way.
    slack = situation.page_bytes if place == LOGIND and wanted.size and wanted.size.bytes is None else 0
    after = Limits(size_bytes(situation, wanted.size), wanted.inodes and wanted.inodes.bytes)
    found = [remount(live, after, slack) for live in situation.mounts]
    for one in found:
        if one:
            check(one, wanted.min_free)
    return [one for one in found if one]


def size_bytes(situation: Situation, size: Optional[Amount]) -> Optional[int]:
    """The bytes of a tmpfs of this size on this host."""
    return size and mounted(size, situation.total_bytes, situation.page_bytes)


def remount(live: Live, after: Limits, slack: int = 0) -> Optional[Remount]:
    """None where the mount has these limits."""
    before = Limits(live.space.size_bytes, live.space.inodes)
    size = None if near(before.size_bytes, after.size_bytes, slack) else after.size_bytes
    inodes = None if before.inodes == after.inodes else after.inodes
    return Remount(live, before, Limits(size, inodes)) if size or inodes else None


def near(have: Optional[int], want: Optional[int], slack: int) -> bool:
    """Whether two sizes are one, as close as `slack` bytes."""
    return have is not None and want is not None and abs(have - want) <= slack


def check(remount: Remount, min_free: Optional[Amount]) -> None:
    """Refuse what the kernel would refuse, and what leaves too little room."""
    live, before, after = remount
    point = live.mount.mount_point
    for name, have, want in (("size", before.size_bytes, after.size_bytes), ("inodes", before.inodes, after.inodes)):
        if have is None and want is not None:
            raise OptionError(
                f"{point} was mounted without a limit of its {name}, and a remount cannot set one; "
                "unmount it, then mount it again with a limit."
            )
    if after.size_bytes is not None and after.size_bytes < before.size_bytes:
        least = _least(live.space.used_bytes, min_free)
        if after.size_bytes < least:
            raise TooSmall(live, after.size_bytes, least)
    if after.inodes is not None and after.inodes < live.space.inodes_used:
        raise OptionError(
            f"{live.space.inodes_used} inodes of {point} are in use, which is more than {after.inodes}; "
            "remove files there or give more inodes."
        )


def _least(used, min_free):
    """The smallest size with so much free above what is used; a share (below 100 percent) is one of that size."""
    if min_free is None:
        return used
    return used + min_free.bytes if min_free.percent is None else -(-used * 100 // (100 - min_free.percent))


def to_keep(
    situation: Situation, remounts: List[Remount], wanted: Wanted, entry: Optional[Entry]
) -> Dict[str, LiveBefore]:
    """What the mounts had before they were changed for the first time, by mount point."""
    rows = dict(entry.live) if entry else {}
    for one in remounts:
        point, space = one.live.mount.mount_point, one.live.space
        row = rows.get(point)
        if row is None or not _is_the_same(situation, one.live, row, entry):
            row = LiveBefore(situation.total_bytes, one.live.identity)
        options, memory = one.live.mount.super_options, memory_of(situation)
        if row.size_bytes is None and one.after.size_bytes is not None:
            row = row._replace(**tmpfs_before.size(space, options, memory))
        if row.inodes is None and one.after.inodes is not None:
            row = row._replace(**tmpfs_before.inodes(space, options))
        size = row.from_size if one.after.size_bytes is None else one.before.size_bytes
        inodes = row.from_inodes if one.after.inodes is None else one.before.inodes
        rows[point] = row._replace(identity=one.live.identity, from_size=size, from_inodes=inodes)
    points = [live.mount.mount_point for live in situation.mounts]
    return {point: _with_set(row, wanted) if point in points else row for point, row in rows.items()}


def _is_the_same(situation, live, row, entry):
    """Whether what the row says was before is still what was: of another mount only where our file has made it."""
    if row.identity is None or row.identity.is_same(live.identity):
        return True
    if not (entry and entry.files):
        return False
    set_to = size_bytes(situation, tmpfs_before.set_size(row))
    rebooted = row.identity.boot_id != live.identity.boot_id
    return rebooted or near(live.space.size_bytes, set_to, situation.page_bytes)


def _with_set(row, wanted):
    if row.size_bytes is not None and wanted.size:
        row = row._replace(set_size=wanted.size.text)
    if row.inodes is not None and wanted.inodes:
        row = row._replace(set_inodes=wanted.inodes.bytes)
    return row


def memory_of(situation: Situation) -> tmpfs_before.Memory:
    """The memory of the host."""
    return tmpfs_before.Memory(situation.total_bytes, situation.page_bytes)
