# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The date of a record of the kernel's log.

printk() stamps records by local_clock() (kernel/printk/printk.c), which neither counts time in suspend nor follows NTP
as CLOCK_MONOTONIC does, so that the two part by some seconds in weeks. A record that was read the moment it came shows
how far they are apart: at most by the time that reading it took. The smallest difference of the last records is used.
"""

import collections
import re
import time
from typing import Callable, Sequence

_REMEMBERED = 16
_STAMP = re.compile(rb"[0-9]{1,4},[0-9]{1,20},([0-9]{1,20}),")  # priority, sequence, microseconds


class KernelClock:
    """Turns the kernel's seconds since boot into seconds since the epoch."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._behind = collections.deque(maxlen=_REMEMBERED)

    def read(self, lines: Sequence[bytes]) -> None:
        """Lines of /dev/kmsg that have just been written, of which the last is the newest."""
        match = next(filter(None, map(_STAMP.match, reversed(lines))), None)
        if match is not None:
            self.came(int(match[1]) / 1e6)

    def came(self, uptime: float) -> None:
        """A record with this stamp, in seconds, has just been written."""
        self._behind.append(self._monotonic() - uptime)

    @property
    def booted(self) -> float:
        """Seconds since the epoch at which the kernel's clock showed 0, by the wall clock as it is now."""
        return self._wall() - self._monotonic() + (min(self._behind) if self._behind else 0.0)
