# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench found, as data."""

from typing import List, NamedTuple, Optional, Sequence

from tests.bench import paired


class Figure(NamedTuple):
    """One measured thing over all rounds, its unit ("x" is a ratio), and the budget for the median of `values`.

    `by` names the clock of `values`: "wall", "CPU", or "" for what is no time; `other` is the same by the other clock.
    Without values `note` says why there are none.
    """

    what: str
    values: Sequence[float]
    unit: str
    by: str = ""
    budget: Optional[float] = None
    at_least: bool = False  # the budget is the least there may be, not the most
    detail: str = ""
    other: Sequence[float] = ()
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the budget is met; empty without one."""
        if self.budget is None or not self.values:
            return ""
        median = paired.middle(self.values)
        return "met" if (median >= self.budget if self.at_least else median <= self.budget) else "missed"


def ratio(what: str, times: paired.Times, by: str = "wall", budget: Optional[float] = None) -> Figure:
    """How many times as long the first of two subjects took as the second."""
    ours, theirs = times.values()
    walls, cpus = ((take(ours), take(theirs)) for take in (paired.walls, paired.cpus))
    judged, other = (walls, cpus) if by == "wall" else (cpus, walls)
    detail = " : ".join(f"{paired.middle(side):.0f} ms" for side in judged)
    return Figure(what, paired.ratios(*judged), "x", by, budget, detail=detail, other=paired.ratios(*other))


def spent(what: str, times: List[paired.Spent]) -> Figure:
    """What one subject took by itself."""
    return Figure(what, paired.walls(times), "ms", "wall", other=paired.cpus(times))


def spread(values: Sequence[float]) -> dict:
    """Least, median and greatest; None where there are no values."""
    if not values:
        return {"min": None, "median": None, "max": None}
    return {"min": min(values), "median": paired.middle(values), "max": max(values)}
