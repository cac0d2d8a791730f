# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What if: the changes that a caller thinks of, all made at once on paper, and who would die then."""

from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ..models import changes, oom_group, size, victims
from ..models.badness import Task
from ..models.changes import ADJ, EMPTIED, GONE, LIMIT, NO_LIMIT, RESIZED, Change, Outcome
from ..sources.printable import printable
from . import oom_domains
from .survey import Survey
from .victims import Answer, Prediction, next_rows, rank_cgroup, rank_host


class _Effect(NamedTuple):
    """What a change meets, and what it does: to each domain, to a cgroup's limit (path, bytes)."""

    outcome: Outcome
    domain: Optional[Callable[[victims.Domain], victims.Domain]] = None
    limit: Optional[Tuple[str, Optional[int]]] = None


def answer(survey: Survey, found: Prediction, asked: List[Change]) -> Dict:
    """The new order beside the old, for the host and each cgroup whose outcome or order changes; changes: Outcomes.

    A change that names nothing on this host is an OptionError.
    """
    effects = [_EFFECTS[change.change](survey, found, change) for change in asked]
    limits = dict(effect.limit for effect in effects if effect.limit)
    turns = [effect.domain for effect in effects if effect.domain]
    return {
        "changes": [effect.outcome for effect in effects],
        "host": _beside(survey, found.host, _again(survey, found, found.host, turns, None)),
        "by_cgroup": survey.capped("what_if.by_cgroup", _of_cgroups(survey, found, turns, limits)),
    }


def _of_cgroups(survey, found, turns, limits) -> List[Dict]:
    rows = []
    known = {place.domain.path: place for place in found.cgroups}
    for path, old in known.items():
        new = None if path in limits and limits[path] is None else _again(survey, found, old, turns, limits.get(path))
        if new is None or new.domain != old.domain:
            rows.append(_beside(survey, old, new))
    for path, limit in limits.items():
        if path not in known and limit is not None:
            rows.append(_beside(survey, None, _new_domain(survey, found, path, turns, limit)))
    return rows


def _again(survey, found, old: Answer, turns, limit) -> Answer:
    """The domain after the changes."""
    domain, limits = old.domain, old.limits
    if limit is not None:
        limits = limits._replace(memory=limit)
        domain = domain._replace(
            total=oom_domains.total_pages(limits, survey), headroom=oom_domains.headroom_pages(limits, survey)
        )
    return _ranked(survey, found, domain, limits, turns)


def _new_domain(survey, found, path, turns, limit) -> Answer:
    """A cgroup that has no limit yet."""
    index = _place(found, path)
    limits = found.tree.limits(found.tree.places[index], limit)
    tasks, order = found.tasks.by_pid, found.rules.creation_order
    domain = oom_domains.cgroup_domain(survey, tasks, found.tree, index, limits, order)
    return _ranked(survey, found, domain, limits, turns)


def _ranked(survey, found, domain, limits, turns) -> Answer:
    for turn in turns:
        domain = turn(domain)
    if domain.path is None:
        return Answer(domain, limits, rank_host(survey, domain, found.rules, found.tasks))
    return Answer(domain, limits, rank_cgroup(survey, domain, found.rules, found.tasks))


def _beside(survey, old: Optional[Answer], new: Optional[Answer]) -> Dict:
    before = None if old is None else old.ranking
    after = None if new is None else new.ranking
    path = (old or new).domain.path
    scope = "what_if.host" if path is None else "what_if.by_cgroup"
    moves = changes.beside(before or _NONE, after or _NONE)
    return {
        "cgroup": None if path is None else printable(path),
        "limit_bytes_before": None if old is None else old.limits.memory,
        "limit_bytes_after": None if new is None else new.limits.memory,
        "changed": before is None or after is None or changes.is_other(before, after),
        "choice_before": None if before is None else before.choice,
        "choice_after": None if after is None else after.choice,
        "sure_before": None if before is None else before.sure,
        "sure_after": None if after is None else after.sure,
        "next_before": [] if before is None else next_rows(survey, before, f"{scope}.next_before"),
        "next_after": [] if after is None else next_rows(survey, after, f"{scope}.next_after"),
        "order": [_move_row(move) for move in survey.capped(f"{scope}.order", moves)],
    }


