# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What stands in the way of a good choice: lifelines without protection, workloads with too much of it.

The rules of findings/oom.py read these lists whole; facts.py cuts them afterwards.
"""

from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..models import lifelines, owner, victims
from ..models.badness import FLOORED, SIGNED, UNKILLABLE_ADJ, Task, points
from ..sources import cgroup
from ..sources.printable import printable
from .declared_adj import UnitFiles
from .survey import Survey

_NAMED = 5  # of those in a tie, the smallest first
_MANAGER = 1  # system services are children of pid 1


def gather(survey: Survey, found) -> Dict:
    """found: the victims.Prediction of this host."""
    tasks = found.tasks.by_pid
    workloads = [
        task
        for task in tasks.values()
        if task.adj < 0 and task.spared is None and lifelines.of_process(task.comm, task.cgroup) is None
    ]
    unkillable = _biggest_first([task for task in workloads if task.adj == UNKILLABLE_ADJ])
    negative = _biggest_first([task for task in workloads if task.adj != UNKILLABLE_ADJ])
    return {
        "lifelines": [_lifeline_row(task, kind) for task, kind in _lifelines(tasks)],
        "unkillable_workloads": [_row(survey, task) for task in unkillable],
        "negative_workloads": [_row(survey, task) for task in negative],
        "same_adj_cgroups": _same_adj_cgroups(survey, found),
        "without_victim": [_without_victim(survey, answer) for answer in found.cgroups if not answer.ranking.rows],
        "units": _units(survey, tasks),
    }


def _biggest_first(tasks: List[Task]) -> List[Task]:
    return sorted(tasks, key=victims.holds, reverse=True)


def _row(survey, task: Task) -> Dict:
    return {
        "pid": task.pid,
        "comm": task.comm,
        "oom_score_adj": task.adj,
        "unit": None if task.cgroup is None else owner.of_cgroup(printable(task.cgroup)).unit,
        "cgroup": None if task.cgroup is None else printable(task.cgroup),
        "held_bytes": victims.holds(task) * survey.page_size,
    }


def _lifelines(tasks: Dict[int, Task]) -> Iterator[Tuple[Task, lifelines.Lifeline]]:
    """The main process of each: what it forked (an sshd for each login) may be killed."""
    known = {pid: lifelines.to_protect(task.comm, task.cgroup, task.uid) for pid, task in tasks.items()}
    for pid, kind in known.items():
        if kind is not None and known.get(tasks[pid].ppid) is not kind:
            yield tasks[pid], kind


def _lifeline_row(task: Task, kind: lifelines.Lifeline) -> Dict:
    return {
        "name": kind.name,
        "role": kind.role,
        "pid": task.pid,
        "comm": task.comm,
        "unit": (owner.of_cgroup(printable(task.cgroup)).unit if task.cgroup else None)
        or (kind.units[0] if kind.units else None),
        "oom_score_adj": task.adj,
        "usual_adj": kind.adj,
        "protected": task.adj < 0,
    }


def _same_adj_cgroups(survey, found) -> List[Dict]:
    rows = [row for answer in found.cgroups for row in _same_adj(survey, answer, found.rules.model)]
    return sorted(rows, key=lambda row: -row["biggest"]["held_bytes"])


def _same_adj(survey, answer, model) -> Iterator[Dict]:
    """A cgroup in which a negative adj takes all size out of the choice, or would on a kernel before 5.9."""
    domain, limits, ranking = answer
    killable = [row.task for row in ranking.rows]
    if len(killable) < 2 or any(task.adj >= 0 for task in killable):
        return
    floored = all(points(task, domain.total, FLOORED) == 1 for task in killable)
    if not floored and len({task.adj for task in killable}) > 1:
        return
    biggest = max(killable, key=lambda task: points(task, domain.total, SIGNED))
    doomed = sorted(ranking.victims, key=victims.holds)
    yield {
        "cgroup": printable(domain.path),
        "limit_bytes": limits.memory,
        "processes": len(killable),
        "lowest_adj": min(task.adj for task in killable),
        "highest_adj": max(task.adj for task in killable),
        "all_tied": floored and model != SIGNED,
        "next_count": len(doomed),
        "next": [_row(survey, task) for task in doomed[:_NAMED]],
        "biggest": _row(survey, biggest),
    }


def _without_victim(survey, answer) -> Dict:
    domain, limits, ranking = answer
    held = sum(map(victims.holds, ranking.spared))
    return {
        "cgroup": printable(domain.path),
        "limit_bytes": limits.memory,
        "processes": len(ranking.spared),
        "pid": max(ranking.spared, key=victims.holds).pid,
        "held_bytes": held * survey.page_size,
    }


class _Main(NamedTuple):
    """A process that the service manager started for a unit."""

    unit: str
    task: Task


def _units(survey, tasks: Dict[int, Task]) -> List[Dict]:
    """System services that declare a value, those first whose main process has another."""
    files, rows = UnitFiles(survey.host), []
    by_unit: Dict[str, List[Task]] = {}
    for main in _mains(survey, tasks):
        by_unit.setdefault(main.unit, []).append(main.task)
    for unit, mains in sorted(by_unit.items()):
        declared = files.declared(unit)
        if declared is not None:
            # Of several (containerd's shims are children of pid 1, too) one that has the value is the main one.
            task = min(mains, key=lambda task: (task.adj != declared.value, task.pid))
            rows.append(
                {
                    "unit": printable(unit),
                    "pid": task.pid,
                    "comm": task.comm,
                    "declared_adj": declared.value,
                    "oom_score_adj": task.adj,
                    "declared_in": printable(declared.path),
                    "agrees": task.adj == declared.value,
                }
            )
    return sorted(rows, key=lambda row: row["agrees"])


def _mains(survey, tasks: Dict[int, Task]) -> Iterator[_Main]:
    for task in tasks.values():
        if task.ppid == _MANAGER:
            unit = _system_service(survey, task.pid)
            if unit is not None:
                yield _Main(unit, task)


def _system_service(survey, pid) -> Optional[str]:
    path = cgroup.unit_path_of(survey.cgroup_of(pid)) or "/"
    unit = owner.of_cgroup(path).unit
    # What a user's own manager runs has its unit files elsewhere.
    if unit is None or not unit.endswith(".service") or path.startswith("/user.slice/"):
        return None
    return unit
