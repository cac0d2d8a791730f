# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every rule about a pod, in the order of docs/pod-rules.md, and which of them cannot be judged for want of what."""

from typing import Dict, List, Tuple

from ..rule import Rule
from . import limits, protection, qos_class, volumes

DOCS = "docs/pod-rules.md#"
RULES: Tuple[Rule, ...] = tuple(
    rule._replace(docs=DOCS) for rule in protection.RULES + qos_class.RULES + limits.RULES + volumes.RULES
)

_WHY = {
    "badness_model": "the node's kernel was not tested: it may or may not round negative OOM scores up to 1",
    "capacity_bytes": "the node's memory is not known",
    "kubelet_version": "the kubelet's version is not known",
    "expected": "neither the node's memory nor the kubelet's version is known",
}


def skipped(record: Dict) -> List[Tuple[str, str]]:
    """(id, reason) of each rule that the record lacks something for."""
    missing = ((rule.id, next((name for name in rule.needs if name not in record), None)) for rule in RULES)
    return [(name, _WHY[lack]) for name, lack in missing if lack is not None]
