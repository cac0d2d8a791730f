# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""syslog(2) as a log of the agent: polled seldom, since each look makes the kernel go through its whole log.

A look takes 2 ms for a log of 2,000 records. The kernel's counters say when it has killed; then it is polled often.
"""

import time
from typing import Callable, Dict, List, Optional, Sequence

from memcore.sources.oomlog.syslog_ring import SyslogRing

_SELDOM, _OFTEN = 5.0, 0.1  # seconds between two looks
_HURRY = 2.0  # seconds: a report takes less, whatever the console


class Syslog:
    """The lines that come to the kernel's log. lost: how often some were gone before they were read."""

    name = "syslog"

    def __init__(
        self,
        kept: Sequence[str] = (),
        skips: bool = False,
        clock: Callable[[], float] = time.monotonic,
        ring=SyslogRing,
    ) -> None:
        """kept: of state(). skips: without it, whether to leave out what is there already. Raises OSError."""
        self._clock = clock
        self._hurried = clock() - _HURRY
        self._ring = ring([line.encode("latin-1", "replace") for line in kept], skips)

    @property
    def lost(self) -> int:
        return self._ring.lost

    @property
    def is_caught_up(self) -> bool:
        return self._ring.is_caught_up

    @property
    def every(self) -> float:
        is_busy = not self._ring.is_caught_up or self._clock() < self._hurried + _HURRY
        return _OFTEN if is_busy else _SELDOM

    def fileno(self) -> Optional[int]:
        return None

    def hurry(self) -> None:
        """Poll it often for a while: the kernel has killed, and says more about that soon."""
        self._hurried = self._clock()

    def close(self) -> None:
        """There is nothing to close."""

    def state(self) -> Dict:
        return {"kept": [line.decode("latin-1") for line in self._ring.kept]}

    def read(self) -> List[bytes]:
        """At most 2,000 lines. Raises OSError."""
        lines = self._ring.read()
        if any(b"oom-killer" in line for line in lines):
            self.hurry()  # a report has begun; where nobody can be killed no counter rises
        return lines
