# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may share the memory of a parent or child, by figures that are the same to the page."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import Task
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.vfork import families, suspects


def known(*parents, **other):
    """Tasks by pid of (pid, parent); other: figures by pid, as p7={...}, that differ from those of all others."""
    same = {"total_vm": 900, "anon": 60, "file": 40, "shmem": 0}
    tasks = [Task(pid, "linux", 0, 100, 0, 5, ppid=ppid, **same) for pid, ppid in parents]
    return {task.pid: task._replace(**other.get(f"p{task.pid}", {})) for task in tasks}


def told(tasks):
    return families(tasks, suspects(tasks))


def test_a_chain_of_parents_and_children_is_one_family():
    # As the user-mode kernel runs: its helpers share its memory.
    assert told(known((7, 1), (8, 7), (9, 8))) == {7: [7, 8, 9], 8: [7, 8, 9], 9: [7, 8, 9]}


def test_two_children_of_one_parent_are_a_family_with_it():
    assert told(known((7, 1), (8, 7), (9, 7)))[9] == [7, 8, 9]


def test_one_that_differs_parts_a_family():
    tasks = known((7, 1), (8, 7), (9, 8), (10, 9), p9={"anon": 61})
    assert told(tasks) == {7: [7, 8], 8: [7, 8]}


@pytest.mark.parametrize("figures", [{"rss": 0, "anon": 0, "file": 0}, {"total_vm": None}])
def test_who_shows_no_memory_is_in_no_family(figures):
    assert told(known((7, 1), (8, 7), p7=figures, p8=figures)) == {}


def test_strangers_with_the_same_figures_are_no_family():
    assert told(known((7, 1), (8, 1), (9, 2))) == {}


def test_parents_that_go_round_in_a_captured_tree_end():
    assert told(known((7, 9), (8, 7), (9, 8))) == {7: [7, 8, 9], 8: [7, 8, 9], 9: [7, 8, 9]}
    assert told(known((7, 7))) == {}


def test_a_long_chain_is_walked_once():
    count = 20000
    tasks = known(*((pid, pid - 1) for pid in range(1, count)))
    assert len(told(tasks)[count - 1]) == count - 1
