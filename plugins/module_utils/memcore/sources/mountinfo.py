# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/mountinfo (Documentation/filesystems/proc.rst, 3.5): the mounts of one mount namespace."""

import re
from typing import List, NamedTuple

_LINE = re.compile(
    r"^([0-9]{1,10}) ([0-9]{1,10}) ([0-9]{1,10}:[0-9]{1,10}) (\S+) (\S+) (\S+)(?: \S+)*? - (\S+) (\S*) (\S+)$"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """One mount; `device` (major:minor) names the superblock, `root` the part of it that is mounted."""

    mount_id: int
    parent_id: int
    device: str
    root: str
    mount_point: str
    options: str
    fstype: str
    source: str
    super_options: str


def parse(text: str) -> List[Mount]:
    """The mounts in the file's order, which is the order of mounting; lines of another shape are left out."""
    found = filter(None, map(_LINE.match, text.split("\n")))
    return [
        Mount(int(match[1]), int(match[2]), match[3], *(unescape(field) for field in match.groups()[3:]))
        for match in found
    ]


def unescape(field: str) -> str:
    """Undo the kernel's octal escapes of blank, tab, newline, backslash and number sign."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field) if "\\" in field else field


def parse_mounts(text: str) -> List[Mount]:
    """The same from /proc/mounts, which has no ids: each line is a superblock, below the longest path above it."""
    ids = {}
    mounts = []
    for line in text.split("\n"):
        row = line.split(" ")
        if len(row) < 4:
            continue
        number, point = len(mounts) + 1, unescape(row[1])
        parent = max(
            (upper for upper in ids if (point + "/").startswith(upper.rstrip("/") + "/")), key=len, default=None
        )
        mounts.append(
            Mount(number, ids.get(parent, 0), f"mounts:{number}", "/", point, row[3], row[2], unescape(row[0]), row[3])
        )
        ids[point] = number
    return mounts
