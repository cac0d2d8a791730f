# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about a node: who is protected there, what is reserved, and which limits hold for all pods together."""

from typing import Dict, Iterator, Optional

from ...models import lifelines, quantity
from ...models.size import human
from ..rule import CHANGE, LOOK, Met
from .pressure import working_set
from .said import listed, times
from .sheet import rule

_RUNTIMES = {"containerd": -900, "crio": -900, "dockerd": -500}  # the least protection; Docker's own unit has -500
_KUBELET, _KUBELET_ADJ = "kubelet", -999
_DEFAULT_EVICTION = 100 << 20
_LARGE_NODE = 16 << 30
_GUARANTEED_ADJ = -997
_NOTICEABLE_POD = 1 << 30
_PROTECT = ((CHANGE, "echo -999 > /proc/{pid}/oom_score_adj"),)


def _runtime(record: Dict, _threshold) -> Iterator[Met]:
    """The container runtime can be killed before pods."""
    for task in record["host_processes"]:
        most = _RUNTIMES.get(task.comm)
        if most is not None and task.oom_score_adj > most:
            summary = (
                f"the container runtime {task.comm} has oom_score_adj {task.oom_score_adj} instead of -999: if the "
                "node runs out of memory, the kernel may kill it, and with it the node's work stops"
            )
            evidence = {"pid": task.pid, "comm": task.comm, "oom_score_adj": task.oom_score_adj, "unit": task.unit}
            yield Met(summary, evidence)


RUNTIME = rule(
    "runtime-daemon-unprotected",
    "critical",
    ("node", "host_processes"),
    _runtime,
    "Add OOMScoreAdjust=-999 under [Service] in the unit of {comm}. The command protects the process that runs now.",
    commands=_PROTECT,
)


def _kubelet(record: Dict, _threshold) -> Iterator[Met]:
    """The kubelet does not have the oom_score_adj that its configuration says."""
    told = record["kubelet_config"].get("oomScoreAdj")
    wanted = told if isinstance(told, int) and not isinstance(told, bool) else _KUBELET_ADJ
    for task in record["host_processes"]:
        if task.comm == _KUBELET and task.oom_score_adj != wanted:
            summary = f"the kubelet has oom_score_adj {task.oom_score_adj}, but its configuration says {wanted}"
            evidence = {"pid": task.pid, "oom_score_adj": task.oom_score_adj, "expected_oom_score_adj": wanted}
            yield Met(summary, evidence)


KUBELET = rule(
    "kubelet-oom-score-changed",
    "high",
    ("node", "host_processes", "kubelet_config"),
    _kubelet,
    "Find out what changed it, and restart the kubelet: it sets its own value at its start.",
    commands=((CHANGE, "echo {expected_oom_score_adj} > /proc/{pid}/oom_score_adj"),),
)


def _reserved(config: Dict) -> int:
    """kubeReserved and systemReserved together, in bytes."""
    rows = [config.get(name) for name in ("kubeReserved", "systemReserved")]
    sizes = [quantity.whole(row.get("memory")) for row in rows if isinstance(row, dict)]
    return sum(size for size in sizes if size is not None)


def _outranked(record: Dict, _threshold) -> Iterator[Met]:
    """Services that the node needs are killed before large Guaranteed pods."""
    services = [
        task
        for task in record["host_processes"]
        if task.oom_score_adj >= 0 and task.rss_bytes and lifelines.of_process(task.comm, task.cgroup) is not None
    ]
    services = [task for task in services if task.pid != 1]  # the kernel never kills process 1
    used = sum(task.rss_bytes for task in services)
    reserved = _reserved(record["kubelet_config"])
    large = [
        one["pod"].name or ""
        for one in record["pods"]
        if one["pod"].qos_class == "Guaranteed" and (one["pod"].limit_bytes or 0) >= _NOTICEABLE_POD
    ]
    if services and large and reserved < used:
        names = sorted({task.comm for task in services})
        summary = (
            f"{listed(names)} ({human(used)}) would be killed before the Guaranteed pod {listed(large[:1])} if the "
            f"node ran out of memory, and only {human(reserved)} is reserved for services"
        )
        evidence = {
            "comms": names,
            "rss_bytes": used,
            "reserved_bytes": reserved,
            "pods": large[:5],
            "formula": f"kubeReserved + systemReserved = {reserved} < {used}",
        }
        yield Met(summary, evidence)


