# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Before it happens: who dies next, and where memory will run out soonest. After it: was that foretold?"""

from typing import Dict, List, NamedTuple, Optional, Tuple

from memcore.answers import next_victim
from memcore.errors import MemfactsError
from memcore.models.size import human, percent
from memcore.render.next_victim import outcome
from memcore.sources import host

_DOMAINS = 64  # those that are closest to their limit
_TIED = 32
_LONGEST_SECONDS = 7 * 86400  # a limit that is farther away is not in sight
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
RIGHT, TIED, WRONG, NONE = "right", "tied", "wrong", "none"


class Domain(NamedTuple):
    """A place where memory can run out. path: the cgroup, None for the host; used, limit: bytes; says: who dies there.

    pids: who dies next, several where they are tied or too close to call; count: how many these are. others: who dies
    instead if it grows enough before, or if the first is a child of vfork.
    """

    path: Optional[str]
    used: Optional[int]
    limit: int
    pids: Tuple[int, ...]
    count: int
    says: str
    others: Tuple[int, ...] = ()


class Forecast(NamedTuple):
    """The domains at a moment (seconds that never go back), the host first, then the fullest cgroup first.

    badness_model, tie_rule: what this kernel is like (docs/kernel.md); tie_rule is None where it is not known.
    """

    at: float
    domains: Tuple[Domain, ...]
    badness_model: str
    tie_rule: Optional[str]


def look(root: str, now: float) -> Optional[Forecast]:
    """Rank the processes of the host below root as its kernel would; None where the host cannot be read."""
    try:
        # A new Host each time: it remembers what it has read and what it lacks.
        found = next_victim.collect(host.at(root), next_victim.Asked(top=_DOMAINS))
    except (MemfactsError, OSError):
        return None
    rows = [(None, found["host"]), *((row["cgroup"], row) for row in found["by_cgroup"])]
    domains = tuple(_domain(path, row) for path, row in rows)
    return Forecast(now, domains, found["badness_model"], found["tie_rule"])


def _domain(path, row) -> Domain:
    pids = [task["pid"] for task in row["next"]][:_TIED]
    pids += [pid for pid in row["rivals"][:_TIED] if pid not in pids]
    count = max(row["next_count"], len(pids))
    others = [task["pid"] for task in row["could_die_instead"] + row["without_vfork"]][:_TIED]
    return Domain(path, row["used_bytes"], row["limit_bytes"], tuple(pids), count, outcome(row), tuple(others))


def judged(forecast: Optional[Forecast], event: Dict) -> str:
    """How the forecast did: right, tied (the victim was one of several that it named), wrong, or none was made."""
    victim = event["victim"]
    if forecast is None or victim is None:
        return NONE
    limit = event["limit_owner"]
    path = limit["cgroup"] if limit and event["scope"] == "memcg" else None
    if event["scope"] not in ("memcg", "global") or (event["scope"] == "memcg" and path is None):
        return NONE
    for domain in forecast.domains:
        if domain.path == path and domain.pids:
            if victim["pid"] not in domain.pids:
                return TIED if victim["pid"] in domain.others else WRONG
            return RIGHT if domain.count == 1 else TIED
    return NONE


def sentences(forecast: Forecast, earlier: Optional[Forecast] = None) -> List[str]:
    """What a person wants to hear first: who dies next on the host, and the place that is fullest or fills soonest."""
    whole, cgroups = forecast.domains[0], forecast.domains[1:]
    told = [f"If this host runs out of memory, {whole.says}."]
    soonest = _soonest(forecast, earlier)
    if soonest is not None:
        domain, seconds = soonest
        told.append(f"{_name(domain)} reaches its limit in about {_span(seconds)} if it keeps growing as it does now.")
    elif cgroups and cgroups[0].used is not None:
        fullest = cgroups[0]
        share = percent(fullest.used, fullest.limit)
        told.append(f"Closest to its limit: {_name(fullest)} uses {share} % of {human(fullest.limit)}; {fullest.says}.")
    return told


def _soonest(forecast, earlier) -> Optional[Tuple[Domain, float]]:
    """The domain that will be full first at the pace since the earlier forecast, and in how many seconds."""
    if earlier is None or forecast.at <= earlier.at:
        return None
    before = {domain.path: domain.used for domain in earlier.domains}
    found = None
    for domain in forecast.domains:
        was = before.get(domain.path)
        if was is None or domain.used is None or domain.used <= was:
            continue
        pace = (domain.used - was) / (forecast.at - earlier.at)
        seconds = max(0, domain.limit - domain.used) / pace
        if seconds <= _LONGEST_SECONDS and (found is None or seconds < found[1]):
            found = (domain, seconds)
    return found


def _name(domain) -> str:
    return "The host" if domain.path is None else domain.path


def _span(seconds: float) -> str:
    size, unit = next((row for row in _UNITS if seconds >= row[0]), _UNITS[-1])
    number = max(1, int(seconds // size))
    return f"{number} {unit}{'' if number == 1 else 's'}"
