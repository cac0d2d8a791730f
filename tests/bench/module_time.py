# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the module's own work takes on this host as it is, for the subsets of the budget and for each alone."""

from typing import Iterator, List

from tests.bench import probe
from tests.bench.figures import Figure
from tests.bench.row import Row, Setting

FOUR = "memory,tmpfs,shmem,kernel"
_BUDGET_MS = 50


def rows() -> Iterator[Row]:
    """`duration_ms` of cold processes."""
    yield _row("module-four", FOUR, _BUDGET_MS)
    for choice in ("all", *FOUR.split(","), "processes", "cgroups", "oom"):
        yield _row("module-" + choice, choice, None)


def _row(name, choice, budget):
    what = "in the module: " + choice

    def measure(setting: Setting) -> List[Figure]:
        steps = setting.tries.best(lambda: _cold(setting, choice)).value
        walls, cpus = ([step[clock][0] for step in steps] for clock in ("wall_ms", "cpu_ms"))
        return [Figure(what, walls, "ms", "wall", budget, other=cpus)]

    return Row(name, what, 5, measure)


def _cold(setting, choice):
    return [probe.run("--subsets", choice) for _dummy in setting.rounds.numbers()]
