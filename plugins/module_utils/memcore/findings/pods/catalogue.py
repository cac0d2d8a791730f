# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every rule about a pod or its node, in the order of docs/pod-rules.md, and which ones lack a figure."""

from typing import Dict, Iterable, List, Tuple

from ..rule import Rule
from . import applied, kills, limits, node, own, pressure, protection, qos_class, scores, volumes

DOCS = "docs/pod-rules.md#"
_OF_PODS = (protection, qos_class, scores, limits, volumes, applied, pressure, kills, own)
POD_RULES: Tuple[Rule, ...] = tuple(rule._replace(docs=DOCS) for subject in _OF_PODS for rule in subject.RULES)
NODE_RULES: Tuple[Rule, ...] = tuple(rule._replace(docs=DOCS) for rule in node.RULES)
RULES = POD_RULES + NODE_RULES
BY_ID = {rule.id: rule for rule in RULES}

_NOT_RUNNING = "the pod was not looked at on its node: the agent there does not know it, or none was asked"
_NO_OOMS = "no OOM events of the node are known: the agent there was not asked"
_WHY = {
    "badness_model": "the node's kernel was not tested: it may or may not round negative OOM scores up to 1",
    "capacity_bytes": "the node's memory is not known",
    "allocatable_bytes": "the node's allocatable memory is not known",
    "kubelet_version": "the kubelet's version is not known",
    "expected": "neither the node's memory nor the kubelet's version is known",
    "cgroup_version": "the node's cgroup version is not known",
    "swap_bytes": "the node's swap is not known",
    "kubelet_config": "the kubelet's configuration is not known",
    "booted": "it is not known when the node booted",
    "ooms": _NO_OOMS,
    "watched_since": _NO_OOMS,
    "at": _NOT_RUNNING,
    "is_own": "it is not known which pod the agent runs in",
    "now": _NOT_RUNNING,
    "pod_cgroup": "the pod's memory cgroup was not read: it does not run, or no agent of its node was asked",
    "running": "no container of the pod was looked at on its node",
    "processes": "the pod's processes were not looked at on its node",
    "sysctls": "the node's sysctls are not known",
    "samples": "no earlier looks at the memory of the pod's containers are known",
    "rates": "no earlier look at the counters of the pod's containers is known",
    "psi": "the kernel has no pressure figures for the pod's containers (cgroup v1, or built without PSI)",
    "kubepods": "the memory cgroup of all pods was not read on the node",
    "host_processes": "the processes of the node were not looked at",
    "driver_mixed": "the cgroup paths of the node's processes were not looked at",
    "node_ooms": _NO_OOMS,
    "node_now": "the node was not looked at: no agent there was asked",
    "kernel": "the node was not looked at: no agent there was asked",
}


def skipped(record: Dict, rules: Iterable[Rule] = POD_RULES) -> List[Tuple[str, str]]:
    """(id, reason) of each rule that the record lacks something for."""
    missing = ((rule.id, next((name for name in rule.needs if name not in record), None)) for rule in rules)
    return [(name, _WHY[lack]) for name, lack in missing if lack is not None]
