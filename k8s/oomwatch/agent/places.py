# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where kills happened that no report explained: the memory cgroups whose counter rose, less those that were told."""

from typing import Dict, Iterable, List, NamedTuple, Optional

_MOST = 1024  # cgroups; of more the host stands for the rest


class Place(NamedTuple):
    """kills: at least 1; cgroup: None where only the host's counter rose; the rest as counted_kills.Counted has it."""

    kills: int
    cgroup: Optional[str]
    whole_group: bool
    hit_limit: bool


class Places:
    """The rises of cgroups' counters, from which what is reported is taken away."""

    def __init__(self) -> None:
        self._kills: Dict[str, int] = {}
        self._groups = set()
        self._limits = set()

    def add(self, rises: Iterable) -> None:
        """rises: as kill_counters.KillCounters.look() gives them."""
        for rise in rises:
            if rise.kills and (rise.cgroup in self._kills or len(self._kills) < _MOST):
                self._kills[rise.cgroup] = self._kills.get(rise.cgroup, 0) + rise.kills
            if rise.group_kills:
                self._groups.add(rise.cgroup)
            if rise.ooms:
                self._limits.add(rise.cgroup)

    def explain(self, record: Dict) -> None:
        """A report tells of the kills of its victims' cgroup, or of a group's."""
        victim = record["victim"]
        cgroup = record["group_cgroup"] or (victim and victim["cgroup"])
        if cgroup in self._kills:
            self._kills[cgroup] -= 1 + len(record["also_killed"])

    def take(self, kills: int) -> List[Place]:
        """So many kills that nobody told of, where they most likely were: the cgroups that rose last come first."""
        found = []
        for cgroup in reversed(list(self._kills)):
            here = min(kills, self._kills[cgroup])
            if here > 0:
                found.append(Place(here, cgroup, cgroup in self._groups, cgroup in self._limits))
                self._kills[cgroup] -= here
                kills -= here
        return found + ([Place(kills, None, False, False)] if kills > 0 else [])

    def clear(self) -> None:
        """All kills are explained."""
        for kept in (self._kills, self._groups, self._limits):
            kept.clear()
