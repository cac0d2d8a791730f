# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure, and measure again what others disturbed: a limited number of times, within a limited time."""

import time
from typing import Any, Callable, List, NamedTuple

from tests.bench import load

MOST = 3


class Try(NamedTuple):
    """What came of one attempt, how much of the machine others had meanwhile, and the load average at its end."""

    value: Any
    others: float
    average: float
    timed: bool = True

    @property
    def disturbed(self) -> bool:
        """Whether others had so much that the figures may mislead; what is no time they do not change."""
        return self.timed and self.others > load.DISTURBING


class Tries:
    """The tries of one row, which share so many seconds. A row that measures in steps asks for `best` at each step."""

    def __init__(
        self,
        seconds: float,
        sample: Callable[[], load.Sample] = load.sample,
        average: Callable[[], float] = load.average,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._sample, self._average, self._clock = sample, average, clock
        self._end = clock() + seconds
        self.count = 0
        self.kept: List[Try] = []

    def best(self, attempt: Callable[[], Any], timed: bool = True) -> Try:
        """The first try that nobody disturbed, else the least disturbed of at most `MOST`.

        Another one begins only if it fits, taking as long as the last. What is not `timed` is tried once.
        """
        least = None
        for _dummy in range(MOST if timed else 1):
            begun = self._clock()
            one = self._once(attempt, timed)
            least = one if least is None or one.others < least.others else least
            took = self._clock() - begun
            if not least.disturbed or self._clock() + took > self._end:
                break
        self.kept.append(least)
        return least

    def _once(self, attempt, timed):
        before = self._sample()
        value = attempt()
        self.count += 1
        return Try(value, load.share_of_others(before, self._sample()), self._average(), timed)
