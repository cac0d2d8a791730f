# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who dies next: on the host, and in each memory cgroup that has a limit."""

from typing import Callable, Dict, List, NamedTuple, Optional

from ..models import badness, oom_rules, reasons, tie_rule, victims
from ..models.badness import Task
from ..models.size import percent
from ..models.tie_rule import Told
from ..sources.host import Host
from ..sources.printable import printable
from . import badness_probe, host_identity, oom_domains, oom_tasks
from .options import Options
from .survey import Survey


class Answer(NamedTuple):
    """One domain and its ranking; limits in bytes."""

    domain: victims.Domain
    limits: oom_domains.Limits
    ranking: victims.Ranking


class Prediction(NamedTuple):
    """All answers; host is the one of a global OOM, cgroups those of each memory cgroup with a limit.

    model_evidence, tie_evidence: a sentence each, where the rules come from.
    """

    rules: oom_rules.Rules
    model_evidence: str
    tie_evidence: str
    host: Answer
    cgroups: List[Answer]
    tasks: oom_tasks.Tasks
    tree: oom_domains.Tree


def predict(host: Host, tie: Optional[Told] = None, model: Optional[Told] = None) -> Prediction:
    """Ask the host. tie, model: (rule or model, evidence) that are known already."""
    return of_survey(Survey(host, Options(namespaces=False)), tie, model)


def of_survey(
    survey: Survey,
    tie: Optional[Told] = None,
    model: Optional[Told] = None,
    learn: Callable[[], Optional[Told]] = lambda: None,
    least_fill: float = 0.0,
) -> Prediction:
    """As `predict`, on a host that is being looked at already; without tie and model the last answer stands.

    learn: who may know the tie rule of a floored kernel whose release does not tell it. least_fill: cgroups that use
    less than this share of their limit are not ranked.
    """
    if survey.prediction is None or tie or model:
        survey.prediction = _predicted(survey, tie, model, learn, least_fill)
    return survey.prediction


def _predicted(survey, tie, model, learn, least_fill) -> Prediction:
    release = host_identity.release_of(survey.host)
    model_name, model_evidence = model or tuple(badness_probe.probe(survey.host))
    tie_name, tie_evidence = tie or _tie(model_name, release, learn)
    rules = oom_rules.of_kernel(release, model_name, tie_name)
    tree = oom_domains.Tree(survey)
    tasks = oom_tasks.read(survey, release, rules, tree.of_pid)
    if model_name == badness.UNKNOWN:
        survey.host.lacks("oom badness_model", model_evidence)
    if tree.mount is None:
        survey.host.lacks("oom by_cgroup", reasons.NO_CGROUP_RANKING)
    host = oom_domains.host_domain(survey, tasks.by_pid, tree)
    return Prediction(
        rules,
        model_evidence,
        tie_evidence,
        Answer(host, oom_domains.host_limits(survey), rank_host(survey, host, rules, tasks)),
        [
            Answer(domain, limits, rank_cgroup(survey, domain, rules, tasks))
            for domain, limits in oom_domains.cgroup_domains(
                survey, tasks.by_pid, tree, rules.creation_order, least_fill
            )
        ],
        tasks,
        tree,
    )


def _tie(model, release, learn) -> Told:
    told = tie_rule.of_model_and_release(model, release)
    return learn() or told if told[0] == tie_rule.UNKNOWN and model == badness.FLOORED else told


def rank_host(
    survey: Survey, domain: victims.Domain, rules: oom_rules.Rules, tasks: oom_tasks.Tasks
) -> victims.Ranking:
    """Rank the host; start times, which only a tie at the top needs, are read only then."""
    ranking = victims.rank(domain, rules, tasks.drift)
    ordered = oom_tasks.by_creation(survey, domain.tasks) if ranking.rows and ranking.rows[0].tied else None
    if ordered is not None:
        ranking = victims.rank(domain._replace(tasks=ordered, order=victims.EXACT), rules, tasks.drift)
    return _as_seen(survey, ranking)


def rank_cgroup(
    survey: Survey, domain: victims.Domain, rules: oom_rules.Rules, tasks: oom_tasks.Tasks
) -> victims.Ranking:
    """Rank a memory cgroup."""
    return _as_seen(survey, victims.rank(domain, rules, tasks.drift))


def _as_seen(survey, ranking) -> victims.Ranking:
    """Whom nobody can see may stand in front of all others."""
    if survey.table.complete:
        return ranking
    return ranking._replace(sure=False, group_sure=None if ranking.group is None else False)


def gather(survey: Survey) -> Dict:
    """The part of subset oom that ranks; lists are capped by `top`."""
    return rows_of(survey, of_survey(survey))


def rows_of(survey: Survey, found: Prediction, host_place: str = "oom", place: str = "oom.by_cgroup") -> Dict:
    """A prediction as facts show it, the cgroups that are closest to their limit first.

    host_place, place: how lists of the host and of cgroups are called where they are cut.
    """
    by_fill = sorted(found.cgroups, key=lambda answer: -_fill(answer.limits))
    host = domain_row(survey, found, found.host, host_place)
    return {
        "badness_model": found.rules.model,
        "badness_evidence": found.model_evidence,
        "tie_rule": found.rules.tie_rule,
        "tie_rule_evidence": found.tie_evidence,
        **host,
        "by_cgroup": [
            {"cgroup": printable(answer.domain.path), **domain_row(survey, found, answer, place)}
            for answer in survey.capped(place, by_fill)
        ],
    }


