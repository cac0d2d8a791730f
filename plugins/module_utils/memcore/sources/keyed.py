# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Flat keyed files, one `name value` a line: /proc/vmstat, memory.stat, memory.events, cgroup.stat."""

import re
from typing import Dict

_LINE = re.compile(r"^(\S+) (-?[0-9]{1,20})$", re.MULTILINE)


def parse(text: str) -> Dict[str, int]:
    """Each name to its number, in the file's own unit; lines of another shape are left out."""
    return {name: int(value) for name, value in _LINE.findall(text)}
