# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A file of JSON lines that only grows, until it is replaced by a shorter one. A process that is killed loses nothing.

Lines are not synced one by one: that would hold up the agent on a slow disk, and only a crash of the whole node loses
what the kernel has not written yet. What was told before such a crash is read again from pstore or the journal.
"""

import os
from typing import Iterable, List, Optional

_MOST_BYTES = 64 << 20  # that are read; a file that grew beyond that is not the agent's


class SpoolFile:
    """Lines of bytes without newline. trouble: one sentence while the disk cannot be written, else None.

    The caller sees to it that append and the two halves of a replacement do not run at the same time.
    """

    def __init__(self, folder: str, name: str = "spool") -> None:
        self.trouble: Optional[str] = None
        self.size = 0
        self._path = os.path.join(folder, name)
        self._descriptor: Optional[int] = None
        self._is_torn = False  # the file ends within a line
        self._late: Optional[List[bytes]] = None  # lines that came while a replacement was written

    def load(self) -> List[bytes]:
        """The lines of the file, without a last one that was cut."""
        try:
            with open(self._path, "rb") as file:
                text = file.read(_MOST_BYTES)
        except FileNotFoundError:
            text = b""
        except OSError as error:
            self._complain(error)
            return []
        whole, _newline, cut = text.rpartition(b"\n")
        self.size, self._is_torn = len(text), bool(cut)
        self._open()
        return whole.split(b"\n") if whole else []

    def append(self, line: bytes) -> None:
        """Add a line. Failures are in trouble."""
        if self._late is not None:
            self._late.append(line)
        if self._descriptor is None:
            self._open()
        if self._descriptor is not None:
            self._write(line + b"\n")

    def begin(self) -> None:
        """From now on lines are remembered for the replacement that write() makes and end() puts in place."""
        self._late = []

    def write(self, lines: Iterable[bytes]) -> Optional[int]:
        """Write the replacement and return its descriptor; None: it cannot be written. append() may go on meanwhile."""
        descriptor = None
        try:
            descriptor = os.open(self._path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            for line in lines:
                _write_all(descriptor, line + b"\n")
            os.fsync(descriptor)
            return descriptor
        except OSError as error:
            self._complain(error)
            if descriptor is not None:
                os.close(descriptor)
            return None

    def end(self, descriptor: Optional[int]) -> None:
        """Put the replacement in place of the file."""
        late, self._late = self._late or [], None
        if descriptor is None:
            return
        try:
            for line in late:
                _write_all(descriptor, line + b"\n")
            os.rename(self._path + ".new", self._path)
        except OSError as error:
            os.close(descriptor)
            self._complain(error)
            return
        self.close()
        self._descriptor, self._is_torn = descriptor, False
        self.size = os.fstat(descriptor).st_size
        self.trouble = None

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            self._complain(error)

    def _write(self, text: bytes) -> None:
        try:
            _write_all(self._descriptor, b"\n" + text if self._is_torn else text)
            self.size += len(text)
            self._is_torn = False
        except OSError as error:  # a full disk may have taken the beginning
            self._is_torn = True
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        self.trouble = f"Cannot write {self._path}: {error.strerror}; events wait in memory and are lost with the agent"


def _write_all(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]