OUTRANKED = rule(
    "guaranteed-outranks-system-services",
    "medium",
    ("node", "host_processes", "kubelet_config", "pods"),
    _outranked,
    "Reserve memory for services (systemReserved of the kubelet), and add OOMScoreAdjust= below 0 to the units of "
    "{comms}.",
)


def _no_reserve(record: Dict, _threshold) -> Iterator[Met]:
    """Pods together may use all of the node's memory, so the node runs out of it before they reach a limit."""
    capacity, allocatable = record["capacity_bytes"], record["allocatable_bytes"]
    huge = record["node"].huge_pages_bytes or 0
    if allocatable >= capacity - _DEFAULT_EVICTION - huge:
        summary = (
            f"nothing is reserved for the node's own services: pods may use {human(allocatable)} of "
            f"{human(capacity)}, so the whole node runs out of memory before pods reach their common limit"
        )
        evidence = {
            "capacity_bytes": capacity,
            "allocatable_bytes": allocatable,
            "huge_pages_bytes": huge,
            "formula": f"{allocatable} >= {capacity} - {_DEFAULT_EVICTION} - {huge}",
        }
        yield Met(summary, evidence)


NO_RESERVE = rule(
    "node-global-oom-no-reserve",
    "high",
    ("node", "capacity_bytes", "allocatable_bytes"),
    _no_reserve,
    "Set kubeReserved and systemReserved in the kubelet's configuration to what kubelet, runtime and services use.",
)


def _at_all_pods(record: Dict, _threshold) -> Iterator[Met]:
    """All pods together reached their limit, and a pod died that may have been within its own."""
    ooms = [one for one in record["node_ooms"] if one.limit_kind == "kubepods" and one.source == "kernel"]
    if ooms:
        last = ooms[-1]
        size = "" if last.limit_bytes is None else f" of {human(last.limit_bytes)}"
        victims = sorted({death.comm for one in ooms for death in one.deaths if death.comm is not None})
        summary = (
            f"the limit of all pods together{size} was hit {times(len(ooms))}; Kubernetes tells of it nowhere, and "
            f"the victim ({listed(victims[:4]) or 'not known'}) need not be the one that grew"
        )
        yield Met(
            summary, {"count": len(ooms), "event": last.id, "limit_bytes": last.limit_bytes, "comms": victims[:5]}
        )


AT_ALL_PODS = rule(
    "node-allocatable-oom",
    "high",
    ("node", "node_ooms"),
    _at_all_pods,
    "Give Burstable pods memory limits, and raise evictionHard memory.available, so that the kubelet evicts in time.",
)


def _global(record: Dict, _threshold) -> Iterator[Met]:
    """The whole node ran out of memory before the kubelet evicted anything."""
    ooms = [one for one in record["node_ooms"] if one.scope == "global" and one.source == "kernel"]
    if ooms:
        victims = sorted({death.comm for one in ooms for death in one.deaths if death.comm is not None})
        summary = (
            f"the whole node ran out of memory {times(len(ooms))}: memory grew faster than the kubelet evicts; killed "
            f"were {listed(victims[:4]) or 'processes that are not known'}"
        )
        yield Met(summary, {"count": len(ooms), "event": ooms[-1].id, "comms": victims[:5]})


GLOBAL = rule(
    "node-global-oom",
    "high",
    ("node", "node_ooms"),
    _global,
    "Reserve memory (kubeReserved, systemReserved), and set evictionHard memory.available to 5 % of the node, or to "
    "what pods grow by in 20 seconds.",
)


