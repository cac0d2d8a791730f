# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The OOM events of one log."""

from typing import Dict, List, NamedTuple, Optional


class EventList(NamedTuple):
    """events, oldest first; total: how many there were; lines: how many lines the log had.

    failed: how many of the total are page allocations that failed without a kill.

    complaint: why this is no log at all ("it is empty"), None where it may be one.
    """

    name: str
    events: List[Dict]
    total: int
    lines: int
    complaint: Optional[str]
    incomplete: List[Dict]
    failed: int = 0
