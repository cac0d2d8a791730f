# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Unpacks zstd: by Python 3.14's own module, else by the program."""

import subprocess
import threading

from memcore.sources.oomlog.packed_log import NO_ZSTD

_CHUNK = 1 << 16


def unpacked(stream):
    """A stream of what is packed in this one. Raises OSError where nothing here can unpack it."""
    try:
        from compression import zstd
    except ImportError:
        return _Program(_started(), stream)
    return zstd.ZstdFile(stream)


def _started():
    command = ["zstd", "-dcq"]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        raise OSError(NO_ZSTD) from None


class _Program:
    """What a program makes of a stream. A thread feeds it, since it may want to write before it has read all."""

    def __init__(self, child, stream) -> None:
        self._child = child
        self._feeder = threading.Thread(target=self._feed, args=(stream,), daemon=True)
        self._feeder.start()

    def _feed(self, stream) -> None:
        try:
            for chunk in iter(lambda: stream.read(_CHUNK), b""):
                self._child.stdin.write(chunk)
            self._child.stdin.close()
        except (OSError, ValueError):
            pass  # the program ended before, and its status says why

    def read(self, size: int) -> bytes:
        """The next bytes. Raises OSError where the program failed."""
        data = self._child.stdout.read(size)
        if not data:
            self._child.stdout.close()
            if self._child.wait() != 0:
                raise OSError("zstd could not unpack it")
        return data
