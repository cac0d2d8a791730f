# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where a kernel log is read from: /dev/kmsg, a file or a pipe, as it stands or as it grows.

/dev/kmsg (Documentation/ABI/testing/dev-kmsg) gives one record a read(2); EAGAIN is the end of what there is, EPIPE
says that records were overwritten before they were read, EINVAL that a record is larger than the buffer.

KernelLog, Stream and GrowingFile have one verb, read(timeout): the lines that have come, after so many seconds at most;
an empty list where none came, None where the log has ended or its reader shall stop. is_caught_up says whether all was
read that was there.
"""

import errno
import os
import select
import stat
import time
from typing import BinaryIO, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .line_splitter import LONGEST, LineSplitter

KMSG = "/dev/kmsg"
_KMSG_DEVICE = (1, 11)  # Documentation/admin-guide/devices.txt
_RECORD = 8192  # CONSOLE_EXT_LOG_MAX of old kernels; 2048 in new ones
_MOST_RECORDS = 512  # a read
_CHUNK = 1 << 16
_TICK = 0.2  # seconds between two looks at a file
_PATIENCE = 5.0  # seconds for which a file may be missing, as while it is rotated, before that is trouble
_BUSY = 2.0  # seconds after which a pipe that never rests is taken to have told what it had
_LOOKED_AT = 1 << 16
_ODD_PERCENT = 10
_PACKED = {b"\x1f\x8b": "zcat", b"\xfd7zXZ": "xzcat", b"\x28\xb5\x2f\xfd": "zstdcat", b"BZh": "bzcat"}
# What a text may have: all but control characters; tab, line feed, form feed, carriage return and escape are common.
_ODD = bytes(byte for byte in range(32) if byte not in b"\t\n\x0b\x0c\r\x1b") + b"\x7f"


class Stop(NamedTuple):
    """Descriptors that end the reading: wake, when it can be read; output, when nobody reads what is written to it."""

    wake: Optional[int] = None
    output: Optional[int] = None


NEVER = Stop()


class KernelLog:
    """The records that the ring buffer holds, and where the log is followed those that come.

    Iterate once for what there is, or read(). overruns: how often records were lost while reading.
    """

    def __init__(self, path: str = KMSG, follow: bool = False, stop: Stop = NEVER):
        """Raises OSError where the log may not be read (EPERM: CAP_SYSLOG is missing, and dmesg_restrict is 1)."""
        self.overruns = 0
        self.is_caught_up = False
        self._follow = follow
        self._stop = stop
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def __enter__(self) -> "KernelLog":
        return self

    def __exit__(self, *_error) -> None:
        os.close(self._descriptor)

    def __iter__(self) -> Iterator[bytes]:
        """Lines without their ends; a record's continuation lines (" SUBSYSTEM=…") are lines too."""
        while True:
            record = self._record()
            if not record:
                return
            yield from record.splitlines()

    def read(self, timeout: Optional[float]) -> Optional[List[bytes]]:
        """The lines that have come; where the log is not followed, None after the last that there is."""
        waited = _waited(self._descriptor, timeout, self._stop) if self._follow else _waited(None, 0, self._stop)
        if waited.is_stopped:
            return None
        lines: List[bytes] = []
        for _number in range(_MOST_RECORDS):
            record = self._record()
            if not record:
                self.is_caught_up = True
                return lines if lines or self._follow else None
            lines += record.splitlines()
        return lines

    def _record(self) -> bytes:
        record, overruns = kmsg_record(self._descriptor)
        self.overruns += overruns
        return record


def kmsg_record(descriptor: int) -> Tuple[bytes, int]:
    """The next record of an open /dev/kmsg, empty where there is none now; how often some were lost before it."""
    overruns = 0
    while True:
        try:
            return os.read(descriptor, _RECORD), overruns
        except BlockingIOError:
            return b"", overruns
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EINVAL):
                raise
            overruns += 1


class Stream:
    """What comes through a descriptor until it ends: a pipe, a terminal, a file as it stands.

    A pipe does not tell whether more is on its way: it is caught up where it rests, or goes on for 2 seconds.
    """

    def __init__(self, descriptor: int, stop: Stop = NEVER) -> None:
        """The descriptor stays the caller's, who closes it."""
        self.is_caught_up = False
        self._descriptor = descriptor
        self._stop = stop
        self._splitter = LineSplitter()
        self._begun: Optional[float] = None  # when the first bytes came
        self._has_ended = False

    def read(self, timeout: Optional[float]) -> Optional[List[bytes]]:
        """The lines that have come. Raises OSError."""
        if self._has_ended:
            return None
        waited = _waited(self._descriptor, timeout, self._stop)
        if not waited.is_stopped:
            data = self._data() if waited.is_ready else None
            if data and self._begun is None:
                self._begun = time.monotonic()
            if self._begun is not None and (data is None or time.monotonic() > self._begun + _BUSY):
                self.is_caught_up = True
            if data != b"":
                return self._splitter.push(data) if data else []
        self._has_ended = True
        return self._splitter.end()

    def _data(self) -> Optional[bytes]:
        """Empty at the end, None where there is nothing yet."""
        try:
            return os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return None


class FilePlace(NamedTuple):
    """How far the lines of a file have been handed out: a line's start, in bytes."""

    device: int
    inode: int
    offset: int


