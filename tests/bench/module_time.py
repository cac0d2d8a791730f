# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the module's own work takes on this host as it is, for the subsets of the budget and for each alone."""

from typing import Iterator

from tests.bench import probe
from tests.bench.figures import Figure

FOUR = "memory,tmpfs,shmem,kernel"
_BUDGET_MS = 50
_ROUNDS = 7


def measure() -> Iterator[Figure]:
    """`duration_ms` of cold processes, the choices in turn."""
    choices = [FOUR, "all", *FOUR.split(","), "processes", "cgroups", "oom"]
    walls, cpus = ({choice: [] for choice in choices} for _dummy in range(2))
    for _dummy in range(_ROUNDS):
        for choice in choices:
            (step,) = probe.run("--subsets", choice)
            walls[choice] += step["wall_ms"]
            cpus[choice] += step["cpu_ms"]
    for choice in choices:
        budget = _BUDGET_MS if choice == FOUR else None
        yield Figure(f"in the module: {choice}", walls[choice], "ms", budget, cpu=cpus[choice])
