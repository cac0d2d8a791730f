# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what memfacts predicted of a scene, whom the kernel killed, and what memfacts says of the kernel's report.

Pure: lines of scenes.jsonl (guest/oom_play.py) in, rows out.
"""

from typing import Dict, List, NamedTuple, Optional

from memcore.models import badness, oom_rules, replay, tie_rule, verdicts, victims
from memcore.sources.oomlog import oom_report

YES = "yes"  # one was predicted, and the kernel took it
TIE = "tie"  # several were, and the kernel took one of them
CLOSE = "close"  # it took another, whose points may be the most by what the counters hide
GROWN = "grown"  # it took one that was said to die if it grows, or if the first is a child in vfork
NO = "no"
UNTOLD = "untold"  # the report does not say what the replay needs; only of replays

# How a prediction came out.
SURE_RIGHT, RIGHT, LISTED, WRONG, SURE_WRONG = "sure, right", "right", "in the list", "wrong", "sure, wrong"
OUTCOMES = (SURE_RIGHT, RIGHT, LISTED, WRONG, SURE_WRONG)


class Row(NamedTuple):
    """One choice of the kernel. kill: which of its scene, from 1. taken: the chosen one; killed: all who died for it.

    margin, drift: pages, as predicted. prediction, replayed: a class; why: of the replay. wrong: sentences on what else
    does not agree. sure: whether the prediction was; grew: whether others than the trigger grew after it.
    by_rule, by_rule_sure: whether the kernel followed its rule, as told of the report.
    """

    number: int
    kill: int
    domain: str
    predicted: List[str]
    taken: Optional[str]
    killed: List[str]
    margin: Optional[int]
    drift: Optional[int]
    prediction: str
    replayed: str
    why: List[str]
    wrong: List[str]
    sure: bool
    grew: bool
    by_rule: str
    by_rule_sure: bool

    @property
    def outcome(self) -> str:
        """One of OUTCOMES."""
        if self.prediction in (YES, TIE):
            return SURE_RIGHT if self.sure else RIGHT
        if self.sure:
            return SURE_WRONG
        return LISTED if self.prediction in (CLOSE, GROWN) else WRONG

    @property
    def is_wrong(self) -> bool:
        """Whether prediction, kernel and replay do not agree, which nothing excuses: neither drift nor growth."""
        missed = self.prediction == NO and (self.sure or not self.grew)
        return missed or self.replayed == NO or bool(self.wrong)


def judge(scene: Dict) -> List[Row]:
    """A row for each report of a scene that was played to its end, in order.

    The first is compared with what memfacts said in the guest. The others are ranked here of those left, and by what
    the reports before tell: which of equals a floored kernel takes.
    """
    told = scene["prediction"]
    names = {pid: name for name, pid in scene["pids"].items()}
    drift = {int(pid): pages for pid, pages in told["drift"].items()}
    domain = _domain(told)
    dead: Dict[int, str] = {}
    rows: List[Row] = []
    rules = oom_rules.Rules(**told["rules"])
    for report in oom_report.read(scene["kmsg"]):
        if scene["lost"] and any(what == "log" for what, _why in report.missing):
            break  # who died in between is not known
        left = domain._replace(tasks=[task for task in domain.tasks if task.pid not in dead])
        if dead:
            left = left._replace(headroom=0)  # the trigger, which nobody may kill, has taken what they left
        ranking = victims.rank(left, rules, lambda task: drift[task.pid])
        verdict = replay.replay(report, dead)
        rows.append(_row(scene, len(rows) + 1, report, ranking, verdict, rules, names))
        if verdict.tie_rule is not None and rules.tie_rule == tie_rule.UNKNOWN:
            rules = rules._replace(tie_rule=verdict.tie_rule)
        dead.update((kill.pid, kill.comm) for kill in report.kills)
        if not report.kills or scene["grows"]:
            break  # nobody is left, as the kernel says again and again; or the next kill was not to be foreseen
    return rows


def complaints(scene: Dict) -> List[str]:
    """What does not agree in a scene as a whole: the log, the processes' ends, the engine with itself."""
    told = scene["prediction"]
    ranking = victims.rank(_domain(told), oom_rules.Rules(**told["rules"]), lambda task: told["drift"][str(task.pid)])
    said = []
    if [task.pid for task in ranking.victims] != told["victims"]:
        said.append("ranked again from the same tasks, others are the victims")
    names = {pid: name for name, pid in scene["pids"].items()}
    killed = {
        names.get(each.pid, each.comm)
        for report in oom_report.read(scene["kmsg"])
        for each in report.kills
        if not each.repeated
    }
    ended = {name for name, how in scene["died"] if how == 9}
    if scene["lost"]:
        return said
    if killed != ended:
        said.append(f"the log tells the end of {sorted(killed)}, but {sorted(ended)} were killed")
    if scene["silent"]:
        said.append(f"no line tells the end of {scene['silent']}")
    return said


def _domain(told):
    return victims.Domain(
        told["path"],
        told["total"],
        [badness.Task(**task) for task in told["tasks"]],
        told["order"],
        told["setting"],
        frozenset(told["groups"]),
        told["headroom"],
        dict(told["mixed"]),
    )


def _row(scene, kill, report, ranking, verdict, rules, names):
    by_rule = verdicts.by_rule(report, verdict)
    pids = [each.pid for each in report.kills if not each.repeated]
    taken = pids[0] if pids else None
    return Row(
        scene["number"],
        kill,
        ranking_domain(report),
        _named([task.pid for task in ranking.victims], names),
        names.get(taken),
        _named(pids, names),
        ranking.margin,
        ranking.drift,
        _class_of_prediction(ranking, taken),
        _class_of_replay(verdict, rules.model, taken),
        verdict.why,
        _wrong(ranking, report, pids, names),
        ranking.sure,
        scene["grew"],
        by_rule.result,
        by_rule.sure,
    )


def ranking_domain(report) -> str:
    """Where memory ran out, as the kernel says."""
    return report.limit_cgroup or report.scope or "unknown"


def _named(pids, names):
    return [names.get(pid, f"pid {pid}") for pid in pids]


def _class_of_prediction(ranking, taken):
    victims_pids = [task.pid for task in ranking.victims]
    if taken in victims_pids:
        return YES if len(victims_pids) == 1 else TIE
    if taken is None:
        return YES if ranking.choice == victims.NOBODY else NO
    if taken in [task.pid for task in ranking.rivals]:
        return CLOSE
    others = [one.task.pid for one in ranking.contenders] + [task.pid for task in ranking.without_vfork]
    return GROWN if taken in others else NO


def _class_of_replay(verdict, model, taken):
    if taken is None or verdict.reason is not None:
        return UNTOLD
    choice = verdict.signed if model == badness.SIGNED else verdict.floored
    if verdict.model in (model, replay.BOTH):
        if taken == choice.pid and len(choice.tied) == 1:
            return YES
        return TIE if taken in choice.tied else CLOSE
    return UNTOLD if verdict.missing else NO


def _wrong(ranking, report, pids, names):
    said = []
    expected = {task.pid for task in ranking.group_tasks} if ranking.group else set(pids[:1])
    if set(pids) != expected and ranking.victims and len(ranking.victims) == 1:
        said.append(f"{_named(sorted(expected), names)} were to die together")
    # Of more than ten in five seconds, and of a flood of "no killable processes", the kernel leaves out some itself.
    lacking = [(what, why) for what, why in report.missing if what not in ("report", "log")]
    if lacking:
        said.append(f"the report is said to lack {lacking}")
    return said
