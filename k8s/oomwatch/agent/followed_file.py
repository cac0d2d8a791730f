# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A log file that is followed as `tail -F` does, from a place that outlives the agent."""

import os
import stat
from typing import Dict, List, Optional

from memcore.sources.oomlog.log_source import FilePlace, GrowingFile

_LINES = 2000  # a read
_TAIL = 1 << 16  # bytes; a longer line at the end is taken from its middle


class FollowedFile:
    """The lines that come to a file; through rotation also while no agent ran, if the old one is now called NAME.1."""

    name = "file"
    every = 0.2
    lost = 0

    def __init__(self, path: str, place: Optional[FilePlace] = None, skips: bool = False) -> None:
        """place: where an earlier reader was; without it skips tells whether to leave out what is there already.

        Raises OSError where the file is there and cannot be read.
        """
        self._path = path
        self._place = place
        self._rotated = _rotated(path, place)
        self._file: Optional[GrowingFile] = None
        if self._rotated is None:
            self._file = GrowingFile(path, place=_end_of(path) if skips and place is None else place)

    @property
    def is_caught_up(self) -> bool:
        return self._file is not None and self._file.is_caught_up

    @property
    def trouble(self) -> Optional[str]:
        """Why there is no file, where that lasts."""
        return None if self._file is None else self._file.trouble

    def fileno(self) -> Optional[int]:
        return None

    def hurry(self) -> None:
        """It is looked at often enough."""

    def close(self) -> None:
        for opened in (self._rotated, self._file):
            if opened is not None:
                opened.__exit__()

    def state(self) -> Dict:
        current = self._file if self._rotated is None else self._rotated
        place = None if current is None else current.place
        # While there is no file its last place is kept: it may come back under NAME.1.
        self._place = self._place if place is None else place
        return {"place": None if self._place is None else list(self._place)}

    def read(self) -> List[bytes]:
        """At most about 2,000 lines, or what one read(2) of 64 KiB has. Raises OSError."""
        if self._rotated is not None:
            lines = self._rotated.read(0) or []
            if lines or not self._rotated.is_caught_up:
                return lines
            self._rotated.__exit__()
            self._rotated = None
        if self._file is None:
            self._file = GrowingFile(self._path)
        lines = []
        while len(lines) < _LINES:
            more = self._file.read(0) or []
            lines += more
            if self._file.is_caught_up:
                break
        return lines


def _rotated(path: str, place: Optional[FilePlace]) -> Optional[GrowingFile]:
    """The file that an earlier reader was at, from there on, if it was renamed to NAME.1 since; else None."""
    if place is None or _is_at(path, place) or not _is_at(path + ".1", place):
        return None
    try:
        return GrowingFile(path + ".1", place=place)
    except OSError:
        return None


def _is_at(path: str, place: FilePlace) -> bool:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return False
    return (found.st_dev, found.st_ino) == (place.device, place.inode)


def _end_of(path: str) -> Optional[FilePlace]:
    """The start of the line that comes next, None where that is the file's start."""
    try:
        with open(path, "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                return None
            start = max(0, found.st_size - _TAIL)
            stream.seek(start)
            tail = stream.read(found.st_size - start)
    except (OSError, ValueError):
        return None  # GrowingFile says what is wrong
    line = tail.rfind(b"\n") + 1
    return FilePlace(found.st_dev, found.st_ino, start + line if line or not start else found.st_size)