def _move_row(move: changes.Move) -> Dict:
    before, after = move.before, move.after
    return {
        "pid": move.task.pid,
        "comm": move.task.comm,
        "rank_before": None if before is None else before.rank,
        "rank_after": None if after is None else after.rank,
        "badness_before": None if before is None else before.points,
        "badness_after": None if after is None else after.points,
    }


_NONE = victims.Ranking([], [], victims.NOBODY, [], [], [], None, None, False, None, [])


def _adj(survey, found, change: Change) -> _Effect:
    tasks = _selected(survey, found, change)
    pids = {task.pid for task in tasks}
    return _Effect(Outcome(change, _names(tasks)), domain=lambda domain: changes.with_adj(domain, pids, change.value))


def _gone(survey, found, change: Change) -> _Effect:
    tasks = _selected(survey, found, change)
    pids = {task.pid for task in tasks}
    freed = [victims.frees(task) for task in tasks]
    total = None if None in freed else sum(freed) * survey.page_size
    return _Effect(
        Outcome(change, _names(tasks), frees_bytes=total), domain=lambda domain: changes.without(domain, pids)
    )


def _emptied(survey, _found, change: Change) -> _Effect:
    used, limit = _tmpfs(survey, change.mount)
    return _Effect(Outcome(change, frees_bytes=used, used_bytes=used, limit_bytes=limit))


def _resized(survey, _found, change: Change) -> _Effect:
    used, limit = _tmpfs(survey, change.mount)
    new = size.parse(change.size)
    if new < used:
        raise changes.too_full(change.mount, new, used)
    return _Effect(Outcome(change, used_bytes=used, limit_bytes=limit, new_bytes=new))


def _limit(_survey, found, change: Change) -> _Effect:
    path = _path(change.cgroup)
    place = found.tree.places[_place(found, path)]
    if change.size == NO_LIMIT:
        return _Effect(Outcome(change), limit=(path, None))
    new = size.parse(change.size)
    used = found.tree.limits(place, new).used
    return _Effect(Outcome(change, used_bytes=used, new_bytes=new), limit=(path, new))


_EFFECTS = {ADJ: _adj, GONE: _gone, EMPTIED: _emptied, RESIZED: _resized, LIMIT: _limit}


def _names(tasks: List[Task]) -> List[Tuple[str, int]]:
    return [(task.comm, task.pid) for task in tasks]


def _selected(survey, found, change: Change) -> List[Task]:
    tasks = [task for task in found.tasks.by_pid.values() if _is_meant(survey, task, change)]
    if not tasks:
        raise changes.no_process(change)
    return tasks


def _is_meant(survey, task: Task, change: Change) -> bool:
    if change.pid is not None:
        return task.pid == change.pid
    if change.name is not None:
        return task.comm == change.name
    if change.unit is not None:
        return survey.owner_of(task.pid).unit in (change.unit, f"{change.unit}.service")
    return task.cgroup is not None and oom_group.is_inside(task.cgroup, _path(change.cgroup))


def _place(found, path) -> int:
    for index, place in enumerate(found.tree.places):
        if place.path == path:
            return index
    raise changes.no_cgroup(path)


def _path(text: str) -> str:
    return "/" + text.strip("/")


def _tmpfs(survey, mount) -> Tuple[int, Optional[int]]:
    """Bytes used and the size limit of the tmpfs that is mounted there."""
    wanted = "/" + mount.strip("/")
    for block in survey.superblocks:
        if block.space is not None and any(at.mount_point == wanted for _namespace, at in block.mounts):
            return block.space.used_bytes or 0, block.space.size_bytes
    raise changes.no_tmpfs(mount)
