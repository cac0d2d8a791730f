# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench found, as data, and the one table it is printed as."""

from typing import List, NamedTuple, Optional, Sequence

from tests.bench import paired

_HEADER = ("", "min", "median", "of CPU", "budget", "", "medians behind it")


class Figure(NamedTuple):
    """One measured thing over all rounds, its unit ("x" is a ratio), and the budget for the median of `values`.

    `values` are by the wall clock, `cpu` the same in processor time, where it was measured.
    """

    what: str
    values: Sequence[float]
    unit: str
    budget: Optional[float] = None
    detail: str = ""
    cpu: Sequence[float] = ()


def ratio(what: str, times: paired.Times, ours: str, theirs: str, budget: Optional[float] = None) -> Figure:
    """How many times as long `ours` took as `theirs`."""
    mine, other = times[ours], times[theirs]
    walls, cpus = paired.walls(mine), paired.cpus(mine)
    by_wall, by_cpu = paired.ratios(walls, paired.walls(other)), paired.ratios(cpus, paired.cpus(other))
    detail = f"{paired.middle(walls):.0f} ms : {paired.middle(paired.walls(other)):.0f} ms"
    return Figure(f"{what} : {theirs}", by_wall, "x", budget, detail, by_cpu)


def lines(figures: List[Figure]) -> List[str]:
    """The figures as an aligned table."""
    cells = [_HEADER, *map(_cells, figures)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADER))]
    return [_line(row, widths) for row in cells]


def _cells(figure):
    median = paired.middle(figure.values)
    numbers = [min(figure.values), median, paired.middle(figure.cpu) if figure.cpu else None, figure.budget]
    verdict = "" if figure.budget is None else "met" if median <= figure.budget else "missed"
    return (figure.what, *(_value(number, figure.unit) for number in numbers), verdict, figure.detail)


def _value(number, unit):
    if number is None:
        return ""
    return f"{number:.2f} x" if unit == "x" else f"{number:.1f} {unit}"


def _line(row, widths):
    what, *numbers, verdict, detail = row
    padded = [cell.rjust(width) for cell, width in zip(numbers, widths[1:])]
    return "  ".join([what.ljust(widths[0]), *padded, verdict.ljust(widths[-2]), detail]).rstrip()
