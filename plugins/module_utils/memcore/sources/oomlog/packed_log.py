# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Logs that are compressed (gzip, xz, bzip2, zstd), in UTF-16, or members of a tar archive such as a sosreport.

What the first bytes say decides, not the name. Nothing is unpacked to disk, and no more than a chunk is in memory.
"""

import codecs
import io
import itertools
import re
from typing import BinaryIO, Callable, Iterator, NamedTuple, Optional, Tuple

from .line_splitter import LineSplitter

MOST_BYTES = 8 << 30  # a log that unpacks to more is taken for a bomb
_CHUNK = 1 << 16
HEAD = 512  # bytes that tell what a file is: a tar header
_GZIP, _XZ, _BZIP2, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd"
_MAGICS = (_GZIP, _XZ, _BZIP2, _ZSTD)
_TAR_AT, _TAR = 257, b"ustar"
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Logs in a sosreport, a supportconfig, a must-gather, or in anybody's folder.
_LOGS = re.compile(
    r"(?:^|/)(?:dmesg|journal|messages|syslog|kern|boot|vmcore-dmesg|console|serial|warn)[^/]*$", re.IGNORECASE
)
_NO_TEXT = re.compile(r"\.(?:journal~?|rpm|deb|html?|json|py|conf|service|efi|img|svg|png)$", re.IGNORECASE)
_DEEPEST = 3  # packed in packed in packed
NO_ZSTD = "it is packed with zstd, and neither Python nor the program zstd can unpack it here; install zstd"


Unpacker = Callable[[BinaryIO], BinaryIO]


class Log(NamedTuple):
    """name: of the member of an archive, None for the file itself; lines: to be read before the next log is."""

    name: Optional[str]
    lines: Iterator[bytes]


class Packed:
    """The logs in a stream. trouble: why not all could be read, once they have been."""

    def __init__(self, stream: BinaryIO, of_zstd: Optional[Unpacker] = None, most_bytes: int = MOST_BYTES) -> None:
        """of_zstd: makes a stream of unpacked bytes of one that is packed with zstd; the core starts no program."""
        self._of_zstd = of_zstd
        self.trouble: Optional[str] = None
        self.is_archive = False
        self._left = most_bytes
        self._stream = stream

    def logs(self) -> Iterator[Log]:
        """Each log, in the order of the stream."""
        yield from self._logs(None, *self._peeked(self._stream), _DEEPEST)

    def _logs(self, name, head, stream, deep) -> Iterator[Log]:
        if is_packed(head) and deep:
            try:
                inner = _unpacked(head, stream, self._of_zstd)
            except OSError as error:
                self._stop(str(error))
                return
            limited = _Limited(inner, self)
            yield from self._logs(name, *self._peeked(limited), deep - 1)
        elif head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR and name is None:
            self.is_archive = True
            yield from self._members(stream)
        else:
            yield Log(name, self._lines(head, stream))

    def _members(self, stream) -> Iterator[Log]:
        import tarfile

        found = 0
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    if not member.isfile() or not _LOGS.search(member.name) or _NO_TEXT.search(member.name):
                        continue
                    found += 1
                    content = archive.extractfile(member)
                    if content is not None:
                        yield from self._logs(member.name, *self._peeked(content), 1)
        except (tarfile.TarError, EOFError, ValueError, OSError) as error:
            self._stop(f"the archive is damaged ({_reason(error)}); what stands before that was read")
        if not found and self.trouble is None:
            self._stop("the archive has no file that is named like a kernel log, such as dmesg, messages or syslog")

    def _lines(self, head, stream) -> Iterator[bytes]:
        chunks = iter(lambda: self._read(stream, _CHUNK), b"")
        for mark, encoding in _WIDE:
            if head.startswith(mark):
                chunks = _narrow(chunks, encoding)
        splitter = LineSplitter()
        for chunk in chunks:
            yield from splitter.push(chunk)
        yield from splitter.end()

    def _peeked(self, stream) -> Tuple[bytes, io.RawIOBase]:
        """(the first bytes, the stream with them)."""
        head = b""
        while len(head) < HEAD:
            data = self._read(stream, HEAD)
            if not data:
                break
            head += data
        return head[:HEAD], _Joined(head, stream)

    def _read(self, stream, size: int) -> bytes:
        """The next bytes; none after damage, of which `trouble` then speaks."""
        try:
            return stream.read(size)
        except _Bomb:
            self._stop(f"it unpacks to more than {MOST_BYTES >> 30} GiB; what stands before that was read")
        except (EOFError, ValueError, OSError) as error:
            self._stop(f"its packed data is damaged ({_reason(error)}); what stands before that was read")
        except Exception as error:  # zlib.error, lzma.LZMAError, tarfile.ReadError: of no class that is imported here
            if type(error).__module__ not in ("zlib", "_lzma", "lzma", "tarfile"):
                raise
            self._stop(f"its packed data is damaged ({_reason(error)}); what stands before that was read")
        return b""

    def take(self, size: int) -> None:
        """Count bytes that were unpacked. Raises _Bomb."""
        self._left -= size
        if self._left < 0:
            raise _Bomb

    def _stop(self, why: str) -> None:
        self.trouble = self.trouble or why


class _Bomb(Exception):
    """More bytes than a log may have."""


class _Stream(io.RawIOBase):
    """What the unpackers of the standard library read from: next_bytes(size) gives at most so many."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self.next_bytes(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Limited(_Stream):
    """Counts what is read."""

    def __init__(self, stream, counter: Packed) -> None:
        super().__init__()
        self._stream = stream
        self._counter = counter

    def next_bytes(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._counter.take(len(data))
        return data


class _Joined(_Stream):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, stream) -> None:
        super().__init__()
        self._head = head
        self._stream = stream

    def next_bytes(self, size: int) -> bytes:
        data = self._head[:size] if self._head else self._stream.read(size)
        self._head = self._head[len(data) :]
        return data


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return head.startswith(_MAGICS)


def has_to_be_unpacked(head: bytes) -> bool:
    """Whether a file that begins so is compressed, an archive or in UTF-16."""
    is_tar = head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR
    return is_packed(head) or is_tar or head.startswith(tuple(mark for mark, _encoding in _WIDE))


def _unpacked(head, stream, of_zstd):
    if head.startswith(_GZIP):
        import gzip

        return gzip.GzipFile(fileobj=stream)
    if head.startswith(_XZ):
        import lzma

        return lzma.LZMAFile(stream)
    if head.startswith(_BZIP2):
        import bz2

        return bz2.BZ2File(stream)
    if of_zstd is None:
        raise OSError(NO_ZSTD)
    return of_zstd(stream)


def _narrow(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-16 as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in itertools.chain(chunks, [b""]):
        yield decoder.decode(chunk, not chunk).encode("utf-8", "replace")


def _reason(error) -> str:
    return " ".join(str(error).split()) or type(error).__name__
