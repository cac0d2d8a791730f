# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the cost at each size to the exponent that it grows with: 1 is linear, 2 is quadratic."""

import math
from typing import List, NamedTuple, Optional, Sequence

from tests.bench.figures import Figure

# An increase that is smaller than this share of the cost without any says nothing about its kind.
_TELLING = 0.3


class Step(NamedTuple):
    """CPU milliseconds at one size, and whether others disturbed the try that was kept."""

    size: int
    cpu_ms: float
    disturbed: bool


def exponent(without: float, steps: Sequence[Step]) -> Optional[float]:
    """The slope of log(cost) over log(size), the cost without any taken off.

    None where fewer than two sizes cost enough to tell.
    """
    added = [(step.size, step.cpu_ms - without) for step in steps]
    points = [(math.log(size), math.log(cost)) for size, cost in added if cost > without * _TELLING]
    if len(points) < 2:
        return None
    across, up = (sum(axis) / len(points) for axis in zip(*points))
    return sum((x - across) * (y - up) for x, y in points) / sum((x - across) ** 2 for x, _dummy in points)


def figures(what: str, steps: Sequence[Step]) -> List[Figure]:
    """The exponent, unless a size was disturbed, and the cost at each size; the first step is that without any."""
    without, *rest = steps
    slope = exponent(without.cpu_ms, rest)
    if any(step.disturbed for step in steps):
        told = Figure(what, [], "", "CPU", note="disturbed: no exponent")
    elif slope is None:
        told = Figure(what, [], "", "CPU", note="too little to tell an exponent")
    else:
        told = Figure(what, [slope], "exponent", "CPU", detail="1.0 is linear")
    return [told, *_costs(steps)]


def _costs(steps):
    yield _cost(steps[0], "none")
    for before, step in zip(steps, steps[1:]):
        detail = f"{step.cpu_ms / before.cpu_ms:.1f} x the size before" if before.cpu_ms else ""
        yield _cost(step, str(step.size), detail)


def _cost(step, size, detail=""):
    note = "disturbed" if step.disturbed else ""
    return Figure(size, [step.cpu_ms], "ms", "CPU", detail=detail, note=note)
