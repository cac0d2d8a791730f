# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/etc/fstab (fstab(5)): what the administrator declared."""

from typing import List, NamedTuple

from .mountinfo import unescape


class Declared(NamedTuple):
    """One line of fstab."""

    source: str
    mount_point: str
    fstype: str
    options: List[str]


def parse(text: str) -> List[Declared]:
    """The entries in order; a line may have three to six fields, as mount(8) accepts."""
    rows = (line.split("#")[0].split() if line.lstrip().startswith("#") else line.split() for line in text.splitlines())
    return [
        Declared(unescape(row[0]), unescape(row[1]), row[2], (row[3] if len(row) > 3 else "defaults").split(","))
        for row in rows
        if len(row) >= 3
    ]