def domain_row(survey: Survey, found: Prediction, answer: Answer, place: str) -> Dict:
    """One domain: what happens when it is full, whom it takes, and what that frees."""
    domain, limits, ranking = answer
    size = survey.page_size
    spared = sorted((task for task in ranking.spared if victims.holds(task)), key=victims.holds, reverse=True)
    held = sum(map(victims.holds, spared))
    return {
        "limit_bytes": limits.memory,
        "used_bytes": limits.used,
        "total_bytes": domain.total * size,
        **choice_row(survey, found, answer, place),
        "rivals": [task.pid for task in survey.capped(f"{place}.rivals", ranking.rivals)],
        "margin_bytes": None if ranking.margin is None else ranking.margin * size,
        "drift_bytes": None if ranking.drift is None else ranking.drift * size,
        "headroom_bytes": None if domain.headroom is None else domain.headroom * size,
        "could_die_instead": _contenders(survey, ranking, f"{place}.could_die_instead"),
        "could_die_count": len(ranking.contenders),
        "maybe_vfork": [task.pid for task in survey.capped(f"{place}.maybe_vfork", ranking.maybe_vfork)],
        "without_vfork": _rows_of_next(survey, ranking.without_vfork, f"{place}.without_vfork"),
        "may_die_too": survey.capped(f"{place}.may_die_too", _sharers(found.tasks, ranking)),
        "killable": len(ranking.rows),
        "victims": [_row(survey, found, row) for row in survey.capped(f"{place}.victims", ranking.rows)],
        "unkillable": [_spared_row(survey, task) for task in survey.capped(f"{place}.unkillable", spared)],
        "unkillable_bytes": held * size,
        "unkillable_percent": percent(held, domain.total),
        "unkillable_exhausts": held >= domain.total,
    }


def choice_row(survey: Survey, found: Prediction, answer: Answer, place: str) -> Dict:
    """The part of a domain's row that a sentence about who dies needs."""
    domain, dummy, ranking = answer
    return {
        "choice": ranking.choice,
        "sure": ranking.sure,
        "next": next_rows(survey, ranking, f"{place}.next"),
        "next_count": len(ranking.victims),
        "signed_next": _signed_next(survey, found, domain, f"{place}.signed_next"),
        "chosen_pid": _chosen_pid(ranking),
        **_group(survey, ranking),
    }


def next_rows(survey: Survey, ranking: victims.Ranking, place: str) -> List[Dict]:
    """Who dies next, at most `top` of a tie."""
    return _rows_of_next(survey, ranking.victims, place)


def _rows_of_next(survey, tasks, place) -> List[Dict]:
    return [
        {"pid": task.pid, "comm": task.comm, "frees_bytes": _freed_bytes(survey, [task])}
        for task in survey.capped(place, tasks)
    ]


def _contenders(survey, ranking, place) -> List[Dict]:
    return [
        {"pid": one.task.pid, "comm": one.task.comm, "grows_bytes": one.grows * survey.page_size}
        for one in survey.capped(place, ranking.contenders)
    ]


def _sharers(tasks: oom_tasks.Tasks, ranking) -> List[int]:
    """The pids of those that die, too, if they share the memory of who dies, in whatever cgroup they are."""
    found = {pid for task in ranking.victims for pid in tasks.families.get(task.pid, ()) if pid != task.pid}
    named = {task.pid for task in ranking.group_tasks}
    return sorted(pid for pid in found - named if tasks.by_pid[pid].spared is None)


def _signed_next(survey, found, domain, place) -> List[Dict]:
    """Whom a kernel of today would take, where this one may be of the old kind."""
    if found.rules.model == badness.SIGNED:
        return []
    of_today = victims.rank(domain, oom_rules.Rules(badness.SIGNED, tie_rule.LAST), found.tasks.drift)
    return next_rows(survey, of_today, place)


def _row(survey, found, row) -> Dict:
    task, size, total = row.task, survey.page_size, found.host.domain.total
    model = found.rules.model
    told = model != badness.UNKNOWN
    return {
        "rank": row.rank,
        "pid": task.pid,
        "comm": task.comm,
        "unit": survey.owner_of(task.pid).unit,
        "cgroup": None if task.cgroup is None else printable(task.cgroup),
        "badness": row.points,
        "tied_with": row.tied,
        "oom_score": badness.oom_score(badness.points(task, total, model), total, model) if told else None,
        "oom_score_adj": task.adj,
        "rss_bytes": task.rss * size,
        "swap_bytes": task.swap * size,
        "frees_bytes": _freed_bytes(survey, [task]),
    }


def _spared_row(survey, task: Task) -> Dict:
    return {
        "pid": task.pid,
        "comm": task.comm,
        "reason": task.spared or f"oom_score_adj {task.adj}",
        "oom_score_adj": task.adj,
        "held_bytes": victims.holds(task) * survey.page_size,
    }


def _freed_bytes(survey, tasks) -> Optional[int]:
    freed = [victims.frees(task) for task in tasks]
    if None in freed:
        survey.host.lacks("oom frees_bytes", reasons.NO_ANONYMOUS_SPLIT)
        return None
    return sum(freed) * survey.page_size


def _chosen_pid(ranking) -> Optional[int]:
    """Up to 5.0: the parent that was chosen and lives on."""
    return ranking.chosen[0].pid if ranking.chosen and ranking.chosen != ranking.victims else None


def _group(survey, ranking) -> Dict:
    tasks = None if ranking.group is None else ranking.group_tasks
    return {
        "group_cgroup": None if ranking.group is None else printable(ranking.group),
        "group_tasks": None if tasks is None else len(tasks),
        "group_frees_bytes": None if tasks is None else _freed_bytes(survey, tasks),
        "group_sure": ranking.group_sure,
    }


def _fill(limits):
    return (limits.used or 0) / limits.memory if limits.memory else 1.0
