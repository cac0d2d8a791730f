# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run rows one after the other within a deadline; each gets its share of the time that is left."""

import time
from typing import Callable, Iterator, List

from tests.bench import load
from tests.bench.crowd import Crowd
from tests.bench.rounds import Rounds
from tests.bench.row import NotToBeHad, Result, Row, Setting
from tests.bench.time_limit import TimeIsUp, broken_off_after
from tests.bench.tries import Tries

LIMIT_SECONDS = 10 * 60
# What rows share ends so much earlier: a third each is for Python to start and end, for a round that has begun, and for
# ending thousands of processes.
SPARE_SECONDS = 45
BREAK_OFF_SECONDS = 15
_STARTED_A_SECOND = 150  # processes, beside two busy loops
_LEAST, _MOST, _SHORTEST = 3, 9, 0.5
_SCALE = 500  # a quick run has so many times fewer processes


class Deadline:
    """A point in time that all rows share."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self._begun = clock()
        self._end = self._begun + seconds

    def left(self) -> float:
        """Seconds to go, never negative."""
        return max(0.0, self._end - self.clock())

    def passed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._begun


def run(
    rows: List[Row],
    deadline: Deadline,
    crowd: Crowd,
    quick: bool = False,
    sample: Callable[[], load.Sample] = load.sample,
) -> Iterator[Result]:
    """A result for each row in turn, also for those that no longer fit."""
    for number, row in enumerate(rows):
        left = deadline.left()
        needed = row.seconds + max(0, row.crowd - crowd.size) / _STARTED_A_SECOND
        if left < needed:
            yield Result(row, left_out=f"needs about {needed:.0f} s, and only {left:.0f} s were left")
            continue
        begun = deadline.passed()
        try:
            with broken_off_after(left + BREAK_OFF_SECONDS):
                crowd.resize(row.crowd // _SCALE if quick else row.crowd)
                seconds = share(rows[number:], deadline.left())
                tries = Tries(0 if quick else seconds, sample, clock=deadline.clock)
                result = _measured(row, Setting(tries, _rounds(row, seconds, deadline.clock, quick), crowd, quick))
        except TimeIsUp:
            result = Result(row, left_out="was broken off when the time of all rows was up")
        yield result._replace(seconds=deadline.passed() - begun)


def share(rows: List[Row], left: float) -> float:
    """Seconds for all tries of the first row. Where time has become short all rows have less than they need."""
    return left * rows[0].seconds / sum(row.seconds for row in rows)


def _rounds(row, seconds, clock, quick):
    if quick:
        return Rounds(1, 1, 0, 0)
    return Rounds(_LEAST, _MOST, _SHORTEST, row.seconds, clock() + seconds, clock)


def _measured(row, setting):
    try:
        figures = row.measure(setting)
    except NotToBeHad as error:
        return Result(row, left_out=str(error))
    kept = setting.tries.kept
    return Result(
        row,
        figures,
        setting.tries.count,
        others=max(one.others for one in kept),
        average=max(one.average for one in kept),
        disturbed=any(one.disturbed for one in kept),
    )
