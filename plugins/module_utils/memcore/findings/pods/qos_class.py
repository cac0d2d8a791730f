# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about a pod's QoS class: pods that miss Guaranteed by little, and pods that the kernel kills first."""

from typing import Dict, Iterator

from ...models import pod_memory, qos
from ...models.size import human
from ..rule import Met, Rule
from .said import is_node_critical, listed, of_kind
from .sheet import named, rule

_UNITS = (1, 2, 3, 4)  # powers of 1000 and of 1024: k, M, G, T


def _miss_by_cpu(record: Dict, _threshold) -> Iterator[Met]:
    """The pod's memory would make it Guaranteed, its cpu does not."""
    pod = record["pod"]
    if not _is_miss_by_cpu(pod) or is_node_critical(record):
        return
    names = [one.name for one in pod.containers if not _equal(one.amounts.cpu_request, one.amounts.cpu_limit)]
    summary = (
        f"memory limits equal the requests, but the cpu limit of {listed(names)} does not, so the pod is Burstable"
    )
    yield Met(summary, {"containers": names, "qos_class": pod.qos_class})


def _is_miss_by_cpu(pod):
    return (
        pod.qos_class == qos.BURSTABLE
        and pod.whole is None
        and all(_equal(one.amounts.memory_request, one.amounts.memory_limit) for one in pod.containers)
    )


def _equal(request, limit):
    return limit is not None and request == limit


NEAR_MISS_CPU = Rule(
    "guaranteed-near-miss-cpu",
    "info",
    None,
    "",
    ("pod",),
    _miss_by_cpu,
    "If the pod should be Guaranteed (oom_score_adj -997), give {containers} a cpu limit that equals the request. If "
    "cpu limits were left out on purpose, against throttling, nothing is wrong: the memory limit still holds.",
    report_severity="low",
)


def _miss_by_one(kinds, word):
    def predicate(record: Dict, _threshold) -> Iterator[Met]:
        pod = record["pod"]
        if pod.qos_class != qos.BURSTABLE or pod.whole is not None or _is_miss_by_cpu(pod) or is_node_critical(record):
            return
        culprits = [one for one in pod.containers if one.kind in kinds and _makes_guaranteed(pod, one)]
        if len(culprits) == 1:
            summary = (
                f"the {word} {culprits[0].name} alone keeps the pod from the class Guaranteed: {_lack(culprits[0])}"
            )
            yield Met(summary, {"container": culprits[0].name, "qos_class": pod.qos_class})

    predicate.__doc__ = f"One {word} alone keeps the pod from the class Guaranteed."
    return predicate


def _makes_guaranteed(pod, without):
    rest = [one for one in pod.containers if one is not without]
    return any(one.kind == "container" for one in rest) and pod_memory.class_of(rest) == qos.GUARANTEED


def _lack(container):
    amounts = container.amounts
    for what, request, limit in (
        ("memory", amounts.memory_request, amounts.memory_limit),
        ("cpu", amounts.cpu_request, amounts.cpu_limit),
    ):
        if limit is None:
            return f"it has no {what} limit"
        if request != limit:
            return f"its {what} request differs from its limit"
    return "its requests and limits are not complete"


NEAR_MISS_ONE = Rule(
    "guaranteed-near-miss-one-container",
    "warning",
    None,
    "",
    ("pod",),
    _miss_by_one(("container", "sidecar"), "container"),
    "Give {container} cpu and memory limits that equal its requests. A proxy that a mesh injects takes them from "
    "annotations on the pod template.",
    report_severity="medium",
)
NEAR_MISS_INIT = Rule(
    "guaranteed-near-miss-init",
    "warning",
    None,
    "",
    ("pod",),
    _miss_by_one(("init",), "init container"),
    "Give the init container {container} cpu and memory limits that equal its requests: its resources count for the "
    "class although it has ended.",
    report_severity="medium",
)


def _unit_mismatch(record: Dict, _threshold) -> Iterator[Met]:
    """A request and its limit are the same number, one in units of 1000 and one in units of 1024."""
    for one in record["pod"].containers:
        request, limit = one.amounts.memory_request, one.amounts.memory_limit
        if request is None or limit is None or request == limit:
            continue
        if any(limit * 1000**power == request * 1024**power for power in _UNITS):
            summary = (
                f"{one.name} requests {human(request)} and is limited to {human(limit)}: the same number, once in "
                "units of 1000 and once in units of 1024"
            )
            yield Met(summary, {"container": one.name, "request_bytes": request, "limit_bytes": limit})


UNIT_MISMATCH = Rule(
    "guaranteed-unit-mismatch",
    "info",
    None,
    "",
    ("pod",),
    _unit_mismatch,
    "Write request and limit of {container} in the same unit, for example both in Gi. The pod cannot be Guaranteed "
    "while they differ.",
    confidence="medium",
    report_severity="low",
)


def _best_effort(record: Dict, _threshold) -> Iterator[Met]:
    """A pod that looks important is the first that the kernel kills on a full node."""
    pod = record["pod"]
    if pod.qos_class != qos.BEST_EFFORT or is_node_critical(record):
        return
    reasons = []
    if (pod.priority or 0) > 0:
        reasons.append(f"priority {pod.priority}")
    if pod.owner_kind == "StatefulSet":
        reasons.append("a StatefulSet")
    if reasons:
        summary = f"the pod is BestEffort (oom_score_adj 1000) although it looks important: {listed(reasons)}"
        yield Met(summary, {"priority": pod.priority, "owner_kind": pod.owner_kind})


