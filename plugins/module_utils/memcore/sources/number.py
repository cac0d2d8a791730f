# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Files of one number: sysctls, cgroup limits, huge page counts."""

import re
from typing import Optional

_UNLIMITED = 1 << 60  # v1 writes LONG_MAX rounded down to pages where no limit is set
_NUMBER = re.compile(r"\s*(-?[0-9]{1,20})\s*$", re.ASCII)


def parse(text: Optional[str]) -> Optional[int]:
    """The number; None where the text is none (memory.max says `max`) or there is no text."""
    match = _NUMBER.match(text) if text else None
    return int(match[1]) if match else None


def size(text: Optional[str]) -> Optional[int]:
    """The bytes in a memory cgroup's file; None where it says that there is no limit, or there is no text."""
    found = parse(text)
    return found if found is not None and found < _UNLIMITED else None
