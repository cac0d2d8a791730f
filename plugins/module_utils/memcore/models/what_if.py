# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The same choice under other circumstances, such as another adj or a process gone; old and new order side by side."""

from typing import Container, Dict, List, NamedTuple, Optional

from .badness import Task
from .victims import Domain, Ranking, Row


class Move(NamedTuple):
    """A task's place before and after; None where it may not be killed, or is not there."""

    task: Task
    before: Optional[Row]
    after: Optional[Row]


def with_adj(domain: Domain, pids: Container[int], adj: int) -> Domain:
    """As if these had another oom_score_adj."""
    return domain._replace(tasks=[task._replace(adj=adj) if task.pid in pids else task for task in domain.tasks])


def without(domain: Domain, pids: Container[int]) -> Domain:
    """As if these were gone."""
    return domain._replace(tasks=[task for task in domain.tasks if task.pid not in pids])


def beside(before: Ranking, after: Ranking) -> List[Move]:
    """Every task that may be killed before or after, in the new order; those that dropped out stand last."""
    old: Dict[int, Row] = {row.task.pid: row for row in before.rows}
    new = {row.task.pid for row in after.rows}
    moves = [Move(row.task, old.get(row.task.pid), row) for row in after.rows]
    return moves + [Move(row.task, row, None) for row in before.rows if row.task.pid not in new]


def is_other(before: Ranking, after: Ranking) -> bool:
    """Whether something else happens: another choice, or another victim."""
    return (before.choice, _pids(before.victims)) != (after.choice, _pids(after.victims))


def _pids(tasks):
    return [task.pid for task in tasks]
