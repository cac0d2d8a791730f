# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Make a rule about pods or nodes from its severity in reports, which have five, where findings have three."""

from typing import Callable, Dict, Iterable, Optional, Tuple

from ...models.pod_memory import PodMemory
from ..rule import Command, Met, Rule

_SEVERITIES = {"critical": "critical", "high": "warning", "medium": "warning", "low": "info", "info": "info"}

Predicate = Callable[[Dict, Optional[float]], Iterable[Met]]


def rule(
    name: str,
    severity: str,
    needs: Tuple[str, ...],
    predicate: Predicate,
    remedy: str,
    threshold: Optional[float] = None,
    unit: str = "",
    commands: Tuple[Command, ...] = (),
    confidence: str = "high",
) -> Rule:
    """The rule. severity: as policy reports show it."""
    return Rule(
        name,
        _SEVERITIES[severity],
        threshold,
        unit,
        needs,
        predicate,
        remedy,
        commands,
        confidence=confidence,
        report_severity=severity,
    )


def named(pod: PodMemory) -> Dict:
    """Evidence that names the pod, for commands."""
    return {"namespace": pod.namespace, "pod": pod.name}
