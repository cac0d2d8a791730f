# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a pod or a pod template claims of its node's memory, as the rules about pods read it.

Amounts that are absent, 0 or no quantity are None: the kubelet treats 0 as absent (pkg/apis/core/v1/helper/qos). A
limit without a request is a request too, as the API server defaults it; of a template nobody has done so yet.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import container_status, device_claims, limit_ranger, qos, quantity, workload
from .container_status import Status
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
_PROGRAMS = re.compile(r"(?:^|[/\s])(python|java|node|curl|ruby|perl)[0-9.]*(?=\s|$)")  # that an exec probe starts
_LONGEST_COMMAND = 1024
_DEFAULT_PERIOD = 10  # seconds; the API server fills it in
_RESIZING = ("PodResizePending", "PodResizeInProgress")
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


class Probe(NamedTuple):
    """A probe that starts a program in the container: which one, where it is an interpreter or curl; how often."""

    kind: str
    program: str
    period_seconds: int


class ContainerClaim(NamedTuple):
    """kind: container, init or sidecar. mounts: (volume, path). has_claims: whether it names devices that are claimed
    (DRA), whose memory may be added to its limit.
    """

    name: str
    kind: str
    amounts: Amounts
    heaps: Tuple[Heap, ...]
    mounts: Tuple[Tuple[str, str], ...]
    status: Status = container_status.NONE
    probes: Tuple[Probe, ...] = ()
    has_claims: bool = False


class MemoryVolume(NamedTuple):
    """An emptyDir of medium Memory, which is a tmpfs; size_limit in bytes."""

    name: str
    size_limit: Optional[int]


class PodMemory(NamedTuple):
    """qos_class: as the status says, else computed. whole: spec.resources of the pod, None where it has none.

    limit_bytes: memory.max of the pod's cgroup, None where it gets none (ResourceConfigForPod, pkg/kubelet/cm).

    uids: those that cgroup paths may have, a static pod's config hash first. told_class: status.qosClass;
    spec_class: what the spec makes. author_class: what it makes without what a LimitRange filled in, None where none
    did. resizing: (condition, reason) of a resize that has not ended. claimed_bytes: memory that claims of devices add
    to the pod's limit (status.nodeAllocatableResourceClaimStatuses). reason: status.reason, as Evicted.
    generation: how often the spec was written; above 1 where it was changed since the pod was made.
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
    uids: Tuple[str, ...] = ()
    phase: Optional[str] = None
    told_class: Optional[str] = None
    spec_class: str = qos.BEST_EFFORT
    author_class: Optional[str] = None
    resizing: Tuple[Tuple[str, str], ...] = ()
    claimed_bytes: Optional[int] = None
    reason: Optional[str] = None
    generation: Optional[int] = None


def of_pod(pod: Dict) -> PodMemory:
    """The claims of a pod, or of a template as {metadata, spec}. What is missing or of a wrong type is absent."""
    metadata, spec, status = (object_of(pod, part) for part in ("metadata", "spec", "status"))
    is_static = workload.is_static(metadata)
    told = text_of(status, "qosClass")
    told = told if told in qos.CLASSES else None
    spec_class = qos.of_spec(spec)
    containers = tuple(_containers(spec, status))
    whole = _amounts(spec["resources"]) if isinstance(spec.get("resources"), dict) else None
    name = text_of(metadata, "name")
    return PodMemory(
        text_of(metadata, "namespace"),
        name,
        workload.of_metadata(metadata, name or "", text_of(spec, "nodeName"), is_static).kind,
        told or spec_class,
        containers,
        whole,
        tuple(_volumes(spec)),
        _limit(containers, whole),
        is_static,
        number_of(spec, "priority"),
        text_of(spec, "priorityClassName"),
        tuple(_uids(metadata, is_static)),
        text_of(status, "phase"),
        told,
        spec_class,
        _class_of_author(metadata, spec),
        tuple(_resizing(status)),
        device_claims.memory_of(status),
        text_of(status, "reason"),
        number_of(metadata, "generation"),
    )


def _uids(metadata, is_static):
    annotations = object_of(metadata, "annotations")
    names = [annotations.get(workload.HASH), annotations.get(workload.MIRROR)] if is_static else []
    for one in [*names, metadata.get("uid")]:
        if isinstance(one, str) and one:
            yield one


def _class_of_author(metadata, spec):
    told = object_of(metadata, "annotations").get(limit_ranger.ANNOTATION)
    before = limit_ranger.without(spec, told) if isinstance(told, str) else None
    return None if before is None else qos.of_spec(before)


def _resizing(status):
    for row in rows_of(status, "conditions"):
        if row.get("type") in _RESIZING and row.get("status") == "True":
            yield row["type"], text_of(row, "reason") or ""


def settings_of(row: Dict) -> Dict:
    """All that rules read of a container's command, arguments, environment and probes: numbers and programs' names.

    As fields of a container again, so that of_pod() reads them from a pod that was stripped of the rest.
    """
    heaps = [_written(heap) for heap in _heaps(row)]
    found: Dict = {"args": heaps} if heaps else {}
    for probe in _probes(row):
        found[probe.kind] = {"exec": {"command": [probe.program]}, "periodSeconds": probe.period_seconds}
    return found


def _written(heap) -> str:
    if heap.bytes is None:
        return f"{heap.setting}={heap.percent:.6f}"
    amount = heap.bytes // _MIB if heap.setting.startswith("--") else heap.bytes
    return f"{heap.setting}{amount}" if heap.setting == "-Xmx" else f"{heap.setting}={amount}"


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
                container_status.of_row(states.get(name, {})),
                tuple(_probes(row)),
                bool(rows_of(object_of(row, "resources"), "claims")),
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
    lists = [row.get(field) for field in ("command", "args")]
    texts = [text for one in lists if isinstance(one, list) for text in one if isinstance(text, str)]
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


def _probes(row):
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = object_of(row, kind)
        command = object_of(probe, "exec").get("command")
        words = " ".join(one for one in command if isinstance(one, str)) if isinstance(command, list) else ""
        match = _PROGRAMS.search(words[:_LONGEST_COMMAND])
        if match:
            period = number_of(probe, "periodSeconds")
            yield Probe(kind, match[1], period if period and period > 0 else _DEFAULT_PERIOD)
