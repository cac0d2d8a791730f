# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record that is written as JSON: the run, and every row that was asked for."""

import os
import platform
import time
from typing import List

from tests.bench.figures import Figure, spread
from tests.bench.row import Result


def start(others: float, average: float, quick: bool) -> dict:
    """What is known before the first row."""
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "kernel": os.uname().release,
        "cores": os.cpu_count(),
        "load_at_start": {"others": others, "average": average},
        "meaningful": not quick,
    }


def whole(begun: dict, seconds: float, results: List[Result]) -> dict:
    """The same once all is measured."""
    return {**begun, "seconds": seconds, "rows": [row(result) for result in results]}


def row(result: Result) -> dict:
    """One row; what was left out has no figures, and says why."""
    own, *parts = result.figures or [Figure(result.row.what, [], "")]
    return {
        "name": result.row.name,
        **_figure(own),
        "what": result.row.what,
        "parts": [_figure(part) for part in parts],
        "others": result.others,
        "load_average": result.average,
        "tries": result.tries,
        "disturbed": result.disturbed,
        "seconds": result.seconds,
        "left_out": result.left_out or None,
    }


def _figure(figure):
    return {
        "what": figure.what,
        "unit": figure.unit,
        "clock": figure.by or None,
        **spread(figure.values),
        "values": list(figure.values),
        "other_clock": spread(figure.other),
        "budget": figure.budget,
        "verdict": figure.verdict or None,
        "detail": figure.detail,
        "note": figure.note,
    }
