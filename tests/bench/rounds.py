# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many rounds a measurement goes on: enough to see a spread, and no longer than it may take."""

import math
import time
from typing import Callable, Iterator, NamedTuple


class Rounds(NamedTuple):
    """At least `least` rounds and `shortest` seconds; beyond that at most `most` rounds, none begun after `longest`.

    `shortest` is there since the load of the machine cannot be told over some milliseconds. After the point in time
    `end` there is no second round, whatever is due.
    """

    least: int
    most: int
    shortest: float
    longest: float
    end: float = math.inf
    clock: Callable[[], float] = time.monotonic

    def numbers(self) -> Iterator[int]:
        """0, 1, 2, … as long as another round is due."""
        begun = self.clock()
        number = 0
        while self._due(number, self.clock(), begun):
            yield number
            number += 1

    def _due(self, done, now, begun):
        seconds = now - begun
        if done and now >= self.end:
            return False
        if done < self.least:
            return True
        return seconds < self.shortest or (done < self.most and seconds < self.longest)
