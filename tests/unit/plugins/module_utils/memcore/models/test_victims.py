# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who dies in a domain, worked out by hand; and what must hold for any domain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import victims
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import (
    FLOORED,
    SIGNED,
    UNKNOWN,
    Task,
)
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.oom_group import is_inside
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.oom_rules import Rules
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.victims import Domain, rank

NEW, OLD = Rules(SIGNED, "last"), Rules(FLOORED, "first")


def task(pid, rss=0, adj=0, **more):
    return Task(pid, f"task{pid}", adj, rss, more.pop("swap", 0), more.pop("page_tables", 0), **more)


def pids(tasks):
    return [one.pid for one in tasks]


def order(ranking):
    return [(row.rank, row.task.pid, row.points, row.tied) for row in ranking.rows]


# The report in the message of kernel commit 9066e5cfb73c: a pod with a limit of 16 GiB and no swap, all at -998.
# (pid, name, resident pages, bytes of page tables), in the order of its task table.
POD = (
    (5740, "pause", 1, 32768),
    (58804, "entry_point.bas", 771, 81920),
    (58908, "cron", 689, 98304),
    (58910, "supervisord", 5576, 163840),
    (59620, "sshd", 1395, 188416),
    (59622, "python", 6679, 188416),
    (59624, "odin-agent", 5161, 548864),
    (59625, "filebeat", 9248, 983040),
    (59627, "odin-log-agent", 64239, 774144),
    (59631, "python3", 15012, 385024),
    (61396, "client", 3189, 352256),
    (61641, "client", 29089, 946176),
    (9236, "php_scanner", 467, 53248),
    (42898, "su", 838, 167936),
    (42900, "exec_script_vr2", 867, 77824),
    (42925, "python", 19033, 335872),
    (57146, "exec_script_J2p", 848, 73728),
    (57195, "python2", 22958, 491520),
    (58376, "rosmaster", 14402, 290816),
    (58395, "rosout", 4449, 245760),
    (58406, "data_sim", 3967322, 37101568),
)
POD_DOMAIN = Domain(
    "/kubepods/podf1c273d3-9b36-11ea-b3df-246e9693c184",
    16 * 1024 * 1024 * 1024 // 4096,
    [
        Task(pid, comm, -998, rss, 0, tables // 4096, anon=rss if comm == "data_sim" else None)
        for pid, comm, rss, tables in POD
    ],
)


def test_the_pod_of_the_kernels_commit_loses_pause_on_a_floored_kernel():
    ranking = rank(POD_DOMAIN, OLD)
    assert [one.comm for one in ranking.victims] == ["pause"]
    assert {row.points for row in ranking.rows} == {1}
    assert ranking.rows[0].tied == len(POD) - 1
    assert (ranking.margin, ranking.drift, ranking.sure) == (0, 0, True)


def test_the_pod_of_the_kernels_commit_loses_the_last_from_5_3_on():
    assert [one.comm for one in rank(POD_DOMAIN, Rules(FLOORED, "last")).victims] == ["data_sim"]


def test_the_pod_of_the_kernels_commit_loses_the_hog_on_a_signed_kernel():
    ranking = rank(POD_DOMAIN, NEW)
    by_name = {row.task.comm: row.points for row in ranking.rows}
    # 4194304 pages / 1000 = 4194; times -998 is -4185612.
    assert by_name["data_sim"] == 3967322 + 9058 - 4185612 == -209232
    assert by_name["odin-log-agent"] == 64239 + 189 - 4185612 == -4121184
    assert by_name["pause"] == 1 + 8 - 4185612 == -4185603
    assert [row.task.comm for row in ranking.rows[:2]] == ["data_sim", "odin-log-agent"]
    assert ranking.rows[-1].task.comm == "pause"
    assert ranking.margin == 4121184 - 209232
    assert victims.frees(ranking.victims[0]) == 3967322 + 9058


def test_a_tie_without_a_rule_names_all_of_it():
    ranking = rank(
        Domain("/c", 10000, [task(1, 5, -900), task(2, 900, -900), task(3, 5000)]), Rules(FLOORED, "unknown")
    )
    assert order(ranking) == [(1, 3, 5000, 0), (2, 1, 1, 1), (2, 2, 1, 1)]
    tied = rank(Domain("/c", 10000, [task(1, 5, -900), task(2, 900, -900)]), Rules(FLOORED, "unknown"))
    assert pids(tied.victims) == [1, 2] and not tied.sure


@pytest.mark.parametrize("rule, expected", [("first", [1]), ("last", [3])])
def test_a_tie_is_decided_by_the_order_of_the_scan(rule, expected):
    ranking = rank(Domain(None, 4000, [task(1, 7), task(2, 7), task(3, 7)]), Rules(SIGNED, rule))
    assert pids(ranking.victims) == expected and ranking.sure


def test_where_only_the_order_of_cgroups_is_known_a_tie_is_left_within_one():
    tasks = [task(1, cgroup="/c/a"), task(2, cgroup="/c/b"), task(3, cgroup="/c/b")]
    first = rank(Domain("/c", 4000, tasks, order=victims.BY_CGROUP), OLD)
    last = rank(Domain("/c", 4000, tasks, order=victims.BY_CGROUP), Rules(FLOORED, "last"))
    assert (pids(first.victims), first.sure) == ([1], True)
    assert (pids(last.victims), last.sure) == ([2, 3], False)
    unknown = rank(Domain("/c", 4000, tasks, order=victims.NOT_KNOWN), OLD)
    assert (pids(unknown.victims), unknown.sure) == ([1, 2, 3], False)


def test_init_and_the_protected_are_never_chosen():
    tasks = [task(1, 900, spared="global init"), task(2, 800, -1000), task(3, 1)]
    ranking = rank(Domain(None, 4000, tasks), NEW)
    assert pids(ranking.victims) == [3]
    assert pids(ranking.spared) == [1, 2]


def test_where_nobody_may_be_killed_nobody_is():
    ranking = rank(Domain("/c", 4000, [task(2, 800, -1000)]), NEW)
    assert (ranking.choice, ranking.victims, ranking.sure) == (victims.NOBODY, [], True)
    assert rank(Domain("/c", 4000, [task(2, 800, -1000)], setting=victims.PANIC), NEW).choice == victims.PANIC


@pytest.mark.parametrize("setting, sure", [(victims.ALLOCATING, False), (victims.PANIC, True), (victims.WAIT, True)])
def test_other_settings_choose_nobody_by_score_but_keep_the_ranking(setting, sure):
    ranking = rank(Domain(None, 4000, [task(1, 5), task(2, 9)], setting=setting), NEW)
    assert (ranking.choice, ranking.victims, ranking.sure) == (setting, [], sure)
    assert pids(row.task for row in ranking.rows) == [2, 1]


def test_below_a_thousand_pages_adj_has_no_effect():
    ranking = rank(Domain("/c", 999, [task(1, 5, 1000), task(2, 9, -999)]), NEW)
    assert order(ranking) == [(1, 2, 9, 0), (2, 1, 5, 0)]


def test_an_administrator_has_three_percent_off():
    assert pids(rank(Domain(None, 4000, [task(1, 1000, administrator=True), task(2, 980)]), OLD).victims) == [2]
    assert pids(rank(Domain(None, 4000, [task(1, 1000), task(2, 980)]), OLD).victims) == [1]


def test_up_to_5_0_the_worst_child_dies_for_its_parent():
    tasks = [task(1, 900), task(2, 10, ppid=1), task(3, 20, ppid=1), task(4, 800), task(5, 1000, -1000, ppid=1)]
    ranking = rank(Domain(None, 4000, tasks), OLD._replace(child_sacrifice=True))
    assert (pids(ranking.chosen), pids(ranking.victims), ranking.sure) == ([1], [3], True)
    assert pids(rank(Domain(None, 4000, tasks), OLD).victims) == [1]


def test_a_parent_whose_children_cannot_be_killed_dies_itself():
    tasks = [task(1, 900), task(5, 1000, -1000, ppid=1)]
    assert pids(rank(Domain(None, 4000, tasks), OLD._replace(child_sacrifice=True)).victims) == [1]


def test_children_whose_points_drift_make_the_sacrifice_unsure():
    tasks = [task(1, 900), task(2, 10, ppid=1), task(3, 20, ppid=1)]
    rules = OLD._replace(child_sacrifice=True)
    ranking = rank(Domain(None, 4000, tasks), rules, lambda _task: 10)
    assert (pids(ranking.victims), ranking.rivals, ranking.sure) == ([3], [], False)


GROUP = [task(1, 10, cgroup="/pod/a"), task(2, 900, cgroup="/pod/b/c"), task(3, 5, -1000, cgroup="/pod/b")]


@pytest.mark.parametrize(
    "path, groups, group, dying",
    [
        pytest.param("/pod", [], None, [], id="none"),
        pytest.param("/pod", ["/pod/b"], "/pod/b", [2], id="below-the-domain-and-without-the-protected"),
        pytest.param("/pod", ["/pod", "/pod/b"], "/pod", [1, 2], id="the-highest"),
        pytest.param("/pod/b", ["/pod", "/pod/b/c"], "/pod/b/c", [2], id="not-above-the-domain"),
        pytest.param(None, ["/pod"], "/pod", [1, 2], id="host"),
        pytest.param("/pod", ["/pod/a"], None, [], id="another-branch"),
    ],
)
def test_a_group_dies_with_its_victim(path, groups, group, dying):
    tasks = [one for one in GROUP if path is None or is_inside(one.cgroup, path)]
    ranking = rank(Domain(path, 4000, tasks, groups=groups), NEW)
    assert (ranking.group, pids(ranking.group_tasks)) == (group, dying)


def test_a_cgroup_is_not_inside_another_whose_name_it_begins_with():
    assert is_inside("/pod/a", "/pod") and is_inside("/pod", "/pod") and is_inside("/a", "/")
    assert not is_inside("/podium", "/pod")


@pytest.mark.parametrize("off, rivals, sure", [(4, [], True), (5, [1], False)])
def test_who_comes_within_the_drift_of_the_counters_is_a_rival(off, rivals, sure):
    ranking = rank(Domain(None, 4000, [task(1, 100), task(2, 109), task(3, 1)]), NEW, lambda _task: off)
    assert pids(ranking.victims) == [2]
    assert (pids(ranking.rivals), ranking.sure, ranking.margin, ranking.drift) == (rivals, sure, 9, 2 * off)


def test_what_the_floor_holds_does_not_drift():
    ranking = rank(Domain("/c", 100000, [task(1, 5, -900), task(2, 900, -900)]), OLD, lambda _task: 64)
    assert (pids(ranking.victims), ranking.rivals, ranking.sure) == ([1], [], True)


def test_an_unknown_model_is_sure_only_where_both_agree():
    agree = rank(Domain(None, 4000, [task(1, 100), task(2, 5)]), Rules(UNKNOWN, "unknown"))
    differ = rank(Domain(None, 100000, [task(1, 5, -900), task(2, 9, -900)]), Rules(UNKNOWN, "first"))
    assert (pids(agree.victims), agree.sure) == ([1], True)
    assert (pids(differ.victims), differ.sure) == ([2], False)


@pytest.mark.parametrize(
    "anon, expected", [pytest.param(70, 75, id="told"), pytest.param(None, None, id="not-told-before-4.5")]
)
def test_a_kill_frees_what_is_private_and_in_ram(anon, expected):
    assert victims.frees(task(1, 100, swap=50, page_tables=5, anon=anon, file=10, shmem=20)) == expected


tasks_of_any_domain = st.lists(
    st.builds(
        task,
        pid=st.integers(1, 10**6),
        rss=st.integers(0, 5000),
        adj=st.integers(-1000, 1000),
        swap=st.integers(0, 50),
        page_tables=st.integers(0, 9),
        ppid=st.integers(1, 30),
        administrator=st.booleans(),
        cgroup=st.sampled_from(["/c", "/c/a", "/c/a/b", "/c/d"]),
    ),
    max_size=12,
    unique_by=lambda one: one.pid,
)
any_rules = st.builds(
    Rules,
    st.sampled_from([SIGNED, FLOORED]),
    st.sampled_from(["first", "last", "unknown"]),
    st.booleans(),
)
totals = st.integers(1, 20000)


def by_the_loop(domain, rules):
    """The kernel's own loop over the tasks, written once more: >= takes the last of equals, > the first."""
    best = None
    for one in domain.tasks:
        if one.adj == -1000:
            continue
        size = one.rss + one.swap + one.page_tables
        size -= size * 3 // 100 if one.administrator else 0
        value = size + one.adj * (domain.total // 1000)
        value = max(value, 1) if rules.model == FLOORED else value
        if best is None or value > best[0] or (value == best[0] and rules.tie_rule == "last"):
            best = value, one.pid
    return best


@given(tasks_of_any_domain, totals, any_rules.filter(lambda rules: rules.tie_rule != "unknown"))
def test_the_chosen_is_that_of_the_kernels_loop(tasks, total, rules):
    domain = Domain("/c", total, tasks)
    ranking, best = rank(domain, rules), by_the_loop(domain, rules)
    assert pids(ranking.chosen) == ([] if best is None else [best[1]])
    assert [row.rank for row in ranking.rows] == list(range(1, len(ranking.rows) + 1))
    assert best is None or pids(row.task for row in ranking.rows[:1]) == pids(ranking.chosen)


@given(tasks_of_any_domain, totals, any_rules, st.randoms())
def test_the_order_of_the_scan_changes_only_ties(tasks, total, rules, random):
    shuffled = list(tasks)
    random.shuffle(shuffled)
    one, other = rank(Domain("/c", total, tasks), rules), rank(Domain("/c", total, shuffled), rules)
    assert [(row.points, row.tied) for row in one.rows] == [(row.points, row.tied) for row in other.rows]
    untied = [row.task.pid for row in one.rows if not row.tied]
    assert untied == [row.task.pid for row in other.rows if not row.tied]
    assert sorted(pids(one.spared)) == sorted(pids(other.spared))


@given(tasks_of_any_domain, totals, any_rules)
def test_everybody_is_ranked_or_spared_once_and_a_floor_is_one(tasks, total, rules):
    ranking = rank(Domain("/c", total, tasks), rules)
    assert sorted(pids(ranking.spared) + pids(row.task for row in ranking.rows)) == sorted(pids(tasks))
    assert all(one.adj == -1000 for one in ranking.spared)
    assert all(row.points >= 1 for row in ranking.rows) or rules.model == SIGNED
    assert [row.points for row in ranking.rows] == sorted((row.points for row in ranking.rows), reverse=True)


@given(tasks_of_any_domain, totals, any_rules, st.integers(0, 300))
def test_sure_means_that_no_drift_within_the_bounds_changes_the_victim(tasks, total, rules, off):
    domain = Domain("/c", total, tasks)
    ranking = rank(domain, rules, lambda _task: off)
    if not ranking.sure or not ranking.victims:
        return
    # The worst that can happen: the chosen shrinks by the drift, all others grow by it.
    chosen = ranking.chosen[0].pid
    moved = [one._replace(rss=one.rss - off if one.pid == chosen else one.rss + off) for one in tasks]
    if not any(one.administrator for one in tasks):  # 3 % off would scale the drift, too
        assert pids(rank(domain._replace(tasks=moved), rules).chosen) == [chosen]


@given(tasks_of_any_domain, totals, any_rules)
def test_raising_adj_never_makes_a_task_safer(tasks, total, rules):
    if not tasks:
        return
    raised = [tasks[0]._replace(adj=min(tasks[0].adj + 100, 1000))] + tasks[1:]
    before, after = (
        next((row.points for row in rank(Domain("/c", total, some), rules).rows if row.task.pid == tasks[0].pid), None)
        for some in (tasks, raised)
    )
    assert before is None or after >= before


@given(tasks_of_any_domain, totals, any_rules, st.integers(0, 300), st.integers(0, 4000), st.data())
def test_sure_means_that_no_growth_within_the_headroom_changes_the_victim(tasks, total, rules, off, free, data):
    if rules.tie_rule == "unknown" or any(one.administrator for one in tasks):  # 3 % off would scale the growth, too
        return
    domain = Domain("/c", total, tasks, headroom=min(free, total))
    ranking = rank(domain, rules, lambda _task: off)
    if not ranking.sure or not ranking.victims:
        return
    left, grown = domain.headroom, []
    for one in tasks:
        more = data.draw(st.integers(0, left))
        left -= more
        grown.append(one._replace(rss=one.rss + more + (0 if one.pid == ranking.chosen[0].pid else off)))
    assert pids(rank(domain._replace(tasks=grown), rules).victims) == pids(ranking.victims)


def test_the_file_pages_of_the_chosen_may_be_gone_by_then():
    tasks = [task(1, 1000, file=600), task(2, 500)]
    assert pids(one.task for one in rank(Domain("/c", 4000, tasks, headroom=300), NEW).contenders) == [2]
    without = [tasks[0]._replace(file=0), tasks[1]]
    assert rank(Domain("/c", 4000, without, headroom=300), NEW).sure


@pytest.mark.parametrize("headroom, sure", [(499, True), (500, False), (None, False)])
def test_a_rival_needs_as_many_pages_as_the_margin(headroom, sure):
    ranking = rank(Domain("/c", 4000, [task(1, 1000), task(2, 500)], headroom=headroom), NEW)
    assert (pids(ranking.victims), ranking.sure) == ([1], sure)
    assert [(one.task.pid, one.grows) for one in ranking.contenders] == ([] if sure else [(2, 500)])


def test_below_the_floor_a_rival_must_first_grow_to_it():
    # 100000 pages / 1000 * -900 is -90000: task 2 has 900 pages, so it is held until it has grown by 89101.
    tasks = [task(1, 5, -900), task(2, 900, -900)]
    assert rank(Domain("/c", 100000, tasks, headroom=89101), OLD).sure
    ranking = rank(Domain("/c", 100000, tasks, headroom=89102), OLD)
    assert (pids(ranking.victims), ranking.sure) == ([1], False)
    assert [(one.task.pid, one.grows) for one in ranking.contenders] == [(2, 89101)]


def test_where_another_child_can_grow_the_sacrifice_is_unsure():
    tasks = [task(1, 900), task(2, 10, ppid=1), task(3, 20, ppid=1)]
    rules = OLD._replace(child_sacrifice=True)
    assert rank(Domain("/c", 4000, tasks, headroom=9), rules).sure
    assert not rank(Domain("/c", 4000, tasks, headroom=10), rules).sure


def grouped(*tasks, **more):
    """A domain of 10000 pages in which /c/g dies as one."""
    return Domain("/c", 10000, list(tasks), groups=["/c/g"], **more)


HOG, DB = task(1, 1000, cgroup="/c/g/a"), task(2, 500, cgroup="/c/g/b")


@pytest.mark.parametrize(
    "tasks, headroom, sure, group_sure",
    [
        pytest.param([HOG, DB], 499, True, True, id="nobody-can-pass"),
        pytest.param([HOG, DB], 500, False, True, id="one-of-the-group-can"),
        pytest.param([HOG, DB, task(3, 500, cgroup="/c/alone")], 501, False, False, id="another-can"),
        pytest.param([HOG, DB, task(3, 400, cgroup="/c/alone")], 501, False, True, id="another-cannot"),
        pytest.param([HOG, task(2, 500, cgroup=None)], 501, False, False, id="one-whose-cgroup-nobody-knows-can"),
    ],
)
def test_a_group_is_certain_where_all_who_could_be_chosen_are_in_it(tasks, headroom, sure, group_sure):
    ranking = rank(grouped(*tasks, headroom=headroom), NEW)
    assert (ranking.group, ranking.sure, ranking.group_sure) == ("/c/g", sure, group_sure)


def test_a_tie_within_a_group_leaves_the_group_certain():
    both = [HOG, task(2, 1000, cgroup="/c/g/b")]
    ranking = rank(grouped(*both, order=victims.NOT_KNOWN), NEW)
    assert (pids(ranking.victims), ranking.sure, ranking.group_sure) == ([1, 2], False, True)
    ranking = rank(grouped(*both, task(3, 1000, cgroup="/c/x"), order=victims.NOT_KNOWN), NEW)
    assert (pids(ranking.victims), ranking.sure, ranking.group_sure) == ([1, 2, 3], False, False)


def test_counters_that_drift_leave_the_group_certain_or_not():
    assert rank(grouped(HOG, task(2, 999, cgroup="/c/g/b")), NEW, lambda _task: 4).group_sure
    assert not rank(grouped(HOG, task(2, 999, cgroup="/c/x")), NEW, lambda _task: 4).group_sure


def test_without_a_group_its_certainty_is_not_asked():
    assert rank(Domain("/c", 10000, [HOG, DB]), NEW).group_sure is None


def test_where_the_model_is_unknown_the_group_is_certain_if_both_models_take_it():
    low = [task(1, 5, -900, cgroup="/c/g"), task(2, 900, -900, cgroup="/c/g"), task(3, 300, -900, cgroup="/c/x")]
    unknown = Rules(UNKNOWN, "first")  # signed takes 2, floored the first scanned
    ranking = rank(grouped(*low), unknown)
    assert (pids(ranking.victims), ranking.sure, ranking.group_sure) == ([2], False, True)
    assert rank(grouped(*low[::-1]), unknown).group_sure is False


def test_a_vfork_doubt_leaves_the_group_certain_only_where_the_other_is_in_it():
    child = task(2, 1000, ppid=1, cgroup="/c/g", maybe_vfork=True)
    assert rank(grouped(HOG, child), NEW).group_sure is True
    assert rank(grouped(HOG._replace(cgroup="/c/x"), child), NEW).group_sure is False


def test_up_to_5_0_another_parents_child_may_be_in_another_group():
    tasks = [HOG, DB, task(3, 1, ppid=2, cgroup="/c/x")]
    ranking = rank(grouped(*tasks, headroom=501), OLD._replace(child_sacrifice=True))
    assert (pids(ranking.victims), ranking.group_sure) == ([1], False)


@given(tasks_of_any_domain, totals, any_rules, st.integers(0, 300), st.integers(0, 4000), st.data())
def test_no_growth_within_the_headroom_changes_a_group_that_is_certain(tasks, total, rules, off, free, data):
    if rules.tie_rule == "unknown" or any(one.administrator for one in tasks):  # 3 % off would scale the growth, too
        return
    tasks = [one._replace(cgroup=data.draw(st.sampled_from(["/c/g/a", "/c/g/b", "/c/g/b", "/c/x"]))) for one in tasks]
    domain = Domain("/c", total, tasks, groups=["/c/g"], headroom=min(free, total))
    ranking = rank(domain, rules, lambda _task: off)
    if not ranking.group_sure:
        return
    left, grown = domain.headroom, []
    for one in tasks:
        more = data.draw(st.integers(0, left))
        left -= more
        grown.append(one._replace(rss=one.rss + more + data.draw(st.integers(0, off))))
    assert rank(domain._replace(tasks=grown), rules).group == "/c/g"
