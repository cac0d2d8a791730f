# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about the oom_score_adj and the QoS class that a pod really has on its node."""

from typing import Dict, Iterator

from ...models import expected_adj, pod_path, qos
from ...models.pod_record import ROUNDING
from ...models.size import human
from ..rule import RESTART, Met
from .sheet import named, rule

_OLD_GUARANTEED = -998
_IMMUNE = -1000
# They set their own value, as kube-proxy does (oomScoreAdj), or are no part of the container: monitors and machines.
_SETS_ITSELF = {"kube-proxy": -999}
_NOT_OF_CONTAINER = ("conmon", "qemu-system", "qemu-kvm", "firecracker", "cloud-hypervis", "runc", "crun", "youki")
_RESTART_POD = ((RESTART, "kubectl -n {namespace} delete pod {pod}"),)


def _formula(expected) -> str:
    """How the kubelet computes the value, with the figures in it."""
    if expected.request_bytes is None:
        return f"{expected.rule}: always {expected.adj}"
    share = f" + {expected.share_bytes}" if expected.share_bytes else ""
    return (
        f"1000 - 1000 * ({expected.request_bytes}{share}) / {expected.capacity_bytes}, at least 3 and at most 999 = "
        f"{expected.adj}"
    )


def _stale_998(record: Dict, _threshold) -> Iterator[Met]:
    """A Guaranteed container has the oom_score_adj of kubelets before 1.20."""
    pod = record["pod"]
    if record["kubelet_version"] < (1, 20):
        return
    for one in record["running"]:
        if one.now.first is None or one.expected is None or one.expected.adj != expected_adj.guaranteed_adj((1, 20)):
            continue
        if one.now.first.oom_score_adj == _OLD_GUARANTEED:
            summary = (
                f"{one.claim.name} has oom_score_adj -998, the pause process's own value; this kubelet gives -997, so "
                "the container is older than it, or inherited the value from the runtime's shim"
            )
            yield Met(summary, dict(named(pod), container=one.claim.name, pid=one.now.first.pid, oom_score_adj=-998))


STALE_998 = rule(
    "stale-guaranteed-998",
    "medium",
    ("pod", "kubelet_version", "running"),
    _stale_998,
    "Restart the pod. If {container} has -998 again after that, look at the NRI plugins of the container runtime.",
    commands=_RESTART_POD,
)


def _is_expected(one, pod, version) -> bool:
    """Whether the first process has its value, or one that another rule or the process itself explains."""
    adj, expected = one.now.first.oom_score_adj, one.expected
    if adj == expected.adj or adj in one.also_expected or _SETS_ITSELF.get(one.now.first.comm) == adj:
        return True
    if expected.request_bytes is not None and abs(adj - expected.adj) <= ROUNDING:
        return True
    # Another rule tells these two.
    return (adj == _OLD_GUARANTEED and expected.adj == -997 and version >= (1, 20)) or adj == _IMMUNE


def _is_resized(one, pod) -> bool:
    """Whether the spec was changed since the pod was made, so that a resize explains a Burstable pod's score."""
    return (pod.generation or 0) > 1 and pod.qos_class == qos.BURSTABLE and 2 <= one.now.first.oom_score_adj <= 999


def _drift(record: Dict, _threshold) -> Iterator[Met]:
    """The first process of a container has another oom_score_adj than the kubelet gives it."""
    pod, version = record["pod"], record["kubelet_version"]
    for one in record["running"]:
        if one.now.first is None or one.expected is None or _is_expected(one, pod, version) or _is_resized(one, pod):
            continue
        adj = one.now.first.oom_score_adj
        worse = "sooner" if adj > one.expected.adj else "later"
        summary = (
            f"{one.claim.name} has oom_score_adj {adj}, but the kubelet gives it {one.expected.adj}: the runtime, an "
            f"NRI plugin or the program itself changed it, and the kernel kills it {worse} than its QoS class says"
        )
        evidence = {
            "container": one.claim.name,
            "pid": one.now.first.pid,
            "comm": one.now.first.comm,
            "oom_score_adj": adj,
            "expected_oom_score_adj": one.expected.adj,
            "formula": _formula(one.expected),
        }
        yield Met(summary, dict(named(pod), **evidence))


DRIFT = rule(
    "container-oom-score-drift",
    "high",
    ("pod", "kubelet_version", "expected", "running"),
    _drift,
    "See whether the program of {container} sets its own oom_score_adj. If not, look at the runtime's settings "
    "(restrict_oom_score_adj of containerd, NRI plugins), then restart the pod.",
    commands=_RESTART_POD,
    confidence="medium",
)


def _raised(record: Dict, _threshold) -> Iterator[Met]:
    """Processes of a container asked to be killed before its first process."""
    for one in record["processes"]:
        first = one.now.first
        higher = [] if first is None else [task for task in one.now.others if task.oom_score_adj > first.oom_score_adj]
        if higher:
            most = max(task.oom_score_adj for task in higher)
            summary = (
                f"{len(higher)} of {len(one.now.others) + 1} processes of {one.claim.name} raised their oom_score_adj, "
                f"up to {most} from {first.oom_score_adj}, so the kernel kills them first"
            )
            names = sorted({task.comm for task in higher})[:5]
            evidence = {"container": one.claim.name, "comms": names, "count": len(higher), "oom_score_adj": most}
            yield Met(summary, evidence)


