# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The output of df(1), which a captured tree has in place of statvfs(3)."""

import re
from typing import Dict, NamedTuple, Optional

# The source may have blanks in it, and an old df puts a long one on a line of its own.
_ROW = re.compile(
    r"^(?:[^ ]+(?: +[^ ]+)*?)? +([0-9]{1,20}|-) +([0-9]{1,20}|-) +(-?[0-9]{1,20}|-) +(?:[0-9]{1,20}%|-) +(/.*)$"
)


class Row(NamedTuple):
    """One mount; sizes in bytes, None where the mount has no limit, inodes None where df did not tell."""

    size_bytes: Optional[int]
    used_bytes: Optional[int]
    available_bytes: Optional[int]
    inodes: Optional[int]
    inodes_used: Optional[int]


def is_blocks(name: str) -> bool:
    """Whether sos gave this name to a `df -al`, which counts blocks of 1 KiB."""
    return name.startswith("df_") and not is_inodes(name)


def is_inodes(name: str) -> bool:
    """Whether sos gave this name to a `df -ali`."""
    return name.startswith("df_-ali")


def parse(blocks: str, inodes: str) -> Dict[str, Row]:
    """Rows by mount point; a path that is mounted twice keeps the row that df printed last."""
    inode_rows = {match[4]: match for match in _matches(inodes)}
    rows = {}
    for match in _matches(blocks):
        size, used, available = (_number(match[column], 1024) for column in (1, 2, 3))
        if size is None:
            continue  # a dash: another mount covers this one, so df could not ask it
        if size == 0:
            size = used = available = None  # tmpfs with size=0 answers statvfs with 0 blocks: no limit, use unknown
        counted = inode_rows.get(match[4])
        rows[match[4]] = Row(
            size,
            used,
            available,
            _number(counted[1], 1) if counted else None,
            _number(counted[2], 1) if counted else None,
        )
    return rows


def _matches(text):
    return filter(None, (_ROW.match(line) for line in text.split("\n")))


def _number(field, unit):
    return None if field == "-" else int(field) * unit
