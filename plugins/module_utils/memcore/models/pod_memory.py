# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a pod or a pod template claims of its node's memory, as the rules about pods read it.

Amounts that are absent, 0 or no quantity are None: the kubelet treats 0 as absent (pkg/apis/core/v1/helper/qos). A
limit without a request is a request too, as the API server defaults it; of a template nobody has done so yet.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import qos, quantity, workload
from .lenient import number_of, object_of, rows_of, text_of

_KINDS = (("container", "containers"), ("init", "initContainers"))
_HUGE = "hugepages-"
_MIB = 1 << 20
# Settings of a runtime's heap, in arguments or in the environment; the rest of these texts is neither kept nor shown.
_HEAPS = (
    ("-Xmx", re.compile(r"-Xmx([0-9]{1,15})([kKmMgGtT]?)(?![0-9A-Za-z])")),
    ("GOMEMLIMIT", re.compile(r"GOMEMLIMIT=([0-9]{1,15})((?:[KMGT]i)?)B?$")),
    ("--max-old-space-size", re.compile(r"--max[-_]old[-_]space[-_]size[= ]([0-9]{1,12})()(?![0-9A-Za-z])")),
)
_PERCENT = re.compile(r"-XX:MaxRAMPercentage=([0-9]{1,3}(?:\.[0-9]{1,6})?)")
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Amounts(NamedTuple):
    """Of the pod or of a container; memory and huge pages in bytes, cpu in billionths of a CPU."""

    memory_request: Optional[int]
    memory_limit: Optional[int]
    cpu_request: Optional[int]
    cpu_limit: Optional[int]
    huge_pages: int  # the sum of the limits of all sizes


class Heap(NamedTuple):
    """A limit of a runtime's heap: setting is its name, bytes None where it is a percentage of the limit."""

    setting: str
    bytes: Optional[int]
    percent: Optional[float]


class ContainerClaim(NamedTuple):
    """kind: container, init or sidecar. mounts: (volume, path). ended: (reason, exit code), as far as known."""

    name: str
    kind: str
    amounts: Amounts
    heaps: Tuple[Heap, ...]
    mounts: Tuple[Tuple[str, str], ...]
    ended: Tuple[Tuple[str, int], ...]


class MemoryVolume(NamedTuple):
    """An emptyDir of medium Memory, which is a tmpfs; size_limit in bytes."""

    name: str
    size_limit: Optional[int]


class PodMemory(NamedTuple):
    """qos_class: as the status says, else computed. whole: spec.resources of the pod, None where it has none.

    limit_bytes: memory.max of the pod's cgroup, None where it gets none (ResourceConfigForPod, pkg/kubelet/cm).
    """

    namespace: Optional[str]
    name: Optional[str]
    owner_kind: str
    qos_class: str
    containers: Tuple[ContainerClaim, ...]
    whole: Optional[Amounts]
    volumes: Tuple[MemoryVolume, ...]
    limit_bytes: Optional[int]
    is_static: bool
    priority: Optional[int]
    priority_class: Optional[str]


def of_pod(pod: Dict) -> PodMemory:
    """The claims of a pod, or of a template as {metadata, spec}. What is missing or of a wrong type is absent."""
    metadata, spec, status = (object_of(pod, part) for part in ("metadata", "spec", "status"))
    is_static = workload.is_static(metadata)
    told = text_of(status, "qosClass")
    containers = tuple(_containers(spec, status))
    whole = _amounts(spec["resources"]) if isinstance(spec.get("resources"), dict) else None
    name = text_of(metadata, "name")
    return PodMemory(
        text_of(metadata, "namespace"),
        name,
        workload.of_metadata(metadata, name or "", text_of(spec, "nodeName"), is_static).kind,
        told if told in qos.CLASSES else qos.of_spec(spec),
        containers,
        whole,
        tuple(_volumes(spec)),
        _limit(containers, whole),
        is_static,
        number_of(spec, "priority"),
        text_of(spec, "priorityClassName"),
    )