BEST_EFFORT = Rule(
    "besteffort-important-workload",
    "warning",
    None,
    "",
    ("pod",),
    _best_effort,
    "Give its containers a memory request near what they use. Without one they are the first that the kernel kills "
    "when the node runs out of memory.",
    confidence="medium",
    report_severity="high",
)


def _least_protected(record: Dict, least: int):
    """The containers with that oom_score_adj or more; a native sidecar may have that of the container it serves."""
    if "expected" not in record:
        return of_kind(record["pod"], "container")
    high = {one.name for one in record["expected"] if one.adj >= least}
    return [one for one in of_kind(record["pod"], "container", "sidecar") if one.name in high]


def _no_request(record: Dict, _threshold) -> Iterator[Met]:
    """A container of a Burstable pod is killed as if the pod were BestEffort."""
    pod = record["pod"]
    if pod.qos_class != qos.BURSTABLE or pod.whole is not None:
        return
    if is_node_critical(record):
        return
    names = [one.name for one in _least_protected(record, 999) if one.amounts.memory_request is None]
    if names:
        summary = f"no memory request: {listed(names)}, so oom_score_adj is 999, next to that of a BestEffort pod"
        yield Met(summary, {"containers": names, "oom_score_adj": 999})


ZERO_REQUEST = Rule(
    "burstable-zero-memory-request",
    "warning",
    None,
    "",
    ("pod",),
    _no_request,
    "Give {containers} a memory request near the usual use.",
    report_severity="medium",
)


def _tiny_request(record: Dict, threshold) -> Iterator[Met]:
    """A memory request is next to nothing on this node, though it may be much on a smaller one."""
    pod, capacity = record["pod"], record["capacity_bytes"]
    if pod.qos_class != qos.BURSTABLE or pod.whole is not None:
        return
    for one in [] if is_node_critical(record) else _least_protected(record, 998):
        request = one.amounts.memory_request
        if request is not None and request * 100 < threshold * capacity:
            summary = (
                f"{one.name} requests {human(request)}, less than {threshold:g} % of the node's {human(capacity)}, so "
                "its oom_score_adj is 998 or 999, next to that of a BestEffort pod"
            )
            evidence = {
                "container": one.name,
                "request_bytes": request,
                "capacity_bytes": capacity,
                "formula": f"{request} < {threshold:g} % of {capacity}",
            }
            yield Met(summary, evidence)


TINY_REQUEST = Rule(
    "burstable-tiny-request",
    "info",
    0.2,
    "percent of the node's memory",
    ("pod", "capacity_bytes"),
    _tiny_request,
    "Raise the memory request of {container} to what it uses. The same request protects better on a smaller node.",
    report_severity="low",
)


def _incomplete(record: Dict, _threshold) -> Iterator[Met]:
    """The resources of the pod itself are incomplete, and they alone decide the class."""
    whole = record["pod"].whole
    if whole is None:
        return
    limits = {"cpu": whole.cpu_limit, "memory": whole.memory_limit}
    given = sorted(name for name, amount in limits.items() if amount is not None)
    if whole == pod_memory.Amounts(None, None, None, None, whole.huge_pages):
        summary = "spec.resources of the pod is empty; kubelets from 1.34 to 1.36 then compute the class BestEffort"
    elif len(given) == 1:
        missing = "memory" if given == ["cpu"] else "cpu"
        summary = f"spec.resources of the pod limits {given[0]} but not {missing}, so the pod cannot be Guaranteed"
    else:
        return
    yield Met(summary, {"limits": given})


INCOMPLETE = Rule(
    "pod-level-resources-incomplete",
    "warning",
    None,
    "",
    ("pod",),
    _incomplete,
    "Give spec.resources of the pod both cpu and memory, limits equal to requests, or remove it so that the "
    "containers' resources decide.",
    report_severity="medium",
)


def _limit_range(record: Dict, _threshold) -> Iterator[Met]:
    """A LimitRange of the namespace gave the pod another QoS class than its author wrote."""
    pod = record["pod"]
    if pod.author_class is not None and pod.author_class != pod.spec_class:
        summary = (
            f"a LimitRange filled in values, which made the pod {pod.spec_class}; as it was written it is "
            f"{pod.author_class}"
        )
        yield Met(summary, dict(named(pod), qos_class=pod.spec_class, author_class=pod.author_class))


LIMIT_RANGE = rule(
    "limitrange-altered-qos",
    "low",
    ("pod",),
    _limit_range,
    "Write requests and limits of all containers into the template, so that the namespace's LimitRange fills in none.",
)

RULES = (
    NEAR_MISS_CPU,
    NEAR_MISS_ONE,
    NEAR_MISS_INIT,
    UNIT_MISMATCH,
    BEST_EFFORT,
    ZERO_REQUEST,
    TINY_REQUEST,
    INCOMPLETE,
    LIMIT_RANGE,
)