class GrowingFile:
    """A file that is followed as `tail -F` does: by its name, through renaming, truncation and absence.

    A file that was renamed is read until the new one of its name has something: a program that has it open goes on
    writing to it for a while. Where a file is cut to nothing and has more than before at the next look, 0.2 seconds
    later, what was written first is lost.
    """

    def __init__(self, path: str, stop: Stop = NEVER, place: Optional[FilePlace] = None) -> None:
        """Raises OSError where the file is there and cannot be read.

        place: where an earlier reader was; where the file is another one now, or shorter, it is read from its start.
        """
        self.is_caught_up = False
        self._path = path
        self._stop = stop
        self._splitter = LineSplitter()
        self._descriptor: Optional[int] = None
        self._reason: Optional[str] = None
        self._since = time.monotonic() - _PATIENCE
        try:
            self._descriptor = _opened(path)
        except FileNotFoundError as error:
            self._reason = error.strerror
        if self._descriptor is not None and place is not None:
            found = os.fstat(self._descriptor)
            if (found.st_dev, found.st_ino) == place[:2] and stat.S_ISREG(found.st_mode):
                os.lseek(self._descriptor, place.offset if place.offset <= found.st_size else 0, os.SEEK_SET)

    @property
    def place(self) -> Optional[FilePlace]:
        """For another GrowingFile to go on from; None where there is no file, or nothing that has places."""
        if self._descriptor is None:
            return None
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        offset = os.lseek(self._descriptor, 0, os.SEEK_CUR) - self._splitter.waiting
        return FilePlace(found.st_dev, found.st_ino, offset)

    def __enter__(self) -> "GrowingFile":
        return self

    def __exit__(self, *_error) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    @property
    def trouble(self) -> Optional[str]:
        """Why there is no file to read, where that lasts; None where there is one."""
        return self._reason if time.monotonic() >= self._since + _PATIENCE else None

    def read(self, timeout: Optional[float]) -> Optional[List[bytes]]:
        """The lines that have come; it may come back before the timeout with none."""
        if _waited(None, 0, self._stop).is_stopped:
            return self._splitter.end() or None
        lines = self._more()
        if not lines and self.is_caught_up:
            _waited(None, _TICK if timeout is None else min(timeout, _TICK), self._stop)
        return lines

    def _more(self) -> List[bytes]:
        old = self._descriptor
        data = b"" if old is None else self._data(old)
        self.is_caught_up = not data
        if data:
            return self._splitter.push(data)
        if old is not None and _is_cut(old):
            os.lseek(old, 0, os.SEEK_SET)
        else:
            new = self._another()
            if new is None:
                return []
            if old is not None:
                os.close(old)
            self._descriptor = new
        self.is_caught_up = False
        return self._splitter.end()

    def _data(self, descriptor: int) -> bytes:
        try:
            return os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return b""

    def _another(self) -> Optional[int]:
        """A descriptor of another file that has come by the name; None where there is none to go over to."""
        try:
            new = self._opened_anew()
        except OSError as error:
            if self._reason is None:
                self._since = time.monotonic()
            self._reason = error.strerror
            return None
        self._reason = None
        return new

    def _opened_anew(self) -> Optional[int]:
        old = None if self._descriptor is None else os.fstat(self._descriptor)
        if old is not None:
            there = os.stat(self._path)
            if _is_same(old, there) or (stat.S_ISREG(there.st_mode) and not there.st_size):
                return None
        new = _opened(self._path)
        # It may have been renamed back, or more may have come to it since it was read to its end.
        if old is not None and (_is_same(old, os.fstat(new)) or _has_more(self._descriptor)):
            os.close(new)
            return None
        return new


def _is_same(one, other) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _is_cut(descriptor: int) -> bool:
    """Whether a file ends before the place that was read to."""
    found = os.fstat(descriptor)
    return stat.S_ISREG(found.st_mode) and found.st_size < os.lseek(descriptor, 0, os.SEEK_CUR)


def _has_more(descriptor) -> bool:
    found = os.fstat(descriptor)
    return stat.S_ISREG(found.st_mode) and found.st_size > os.lseek(descriptor, 0, os.SEEK_CUR)


def _opened(path: str) -> int:
    """A descriptor to read from, for which nothing is waited; OSError, also for a folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except ValueError:  # a NUL, or half a character
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL)) from None
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    return descriptor


class _Waited(NamedTuple):
    is_ready: bool
    is_stopped: bool


def _waited(descriptor: Optional[int], timeout: Optional[float], stop: Stop) -> _Waited:
    """Wait until there is something to read, or the reading shall stop; for so many seconds at most."""
    waiting = select.poll()
    if descriptor is not None:
        waiting.register(descriptor, select.POLLIN)
    if stop.wake is not None:
        waiting.register(stop.wake, select.POLLIN)
    if stop.output is not None:
        waiting.register(stop.output, 0)  # POLLERR and POLLHUP come unasked
    ready = [found for found, _event in waiting.poll(None if timeout is None else timeout * 1000)]
    return _Waited(descriptor in ready, any(found != descriptor for found in ready))


class Tally:
    """Passes lines on and remembers what they were like, so that nobody takes a packed file for a log without OOM."""

    def __init__(self, lines: Iterable[bytes] = ()):
        self.lines = 0
        self._source = lines
        self._head = b""
        self._odd = self._seen = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._source:
            self.add(line)
            yield line

    def add(self, line: bytes) -> None:
        """Look at one line."""
        self.lines += 1
        if self._seen < _LOOKED_AT:
            self._look(line)

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
    return iter(lambda: stream.readline(LONGEST), b"")


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
