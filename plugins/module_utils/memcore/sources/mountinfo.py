# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/mountinfo (Documentation/filesystems/proc.rst, 3.5): the mounts of one mount namespace."""

import re
from typing import Dict, List, NamedTuple

# Not \S: a path may have a no-break space or a carriage return in it, which the kernel does not escape.
_LINE = re.compile(
    r"^([0-9]{1,10}) ([0-9]{1,10}) ([0-9]{1,10}:[0-9]{1,10}) ([^ ]+) ([^ ]+) ([^ ]+)"
    r"(?: [^ ]+)*? - ([^ ]+) ([^ ]*) ([^ ]+)$"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_PATH_MAX = 4096


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
    rows = [row for row in (line.split(" ") for line in text.split("\n")) if len(row) >= 4]
    points = [unescape(row[1]) for row in rows]
    uppermost = {point: number for number, point in enumerate(points, 1)}
    covered: Dict[str, int] = {}
    mounts = []
    for number, (row, point) in enumerate(zip(rows, points), 1):
        parent = covered.get(point) or _above(point, uppermost)
        covered[point] = number
        mounts.append(Mount(number, parent, f"mounts:{number}", "/", point, row[3], row[2], unescape(row[0]), row[3]))
    return mounts


def _above(point, numbers):
    """The number of the mount at the longest path above; 0 where there is none."""
    point = point[:_PATH_MAX]
    while point not in ("", "/"):
        point = point.rpartition("/")[0] or "/"
        if point in numbers:
            return numbers[point]
    return 0
