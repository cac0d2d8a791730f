# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who dies together: cgroups that have memory.oom.group set (mem_cgroup_get_oom_group())."""

from typing import Container, List, Optional

from .badness import UNKILLABLE_ADJ, Task


def group_of(victim: Task, top: Optional[str], groups: Container[str]) -> Optional[str]:
    """The highest cgroup from the domain's (None: the host) down to the victim's that dies as one; None: none does."""
    if victim.cgroup is None or (top is not None and not is_inside(victim.cgroup, top)):
        return None
    path = (top or "").rstrip("/")
    names = [name for name in victim.cgroup[len(path) :].split("/") if name]
    ways = [path] if path else []
    for name in names:
        path = f"{path}/{name}"
        ways.append(path)
    return next((way for way in ways if way in groups), None)


def members(tasks: List[Task], group: str) -> List[Task]:
    """Everybody who dies with the group."""
    return [
        task
        for task in tasks
        if task.adj != UNKILLABLE_ADJ and task.spared is None and task.cgroup and is_inside(task.cgroup, group)
    ]


def is_inside(path: str, ancestor: str) -> bool:
    """Whether a cgroup is the other or below it."""
    return path == ancestor or path.startswith(ancestor.rstrip("/") + "/")
