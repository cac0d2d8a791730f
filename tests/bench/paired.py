# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time things in turn, so that a noisy minute hits them all alike: what counts is the ratio within one round."""

import statistics
import time
from typing import Callable, Dict, List, NamedTuple

from tests.bench import load
from tests.bench.rounds import Rounds


class Spent(NamedTuple):
    """Seconds: by the clock on the wall, and of processor time with children (a busy neighbour changes it least)."""

    wall: float
    cpu: float


Times = Dict[str, List[Spent]]


def alternate(rounds: Rounds, subjects: Dict[str, Callable[[], object]]) -> Times:
    """What each subject took in each round: A, B, A, B, … for a pair."""
    times: Times = {name: [] for name in subjects}
    for _dummy in rounds.numbers():
        for name, subject in subjects.items():
            times[name].append(_spent(subject))
    return times


def ratios(ours: List[float], theirs: List[float]) -> List[float]:
    """`ours` over `theirs`, round by round."""
    return [mine / other for mine, other in zip(ours, theirs)]


def walls(spent: List[Spent]) -> List[float]:
    """Wall milliseconds of each round."""
    return [one.wall * 1000 for one in spent]


def cpus(spent: List[Spent]) -> List[float]:
    """Processor milliseconds of each round."""
    return [one.cpu * 1000 for one in spent]


def middle(values: List[float]) -> float:
    """The median: one disturbed round does not move it."""
    return statistics.median(values)


def _spent(subject):
    wall, cpu = time.perf_counter(), load.own_cpu()
    subject()
    return Spent(time.perf_counter() - wall, load.own_cpu() - cpu)