RAISED = rule(
    "child-oom-score-raised",
    "info",
    ("pod", "processes"),
    _raised,
    "Nothing need be done: programs such as browsers do so on purpose. Remember it when a worker of {container} dies "
    "and not the largest process.",
)


def _immune(record: Dict, _threshold) -> Iterator[Met]:
    """The kernel can kill no process of a container, however large it is."""
    for one in record["processes"]:
        tasks = ([one.now.first] if one.now.first is not None else []) + list(one.now.others)
        immune = [
            task for task in tasks if task.oom_score_adj == _IMMUNE and not task.comm.startswith(_NOT_OF_CONTAINER)
        ]
        if immune:
            first = max(immune, key=lambda task: task.rss_bytes or 0)
            size = "" if first.rss_bytes is None else f" ({human(first.rss_bytes)})"
            summary = (
                f"process {first.comm}{size} of {one.claim.name} has oom_score_adj -1000, so the kernel never kills "
                "it: if it leaks, everything else dies"
            )
            evidence = {"container": one.claim.name, "pid": first.pid, "comm": first.comm, "count": len(immune)}
            yield Met(summary, dict(named(record["pod"]), **evidence))


IMMUNE = rule(
    "oom-immune-process",
    "critical",
    ("pod", "processes"),
    _immune,
    "Find out what sets -1000 in {container}; a container without CAP_SYS_RESOURCE cannot. Then restart the pod.",
    commands=_RESTART_POD,
)


def _resized(record: Dict, _threshold) -> Iterator[Met]:
    """A container still has the oom_score_adj of the memory request that it was started with."""
    pod, version = record["pod"], record["kubelet_version"]
    for one in record["running"]:
        if one.now.first is None or one.expected is None or _is_expected(one, pod, version):
            continue
        if _is_resized(one, pod):
            adj = one.now.first.oom_score_adj
            summary = (
                f"{one.claim.name} has oom_score_adj {adj}, and its present request makes {one.expected.adj}: the pod "
                "was changed in place, and no runtime rewrites the value of a process that runs"
            )
            evidence = {
                "container": one.claim.name,
                "oom_score_adj": adj,
                "expected_oom_score_adj": one.expected.adj,
                "formula": _formula(one.expected),
            }
            yield Met(summary, dict(named(pod), **evidence))


RESIZED = rule(
    "inplace-resize-stale-oom-score",
    "info",
    ("pod", "kubelet_version", "expected", "running"),
    _resized,
    "Restart {container} when it suits you; its new processes then have the value of the present request.",
    commands=_RESTART_POD,
    confidence="medium",
)


def _sidecar_first(record: Dict, threshold) -> Iterator[Met]:
    """On a node that runs out of memory a small helper container dies before the large one that it serves."""
    capacity = record["capacity_bytes"]
    rows = [
        (one, one.now.cgroup.current_bytes)
        for one in record["running"]
        if one.expected is not None and one.now.cgroup is not None and one.now.cgroup.current_bytes is not None
    ]
    rows = [row for row in rows if row[0].claim.kind in ("container", "sidecar")]
    if len(rows) < 2:  # noqa: PLR2004
        return
    used = sum(size for _one, size in rows)
    main, main_size = max(rows, key=lambda row: row[1])
    points = main_size + main.expected.adj * capacity // 1000
    for one, size in rows:
        own = size + one.expected.adj * capacity // 1000
        is_small = one is not main and size * 10 < used
        if is_small and one.expected.adj - main.expected.adj >= threshold and own > points:
            summary = (
                f"if the node runs out of memory, {one.claim.name} ({human(size)}, oom_score_adj {one.expected.adj}) "
                f"is killed before {main.claim.name} ({human(main_size)}, {main.expected.adj}), which it serves"
            )
            evidence = {
                "container": one.claim.name,
                "main_container": main.claim.name,
                "used_bytes": size,
                "main_used_bytes": main_size,
                "formula": f"{size} + {one.expected.adj} * {capacity} / 1000 = {own} > {points}",
            }
            yield Met(summary, evidence)


SIDECAR_FIRST = rule(
    "sidecar-first-victim",
    "medium",
    ("pod", "capacity_bytes", "expected", "running"),
    _sidecar_first,
    "Raise the memory request of {container}, or make it a native sidecar (an init container with restartPolicy "
    "Always): from Kubernetes 1.32 on that is never killed before the container that it serves.",
    threshold=50.0,
    unit="oom_score_adj above that of the main container",
    confidence="medium",
)


def _path_mismatch(record: Dict, _threshold) -> Iterator[Met]:
    """The cgroup in which a pod runs is that of another QoS class than its status says."""
    pod, path = record["pod"], record["now"].path
    places = [one for one in pod_path.pods(path or "") if one.uid in pod.uids]
    found = places[0].qos_class if places else None
    if found is not None and pod.told_class is not None and found != pod.told_class:
        summary = f"the pod runs in the cgroup of class {found}, but its status says {pod.told_class}"
        evidence = {"cgroup": path, "cgroup_class": found, "qos_class": pod.told_class, "spec_class": pod.spec_class}
        yield Met(summary, dict(named(pod), **evidence))


PATH_MISMATCH = rule(
    "qos-path-mismatch",
    "high",
    ("pod", "now"),
    _path_mismatch,
    "Restart the pod. If that does not help, restart the kubelet of its node and look at its log.",
    commands=_RESTART_POD,
)

RULES = (STALE_998, DRIFT, RAISED, IMMUNE, RESIZED, SIDECAR_FIRST, PATH_MISMATCH)
