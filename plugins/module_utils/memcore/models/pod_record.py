# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The record of a pod, or of a node, that rules judge: it has a key only where the figure is known."""

from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from . import expected_adj, pod_memory, quantity
from .badness import UNKNOWN
from .expected_adj import Expected, Version
from .lenient import object_of, text_of
from .pod_evidence import ContainerNow, Evidence, PodNow
from .pod_memory import ContainerClaim, PodMemory

ROUNDING = 2  # the kubelet's idea of the node's memory may be some pages off
_BEFORE = ((1, 31), (1, 21))  # of sidecars, of pods that are critical only by their priority


class NodeFigures(NamedTuple):
    """What rules take from a v1 Node: sizes in bytes of status.capacity and status.allocatable; None: not known."""

    name: Optional[str] = None
    capacity_bytes: Optional[int] = None
    allocatable_bytes: Optional[int] = None
    huge_pages_bytes: Optional[int] = None
    kubelet_version: Optional[Version] = None
    is_under_pressure: Optional[bool] = None


class Running(NamedTuple):
    """A container that runs, with what its spec claims. expected: its oom_score_adj, where that can be computed.

    also_expected: what kubelets of earlier versions would have given it: a container keeps the value of its start.
    """

    claim: ContainerClaim
    expected: Optional[Expected]
    now: ContainerNow
    also_expected: Tuple[int, ...] = ()


def figures(node: Dict) -> NodeFigures:
    """Of a v1 Node. What is missing or of a wrong type is None."""
    status = object_of(node, "status")
    capacity, allocatable = object_of(status, "capacity"), object_of(status, "allocatable")
    huge = [quantity.whole(value) or 0 for name, value in capacity.items() if name.startswith("hugepages-")]
    version = text_of(object_of(status, "nodeInfo"), "kubeletVersion")
    rows = status.get("conditions")
    pressure = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    told = [row.get("status") == "True" for row in pressure if row.get("type") == "MemoryPressure"]
    return NodeFigures(
        text_of(object_of(node, "metadata"), "name"),
        quantity.whole(capacity.get("memory")),
        quantity.whole(allocatable.get("memory")),
        sum(huge) if capacity else None,
        None if version is None else expected_adj.version_of(version),
        told[0] if told else None,
    )


def of_pod(pod: Dict, node: NodeFigures, evidence: Optional[Evidence]) -> Dict:
    """The record of a pod, or of a template as {metadata, spec}. docs/pod-rules.md lists the keys."""
    memory = pod_memory.of_pod(pod)
    expected = None
    if node.capacity_bytes and node.kubelet_version is not None:
        expected = expected_adj.of_pod(pod, node.capacity_bytes, node.kubelet_version)
    found = _known(
        pod=memory,
        capacity_bytes=node.capacity_bytes,
        allocatable_bytes=node.allocatable_bytes,
        kubelet_version=node.kubelet_version,
        expected=expected,
    )
    if evidence is not None:
        found.update(_of_evidence(pod, memory, expected, evidence))
    return found


def of_node(node: NodeFigures, pods: List[Dict], evidence: Optional[Evidence]) -> Dict:
    """The record of a node. pods: the records of all its pods."""
    found = _known(
        node=node,
        capacity_bytes=node.capacity_bytes,
        allocatable_bytes=node.allocatable_bytes,
        kubelet_version=node.kubelet_version,
        pods=pods,
    )
    if evidence is not None:
        now, kernel = evidence.node, evidence.node.kernel
        found.update(
            _known(
                kernel=kernel,
                sysctls=kernel.sysctls,
                cgroup_version=kernel.cgroup_version,
                kubelet_config=now.kubelet_config,
                kubepods=now.kubepods,
                host_processes=now.processes,
                driver_mixed=now.driver_mixed,
                node_ooms=None if evidence.watched_since is None else evidence.node_ooms,
                node_now=now,
            )
        )
    return found


def _of_evidence(pod: Dict, memory: PodMemory, expected, evidence: Evidence) -> Dict:
    kernel = evidence.node.kernel
    now = _first(evidence.pods, memory.uids)
    ooms = _first(evidence.ooms, memory.uids)
    found = _known(
        badness_model=None if kernel.badness_model == UNKNOWN else kernel.badness_model,
        cgroup_version=kernel.cgroup_version,
        swap_bytes=kernel.swap_bytes,
        kubelet_config=evidence.node.kubelet_config,
        booted=kernel.booted,
        ooms=None if evidence.watched_since is None else ooms or (),
        watched_since=evidence.watched_since,
        at=evidence.at,
        is_own=None if evidence.own_uid is None else evidence.own_uid in memory.uids,
    )
    if now is not None:
        running = _running(pod, memory, expected, now)
        found.update(_known(now=now, pod_cgroup=now.cgroup, running=running or None))
        cgroups = [one.now.cgroup for one in running if one.now.cgroup is not None]
        known = {
            "samples": any(one.samples for one in cgroups),
            "rates": any(one.earlier is not None for one in cgroups),
            "psi": any(one.full_avg10_percent is not None for one in cgroups),
        }
        found.update({name: True for name, is_known in known.items() if is_known})
        if now.has_processes:
            found["processes"] = running
    return found


def _running(pod, memory, expected, now: PodNow) -> List[Running]:
    by_id = {one.id: one for one in now.containers}
    values = {one.name: one for one in expected or ()}
    found = [
        Running(one, values.get(one.name), by_id[one.status.id])
        for one in memory.containers
        if one.status.id is not None and one.status.id in by_id
    ]
    return [_with_earlier(pod, one, one.expected) if one.expected is not None else one for one in found]


def _with_earlier(pod, one: Running, expected: Expected) -> Running:
    """With the values of the versions before each change of the kubelet's rule, where the live value is another."""
    first = one.now.first
    if first is None or abs(first.oom_score_adj - expected.adj) <= ROUNDING:
        return one
    rows = [row for version in _BEFORE for row in expected_adj.of_pod(pod, expected.capacity_bytes, version)]
    return one._replace(also_expected=tuple(row.adj for row in rows if row.name == one.claim.name))


def _first(rows: Dict, uids: Iterable[str]):
    return next((rows[uid] for uid in uids if uid in rows), None)


def _known(**values) -> Dict:
    return {name: value for name, value in values.items() if value is not None}
