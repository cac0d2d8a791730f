# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Phrases and selections that several rules about pods use."""

from typing import Dict, List

from ...models.expected_adj import NODE_CRITICAL_RULE
from ...models.pod_memory import ContainerClaim, PodMemory

_NAMED = 4
_NODE_CRITICAL = "system-node-critical"


def listed(names: List[str]) -> str:
    """`app`, `app and proxy`, `a, b, c, d and 3 more`."""
    if len(names) > _NAMED + 1:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{count} times"


def is_node_critical(record: Dict) -> bool:
    """Whether the kubelet gives the pod -997 whatever its class: what the class would mean for it does not hold."""
    if "expected" in record:
        return any(one.rule == NODE_CRITICAL_RULE for one in record["expected"])
    return record["pod"].priority_class == _NODE_CRITICAL


def of_kind(pod: PodMemory, *kinds: str) -> List[ContainerClaim]:
    """The containers of these kinds."""
    return [one for one in pod.containers if one.kind in kinds]
