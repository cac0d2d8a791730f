# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Before it happens: who dies next on the host and in each cgroup that is at least half full, and would that help."""

import array
import math
from typing import List, NamedTuple, Optional, Sequence, Tuple

from memcore.errors import MemfactsError
from memcore.gather import tie_evidence, victims
from memcore.gather.options import Options
from memcore.gather.survey import Survey
from memcore.models import badness, tie_rule
from memcore.models.size import human, percent
from memcore.models.steady_growth import Reach
from memcore.models.tie_rule import Told
from memcore.models.victims import frees, holds
from memcore.render.next_victim import outcome
from memcore.sources import host

# A cgroup of a signed kernel that uses less of its limit is not looked at: the figures that decide are read for the
# rest. A floored kernel may kill the wrong process however the memory is spread, so there all are looked at.
LEAST_FILL = 0.5
# A kill that frees less of the limit than this lets memory run out again with the next request (models/verdicts.py).
LASTING_PERCENT = 1.0
_TIED = 32  # of those who may die, as many are named
HELPS, IN_VAIN, UNCLEAR = "helps", "in vain", "unclear"
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Spared(NamedTuple):
    """The process that Linux 5.9 or later would kill, where this kernel may kill another; bytes: what it holds."""

    pid: int
    comm: str
    bytes: int


class Domain(NamedTuple):
    """A place where memory can run out. path: the cgroup, None for the host; used, limit: bytes.

    hard: what the kernel cannot free of `used` without swap, None where it is not told. says: who dies there, as half
    a sentence. names: of those who may die. helps: HELPS, IN_VAIN (whoever dies frees next to nothing) or UNCLEAR.
    pids: who dies next, several where they are tied or too close to call; count: how many these are. others: who dies
    instead if it grows enough before, or if the first is a child of vfork. sure: there is exactly one who can die.
    known: the pids of all processes that were there, in rising order. may_swap: memory runs out later than at the
    limit, because swap may be used.
    """

    path: Optional[str]
    used: Optional[int]
    limit: int
    pids: Tuple[int, ...]
    count: int
    says: str
    others: Tuple[int, ...] = ()
    sure: bool = False
    hard: Optional[int] = None
    helps: str = UNCLEAR
    spared: Optional[Spared] = None
    names: Tuple[str, ...] = ()
    known: Sequence[int] = ()
    may_swap: bool = False


class Forecast(NamedTuple):
    """The domains at a moment (seconds that never go back), the host first, then the fullest cgroup first.

    badness_model, tie_rule: what this kernel is like (docs/kernel.md); tie_rule is None where it is not known.
    """

    at: float
    domains: Tuple[Domain, ...]
    badness_model: str
    tie_rule: Optional[str]


class Looker:
    """Looks at the host below root as often as it is asked to, and asks the kernel only once what it is like.

    may_learn: whether the kernel's log may tell by now which of several equals this kernel takes, where its release
    does not; set it after a kill. The log is read once for that.
    """

    def __init__(self, root: str) -> None:
        self.may_learn = True
        self._root = root
        self._model: Optional[Told] = None
        self._tie: Optional[Told] = None

    def look(self, now: float) -> Optional[Forecast]:
        """Rank the processes as the kernel would; None where the host cannot be read."""
        try:
            # A new Host each time: it remembers what it has read and what it lacks.
            survey = Survey(host.at(self._root), Options(top=_TIED, namespaces=False))
            is_signed = self._model is not None and self._model[0] == badness.SIGNED
            found = victims.of_survey(
                survey,
                self._tie,
                self._model,
                lambda: self._learn(survey),
                LEAST_FILL if is_signed else 0.0,
            )
            if found.rules.model != badness.UNKNOWN:
                self._model = found.rules.model, found.model_evidence
            if found.rules.tie_rule != tie_rule.UNKNOWN:  # the log of a kill may tell it later
                self._tie = found.rules.tie_rule, found.tie_evidence
            domains = [_domain(survey, found, answer) for answer in [found.host, *found.cgroups]]
        except (MemfactsError, OSError):
            return None
        domains[1:] = sorted(domains[1:], key=_fill, reverse=True)
        return Forecast(now, tuple(domains), found.rules.model, found.rules.tie_rule)

    def _learn(self, survey: Survey) -> Optional[Told]:
        if not self.may_learn:
            return None
        self.may_learn = False
        return tie_evidence.of_host(survey.host)


