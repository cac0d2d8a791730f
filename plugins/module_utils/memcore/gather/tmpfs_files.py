# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The search through the files of one tmpfs, within a budget of time."""

import heapq
from typing import Iterator, List, Optional, Set

from ..sources.host import Deadline, Entry, Host

OUT_OF_TIME = "out-of-time"
REFUSED = "refused"
_JOURNAL = "/log/journal/"  # journald's Storage=volatile, below /run of the host or of a system container
_ENTRIES_BETWEEN_LOOKS_AT_THE_CLOCK = 256


class Scan:
    """What was found. `gap` says why it is not all: OUT_OF_TIME, REFUSED (some folders) or None."""

    def __init__(self, top: int):
        self._top = top
        self._heap: List = []
        self.files = 0
        self.bytes = 0
        self.journal_bytes = 0
        self.newest: Optional[float] = None
        self.gap: Optional[str] = None

    def add(self, entry: Entry) -> None:
        """Count a file and keep it if it is among the biggest."""
        self.files += 1
        self.bytes += entry.bytes
        if _JOURNAL in entry.path:
            self.journal_bytes += entry.bytes
        if self.newest is None or entry.mtime > self.newest:
            self.newest = entry.mtime
        item = (entry.bytes, entry.path, entry)
        if len(self._heap) < self._top:
            heapq.heappush(self._heap, item)
        elif item > self._heap[0]:
            heapq.heapreplace(self._heap, item)

    @property
    def biggest(self) -> List[Entry]:
        """The biggest files that hold memory at all, the biggest first."""
        return [entry for size, _path, entry in sorted(self._heap, reverse=True) if size]


def search(host: Host, root: str, skip: Set[str], deadline: Deadline, top: int) -> Scan:
    """Walk the tree at `root`; paths in `skip` are mount points, never entered, since one could hang."""
    scan, folders, linked = Scan(top), [root], set()
    for number, entry in enumerate(_entries(host, folders, skip, scan)):
        if number % _ENTRIES_BETWEEN_LOOKS_AT_THE_CLOCK == 0 and deadline.passed():
            scan.gap = OUT_OF_TIME
            break
        if entry.is_directory:
            folders.append(entry.path)
        elif entry.links == 1:
            scan.add(entry)
        elif entry.inode not in linked:
            linked.add(entry.inode)
            scan.add(entry)
    return scan


def _entries(host, folders, skip, scan) -> Iterator[Entry]:
    while folders:
        try:
            yield from host.children(folders.pop(), skip)
        except OSError:
            scan.gap = REFUSED
