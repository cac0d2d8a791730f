# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where a kernel log is read from: /dev/kmsg as it stands, a file or a pipe. Never more than a line in memory.

/dev/kmsg (Documentation/ABI/testing/dev-kmsg) gives one record a read(2); EAGAIN is the end of what there is, EPIPE
says that records were overwritten before they were read, EINVAL that a record is larger than the buffer.
"""

import errno
import os
import stat
from typing import BinaryIO, Iterable, Iterator, Optional

KMSG = "/dev/kmsg"
_KMSG_DEVICE = (1, 11)  # Documentation/admin-guide/devices.txt
_RECORD = 8192  # CONSOLE_EXT_LOG_MAX of old kernels; 2048 in new ones
_LINE = 1 << 16
_LOOKED_AT = 1 << 16
_ODD_PERCENT = 10
_PACKED = {b"\x1f\x8b": "zcat", b"\xfd7zXZ": "xzcat", b"\x28\xb5\x2f\xfd": "zstdcat", b"BZh": "bzcat"}
# What a text may have: all but control characters; tab, line feed, form feed, carriage return and escape are common.
_ODD = bytes(byte for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b") + b"\x7f"


class KernelLog:
    """The records that the ring buffer holds; iterate once. overruns: how often some were lost while reading."""

    def __init__(self, path: str = KMSG):
        """Raises OSError where the log may not be read (EPERM: CAP_SYSLOG is missing, and dmesg_restrict is 1)."""
        self.overruns = 0
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def __enter__(self) -> "KernelLog":
        return self

    def __exit__(self, *_error) -> None:
        os.close(self._descriptor)

    def __iter__(self) -> Iterator[bytes]:
        """Lines without their ends; a record's continuation lines (" SUBSYSTEM=…") are lines too."""
        while True:
            try:
                record = os.read(self._descriptor, _RECORD)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.EINVAL):
                    raise
                self.overruns += 1
                continue
            if not record:
                return
            yield from record.splitlines()


class Tally:
    """Passes lines on and remembers what they were like, so that nobody takes a packed file for a log without OOM."""

    def __init__(self, lines: Iterable[bytes]):
        self.lines = 0
        self._source = lines
        self._head = b""
        self._odd = self._seen = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._source:
            self.lines += 1
            if self._seen < _LOOKED_AT:
                self._look(line)
            yield line

    def _look(self, line):
        if not self._seen:
            self._head = line[:8]
        self._seen += len(line)
        self._odd += len(line) - len(line.translate(None, _ODD))

    def complaint(self) -> Optional[str]:
        """Why this is no log, None where it may be one."""
        if not self.lines:
            return "it is empty"
        for magic, program in _PACKED.items():
            if self._head.startswith(magic):
                return f"it is packed: unpack it with {program}"
        if self._odd * 100 >= self._seen * _ODD_PERCENT and self._odd:
            return "it is binary and no kernel log"
        return None


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; one that never ends comes in pieces."""
    return iter(lambda: stream.readline(_LINE), b"")


def open_log(path: str) -> BinaryIO:
    """A file to read lines from; raises OSError."""
    try:
        return open(path, "rb")  # the caller closes it
    except ValueError:  # a NUL, or half a character
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None


def is_kernel_log(path: str) -> bool:
    """Whether a path is /dev/kmsg, of which a plain read waits for ever at its end."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(found.st_mode) and (os.major(found.st_rdev), os.minor(found.st_rdev)) == _KMSG_DEVICE