def look(root: str, now: float) -> Optional[Forecast]:
    """Look once."""
    return Looker(root).look(now)


def _domain(survey: Survey, found: victims.Prediction, answer: victims.Answer) -> Domain:
    domain, limits, ranking = answer
    row = victims.choice_row(survey, found, answer, "")
    may_die = (ranking.victims + [task for task in ranking.rivals if task not in ranking.victims])[:_TIED]
    others = [one.task for one in ranking.contenders] + ranking.without_vfork
    cache = 0 if domain.path is None else limits.cache  # of the host `used` has none in it
    return Domain(
        domain.path,
        limits.used,
        limits.memory,
        tuple(task.pid for task in may_die),
        max(len(ranking.victims), len(may_die)),
        outcome(row),
        tuple(task.pid for task in others[:_TIED]),
        ranking.sure,
        None if limits.used is None or cache is None else max(0, limits.used - cache),
        _helps(ranking, may_die + others, limits.memory, survey.page_size),
        _spared(row, domain, may_die, survey.page_size),
        tuple(task.comm for task in may_die),
        array.array("i", sorted(task.pid for task in domain.tasks)),
        domain.total * survey.page_size > limits.memory,
    )


def _helps(ranking, may_die, limit, page_size) -> str:
    """Whether a kill frees enough to last, whoever of these dies."""
    freed = [frees(task) for task in may_die]
    if ranking.group is not None:
        freed = [_sum([frees(task) for task in ranking.group_tasks])]
    if not freed or None in freed:
        return UNCLEAR
    enough = limit * LASTING_PERCENT / 100
    if min(freed) * page_size >= enough:
        return HELPS
    return IN_VAIN if max(freed) * page_size < enough else UNCLEAR


def _sum(sizes) -> Optional[int]:
    return None if None in sizes else sum(sizes)


def _spared(row, domain, may_die, page_size) -> Optional[Spared]:
    """None too where a group dies as a whole: then that process dies with it."""
    wanted = row["signed_next"][0] if row["signed_next"] else None
    if wanted is None or row["group_cgroup"] is not None or [task.pid for task in may_die] == [wanted["pid"]]:
        return None
    task = next(task for task in domain.tasks if task.pid == wanted["pid"])
    return Spared(task.pid, task.comm, holds(task) * page_size)


def _fill(domain: Domain) -> float:
    return (domain.used or 0) / domain.limit if domain.limit else 1.0


def sentences(forecast: Forecast) -> List[str]:
    """What a person wants to hear first: who dies next on the host, and the cgroup that is closest to its limit."""
    whole, cgroups = forecast.domains[0], forecast.domains[1:]
    told = [f"If this host runs out of memory, {whole.says}."]
    if cgroups and cgroups[0].used is not None:
        fullest = cgroups[0]
        share = percent(fullest.used, fullest.limit)
        told.append(f"Closest to its limit: {fullest.path} uses {share} % of {human(fullest.limit)}; {fullest.says}.")
    return told


def span(reach: Reach) -> str:
    """`5 to 7 minutes`, `about 2 hours`: in one unit, the soonest rounded down and the latest up."""
    size, unit = next((row for row in _UNITS if reach.soonest_seconds >= row[0]), _UNITS[-1])
    soonest = max(1, int(reach.soonest_seconds // size))
    latest = max(soonest, math.ceil(reach.latest_seconds / size))
    plural = "" if latest == 1 else "s"
    return f"about {soonest} {unit}{plural}" if soonest == latest else f"{soonest} to {latest} {unit}s"
