# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/sysvipc/shm (ipc/shm.c): the System V shared memory segments of the reader's IPC namespace."""

import re
from typing import List, NamedTuple, Optional

_INTEGER = re.compile("-?[0-9]{1,20}$")
_WANTED = ("key", "shmid", "perms", "size", "cpid", "nattch", "uid", "rss", "swap")


class Segment(NamedTuple):
    """One segment; sizes in bytes. nattch 0 says that no process has it attached."""

    key: int
    shmid: int
    permissions: str
    size_bytes: int
    creator_pid: int
    attached: int
    uid: int
    resident_bytes: Optional[int]
    swapped_bytes: Optional[int]


def parse(text: str) -> List[Segment]:
    """Columns are found by their names in the first line, since kernels differ; broken lines are left out."""
    lines = text.splitlines()
    header = lines[0].split() if lines else []
    if not all(name in header for name in _WANTED[:7]):
        return []
    wanted = [name for name in _WANTED if name in header]
    rows = (dict(zip(header, line.split())) for line in lines[1:])
    return [_segment(row) for row in rows if all(_INTEGER.match(row.get(name, "")) for name in wanted)]


def _segment(row):
    key, shmid, size, cpid, nattch, uid = (int(row[name]) for name in ("key", "shmid", "size", "cpid", "nattch", "uid"))
    resident, swapped = (int(row[name]) if name in row else None for name in ("rss", "swap"))
    return Segment(key, shmid, row["perms"], size, cpid, nattch, uid, resident, swapped)
