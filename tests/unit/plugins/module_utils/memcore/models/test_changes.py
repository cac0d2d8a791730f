# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Old and new order side by side."""

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import changes
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import FLOORED, SIGNED, Task
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.oom_rules import Rules
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.victims import Domain, rank

RULES = Rules(SIGNED, "last")


def task(pid, rss=0, adj=0):
    return Task(pid, f"task{pid}", adj, rss, 0, 0)


def places(moves):
    return [(move.task.pid, move.before and move.before.rank, move.after and move.after.rank) for move in moves]


def test_another_adj_changes_the_order():
    before = Domain("/c", 100000, [task(1, 900), task(2, 800), task(3, 5)])
    after = changes.with_adj(before, {1}, -500)
    assert [one.adj for one in after.tasks] == [-500, 0, 0]
    old, new = rank(before, RULES), rank(after, RULES)
    assert places(changes.beside(old, new)) == [(2, 2, 1), (3, 3, 2), (1, 1, 3)]
    assert changes.is_other(old, new)


def test_who_is_gone_or_protected_stands_last():
    before = Domain("/c", 100000, [task(1, 900), task(2, 800), task(3, 5)])
    after = changes.with_adj(changes.without(before, {2}), {1}, -1000)
    assert places(changes.beside(rank(before, RULES), rank(after, RULES))) == [(3, 3, 1), (1, 1, None), (2, 2, None)]


def test_who_was_protected_comes_in():
    before = Domain("/c", 100000, [task(1, 900, -1000), task(2, 800)])
    after = changes.with_adj(before, {1}, 0)
    assert places(changes.beside(rank(before, RULES), rank(after, RULES))) == [(1, None, 1), (2, 1, 2)]


def test_another_choice_is_another_outcome():
    before = Domain("/c", 100000, [task(1, 900)])
    after = changes.with_adj(before, {1}, -1000)
    assert changes.is_other(rank(before, RULES), rank(after, RULES))


domains = st.builds(
    Domain,
    st.just("/c"),
    st.integers(1, 50000),
    st.lists(
        st.builds(task, st.integers(1, 99), st.integers(0, 9999), st.integers(-1000, 1000)),
        max_size=9,
        unique_by=lambda one: one.pid,
    ),
)
rules = st.builds(Rules, st.sampled_from([SIGNED, FLOORED]), st.sampled_from(["first", "last", "unknown"]))


@given(domains, rules)
def test_no_change_changes_nothing(domain, known):
    same = changes.without(changes.with_adj(domain, set(), 0), set())
    assert same == domain
    ranking = rank(domain, known)
    assert not changes.is_other(ranking, rank(same, known))
    assert all(move.before == move.after for move in changes.beside(ranking, ranking))


@given(domains, rules, st.sets(st.integers(1, 99)), st.integers(-1000, 1000))
def test_nobody_is_lost_between_old_and_new(domain, known, pids, adj):
    changed = changes.with_adj(domain, pids, adj)
    old, new = rank(domain, known), rank(changed, known)
    moves = changes.beside(old, new)
    assert {move.task.pid for move in moves} == {row.task.pid for row in old.rows + new.rows}
    assert len(moves) == len({move.task.pid for move in moves})
    assert [move.after for move in moves if move.after] == new.rows


def test_what_a_task_held_can_be_taken_by_the_others_once_it_is_gone():
    tasks = [Task(1, "a", 0, 500, 3, 7), Task(2, "b", 0, 50, 0, 0)]
    assert changes.without(Domain("/c", 4000, tasks, headroom=100), {1}).headroom == 610
    assert changes.without(Domain("/c", 4000, tasks, headroom=None), {1}).headroom is None
