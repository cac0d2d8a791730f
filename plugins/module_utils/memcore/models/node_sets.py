# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who dies where a cpuset confines tasks to some memory nodes: oom_cpuset_eligible() and constrained_alloc().

A request of such a task that finds its nodes full takes only those that may use one of them, and oom_score_adj is
scaled to the pages of these nodes. Whether the host or only these nodes are full when it happens is not known before.
A memory policy parts a host in the same way, but no file shows that of a task.
"""

from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple

from ..sources.zoneinfo import Node
from .badness import SIGNED, Task
from .node_list import nodes_of
from .oom_rules import Rules
from .victims import Domain, OfNodes, Ranking, rank


class Space(NamedTuple):
    """The memory nodes of the host, by number; swap: pages of the host's.

    setting: what happens where only some nodes are full (victims.HIGHEST and so on).
    """

    nodes: Mapping[int, Node]
    swap: int
    setting: str


def doubted(domain: Domain, ranking: Ranking, rules: Rules, drift: Callable[[Task], int], space: Space) -> Ranking:
    """The ranking of a domain; not sure where it ends otherwise for some nodes, which are named then.

    In a memory cgroup only kernels before 5.3 leave out tasks of other nodes, and all kernels without the floor are
    younger; total and setting are the cgroup's whatever nodes it is about.
    """
    if domain.path is not None and rules.model == SIGNED:
        return ranking
    parts = _confined(domain.tasks, frozenset(space.nodes))
    others = []
    for nodes in sorted(parts, key=sorted):
        part = domain._replace(tasks=[task for task in domain.tasks if _may_use(task, nodes)])
        thens = [rank(one, rules, drift) for one in _with_totals(part, nodes, rules, space)]
        then = next((then for then in thens if _is_other(then, ranking)), None)
        if then is not None:
            others.append(OfNodes(_printed(nodes), len(parts[nodes]), then.choice, then.victims))
    # Without the pages of the nodes nobody can tell.
    is_open = bool(others or (parts and not space.nodes))
    return ranking._replace(
        by_nodes=others,
        sure=ranking.sure and not is_open,
        group_sure=None if ranking.group_sure is None else ranking.group_sure and not is_open,
    )


def _confined(tasks, all_nodes) -> Dict[FrozenSet[int], List[Task]]:
    """The tasks that may not use every node, by the nodes that they may use."""
    by_text: Dict[str, List[Task]] = {}
    for task in tasks:
        by_text.setdefault(task.nodes or "", []).append(task)
    found: Dict[FrozenSet[int], List[Task]] = {}
    for text, members in by_text.items():
        nodes = nodes_of(text)
        if nodes is not None:
            found.setdefault(nodes & all_nodes if all_nodes else nodes, []).extend(members)
    every = all_nodes or frozenset().union(*found)
    return {nodes: members for nodes, members in found.items() if nodes and nodes != every}


def _with_totals(part, nodes, rules, space) -> List[Domain]:
    """The part of a host with the pages of its nodes: kernels up to 5.3, all of them floored, count the holes, too."""
    if part.path is not None:
        return [part]
    part = part._replace(setting=space.setting)
    if not space.nodes:
        return []
    totals = {sum(space.nodes[node].present for node in nodes)}
    if rules.model != SIGNED:
        totals.add(sum(space.nodes[node].spanned for node in nodes))
    return [part._replace(total=max(total + space.swap, 1)) for total in sorted(totals)]


def _is_other(then, ranking) -> bool:
    if (then.choice, [task.pid for task in then.victims]) != (ranking.choice, [task.pid for task in ranking.victims]):
        return True
    return ranking.sure and not then.sure


def _printed(nodes: FrozenSet[int]) -> str:
    """As the kernel prints them: `0`, `0-1`, `0,2-3`."""
    spans: List[List[int]] = []
    for node in sorted(nodes):
        if spans and node == spans[-1][1] + 1:
            spans[-1][1] = node
        else:
            spans.append([node, node])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _may_use(task, nodes) -> bool:
    allowed = nodes_of(task.nodes)
    return allowed is None or bool(allowed & nodes)
