# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least Python that reads the same files: what a budget of "2 x a bare loop" is measured against."""

import contextlib
import os

from memcore.sources import host

_CHUNK = 1 << 16


def read_every_status() -> None:
    """os.open, os.read, os.close of /proc/PID/status for every process."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            descriptor = os.open("/proc/" + name + "/status", os.O_RDONLY)
        except FileNotFoundError:
            continue
        os.read(descriptor, _CHUNK)
        os.close(descriptor)


class Tape:
    """Stands in for `os` in the one file of the core that opens files, and remembers what the kernel was asked.

    Played back it asks the same again in the same order: exactly the files, links and folders that the core read,
    whichever those are by then, and nothing done with what comes back.
    """

    def __init__(self):
        self._calls = []
        self._reads_of = {}

    def __getattr__(self, name):
        return getattr(os, name)

    def open(self, path, flags):
        call = [_read, path, 0]
        self._calls.append(call)
        descriptor = os.open(path, flags)
        self._reads_of[descriptor] = call
        return descriptor

    def read(self, descriptor, size):
        self._reads_of[descriptor][2] += 1
        return os.read(descriptor, size)

    def listdir(self, path):
        self._calls.append((_ask, path, os.listdir))
        return os.listdir(path)

    def scandir(self, folder):
        path = self._reads_of[folder][1] if isinstance(folder, int) else folder
        self._calls.append((_ask, path, _entries))
        return os.scandir(folder)

    def readlink(self, path):
        self._calls.append((_ask, path, os.readlink))
        return os.readlink(path)

    def stat(self, path, dir_fd=None, follow_symlinks=True):
        full = path if dir_fd is None else os.path.join(self._reads_of[dir_fd][1], path)
        self._calls.append((_ask, full, os.stat if follow_symlinks else os.lstat))
        return os.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def statvfs(self, path):
        self._calls.append((_ask, path, os.statvfs))
        return os.statvfs(path)

    def play(self) -> None:
        """Ask it all again; what has vanished or is refused is refused again."""
        for call, path, how in self._calls:
            with contextlib.suppress(OSError):
                call(path, how)


def record(work) -> Tape:
    """Run `work` once and keep what it asked the kernel."""
    tape = Tape()
    host.os = tape
    try:
        work()
    finally:
        host.os = os
    return tape


def _read(path, times):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    for _dummy in range(times):
        os.read(descriptor, _CHUNK)
    os.close(descriptor)


def _ask(path, function):
    function(path)


def _entries(path):
    with os.scandir(path) as entries:
        return [entry.name for entry in entries]
