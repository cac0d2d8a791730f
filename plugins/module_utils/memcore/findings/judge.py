# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The one judge: apply rules to a record, whether it is facts or an event."""

from typing import Dict, Iterable, List, Optional

from .rule import Finding, Rule, finding

_ORDER = {"critical": 0, "warning": 1, "info": 2}


def judge(record: Dict, rules: Iterable[Rule], thresholds: Optional[Dict[str, float]] = None) -> List[Finding]:
    """All findings, the worst first, equals in the order of the rules.

    thresholds: by id of the rule, where they are not to be the rule's own. A rule stays silent where the record lacks
    a key that it needs, as facts do whose subset was not gathered.
    """
    own = thresholds or {}
    found = [
        finding(rule, met)
        for rule in rules
        if all(name in record for name in rule.needs)
        for met in rule.predicate(record, own.get(rule.id, rule.threshold))
    ]
    return sorted(found, key=lambda one: _ORDER[one.severity])
