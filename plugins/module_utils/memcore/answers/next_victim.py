# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The whole answer to "who dies next": ranking, what-if, findings, in words and in figures."""

from typing import Dict, List, NamedTuple, Optional

from ..errors import OptionError
from ..findings import oom as rules
from ..findings.judge import judge
from ..gather import host_identity, oom, tie_evidence, victims, what_if
from ..gather.options import Options
from ..gather.survey import Survey
from ..models.changes import Change
from ..models.oom_group import is_inside
from ..models.tie_rule import Told
from ..render import change, next_victim
from ..sources.host import Host
from ..sources.printable import printable
from . import change_arg
from .asked import checked_top

_SHOWN = (
    "badness_model",
    "badness_evidence",
    "tie_rule",
    "tie_rule_evidence",
    "by_cgroup",
)


class Asked(NamedTuple):
    """cgroup: only domains that it can die in; top: rows of each list; changes: what if."""

    cgroup: Optional[str] = None
    top: int = 10
    changes: List[Change] = []


def checked(cgroup: Optional[str], top: int, changes: Optional[List[Dict]]) -> Asked:
    """The options, or an OptionError that names what is wrong and what would be right."""
    path = None if cgroup is None else "/" + cgroup.strip("/")
    return Asked(path, checked_top(top), change_arg.checked(changes or []))


def collect(host: Host, asked: Asked, tie: Optional[Told] = None) -> Dict:
    """What the module returns. tie: (rule, evidence) where it is known already; else the kernel's log may tell it."""
    survey = Survey(host, Options(top=asked.top))
    found = victims.of_survey(survey, tie, learn=lambda: tie_evidence.of_host(host))
    if asked.cgroup is not None:
        found = _only(survey, found, asked.cgroup)
    altered = changed(survey, found, asked.changes) if asked.changes else None
    facts = {"host": host_identity.gather(survey), "oom": oom.gather(survey)}
    findings = [dict(one._asdict()) for one in judge(facts, rules.RULES)]
    rows = dict(victims.rows_of(survey, found, "host", "by_cgroup"), what_if=altered)
    return {
        "summary": _sentence(rows, altered, findings),
        "report": next_victim.page(rows),
        "kernel_release": facts["host"]["kernel_release"],
        "host": {name: value for name, value in rows.items() if name not in _SHOWN + ("what_if",)},
        **{name: rows[name] for name in _SHOWN},
        "what_if": altered,
        "findings": findings,
        "truncated": [name for name in survey.truncated if not name.startswith("oom.")],
        "incomplete": [
            {"source": printable(source), "reason": printable(reason)} for source, reason in host.incomplete.items()
        ],
    }


def _only(survey, found: victims.Prediction, path: str) -> victims.Prediction:
    """The domains in which a process of the cgroup can die."""
    if all(place.path != path for place in found.tree.places):
        raise OptionError(f"there is no memory cgroup {path!r} here; list them with systemd-cgls.")
    above = [answer for answer in found.cgroups if is_inside(path, answer.domain.path)]
    if not above:
        survey.host.lacks(f"cgroup {path}", "neither it nor any above it has a limit: only the host can run out")
    return found._replace(cgroups=above)


def changed(survey: Survey, found: victims.Prediction, changes: List[Change]) -> Dict:
    """The answer to what_if: the changes with their sentences, the new order beside the old."""
    answer = what_if.answer(survey, found, changes)
    return dict(answer, changes=[change.row(outcome) for outcome in answer["changes"]])


def _sentence(rows, changed, findings) -> str:
    text = next_victim.summary(rows)
    if changed:
        text = f"{text[:-1]}; with what_if, {next_victim.changed(changed)}."
    count = len(findings)
    return f"{text[:-1]}; {count} finding{'' if count == 1 else 's'}."
