# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How long to wait after a failure, as client-go does: 0.8 s, twice that each time, 30 s at most, never in step."""

import random
from typing import Optional

FIRST, MOST = 0.8, 30.0  # seconds


class Backoff:
    """The pauses between tries of one thing."""

    def __init__(self, first: float = FIRST, most: float = MOST) -> None:
        self._first, self._most = first, most
        self._pause = first

    def next(self, retry_after: Optional[float] = None) -> float:
        """Seconds to wait now. retry_after: what the server asked for, which is the least."""
        pause = self._pause * random.uniform(1.0, 2.0)  # 5,000 agents must not come back together
        self._pause = min(self._pause * 2, self._most)
        return max(min(pause, self._most), retry_after or 0.0)

    def reset(self) -> None:
        """It worked."""
        self._pause = self._first
