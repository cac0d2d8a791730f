# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who dies when a domain (the host, or a memory cgroup with a limit) is out of memory, and what that frees.

The choice of select_bad_process(), oom_kill_process() and mem_cgroup_get_oom_group(). What no file shows is left out:
tasks that are being killed already, swapoff callers, memory policies. Cpusets that part a host: node_sets.py.
"""

from typing import Callable, Container, Dict, List, Mapping, NamedTuple, Optional, Tuple

from .badness import FLOORED, SIGNED, UNKNOWN, Task, points
from .growth import Contender, Scored, overtakers
from .oom_group import group_of, members
from .oom_rules import Rules
from .tie_rule import FIRST, LAST

# What happens when the domain is out of memory.
HIGHEST = "highest score"
ALLOCATING = "allocating task"  # vm.oom_kill_allocating_task
PANIC = "panic"  # vm.panic_on_oom
WAIT = "wait"  # v1's memory.oom_control: the tasks sleep until somebody makes room
NOBODY = "nobody"  # no task may be killed

# How much of the order of the scan is known.
EXACT, BY_CGROUP, NOT_KNOWN = "exact", "by cgroup", "not known"

_VFORK = "child of vfork"


class Domain(NamedTuple):
    """Tasks in the order in which the kernel scans them, and the pages they may use.

    path: the memory cgroup, None for the host. setting: HIGHEST, ALLOCATING, PANIC or WAIT.
    order: EXACT, BY_CGROUP (only the cgroups' order is known) or NOT_KNOWN.
    groups: answers `in` for the paths of cgroups that have memory.oom.group set.
    headroom: pages that tasks may still take before memory runs out, 0 where it has; None where nobody tells.
    mixed: the cgroups whose tasks the kernel scans together in an order that is not known, each with the path of the
    memory cgroup that they are charged to.
    """

    path: Optional[str]
    total: int
    tasks: List[Task]
    order: str = EXACT
    setting: str = HIGHEST
    groups: Container[str] = ()
    headroom: Optional[int] = 0
    mixed: Mapping[Optional[str], str] = {}


class Row(NamedTuple):
    """A task that may be killed. rank: from 1; tied tasks share theirs where the tie cannot be decided.

    tied: how many others have the same points.
    """

    rank: int
    task: Task
    points: int
    tied: int


class OfNodes(NamedTuple):
    """What happens where a request may use these memory nodes only, and they are full.

    nodes: as the kernel prints them; tasks: how many are confined to exactly these; choice, victims: as of a Ranking.
    """

    nodes: str
    tasks: int
    choice: str
    victims: List[Task]


class Ranking(NamedTuple):
    """rows: whom the kernel chooses, in its order. choice: the domain's setting, or NOBODY.

    chosen: whom the scan chooses: several where a tie cannot be decided; empty where the score does not decide.
    victims: who dies for it: the same, or up to 5.0 a child of each.
    rivals: other tasks that the counters' drift could put in front.
    margin, drift: points between the chosen and the next, and by how much those points may be off; None where there
    is no next. sure: exactly one task can be the victim, or surely none.
    group: the cgroup that dies with it, group_tasks: everybody in it. group_sure: whoever is chosen, it is this group
    that dies; None where no group does.
    contenders: others that could have the most points by the time that memory has run out, the nearest first.
    maybe_vfork: those of the victims that the kernel skips if they are vfork children that still use their parent's
    memory; without_vfork: who dies then.
    by_nodes: sets of memory nodes to which a cpuset confines tasks, of those that end otherwise than told here.
    """

    rows: List[Row]
    spared: List[Task]
    choice: str
    chosen: List[Task]
    victims: List[Task]
    rivals: List[Task]
    margin: Optional[int]
    drift: Optional[int]
    sure: bool
    group: Optional[str]
    group_tasks: List[Task]
    contenders: List[Contender] = []
    maybe_vfork: List[Task] = []
    without_vfork: List[Task] = []
    group_sure: Optional[bool] = None
    by_nodes: List[OfNodes] = []


def no_drift(_task: Task) -> int:
    """The counters are what the kernel sees, as in the task table of an OOM report."""
    return 0


def rank(domain: Domain, rules: Rules, drift: Callable[[Task], int] = no_drift) -> Ranking:
    """Rank a domain. drift(task): pages by which the task's counters may be off.

    Where the model is not known the order is that of a signed kernel, and nothing is sure that a floored one would
    decide otherwise.
    """
    if rules.model == UNKNOWN:
        signed = rank(domain, rules._replace(model=SIGNED), drift)
        floored = rank(domain, rules._replace(model=FLOORED), drift)
        sure = signed.sure and floored.sure and signed.victims == floored.victims
        return _of_one_group(signed, floored)._replace(sure=sure)
    scored, spared = _score(domain, rules, drift)
    if not scored:
        choice = NOBODY if domain.setting in (HIGHEST, ALLOCATING) else domain.setting
        return Ranking([], spared, choice, [], [], [], None, None, True, None, [])
    rows = _rows(scored, rules.tie_rule, domain)
    if domain.setting != HIGHEST:
        # Who allocates when it happens is not known before.
        sure = domain.setting != ALLOCATING
        return Ranking(rows, spared, domain.setting, [], [], [], None, None, sure, None, [])
    chosen, rivals = _choose(scored, domain, rules.tie_rule)
    contenders = _contenders(chosen, scored, domain, rules)
    victims, sure = _sacrificed(chosen, scored, rules, domain)
    sure = sure and len(victims) == 1 and not rivals and not contenders
    group = group_of(victims[0], domain.path, domain.groups)
    margin, off = _margin(chosen, scored)
    ranking = Ranking(
        rows,
        spared,
        HIGHEST,
        chosen,
        victims,
        rivals,
        margin,
        off,
        sure,
        group,
        [] if group is None else members(domain.tasks, group),
        contenders,
    )
    if group is not None:
        able = [*victims, *rivals, *(one.task for one in contenders)]
        same = all(group_of(task, domain.path, domain.groups) == group for task in able)
        # Of those who pass the chosen one, up to 5.0, a child dies, and that may be in another group.
        ranking = ranking._replace(group_sure=sure or (same and not rules.child_sacrifice))
    return _doubted(ranking, domain, rules, drift)


def _doubted(ranking, domain, rules, drift) -> Ranking:
    """With the doubt that a victim may be a vfork child, which no kernel kills in place of its parent."""
    doubted = [task for task in ranking.victims if task.maybe_vfork]
    if not doubted or not (rules.skips_vfork or rules.child_sacrifice):
        return ranking
    tasks = [task._replace(spared=_VFORK) if task.maybe_vfork else task for task in domain.tasks]
    then = rank(domain._replace(tasks=tasks), rules, drift)
    return _of_one_group(ranking, then)._replace(sure=False, maybe_vfork=doubted, without_vfork=then.victims)


def _of_one_group(ranking, other) -> Ranking:
    """The first of two rankings of which nobody knows the right one: its group is certain where both say it."""
    if ranking.group is None:
        return ranking
    return ranking._replace(group_sure=bool(ranking.group_sure and other.group_sure) and ranking.group == other.group)


def frees(task: Task) -> Optional[int]:
    """Pages of RAM that its death gives back: anonymous memory and page tables.

    At most: what it shares with others since a fork stays. Files in a tmpfs survive it, other shared memory goes with
    the last that maps it, and what it has in swap frees only swap. None where the kernel does not tell anonymous memory
    from the rest.
    """
    return None if task.anon is None else task.anon + task.page_tables


def holds(task: Task) -> int:
    """Pages that oom_badness() counts, before any adjustment."""
    return task.rss + task.swap + task.page_tables


def _score(domain, rules, drift) -> Tuple[List[Scored], List[Task]]:
    scored, spared = [], []
    least = 1 if rules.model == FLOORED else None
    for task in domain.tasks:
        signed = points(task, domain.total, SIGNED)
        if signed is None:
            spared.append(task)
            continue
        off = drift(task)
        if least is None:
            scored.append(Scored(task, signed, signed - off, signed + off, signed, off))
        else:
            bounds = (max(value, least) for value in (signed, signed - off, signed + off))
            scored.append(Scored(task, *bounds, signed, off))
    return scored, spared


def _rows(scored, tie_rule, domain) -> List[Row]:
    step = -1 if tie_rule == LAST else 1
    ordered = sorted(scored[::step], key=lambda one: -one.points)  # a stable sort keeps the scan's order in ties
    counts: Dict[int, int] = {}
    for one in ordered:
        counts[one.points] = counts.get(one.points, 0) + 1
    rows: List[Row] = []
    for place, one in enumerate(ordered, 1):
        is_shared = rows and rows[-1].points == one.points and _is_open(rows[-1].task, one.task, domain, tie_rule)
        rows.append(Row(rows[-1].rank if is_shared else place, one.task, one.points, counts[one.points] - 1))
    return rows


def _is_open(one, other, domain, tie_rule) -> bool:
    """Whether nobody can tell which of two with the same points the kernel takes first."""
    if tie_rule not in (FIRST, LAST) or domain.order == NOT_KNOWN:
        return True
    if domain.order == BY_CGROUP:
        return one.cgroup == other.cgroup
    scanned_with = domain.mixed.get(one.cgroup)
    return scanned_with is not None and scanned_with == domain.mixed.get(other.cgroup)


def _choose(scored, domain, tie_rule) -> Tuple[List[Task], List[Task]]:
    """The chosen (several in a tie that cannot be decided) and the rivals that the drift could put in front."""
    best = max(one.points for one in scored)
    tied = [one.task for one in scored if one.points == best]
    chosen = _decide(tied, domain, tie_rule)
    reach = max(one.low for one in scored)
    near = [one for one in scored if one.high >= reach]
    if all(one.low == one.high for one in near):  # nothing drifts: the floor holds them all
        return chosen, []
    names = {task.pid for task in chosen}
    return chosen, [one.task for one in near if one.task.pid not in names]


def _decide(tied, domain, tie_rule):
    winner = tied[-1] if tie_rule == LAST else tied[0]
    return [task for task in tied if task is winner or _is_open(task, winner, domain, tie_rule)]


def _contenders(chosen, scored, domain, rules) -> List[Contender]:
    """Of several in a tie the first stands for all: the others of the tie are named already."""
    names = {task.pid for task in chosen}
    first = next(one for one in scored if one.task.pid in names)
    return _overtakers(first, [one for one in scored if one.task.pid not in names], domain, rules)


def _overtakers(first, others, domain, rules):
    headroom = domain.total if domain.headroom is None else min(domain.headroom, domain.total)
    if not headroom:  # the drift has its own list
        return []
    return overtakers(first, others, headroom, 1 if rules.model == FLOORED else None)


def _sacrificed(chosen, scored, rules, domain) -> Tuple[List[Task], bool]:
    """Up to 5.0 the worst child dies for the chosen, if any child can; whether no other child could be it.

    A parent without children may have one by then: that is not considered.
    """
    if not rules.child_sacrifice:
        return chosen, True
    children: Dict[Optional[int], List[Scored]] = {}
    for one in scored:
        children.setdefault(one.task.ppid, []).append(one)
    victims, sure = [], True
    for task in chosen:
        family = children.get(task.pid)
        if not family:
            victims.append(task)
            continue
        worst = max(family, key=lambda one: one.points)  # the first of equals, as in the kernel
        others = [one for one in family if one is not worst]
        sure = sure and all(one.high < worst.low or one.low == one.high for one in others)
        sure = sure and not _overtakers(worst, others, domain, rules)
        victims.append(worst.task)
    return victims, sure


def _margin(chosen, scored) -> Tuple[Optional[int], Optional[int]]:
    """Points from the chosen to the best of the others; their drift together, 0 where the floor holds both."""
    names = {task.pid for task in chosen}
    others = [one for one in scored if one.task.pid not in names]
    if not others:
        return None, None
    first = next(one for one in scored if one.task.pid in names)
    second = max(others, key=lambda one: one.points)
    return first.points - second.points, (first.points - first.low) + (second.high - second.points)
