# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which domains of a forecast are worth a warning before anybody dies, each situation once. No I/O in here."""

import collections
from typing import Deque, Dict, Iterable, List, NamedTuple, Optional, Tuple

from memcore.models import pod_path, steady_growth
from memcore.models.size import human, percent
from memcore.models.steady_growth import Growth, Reach
from oomwatch.agent import outlook
from oomwatch.agent.outlook import Domain, Forecast

# Why there is a warning: this kernel may kill another than a fixed one; whoever dies frees next to nothing; the limit
# is reached soon.
TIE, IN_VAIN, GROWS = "tie", "in-vain", "grows"
# From which share of the limit on that cannot be freed. A cgroup with more room than that has time.
_FROM = {TIE: 0.5, IN_VAIN: 0.8, GROWS: 0.5}
_SOON_SECONDS = 1800.0  # a limit that is reached later than that is said to be reached by a later look
_QUIET_SECONDS = 600.0  # after which a situation that had ended is new again
_MOST = 4096

_REMEDIES = {
    TIE: (
        "Update the node's kernel to one with commit 9066e5cfb73c (Linux 5.9, late 5.4.y). Until then let size count: "
        "give the processes an oom_score_adj of 0 or more, for a pod by a memory request below its limit (Burstable)"
    ),
    IN_VAIN: (
        "Find out what holds the memory: memory.stat of the cgroup tells shared memory (shmem: files in memory volumes "
        "and in /dev/shm, which outlive a process) from kernel memory (kernel, slab)"
    ),
    GROWS: "Raise the memory limit before it is reached, or find out why the memory grows",
}


class Risk(NamedTuple):
    """kind: TIE, IN_VAIN or GROWS. growth, reach: None where memory does not grow steadily."""

    kind: str
    domain: Domain
    growth: Optional[Growth]
    reach: Optional[Reach]

    @property
    def owner(self) -> str:
        """The pod's uid as cgroup paths have it, else the cgroup, "/" for the host."""
        path = self.domain.path or "/"
        found = pod_path.pods(path)
        return found[0].uid if found else path

    @property
    def situation(self) -> Tuple:
        """What makes two risks of an owner the same. Sizes and times change all the time and are not in it."""
        spared = self.domain.spared
        return self.kind, tuple(sorted(set(self.domain.names))), None if spared is None else spared.comm


class Watch:
    """look() at each forecast; it answers with what is new."""

    def __init__(self) -> None:
        self._samples: Dict[Optional[str], Deque[Tuple[float, int]]] = {}
        self._said: Dict[str, Tuple[Tuple, float]] = {}  # of each owner the situation, and when it was seen last

    def look(self, forecast: Forecast) -> List[Risk]:
        """The risks that were not told yet, or have changed; of an owner the one that is fullest."""
        samples: Dict[Optional[str], Deque[Tuple[float, int]]] = {}
        worst: Dict[str, Risk] = {}
        for domain in forecast.domains:
            if domain.hard is None:
                continue
            seen = self._samples.get(domain.path)
            samples[domain.path] = collections.deque((), steady_growth.MOST_SAMPLES) if seen is None else seen
            samples[domain.path].append((forecast.at, domain.hard))
            risk = of_domain(domain, steady_growth.steady(samples[domain.path]))
            if risk is not None and (risk.owner not in worst or _share(risk) > _share(worst[risk.owner])):
                worst[risk.owner] = risk
        self._samples = samples
        return [risk for risk in worst.values() if self._is_new(risk, forecast.at)]

    def _is_new(self, risk: Risk, now: float) -> bool:
        before, at = self._said.pop(risk.owner, (None, now))
        self._said[risk.owner] = risk.situation, now
        if len(self._said) > _MOST:
            del self._said[next(iter(self._said))]
        return before != risk.situation or now - at > _QUIET_SECONDS


def of_domain(domain: Domain, growth: Optional[Growth]) -> Optional[Risk]:
    """The risk of one domain, None where there is none that can be shown."""
    if domain.hard is None or not domain.limit or not domain.pids:
        return None
    fill = domain.hard / domain.limit
    is_growing = growth is not None and not domain.may_swap
    reach = steady_growth.reach(growth, domain.hard, domain.limit) if is_growing else None
    kinds = {
        TIE: domain.spared is not None,
        IN_VAIN: domain.helps == outlook.IN_VAIN,
        GROWS: reach is not None and reach.latest_seconds <= _SOON_SECONDS,
    }
    kind = next((name for name, holds in kinds.items() if holds and fill >= _FROM[name]), None)
    return None if kind is None else Risk(kind, domain, growth if is_growing else None, reach)


def _share(risk: Risk) -> float:
    return risk.domain.hard / risk.domain.limit


def sentences(risk: Risk, whose: str) -> List[str]:
    """What is at risk, the most important first, without full stops. whose: `container app` or a cgroup's path."""
    domain = risk.domain
    used = f"{human(domain.hard)} of its {human(domain.limit)} ({percent(domain.hard, domain.limit)} %)"
    told = [f"{whose} holds {used} for good, page cache left out", f"At the limit {domain.says}"]
    if risk.kind == TIE:
        spared = domain.spared
        told.append(
            f"This kernel rounds negative OOM scores up to 1, so that it may spare {spared.comm} (pid {spared.pid}), "
            f"which holds {human(spared.bytes)}"
        )
    elif risk.kind == IN_VAIN:
        told.append(
            f"That would not help: whoever dies frees less than {outlook.LASTING_PERCENT:g} % of the limit, so that "
            "memory runs out again at once"
        )
    if risk.reach is not None:
        told.append(
            f"It grows steadily, by {human(round(risk.growth.pace * 60))} a minute, and reaches the limit in "
            f"{outlook.span(risk.reach)} if that goes on (95 % certain, by {risk.growth.samples} samples in "
            f"{round(risk.growth.span_seconds)} s)"
        )
    return [*told, _REMEDIES[risk.kind]]


def record(risk: Risk, names: Dict) -> Dict:
    """The risk as JSON. names: namespace, pod and container, where they are known."""
    domain, reach = risk.domain, risk.reach
    return {
        "type": "risk",
        "kind": risk.kind,
        "cgroup": domain.path,
        **names,
        "limit_bytes": domain.limit,
        "used_bytes": domain.used,
        "not_reclaimable_bytes": domain.hard,
        "next_pids": list(domain.pids),
        "next_count": domain.count,
        "sure": domain.sure,
        "helps": {outlook.HELPS: True, outlook.IN_VAIN: False}.get(domain.helps),
        "reaches_limit_in_seconds": None
        if reach is None
        else {"soonest": round(reach.soonest_seconds), "latest": round(reach.latest_seconds)},
    }


def fullest_first(risks: Iterable[Risk]) -> List[Risk]:
    """The order in which risks are told."""
    return sorted(risks, key=_share, reverse=True)
