# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/maps (Documentation/filesystems/proc.rst, 1.1): only the mappings of files that live in memory."""

import re
from typing import Container, Dict, Iterator, NamedTuple, Optional

# Memory-backed file systems have no disk behind them, so their device has major number 0; 00:00 is no file at all.
# The search starts at the device, since most lines have none of those and a line is quicker passed over than parsed.
_FILE = re.compile(rb" (00:(?!00 )[0-9a-f]{2,8}) ([0-9]{1,20}) +(/[^\n]*)$", re.MULTILINE)


class Mapping(NamedTuple):
    """One mapping of a file without a disk: its address range as in map_files/, device as major:minor, the file."""

    range: str
    device: str
    inode: int
    path: bytes


def parse(data: bytes, devices: Optional[Container[str]] = None) -> Iterator[Mapping]:
    """The mappings of files on devices with major number 0, in the order of addresses; only on `devices` if given.

    The libraries of a container are on an overlay, whose device has major number 0 too: thousands of lines to skip.
    """
    names: Dict[bytes, str] = {}
    for match in _FILE.finditer(data):
        device = names.get(match[1])
        if device is None:
            device = names[match[1]] = "0:%d" % int(match[1][3:], 16)
        if devices is not None and device not in devices:
            continue
        head = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()].split(b" ")
        if len(head) == 3:  # address range, permissions, offset; else this is the text of somebody's path
            yield Mapping(head[0].decode("ascii", "replace"), device, int(match[2]), match[3])