def eviction_threshold(config: Dict, capacity: int) -> Optional[int]:
    """evictionHard memory.available in bytes; the kubelet's default where it is not set; None where it is no size."""
    hard = config.get("evictionHard")
    told = hard.get("memory.available") if isinstance(hard, dict) else None
    if told is None:
        # A list without memory.available evicts for other reasons only, unless it is merged with the defaults.
        is_partial = isinstance(hard, dict) and bool(hard) and config.get("mergeDefaultEvictionSettings") is not True
        return 0 if is_partial else _DEFAULT_EVICTION
    if isinstance(told, str) and told.endswith("%"):
        try:
            return int(capacity * float(told[:-1]) / 100)
        except ValueError:
            return None
    return quantity.whole(told)


def _small_threshold(record: Dict, threshold) -> Iterator[Met]:
    """The kubelet begins to evict when only a few seconds of growth are left."""
    capacity = record["capacity_bytes"]
    size = eviction_threshold(record["kubelet_config"], capacity)
    least = max(_DEFAULT_EVICTION + 1, int(capacity * threshold / 100))
    if capacity > _LARGE_NODE and size is not None and size < least:
        summary = (
            f"the kubelet evicts only below {human(size)} of available memory on a node of {human(capacity)}, and "
            "looks every 10 seconds: memory may be gone before it looks again"
        )
        evidence = {
            "capacity_bytes": capacity,
            "eviction_hard_bytes": size,
            "formula": f"{size} < max({_DEFAULT_EVICTION + 1}, {threshold:g} % of {capacity}) = {least}",
        }
        yield Met(summary, evidence)


SMALL_THRESHOLD = rule(
    "eviction-threshold-too-small",
    "medium",
    ("node", "capacity_bytes", "kubelet_config"),
    _small_threshold,
    "Set evictionHard memory.available to between 500Mi and 2Gi in the kubelet's configuration.",
    threshold=1.0,
    unit="percent of the node's memory",
)


def _overcommitted(record: Dict, threshold) -> Iterator[Met]:
    """The memory limits of a node's pods add up to much more than it has, and it is well filled."""
    allocatable, kubepods = record["allocatable_bytes"], record["kubepods"]
    used = working_set(kubepods)
    limits = [one["pod"].limit_bytes for one in record["pods"] if one["pod"].phase in (None, "Running", "Pending")]
    total = sum(size for size in limits if size is not None)
    if used is None or allocatable <= 0:
        return
    if total * 100 > threshold * allocatable and used * 10 > 7 * allocatable:
        summary = (
            f"the memory limits of the node's pods add up to {human(total)}, {100 * total // allocatable} % of what "
            f"pods may use, and {human(used)} is in use: not all limits can be honoured"
        )
        evidence = {
            "limits_bytes": total,
            "allocatable_bytes": allocatable,
            "used_bytes": used,
            "formula": f"{total} / {allocatable} > {threshold:g} %; {used} / {allocatable} > 70 %",
        }
        yield Met(summary, evidence)


OVERCOMMITTED = rule(
    "overcommitted-limit-ratio",
    "medium",
    ("node", "allocatable_bytes", "kubepods", "pods"),
    _overcommitted,
    "Bring requests closer to limits, so that the scheduler places fewer pods on the node.",
    threshold=150.0,
    unit="percent of the allocatable memory",
)


def _mixed_driver(record: Dict, _threshold) -> Iterator[Met]:
    """Containers run outside of the kubelet's cgroups, so that its limits of pods do not hold."""
    uids = list(record["driver_mixed"])
    if uids:
        summary = (
            f"containers of {len(uids)} pod{'' if len(uids) == 1 else 's'} run outside of the kubelet's cgroups: "
            "kubelet and container runtime use different cgroup drivers, so limits of pods and of the node do not hold"
        )
        yield Met(summary, {"count": len(uids), "uids": uids[:5]})


MIXED_DRIVER = rule(
    "cgroup-driver-mismatch",
    "critical",
    ("node", "driver_mixed"),
    _mixed_driver,
    "Set SystemdCgroup = true in containerd's configuration (or cgroupDriver of the kubelet to what the runtime uses), "
    "then drain the node and restart both.",
)


