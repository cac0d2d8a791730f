# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""inotify(7): one instance, since root shares 128 of them with the kubelet and the container runtime."""

import ctypes
import os
import struct
from typing import List, NamedTuple

IN_MODIFY = 0x2
IN_MOVED_FROM, IN_MOVED_TO = 0x40, 0x80
IN_CREATE, IN_DELETE = 0x100, 0x200
IN_Q_OVERFLOW, IN_IGNORED = 0x4000, 0x8000
IN_ONLYDIR = 0x1000000
IN_ISDIR = 0x40000000
_HEAD = struct.Struct("=iIII")  # wd, mask, cookie, length of the name
_CHUNK = 1 << 16


class Event(NamedTuple):
    """watch: of watch(), -1 of an overflow; name: of the entry in a folder that is watched, else empty."""

    watch: int
    mask: int
    name: str


class Inotify:
    """Watches on paths."""

    def __init__(self) -> None:
        """Raises OSError (EMFILE: fs.inotify.max_user_instances are in use)."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))

    def fileno(self) -> int:
        return self._descriptor

    def watch(self, path: str, mask: int) -> int:
        """The number of the watch. Raises OSError (ENOSPC: fs.inotify.max_user_watches are in use)."""
        return self._checked(self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), ctypes.c_uint32(mask)))

    def unwatch(self, watch: int) -> None:
        """Remove it; one that went with its file is no error."""
        self._libc.inotify_rm_watch(self._descriptor, watch)

    def read(self) -> List[Event]:
        """What has happened: one read(2) of it, at most 4,096 events; empty where nothing has."""
        try:
            return events(os.read(self._descriptor, _CHUNK))
        except BlockingIOError:
            return []

    def close(self) -> None:
        os.close(self._descriptor)

    def _checked(self, found: int) -> int:
        if found < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return found


def events(data: bytes) -> List[Event]:
    """The events in what was read; the kernel gives whole ones only."""
    found = []
    place = 0
    while place + _HEAD.size <= len(data):
        watch, mask, _cookie, length = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        name = data[place : place + length].split(b"\0", 1)[0]
        place += length
        found.append(Event(watch, mask, os.fsdecode(name)))
    return found
