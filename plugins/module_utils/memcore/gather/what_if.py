# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What if: the changes that a caller thinks of, all made at once on paper, and who would die then."""

from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ..errors import OptionError
from ..models import size, victims
from ..models import what_if as models
from ..models.badness import Task
from ..sources.printable import printable
from . import oom_domains
from .survey import Survey
from .victims import Answer, Prediction, next_rows, rank_cgroup, rank_host

ADJ, GONE, EMPTIED, RESIZED, LIMIT = "oom_score_adj", "gone", "tmpfs_emptied", "tmpfs_resized", "limit"
CHANGES = (ADJ, GONE, EMPTIED, RESIZED, LIMIT)
_SELECTORS = ("pid", "name", "unit", "cgroup")
# What each change needs besides its name, and what it may have.
_NEEDS = {ADJ: ("value",), GONE: (), EMPTIED: ("mount",), RESIZED: ("mount", "size"), LIMIT: ("cgroup", "size")}
_MAY_HAVE = {ADJ: _SELECTORS, GONE: _SELECTORS, EMPTIED: (), RESIZED: (), LIMIT: ()}
_NO_LIMIT = "max"


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


class _Effect(NamedTuple):
    """What a change does: to each domain, to a cgroup's limit (path, bytes), and what is said of it."""

    told: Dict
    domain: Optional[Callable[[victims.Domain], victims.Domain]] = None
    limit: Optional[Tuple[str, Optional[int]]] = None


def checked(asked: List[Dict]) -> List[Change]:
    """The changes, or an OptionError that says which one lacks what."""
    return [_checked(number, given) for number, given in enumerate(asked, 1)]


