# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine of two processors for the bench's own tests: its time passes only when it is told to."""

from tests.bench import load

_CORES = 2


class Machine:
    """A clock, and what /proc/stat would count."""

    def __init__(self):
        self.seconds = 0.0
        self._own = self._others = 0.0

    def go_on(self, seconds: float, others: float = 0.0, own: float = 0.0) -> None:
        """Let time pass; `others` and `own` are shares of the whole machine."""
        self.seconds += seconds
        self._others += others * seconds * _CORES
        self._own += own * seconds * _CORES

    def clock(self) -> float:
        """Seconds since it was made."""
        return self.seconds

    def sample(self) -> load.Sample:
        """Half of what others took was stolen by another guest of the host."""
        busy = self._own + self._others / 2
        idle = self.seconds * _CORES - self._own - self._others
        return load.Sample((busy, 0.0, 0.0, idle, 0.0, 0.0, 0.0, self._others / 2), self._own)
