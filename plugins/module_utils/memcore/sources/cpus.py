# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/stat: how many CPUs are online, which bounds how far per-CPU counters drift."""

import re
from typing import Optional

_CPU = re.compile(r"^cpu[0-9]+ ", re.MULTILINE)


def count(text: str) -> Optional[int]:
    """The number of its cpuN lines; None where it has none."""
    return len(_CPU.findall(text)) or None
