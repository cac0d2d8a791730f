# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/maps (Documentation/filesystems/proc.rst, 1.1): only the mappings of files that live in memory."""

import re
from typing import Iterator, NamedTuple

# Memory-backed file systems have no disk behind them, so their device has major number 0; 00:00 is no file at all.
_LINE = re.compile(
    rb"^([0-9a-f]{1,16}-[0-9a-f]{1,16}) \S+ \S+ (00:(?!00 )[0-9a-f]{2,8}) ([0-9]{1,20}) +(/[^\n]*)$", re.MULTILINE
)
DELETED = b" (deleted)"


class Mapping(NamedTuple):
    """One mapping of a file without a disk: its address range as in map_files/, device as major:minor, the file."""

    range: str
    device: str
    inode: int
    path: bytes


def needle(device: str) -> bytes:
    """What every line of a mapping on that device (major:minor) contains; far quicker to look for than to parse."""
    major, minor = device.split(":")
    return b" %02x:%02x " % (int(major), int(minor))


def parse(data: bytes) -> Iterator[Mapping]:
    """The mappings of files on devices with major number 0, in the order of addresses."""
    for match in _LINE.finditer(data):
        yield Mapping(match[1].decode(), "0:%d" % int(match[2][3:], 16), int(match[3]), match[4])
