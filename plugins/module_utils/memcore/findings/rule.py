# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a rule is, what it says when it is met, and the finding that is made of both."""

import re
import shlex
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

DOCS = "docs/findings.md#"
SEVERITIES = ("info", "warning", "critical")  # in rising order
# The worst that a command does, in rising order: it only looks; it changes what can be changed back; it stops a
# service for a moment; it deletes what cannot be brought back.
EFFECTS = LOOK, CHANGE, RESTART, LOSS = ("none", "reversible", "restart", "data-loss")
Command = Tuple[str, str]  # one of EFFECTS, and the line to type, with {blanks} that the evidence fills
_BLANK = re.compile(r"\{(\w+)\}")


class Met(NamedTuple):
    """What a predicate returns for each thing that it finds.

    summary: one sentence with figures; evidence: what it was concluded from (bytes, percent, names).
    commands: those that depend on what was found, after the rule's own; enter: what to put before each command, where
    the thing is in another namespace.
    """

    summary: str
    evidence: Dict
    commands: Tuple[Command, ...] = ()
    enter: str = ""


class Rule(NamedTuple):
    """All that is fixed about a finding.

    threshold: compared in `unit`; None and no unit where there is nothing to tune. needs: the keys that the record
    must have. predicate(record, threshold): what was found, mostly nothing. remedy: what to do, in sentences. docs: the
    page that has a section for it. confidence: high, medium or low: how sure it is that it is as the summary says.
    report_severity: critical, high, medium, low or info, for reports that have more severities.
    """

    id: str
    severity: str
    threshold: Optional[float]
    unit: str
    needs: Tuple[str, ...]
    predicate: Callable[[Dict, Optional[float]], Iterable[Met]]
    remedy: str
    commands: Tuple[Command, ...] = ()
    docs: str = DOCS
    confidence: str = "high"
    report_severity: str = ""


class Finding(NamedTuple):
    """A rule that was met, as facts and events report it.

    remedy_commands: as one types them in a root shell; remedy_effect: the worst of what they do, one of EFFECTS.
    """

    id: str
    severity: str
    summary: str
    evidence: Dict
    remedy: str
    remedy_commands: List[str]
    remedy_effect: str
    ref: str


def finding(rule: Rule, met: Met) -> Finding:
    """The finding; its remedy and commands name what the evidence names.

    Anybody may choose the name of a mount, a unit or a cgroup, so commands quote them for the shell. A blank that the
    evidence cannot fill becomes its name in capitals (PID), in a command as well.
    """
    commands = rule.commands + met.commands
    return Finding(
        rule.id,
        rule.severity,
        met.summary,
        met.evidence,
        _filled(rule.remedy, met.evidence, _in_words),
        [met.enter + _filled(line, met.evidence, _quoted) for _effect, line in commands],
        max((effect for effect, _line in commands), key=EFFECTS.index, default=LOOK),
        rule.docs + rule.id,
    )


def _filled(text, values, shown):
    def fill(blank):
        value = values.get(blank[1])
        return blank[1].upper() if value is None else shown(value)

    return _BLANK.sub(fill, text)


def _in_words(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _quoted(value):
    return shlex.quote(str(value))
