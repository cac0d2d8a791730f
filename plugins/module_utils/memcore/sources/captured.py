# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Another host's files in a folder, such as an unpacked sosreport, behind the verbs of a live host."""

import os
import stat
from typing import Iterator, List

from . import df
from .host import Entry, Host, NotCaptured, Space, slurp


class CapturedTree(Host):
    """Another host's files in a folder: what only a live kernel can answer is missing, and says so."""

    live = False
    machine = None

    def __init__(self, root: str):
        super().__init__(root)
        self._inside = os.path.realpath(root) + os.sep
        self._df = self._captured_df()

    def full(self, path: str) -> str:
        # A link in a captured tree (etc/os-release -> /usr/lib/os-release) must not lead to this machine's files.
        resolved = os.path.realpath(self.root + path)
        if not resolved.startswith(self._inside):
            raise FileNotFoundError(2, "leads out of the captured tree", path)
        return resolved

    def brief(self, path: str) -> bytes:
        return self.whole(path)

    def whole(self, path: str) -> bytes:
        full = self.full(path)
        kind = os.stat(full).st_mode
        if stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
            raise NotCaptured()  # /dev/zero in somebody's archive would never end
        return slurp(full)

    def link(self, path: str) -> str:
        folder, _slash, name = path.rpartition("/")
        return os.readlink(os.path.join(self.full(folder), name))

    def entry(self, path: str) -> Entry:
        raise NotCaptured()

    def children(self, path: str, skip) -> Iterator[Entry]:
        raise NotCaptured()

    def tiny_task(self, adj: int) -> List[bytes]:
        raise NotCaptured()

    def space(self, path: str) -> Space:
        row = self._df.get(os.path.normpath("/" + path))
        if row is None:
            raise NotCaptured()
        return Space(row.size_bytes, row.used_bytes, row.available_bytes, row.inodes, row.inodes_used)

    def _captured_df(self):
        folder = "sos_commands/filesys"
        blocks = [self.optional(f"{folder}/{name}") for name in sorted(self.names(folder)) if df.is_blocks(name)]
        inodes = [self.optional(f"{folder}/{name}") for name in sorted(self.names(folder)) if df.is_inodes(name)]
        return df.parse("\n".join(filter(None, blocks)), "\n".join(filter(None, inodes)))
