# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who may be a child of vfork(2) that still uses its parent's memory: since 4.8 it is never chosen (in_vfork())."""

from typing import Dict, FrozenSet

from .badness import Task


def suspects(tasks: Dict[int, Task]) -> FrozenSet[int]:
    """The pids of those that have the same memory as their parent to the page, by every figure that /proc shows.

    It is a doubt, never a fact: no file tells it, a child of fork(2) may look the same, and so does one that shares its
    parent's memory for good (clone(2) with CLONE_VM), which the kernel does not skip.
    """
    return frozenset(pid for pid, task in tasks.items() if task.rss and _is_same(task, tasks.get(task.ppid)))


def _is_same(task, parent) -> bool:
    if parent is None or parent.pid == task.pid or task.total_vm is None:
        return False
    return _figures(task) == _figures(parent)


def _figures(task):
    return task.total_vm, task.rss, task.anon, task.file, task.shmem, task.swap, task.page_tables
