# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table that is printed, row by row as each is measured."""

from typing import Iterator, List, Sequence

from tests.bench import paired
from tests.bench.figures import Figure, spread
from tests.bench.row import Result

_COLUMNS = (
    ("row", -18),
    ("min", 11),
    ("median", 11),
    ("max", 11),
    ("by", 4),
    ("other clock", 11),
    ("budget", 11),
    ("", -6),
    ("others", 6),
    ("load", 5),
    ("tries", 5),
    ("", -9),
)


def header() -> str:
    """The names of the columns."""
    return _line([name for name, _width in _COLUMNS], "what it measures")


def lines(result: Result) -> Iterator[str]:
    """One line for the row, and one for each figure that it consists of."""
    if result.left_out:
        yield f"{result.row.name:<18}  left out: {result.left_out}"
        return
    measured = [
        f"{result.others:.0%}".replace("%", " %"),
        f"{result.average:.1f}",
        str(result.tries),
        "disturbed" if result.disturbed else "",
    ]
    own, *parts = result.figures
    yield _line([result.row.name, *_cells(own), *measured], _told(result.row.what, own))
    for part in parts:
        yield _line(["", *_cells(part), "", "", "", ""], "  " + _told(part.what, part))


def _told(what, figure):
    return "; ".join(text for text in (what, figure.detail, figure.note) if text)


def _cells(figure: Figure) -> List[str]:
    numbers = [_value(number, figure.unit) for number in spread(figure.values).values()]
    other = _value(paired.middle(figure.other), figure.unit) if figure.other else ""
    return [*numbers, figure.by, other, _value(figure.budget, figure.unit), figure.verdict]


def _value(number, unit):
    if number is None:
        return ""
    if unit in ("x", "exponent"):
        return f"{number:.2f} {unit[:1] if unit == 'x' else ''}".rstrip()
    return f"{number:,.0f}/s" if unit in ("lines/s", "/s") else f"{number:.1f} {unit}"


def _line(cells: Sequence[str], last: str) -> str:
    padded = [cell.rjust(width) if width > 0 else cell.ljust(-width) for cell, (_n, width) in zip(cells, _COLUMNS)]
    return "  ".join([*padded, last]).rstrip()