def _v1(record: Dict, _threshold) -> Iterator[Met]:
    """The node manages memory with cgroup v1."""
    if record["cgroup_version"] in ("v1", "hybrid"):
        late = record.get("kubelet_version")
        needs = "" if late is None or late < (1, 35) else "; this kubelet only starts with failCgroupV1: false"
        summary = (
            "memory is managed by cgroup v1, which has no group kill, no pressure figures, no memory.high and no "
            f"counters that include the cgroups below{needs}"
        )
        yield Met(summary, {"cgroup_version": record["cgroup_version"]})


V1 = rule(
    "cgroup-v1-node",
    "medium",
    ("node", "cgroup_version"),
    _v1,
    "Move the node to cgroup v2 (boot with systemd.unified_cgroup_hierarchy=1, or use a newer image).",
)

_SYSCTLS = (
    ("vm.panic_on_oom", 0, "the node reboots instead of killing a process"),
    ("vm.oom_kill_allocating_task", 0, "a global OOM kills whoever asks for memory and ignores every oom_score_adj"),
    ("vm.overcommit_memory", 1, "fork and mmap may fail although memory is free"),
)


def _sysctls(record: Dict, _threshold) -> Iterator[Met]:
    """A sysctl that the kubelet sets at its start has another value."""
    known = record["sysctls"]
    for name, wanted, effect in _SYSCTLS:
        if name in known and known[name] != wanted:
            summary = f"{name} is {known[name]} instead of {wanted}: {effect}"
            yield Met(summary, {"sysctl": name, "value": known[name], "expected": wanted})


SYSCTLS = rule(
    "oom-sysctl-drift",
    "high",
    ("node", "sysctls"),
    _sysctls,
    "Set {sysctl} back to {expected}, remove it from /etc/sysctl.d, and set protectKernelDefaults in the kubelet's "
    "configuration so that it refuses to start with another value.",
    commands=((CHANGE, "sysctl -w {sysctl}={expected}"),),
)


def _available(record: Dict, _threshold) -> Iterator[Met]:
    """The kubelet's memory.available and the kernel's MemAvailable differ so much that it evicts wrongly, or not."""
    now, capacity = record["node_now"], record["capacity_bytes"]
    mem_available = now.kernel.available_bytes
    limit = eviction_threshold(record["kubelet_config"], capacity)
    if now.root_usage_bytes is None or now.root_inactive_file_bytes is None or mem_available is None or not limit:
        return
    kubelet = max(capacity - (now.root_usage_bytes - now.root_inactive_file_bytes), 0)
    evidence = {
        "kubelet_available_bytes": kubelet,
        "mem_available_bytes": mem_available,
        "eviction_hard_bytes": limit,
        "formula": f"{capacity} - ({now.root_usage_bytes} - {now.root_inactive_file_bytes}) = {kubelet}",
    }
    figures = f"the kubelet counts {human(kubelet)} as available, the kernel {human(mem_available)}"
    far = max(limit, capacity // 20)
    if kubelet < limit and mem_available > limit + far:
        summary = f"{figures}: the kubelet evicts pods, although files in the page cache could be dropped instead"
        yield Met(summary, dict(evidence, evicts=True))
    elif mem_available < limit and kubelet > limit + far:
        summary = f"{figures}: the kubelet does not evict, although the node has almost no memory left"
        yield Met(summary, dict(evidence, evicts=False))


AVAILABLE = rule(
    "kubelet-available-vs-memavailable",
    "medium",
    ("node", "node_now", "capacity_bytes", "kubelet_config"),
    _available,
    "Know that the kubelet counts files in active use as used, and memory of the kernel outside of cgroups as free. "
    "Set evictionHard memory.available so that it fits this node.",
    commands=((LOOK, "grep -E 'MemAvailable|Active.file|Inactive.file' /proc/meminfo"),),
)

RULES = (
    RUNTIME,
    KUBELET,
    OUTRANKED,
    NO_RESERVE,
    AT_ALL_PODS,
    GLOBAL,
    SMALL_THRESHOLD,
    OVERCOMMITTED,
    MIXED_DRIVER,
    V1,
    SYSCTLS,
    AVAILABLE,
)
