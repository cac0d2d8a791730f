# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who may be a child of vfork(2) that still uses its parent's memory: since 4.8 it is never chosen (in_vfork())."""

from typing import Dict, FrozenSet, List

from .badness import Task


def suspects(tasks: Dict[int, Task]) -> FrozenSet[int]:
    """The pids of those that have the same memory as their parent to the page, by every figure that /proc shows.

    It is a doubt, never a fact: no file tells it, a child of fork(2) may look the same, and so does one that shares its
    parent's memory for good (clone(2) with CLONE_VM), which the kernel does not skip.
    """
    return frozenset(pid for pid, task in tasks.items() if task.rss and _is_same(task, tasks.get(task.ppid)))


def families(tasks: Dict[int, Task], suspected: FrozenSet[int]) -> Dict[int, List[int]]:
    """Each pid that may share its memory with others, and the pids of all that may share the same, itself among them.

    Whoever shares the memory of a victim dies with it, in whatever cgroup it is (__oom_kill_process()). Only parents
    and children are compared, since small processes that have nothing in common often have the same figures.
    """
    oldest: Dict[int, int] = {}
    found: Dict[int, List[int]] = {}
    for pid in suspected:
        way: Dict[int, None] = {}
        while pid in suspected and pid not in oldest and pid not in way:  # a captured tree may have any parents
            way[pid] = None
            pid = tasks[pid].ppid
        top = oldest.get(pid, pid)
        oldest.update(dict.fromkeys(way, top))
    for pid in sorted(suspected | frozenset(oldest.values())):
        found.setdefault(oldest.get(pid, pid), []).append(pid)
    return {pid: family for family in found.values() for pid in family}


def _is_same(task, parent) -> bool:
    if parent is None or parent.pid == task.pid or task.total_vm is None:
        return False
    return _figures(task) == _figures(parent)


def _figures(task):
    return task.total_vm, task.rss, task.anon, task.file, task.shmem, task.swap, task.page_tables
