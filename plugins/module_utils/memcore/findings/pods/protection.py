# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about pods that Kubernetes protects from the OOM killer, or seems to."""

from typing import Dict, Iterator

from ...models import qos
from ...models.badness import FLOORED
from ..rule import Met, Rule
from .said import listed, of_kind

_NODE_CRITICAL, _CLUSTER_CRITICAL = "system-node-critical", "system-cluster-critical"
_BY_CLASS_ONLY = (1, 22)  # since then static pods and cluster-critical ones have the value of their QoS class


def _tied(record: Dict, _threshold) -> Iterator[Met]:
    """All processes of the pod have the same score, so the kernel does not kill by size."""
    pod = record["pod"]
    if pod.qos_class != qos.GUARANTEED or record["badness_model"] != FLOORED:
        return
    names = [one.name for one in of_kind(pod, "container", "sidecar")]
    summary = (
        "the pod is Guaranteed, and this node's kernel rounds negative OOM scores up to 1: at the pod's limit scan "
        "order, not size, decides who dies, so the pause process may die and the largest process live"
    )
    yield Met(summary, {"containers": names, "badness_model": FLOORED})


TIED = Rule(
    "guaranteed-tied-oom-score",
    "warning",
    None,
    "",
    ("pod", "badness_model"),
    _tied,
    "Run a kernel with commit 9066e5cfb73c (Linux 5.9, late 5.4.y) on the node. Until then make the pod Burstable, so "
    "that size counts: a memory request below the limit is enough.",
    report_severity="high",
)


def _static(record: Dict, _threshold) -> Iterator[Met]:
    """A static pod is not protected, because it lacks the priority class."""
    pod = record["pod"]
    if not pod.is_static or pod.priority_class is not None or record["kubelet_version"] < _BY_CLASS_ONLY:
        return
    yield Met(
        "the static pod has no priority class, so the kernel may kill it by its QoS class like any other",
        {"qos_class": pod.qos_class},
    )


STATIC = Rule(
    "static-pod-without-priority-class",
    "warning",
    None,
    "",
    ("pod", "kubelet_version"),
    _static,
    "Set priorityClassName: system-node-critical in its manifest if the node needs it. Since Kubernetes 1.22 only that "
    "class gives oom_score_adj -997.",
    report_severity="high",
)


def _cluster_critical(record: Dict, _threshold) -> Iterator[Met]:
    """The priority class is critical for the scheduler, but does not protect from the OOM killer."""
    pod = record["pod"]
    is_named = pod.priority_class == _CLUSTER_CRITICAL
    if not is_named or pod.qos_class == qos.GUARANTEED or record["kubelet_version"] < _BY_CLASS_ONLY:
        return
    summary = (
        f"system-cluster-critical does not protect from the OOM killer: as a {pod.qos_class} pod its oom_score_adj is "
        f"{_range(record)}"
    )
    yield Met(summary, {"qos_class": pod.qos_class, "oom_score_adj": sorted({one.adj for one in record["expected"]})})


def _range(record):
    adjs = sorted({one.adj for one in record["expected"]})
    return f"{adjs[0]} to {adjs[-1]}" if len(adjs) > 1 else str(adjs[0]) if adjs else "that of its class"


CLUSTER_CRITICAL = Rule(
    "system-cluster-critical-not-protected",
    "warning",
    None,
    "",
    ("pod", "kubelet_version", "expected"),
    _cluster_critical,
    "Make the pod Guaranteed (limits equal to requests, cpu and memory). The class system-node-critical would protect "
    "it too, but set a memory limit first: if a protected pod leaks, the kernel kills all others.",
    report_severity="medium",
)


def _unlimited_critical(record: Dict, _threshold) -> Iterator[Met]:
    """A pod that the kernel kills last has no memory limit."""
    pod = record["pod"]
    if pod.priority_class != _NODE_CRITICAL or pod.limit_bytes is not None:
        return
    names = [one.name for one in of_kind(pod, "container", "sidecar") if one.amounts.memory_limit is None]
    if names:
        summary = (
            f"the pod has oom_score_adj -997, but {listed(names)} has no memory limit: if that leaks, the kernel kills "
            "all others first"
        )
        yield Met(summary, {"containers": names})


UNLIMITED_CRITICAL = Rule(
    "node-critical-without-limit",
    "warning",
    None,
    "",
    ("pod",),
    _unlimited_critical,
    "Give {containers} a memory limit well above the usual use.",
    report_severity="high",
)


def _exit_mismatch(record: Dict, _threshold) -> Iterator[Met]:
    """A container's status says OOMKilled, although the container ended for another reason."""
    for one in record["pod"].containers:
        for ended in one.status.ended:
            code = ended.exit_code
            if ended.reason == "OOMKilled" and code != 137:
                summary = (
                    f"{one.name} ended with exit code {code}, but its status says OOMKilled: a child process was "
                    "killed before that"
                )
                yield Met(summary, {"container": one.name, "exit_code": code})


EXIT_MISMATCH = Rule(
    "oomkilled-exit-mismatch",
    "info",
    None,
    "",
    ("pod",),
    _exit_mismatch,
    "Read the status of {container} as two things: some process of it was OOM-killed, and later its first process "
    "ended by itself with that code.",
    report_severity="low",
)

RULES = (TIED, STATIC, CLUSTER_CRITICAL, UNLIMITED_CRITICAL, EXIT_MISMATCH)
