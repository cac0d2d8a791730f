# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's log by syslog(2), for whoever has CAP_SYSLOG but may not open /dev/kmsg, as in a container.

SYSLOG_ACTION_READ_ALL (man 2 syslog) gives the newest lines that fit into a buffer, as "<prio>[   12.345678] text", and
reads nothing away. It has neither sequence numbers nor a way to wait, so what is new is found by the last lines that
were read before. The facility is part of <prio>, so lines that user space wrote are known here too.
"""

import ctypes
import os
from typing import List, NamedTuple, Optional, Sequence, Tuple

_READ_ALL, _SIZE_BUFFER = 3, 10  # include/linux/syslog.h
_FIRST_SIZE = 1 << 16  # bytes; enough for a second of a busy log
_LARGEST_SIZE = 1 << 21
_KEPT_LINES = 4  # by which the place is found again
_LONGEST_KEPT = 1024  # bytes; a line of printk has about 1,000 at most
_LINES = 2000  # a read, so that a flood does not block the reader


class News(NamedTuple):
    """What came after a place. has_gap: the place is gone, so lines may have been lost before these."""

    text: bytes
    has_gap: bool


class SyslogRing:
    """Lines that have come since the last read(). lost: how often lines were gone before they were read.

    How many lines a gap had cannot be known. After `dmesg --clear` earlier lines are hidden, which is a gap too.
    """

    def __init__(self, kept: Optional[Sequence[bytes]] = None, skips: bool = False) -> None:
        """Raises OSError (EPERM: CAP_SYSLOG is missing, and dmesg_restrict is 1).

        kept: the last lines of an earlier reader, after which to go on; else skips tells whether to leave out what is
        there already.
        """
        self.lost = 0
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._largest = max(_FIRST_SIZE, min(_LARGEST_SIZE, 4 * self._call(_SIZE_BUFFER, None, 0)))
        self._kept: Tuple[bytes, ...] = tuple(kept or ())
        self._waiting: List[bytes] = []  # read but not given out yet, the last first
        first = self._all(_FIRST_SIZE)
        if skips and not self._kept:
            self._kept = last_lines(first)

    @property
    def kept(self) -> Tuple[bytes, ...]:
        """The last lines that were given out, for another SyslogRing to go on after them."""
        return self._kept

    @property
    def is_caught_up(self) -> bool:
        return not self._waiting

    def read(self) -> List[bytes]:
        """At most 2,000 lines without their ends. Raises OSError."""
        if not self._waiting:
            news = self._news()
            self.lost += news.has_gap
            self._waiting = _lines(news.text)[::-1]
        found = self._waiting[-_LINES:][::-1]
        del self._waiting[-_LINES:]
        if found:
            self._kept = (self._kept + tuple(line[:_LONGEST_KEPT] for line in found[-_KEPT_LINES:]))[-_KEPT_LINES:]
        return found

    def _news(self) -> News:
        # All that there is when nothing was read yet, else as little as has the place in it: each call makes the
        # kernel go through its whole log.
        size = _FIRST_SIZE if self._kept else self._largest
        while True:
            text = self._all(size)
            news = after(text, self._kept)
            if not news.has_gap or size >= self._largest:
                return news
            size = min(size * 4, self._largest)

    def _all(self, size: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        length = self._call(_READ_ALL, buffer, size)
        return whole_lines(ctypes.string_at(buffer, length))

    def _call(self, action, buffer, size) -> int:
        found = self._libc.klogctl(action, buffer, size)
        if found < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return found


def whole_lines(text: bytes) -> bytes:
    """Without a last line that has no end yet (pr_cont of old kernels)."""
    return text[: text.rfind(b"\n") + 1]


def last_lines(text: bytes) -> Tuple[bytes, ...]:
    """The lines by which the end of this text is found again."""
    lines = _lines(text[-_KEPT_LINES * (_LONGEST_KEPT + 1) * 2 :])
    return tuple(line[:_LONGEST_KEPT] for line in lines[-_KEPT_LINES:])


def after(text: bytes, kept: Sequence[bytes]) -> News:
    """What follows the last of these lines in a text of whole lines; all of it where they are gone.

    Of earlier lines only so many are compared as the text still has.
    """
    if not kept:
        return News(text, False)
    end = len(text)
    while True:
        start = text.rfind(kept[-1], 0, end)
        if start < 0:
            return News(text, True)
        if _is_place(text, start, kept):
            line_end = text.find(b"\n", start)
            return News(text[line_end + 1 :], False)
        end = start + len(kept[-1]) - 1


def _lines(text: bytes) -> List[bytes]:
    """Not splitlines(), which a carriage return within a line would end too."""
    return text.split(b"\n")[:-1]


def _is_place(text, start, kept) -> bool:
    """Whether the last of these lines begins here, and the others are before it."""
    if start and text[start - 1 : start] != b"\n":
        return False
    for number, line in enumerate(reversed(kept)):
        if number:
            if not start:
                return True
            start = text.rfind(b"\n", 0, start - 1) + 1
        line_end = text.find(b"\n", start)
        if text[start:line_end][:_LONGEST_KEPT] != line:
            return False
    return True
