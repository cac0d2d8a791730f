# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/meminfo (fs/proc/meminfo.c): one figure a line, almost all in kB, which means KiB."""

import re
from typing import Dict

from ..errors import ParseError

_LINE = re.compile(r"^([A-Za-z][\w()]*):\s+([0-9]{1,20})( kB)?\s*$", re.MULTILINE)


def parse(text: str) -> Dict[str, int]:
    """Each field to bytes; those without a unit (HugePages_Total …) stay counts. ParseError without MemTotal."""
    fields = {name: int(value) * 1024 if unit else int(value) for name, value, unit in _LINE.findall(text)}
    if not fields.get("MemTotal"):
        raise ParseError(f"/proc/meminfo has no MemTotal in its {len(text)} characters; is it cut off?")
    return fields
