# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who else could have the most points once memory has run out: what is still free until then, anybody may take."""

from typing import Iterable, List, NamedTuple, Optional

from .badness import Task


class Contender(NamedTuple):
    """grows: pages that the task has to grow by, more than the chosen does, to have as many points."""

    task: Task
    grows: int


class Scored(NamedTuple):
    """A task's points; low, high: the bounds that the drift of its counters leaves.

    signed: its points without a floor; drift: pages by which its counters may be off.
    """

    task: Task
    points: int
    low: int
    high: int
    signed: int
    drift: int


def overtakers(first: Scored, others: Iterable[Scored], headroom: int, floor: Optional[int]) -> List[Contender]:
    """Those who may pass the chosen before memory runs out, the nearest first.

    headroom: pages that are still free or can be freed. Each of the others may take all of them, while the kernel may
    write back the file pages of the chosen, so that it has fewer points. floor: the least points, None where there is
    none.
    """
    lowest = first.signed - first.drift - min(headroom, first.task.file or 0)
    lowest = lowest if floor is None else max(lowest, floor)
    found = [
        Contender(one.task, max(first.points - one.signed, 0))
        for one in others
        if _can_pass(one, first, max(one.high, one.signed + one.drift + headroom), lowest)
    ]
    return sorted(found, key=lambda one: one.grows)


def _can_pass(one, first, highest, lowest) -> bool:
    # Where the floor holds both, the order of the scan has decided already.
    return highest > lowest or (highest == lowest and one.points != first.points)
