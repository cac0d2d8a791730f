# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rows in the order in which they are measured, and how to choose some by name."""

from typing import List, Sequence

from tests.bench import adhoc, agent, fleet_plays, growth, module_time, oom_log, payload, peak, pod_audit, scan
from tests.bench.row import Row

_PROCESSES = (0, 500, 5000)


def rows() -> List[Row]:
    """The host as it is first, then with more and more processes on it: to start thousands takes long."""
    as_it_is = [*module_time.rows(), *adhoc.rows(), *payload.rows(), *oom_log.rows(), pod_audit.row()]
    few, some, many = ([*scan.rows(size), peak.row(size)] for size in _PROCESSES)
    files, *beside_others = growth.rows_of_scenes()
    grown = growth.row_of_processes()
    last = [fleet_plays.row(), *agent.rows(), oom_log.memory_row()]
    return [*as_it_is, *few, files, *some, *beside_others, grown, *many, *last]


def chosen(known: Sequence[Row], names: Sequence[str]) -> List[Row]:
    """The rows of these names in their order, all without any name; ValueError for a name that is not known."""
    missing = [name for name in names if name not in {row.name for row in known}]
    if missing:
        raise ValueError(f"no row is named {', '.join(missing)}; choose of {', '.join(row.name for row in known)}")
    return [row for row in known if not names or row.name in names]
