# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The oom_score_adj that a kubelet gives each container of a pod: GetContainerOOMScoreAdjust(), pkg/kubelet/qos.

The kubelet's version decides: 1.20 took -997 instead of -998 for Guaranteed pods, 1.22 asks for the class
system-node-critical, 1.32 lowered sidecars, and pod-level resources (on by default since 1.34) share what no container
claims. The value is written when a container starts, so one that runs may still have that of an older kubelet.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import qos, quantity, workload
from .lenient import number_of, object_of, rows_of, text_of

_CRITICAL_PRIORITY = 2000000000  # SystemCriticalPriority
_NODE_CRITICAL = "system-node-critical"
NODE_CRITICAL_RULE = "node-critical"
_VERSION = re.compile(r"v?([0-9]{1,3})\.([0-9]{1,3})")
_KINDS = (("container", "containers"), ("init", "initContainers"), ("ephemeral", "ephemeralContainers"))

Version = Tuple[int, int]


class Expected(NamedTuple):
    """The value of one container, and what it was computed from; bytes are None where they do not matter.

    kind: container, init, sidecar or ephemeral. rule: node-critical, guaranteed, best-effort, burstable, or sidecar
    where the regular container with the smallest request decides. request_bytes: the one that decided; share_bytes:
    this container's part of the pod's request that no container claims.
    """

    name: str
    kind: str
    adj: int
    rule: str
    capacity_bytes: int
    request_bytes: Optional[int] = None
    share_bytes: Optional[int] = None


def version_of(text: str) -> Optional[Version]:
    """`v1.36.2`, `1.28` or `v1.21.1+051ac4f` as (1, 36); None where it is no version."""
    match = _VERSION.match(text)
    return None if match is None else (int(match[1]), int(match[2]))


def of_pod(pod: Dict, capacity_bytes: int, version: Version) -> List[Expected]:
    """Each container of a pod or a pod template, in the order of its spec; none of a pod that lacks a spec.

    capacity_bytes: the node's status.capacity.memory, which is MemTotal when the kubelet started, never allocatable.
    """
    spec = object_of(pod, "spec")
    fixed = _fixed(pod, spec, version)
    share = _share(spec)
    smallest = min([_memory(row) for row in rows_of(spec, "containers")], default=0)
    found = []
    for kind, field in _KINDS:
        for row in rows_of(spec, field):
            name = text_of(row, "name") or ""
            is_sidecar = kind == "init" and row.get("restartPolicy") == "Always"
            told = "sidecar" if is_sidecar else kind
            if fixed is not None:
                found.append(Expected(name, told, fixed[1], fixed[0], capacity_bytes))
                continue
            request, rule = _memory(row), "burstable"
            # A larger request is a lower value: a sidecar is never killed before the container that it serves.
            if is_sidecar and version >= (1, 32) and smallest > request:
                request, rule = smallest, "sidecar"
            adj = _burstable(request + share, capacity_bytes, version)
            found.append(Expected(name, told, adj, rule, capacity_bytes, request, share))
    return found


def guaranteed_adj(version: Version) -> int:
    """Of Guaranteed and of critical pods. Up to 1.19 it was the sandbox's own value, so that both tied."""
    return -997 if version >= (1, 20) else -998


def _fixed(pod, spec, version) -> Optional[Tuple[str, int]]:
    """(rule, value) where no request matters."""
    if _is_critical(pod, spec, version):
        return NODE_CRITICAL_RULE, guaranteed_adj(version)
    told = text_of(object_of(pod, "status"), "qosClass")
    # A kubelet before 1.29 computes the class itself; API server and kubelet use the same rule.
    given = told if told in qos.CLASSES else qos.of_spec(spec)
    if given == qos.GUARANTEED:
        return "guaranteed", guaranteed_adj(version)
    return ("best-effort", 1000) if given == qos.BEST_EFFORT else None


def _is_critical(pod, spec, version) -> bool:
    if version < (1, 14):
        return False
    is_static = workload.is_static(object_of(pod, "metadata"))
    is_high = (number_of(spec, "priority") or 0) >= _CRITICAL_PRIORITY
    if version < (1, 22):
        return is_static or is_high
    return (is_static or is_high) and text_of(spec, "priorityClassName") == _NODE_CRITICAL


def _burstable(request, capacity, version) -> int:
    lowest = 1000 + guaranteed_adj(version)
    return min(max(1000 - 1000 * request // capacity, lowest), 999)


def _share(spec) -> int:
    """What the pod requests beyond its containers, for each of them; ephemeral containers do not count."""
    whole = _pod_request(spec)
    heads = len(rows_of(spec, "containers")) + len(rows_of(spec, "initContainers"))
    return max(whole - _aggregated(spec), 0) // heads if whole and heads else 0


def _pod_request(spec) -> int:
    """The memory request of the pod itself, as the API server defaults it: what its containers request, else its limit.

    The API server takes nothing but cpu, memory and huge pages there, and drops the field where the gate is off.
    """
    resources = object_of(spec, "resources")
    given = quantity.whole(object_of(resources, "requests").get("memory"))
    if given is None and "memory" in object_of(resources, "limits"):
        given = _aggregated(spec) or quantity.whole(object_of(resources, "limits").get("memory"))
    return given or 0


def _aggregated(spec) -> int:
    """Memory requested at the pod's peak (KEP-753): a sidecar runs beside the init containers that come after it."""
    sidecars, peak = 0, 0
    for row in rows_of(spec, "initContainers"):
        if row.get("restartPolicy") == "Always":
            sidecars += _memory(row)
            peak = max(peak, sidecars)
        else:
            peak = max(peak, _memory(row) + sidecars)
    return max(sum(_memory(row) for row in rows_of(spec, "containers")) + sidecars, peak)


def _memory(row) -> int:
    """A container's request in bytes; a limit without a request is one, as the API server defaults it."""
    resources = object_of(row, "resources")
    given = dict(object_of(resources, "limits"), **object_of(resources, "requests"))
    return quantity.whole(given.get("memory")) or 0
