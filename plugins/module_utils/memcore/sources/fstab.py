# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/etc/fstab (fstab(5)): what the administrator declared."""

import re
from typing import List, NamedTuple

from .mountinfo import unescape

_FIELD = re.compile(r"[^ \t]+")


class Declared(NamedTuple):
    """One line of fstab."""

    source: str
    mount_point: str
    fstype: str
    options: List[str]


def parse(text: str) -> List[Declared]:
    """The entries in order; a line may have three to six fields, as mount(8) accepts."""
    rows = (_FIELD.findall(line) for line in text.split("\n") if not line.lstrip().startswith("#"))
    return [
        Declared(unescape(row[0]), unescape(row[1]), row[2], (row[3] if len(row) > 3 else "defaults").split(","))
        for row in rows
        if len(row) >= 3
    ]
