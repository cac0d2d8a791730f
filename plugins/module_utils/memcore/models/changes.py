# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Changes that a caller thinks of (what if), the same choice after them, and old and new order side by side."""

from typing import Container, Dict, List, NamedTuple, Optional, Tuple

from ..errors import OptionError
from .badness import Task
from .size import human
from .victims import Domain, Ranking, Row, holds

ADJ, GONE, EMPTIED, RESIZED, LIMIT = "oom_score_adj", "gone", "tmpfs_emptied", "tmpfs_resized", "limit"
CHANGES = (ADJ, GONE, EMPTIED, RESIZED, LIMIT)
SELECTORS = ("pid", "name", "unit", "cgroup")
NO_LIMIT = "max"


class Change(NamedTuple):
    """What a caller asked for; fields that the change does not need are None. size: as written, `512M` or `max`."""

    change: str
    pid: Optional[int] = None
    name: Optional[str] = None
    unit: Optional[str] = None
    cgroup: Optional[str] = None
    value: Optional[int] = None
    mount: Optional[str] = None
    size: Optional[str] = None


class Outcome(NamedTuple):
    """What a change meets on the host. tasks: (comm, pid) of the processes that it is about.

    used_bytes, limit_bytes: of the tmpfs or cgroup before; new_bytes: its limit after. None where that is not known,
    where there is no limit, or where the change has none.
    """

    change: Change
    tasks: List[Tuple[str, int]] = []
    frees_bytes: Optional[int] = None
    used_bytes: Optional[int] = None
    limit_bytes: Optional[int] = None
    new_bytes: Optional[int] = None


class Move(NamedTuple):
    """A task's place before and after; None where it may not be killed, or is not there."""

    task: Task
    before: Optional[Row]
    after: Optional[Row]


def with_adj(domain: Domain, pids: Container[int], adj: int) -> Domain:
    """As if these had another oom_score_adj."""
    return domain._replace(tasks=[task._replace(adj=adj) if task.pid in pids else task for task in domain.tasks])


def without(domain: Domain, pids: Container[int]) -> Domain:
    """As if these were gone: the others may take what they held."""
    freed = sum(holds(task) for task in domain.tasks if task.pid in pids)
    return domain._replace(
        tasks=[task for task in domain.tasks if task.pid not in pids],
        headroom=None if domain.headroom is None else domain.headroom + freed,
    )


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


def no_process(change: Change) -> OptionError:
    """The selector of a change matches nothing."""
    key = next(key for key in SELECTORS if getattr(change, key) is not None)
    return OptionError(
        f"what_if ({change.change}): no process with memory of its own has {key} {getattr(change, key)!r} here; "
        "look it up with ps."
    )


def no_cgroup(path: str) -> OptionError:
    """A limit for what does not exist."""
    return OptionError(f"what_if (limit): there is no memory cgroup {path!r} here; list them with systemd-cgls.")


def no_tmpfs(mount: str) -> OptionError:
    """A tmpfs that is not there, or whose size is refused."""
    return OptionError(
        f"what_if: no tmpfs is mounted at {mount!r}, or its size cannot be read; list them with findmnt -t tmpfs."
    )


def too_full(mount: str, new: int, used: int) -> OptionError:
    """A size, in bytes, that the kernel would refuse."""
    return OptionError(
        f"what_if: {mount} cannot be resized to {human(new)} while it holds {human(used)}; the kernel refuses that, so "
        "give a larger size or empty it first."
    )
