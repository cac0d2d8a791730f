# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/spl/kstat/zfs/*: OpenZFS's own counters, `name type value` a line."""

import re
from typing import Dict

_LINE = re.compile(r"^(\w+) +[0-9]+ +([0-9]{1,20})$", re.MULTILINE)


def parse(text: str) -> Dict[str, int]:
    """Each name to its number; sizes are bytes."""
    return {name: int(value) for name, value in _LINE.findall(text)}