def class_of(containers: List[ContainerClaim]) -> str:
    """The QoS class that these containers alone would make."""
    rows = [{"resources": _resources(one.amounts)} for one in containers]
    return qos.of_spec({"containers": rows})


def _resources(amounts):
    given = {
        "requests": {"memory": amounts.memory_request, "cpu": _cpus(amounts.cpu_request)},
        "limits": {"memory": amounts.memory_limit, "cpu": _cpus(amounts.cpu_limit)},
    }
    return {name: {key: value for key, value in part.items() if value} for name, part in given.items()}


def _cpus(nano):
    return None if nano is None else f"{nano}n"


def _containers(spec, status):
    for kind, field in _KINDS:
        states = {text_of(row, "name"): row for row in rows_of(status, _statuses(kind))}
        for row in rows_of(spec, field):
            name = text_of(row, "name") or ""
            told = "sidecar" if kind == "init" and row.get("restartPolicy") == "Always" else kind
            mounts = rows_of(row, "volumeMounts")
            yield ContainerClaim(
                name,
                told,
                _amounts(object_of(row, "resources")),
                tuple(_heaps(row)),
                tuple((text_of(one, "name") or "", text_of(one, "mountPath") or "") for one in mounts),
                tuple(_ended(states.get(name, {}))),
            )


def _statuses(kind):
    return "containerStatuses" if kind == "container" else "initContainerStatuses"


def _amounts(resources) -> Amounts:
    limits = object_of(resources, "limits")
    requests = dict(limits, **object_of(resources, "requests"))
    huge = [quantity.whole(value) or 0 for name, value in limits.items() if name.startswith(_HUGE)]
    return Amounts(
        _positive(quantity.whole(requests.get("memory"))),
        _positive(quantity.whole(limits.get("memory"))),
        _positive(quantity.nano(requests.get("cpu"))),
        _positive(quantity.nano(limits.get("cpu"))),
        sum(size for size in huge if size > 0),
    )


def _positive(amount):
    return amount if amount is not None and amount > 0 else None


def _volumes(spec):
    for row in rows_of(spec, "volumes"):
        folder = object_of(row, "emptyDir")
        if folder.get("medium") == "Memory":
            yield MemoryVolume(text_of(row, "name") or "", _positive(quantity.whole(folder.get("sizeLimit"))))


def _limit(containers, whole) -> Optional[int]:
    """The kubelet limits a pod's cgroup only where the pod or each of its containers, init ones too, has a limit."""
    if whole is not None and whole.memory_limit is not None:
        return whole.memory_limit
    limits = [(one.kind, one.amounts.memory_limit) for one in containers]
    if not limits or None in [limit for _kind, limit in limits]:
        return None
    sidecars, peak = 0, 0
    for kind, limit in limits:
        if kind == "sidecar":
            sidecars += limit
            peak = max(peak, sidecars)
        elif kind == "init":
            peak = max(peak, limit + sidecars)
    return max(sum(limit for kind, limit in limits if kind == "container") + sidecars, peak)


def _heaps(row):
    """Of arguments, and of variables whose value stands in the spec."""
    texts = [text for field in ("command", "args") for text in row.get(field) or [] if isinstance(text, str)]
    for one in rows_of(row, "env"):
        name, value = one.get("name"), one.get("value")
        if isinstance(name, str) and isinstance(value, str):
            texts.append(f"{name}={value}" if name == "GOMEMLIMIT" else value)
    for text in texts:
        for setting, pattern in _HEAPS:
            for number, unit in pattern.findall(text):
                factor = _MIB if setting.startswith("--") else _FACTORS[unit[:1].lower()]
                yield Heap(setting, int(number) * factor, None)
        for number in _PERCENT.findall(text):
            yield Heap("-XX:MaxRAMPercentage", None, float(number))


def _ended(state):
    for when in ("state", "lastState"):
        row = object_of(object_of(state, when), "terminated")
        reason, code = text_of(row, "reason"), number_of(row, "exitCode")
        if reason is not None and code is not None:
            yield reason, code
