# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What Shmem is made of: tmpfs, System V segments, memfds, deleted files, anonymous shared mappings, GPU buffers."""

from typing import Dict, Iterable, NamedTuple, Optional


class OpenFile(NamedTuple):
    """A shared memory file somebody holds, found once by device and inode; `pids` have it open or mapped.

    kind: memfd, deleted (a file of a tmpfs that has no name any more), anonymous_shared or sysv.
    bytes is None where it could not be measured, and inode is then its name.
    """

    kind: str
    name: str
    device: str
    inode: object
    bytes: Optional[int]
    pids: tuple


class Tree(NamedTuple):
    """Bytes; tmpfs + deleted + sysv + memfd + anonymous_shared + gpu - swapped + unattributed == total.

    A None is not known, so what it would be is part of unattributed.
    """

    total: Optional[int]
    tmpfs: Optional[int]
    deleted: Optional[int]
    sysv: Optional[int]
    memfd: Optional[int]
    anonymous_shared: Optional[int]
    gpu: Optional[int]
    swapped: Optional[int]
    unattributed: Optional[int]


def reconcile(
    total: Optional[int],
    tmpfs_used: Optional[int],
    sysv: Optional[int],
    gpu: Optional[int],
    swapped: Optional[int],
    held: Dict[str, Optional[int]],
) -> Tree:
    """Part the total. tmpfs_used is what statvfs says of every tmpfs, so deleted files that are held open are in it."""
    deleted = held["deleted"]
    tmpfs = None if tmpfs_used is None else max(tmpfs_used - (deleted or 0), 0)
    known = (tmpfs, deleted, sysv, held["memfd"], held["anonymous_shared"], gpu)
    rest = None if total is None else total - sum(part or 0 for part in known) + (swapped or 0)
    return Tree(total, tmpfs, deleted, sysv, held["memfd"], held["anonymous_shared"], gpu, swapped, rest)


def held_bytes(files: Iterable[OpenFile], complete: bool) -> Dict[str, Optional[int]]:
    """Bytes of the held files by kind: all of them where the search was `complete`, else at least so many.

    None where nothing of a kind was found or could be measured by a search that was refused some processes.
    """
    sums: Dict[str, Optional[int]] = dict.fromkeys(("memfd", "deleted", "anonymous_shared"), 0 if complete else None)
    unmeasured = {file.kind for file in files if file.bytes is None}
    for kind in unmeasured & set(sums):
        sums[kind] = None
    for file in files:
        if file.kind in sums and file.bytes is not None:
            sums[file.kind] = (sums[file.kind] or 0) + file.bytes
    return sums


def swapped_out(
    swap_total: Optional[int], swap_free: Optional[int], swap_cached: int, anon_swapped: Optional[int]
) -> Optional[int]:
    """Shared memory in swap: slots in use that no process's anonymous memory (VmSwap) explains.

    An estimate: slots whose page is back in the swap cache may be counted on either side.
    """
    if swap_total == 0:
        return 0
    if swap_total is None or swap_free is None or anon_swapped is None:
        return None
    return max(swap_total - swap_free - swap_cached - anon_swapped, 0)