def answer(survey: Survey, found: Prediction, changes: List[Change]) -> Dict:
    """The new order beside the old, for the host and each cgroup whose outcome or order changes.

    A change that names nothing on this host is an OptionError.
    """
    effects = [_EFFECTS[change.change](survey, found, change) for change in changes]
    limits = dict(effect.limit for effect in effects if effect.limit)
    turns = [effect.domain for effect in effects if effect.domain]
    return {
        "changes": [effect.told for effect in effects],
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
        domain = domain._replace(total=oom_domains.total_pages(limits, survey))
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
    moves = models.beside(before or _NONE, after or _NONE)
    return {
        "cgroup": None if path is None else printable(path),
        "limit_bytes_before": None if old is None else old.limits.memory,
        "limit_bytes_after": None if new is None else new.limits.memory,
        "changed": before is None or after is None or models.is_other(before, after),
        "choice_before": None if before is None else before.choice,
        "choice_after": None if after is None else after.choice,
        "sure_before": None if before is None else before.sure,
        "sure_after": None if after is None else after.sure,
        "next_before": [] if before is None else next_rows(survey, before, f"{scope}.next_before"),
        "next_after": [] if after is None else next_rows(survey, after, f"{scope}.next_after"),
        "order": [_move_row(move) for move in survey.capped(f"{scope}.order", moves)],
    }


def _move_row(move: models.Move) -> Dict:
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


def _checked(number, given) -> Change:
    known = {key: value for key, value in given.items() if value is not None}
    change = known.get("change")
    if change not in CHANGES:
        raise OptionError(f"what_if entry {number} has change {change!r}, which is none of {', '.join(CHANGES)}.")
    unknown = sorted(set(known) - set(_NEEDS[change]) - set(_MAY_HAVE[change]) - {"change"})
    if unknown:
        raise OptionError(f"what_if entry {number} ({change}) has {unknown[0]}, which it cannot use; drop it.")
    missing = [name for name in _NEEDS[change] if name not in known]
    if missing:
        words = "give it" if len(missing) == 1 else "give them"
        raise OptionError(f"what_if entry {number} ({change}) lacks {' and '.join(missing)}; {words}.")
    if _MAY_HAVE[change] and len(set(known) & set(_SELECTORS)) != 1:
        raise OptionError(
            f"what_if entry {number} ({change}) must say with exactly one of {', '.join(_SELECTORS)} which processes."
        )
    _check_values(number, change, known)
    return Change(**known)


def _check_values(number, change, known):
    value = known.get("value")
    if value is not None and not -1000 <= value <= 1000:
        raise OptionError(f"what_if entry {number} has value {value}, but oom_score_adj goes from -1000 to 1000.")
    text = known.get("size")
    if text is not None and not (change == LIMIT and text == _NO_LIMIT) and not size.parse(text):
        words = "a size such as 512M, or max for no limit" if change == LIMIT else "a size such as 512M"
        raise OptionError(f"what_if entry {number} has size {text!r}, which is no size above 0; give {words}.")


def _adj(survey, found, change: Change) -> _Effect:
    tasks = _selected(survey, found, change)
    pids = {task.pid for task in tasks}
    return _Effect(
        _told(change, f"{_named(tasks)} with oom_score_adj {change.value}", sorted(pids)),
        domain=lambda domain: models.with_adj(domain, pids, change.value),
    )


def _gone(survey, found, change: Change) -> _Effect:
    tasks = _selected(survey, found, change)
    pids = {task.pid for task in tasks}
    freed = [victims.frees(task) for task in tasks]
    told = None if None in freed else sum(freed) * survey.page_size
    return _Effect(
        _told(change, f"{_named(tasks)} gone", sorted(pids), frees_bytes=told),
        domain=lambda domain: models.without(domain, pids),
    )


def _emptied(survey, _found, change: Change) -> _Effect:
    used, _limit = _tmpfs(survey, change.mount)
    sentence = f"{printable(change.mount)} emptied, which gives back at most {size.human(used)} (what is open stays)"
    return _Effect(_told(change, sentence, [], frees_bytes=used))


def _resized(survey, _found, change: Change) -> _Effect:
    used, limit = _tmpfs(survey, change.mount)
    new = size.parse(change.size)
    if new < used:
        raise OptionError(
            f"what_if: {change.mount} cannot be resized to {size.human(new)} while {size.human(used)} is in it; "
            "the kernel refuses that, so give more or empty it first."
        )
    sentence = (
        f"{printable(change.mount)} resized to {size.human(new)}, so that it can take {size.human(new - used)} more"
    )
    was = "; without limit until now" if limit is None else f" instead of {size.human(max(limit - used, 0))}"
    rest = None if limit is None else max(limit - used, 0)
    return _Effect(_told(change, sentence + was, [], can_take_bytes_before=rest, can_take_bytes_after=new - used))


def _limit(_survey, found, change: Change) -> _Effect:
    path = _path(change.cgroup)
    place = found.tree.places[_place(found, path)]
    if change.size == _NO_LIMIT:
        return _Effect(_told(change, f"{printable(path)} without a limit", []), limit=(path, None))
    new = size.parse(change.size)
    used = found.tree.limits(place, new).used
    below = "" if used is None or used <= new else f", which is below the {size.human(used)} that it uses"
    return _Effect(_told(change, f"{printable(path)} with a limit of {size.human(new)}{below}", []), limit=(path, new))


_EFFECTS = {ADJ: _adj, GONE: _gone, EMPTIED: _emptied, RESIZED: _resized, LIMIT: _limit}


def _told(change, sentence, pids, **figures) -> Dict:
    row = {"frees_bytes": None, "can_take_bytes_before": None, "can_take_bytes_after": None}
    return dict(row, change=change.change, summary=sentence, pids=pids, **figures)


def _selected(survey, found, change: Change) -> List[Task]:
    tasks = [task for task in found.tasks.by_pid.values() if _is_meant(survey, task, change)]
    if not tasks:
        key = next(key for key in _SELECTORS if getattr(change, key) is not None)
        raise OptionError(
            f"what_if ({change.change}): no process with memory of its own has {key} {getattr(change, key)!r} here; "
            "look it up with ps."
        )
    return tasks


def _is_meant(survey, task: Task, change: Change) -> bool:
    if change.pid is not None:
        return task.pid == change.pid
    if change.name is not None:
        return task.comm == change.name
    if change.unit is not None:
        return survey.owner_of(task.pid).unit in (change.unit, f"{change.unit}.service")
    return task.cgroup is not None and victims.is_inside(task.cgroup, _path(change.cgroup))


def _place(found, path) -> int:
    for index, place in enumerate(found.tree.places):
        if place.path == path:
            return index
    raise OptionError(f"what_if (limit): there is no memory cgroup {path!r} here; systemd-cgls shows those that are.")


def _path(text: str) -> str:
    return "/" + text.strip("/")


def _tmpfs(survey, mount) -> Tuple[int, Optional[int]]:
    """Bytes used and the size limit of the tmpfs that is mounted there."""
    wanted = "/" + mount.strip("/")
    for block in survey.superblocks:
        if block.space is not None and any(at.mount_point == wanted for _namespace, at in block.mounts):
            return block.space.used_bytes or 0, block.space.size_bytes
    raise OptionError(f"what_if: no tmpfs is mounted at {mount!r}, or its size cannot be read; see findmnt -t tmpfs.")


def _named(tasks) -> str:
    first = tasks[0]
    more = f" and {len(tasks) - 1} more" if tasks[1:] else ""
    return f"{first.comm} (pid {first.pid}){more}"
