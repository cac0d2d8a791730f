# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging all pods of a full node by every rule, with figures of each pod, as the agent does."""

from typing import Dict, List

from memcore.answers import pod_judgement
from memcore.models.pod_evidence import (
    Cgroup,
    ContainerNow,
    Earlier,
    Evidence,
    Kernel,
    NodeNow,
    PodNow,
    Process,
)
from tests.bench import paired
from tests.bench.figures import Figure
from tests.bench.row import Row, Setting

_PODS = 110  # the kubelet's maxPods
_BUDGET_MS = 100
_MIB = 1 << 20
_NOW = 1796140800.0


def row() -> Row:
    """The one row; nothing of it is read from this host."""
    return Row("audit-110", f"all rules on a node with {_PODS} pods of two containers", 10, _measure, root=False)


def _measure(setting: Setting) -> List[Figure]:
    pods = [_pod(place) for place in range(2 if setting.quick else _PODS)]
    evidence = _evidence(pods)
    node = _node()
    times = setting.times({"judge": lambda: pod_judgement.of_node(node, pods, evidence)})
    return [Figure(f"all rules on {_PODS} pods", paired.cpus(times["judge"]), "ms", "CPU", _BUDGET_MS)]


def _node() -> Dict:
    return {
        "metadata": {"name": "node1"},
        "status": {
            "capacity": {"memory": "64Gi"},
            "allocatable": {"memory": "60Gi"},
            "nodeInfo": {"kubeletVersion": "v1.36.2"},
        },
    }


def _pod(place: int) -> Dict:
    uid = f"{place:08x}-fdcc-454b-97bd-aadfdeb4c340"
    resources = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}
    names = ("app", "proxy")
    ended = {"reason": "Error", "exitCode": 137}
    times = {"startedAt": "2026-12-01T15:00:00Z", "finishedAt": "2026-12-01T15:50:00Z"}
    return {
        "metadata": {"name": f"web-{place}", "namespace": "shop", "uid": uid, "generation": 1},
        "spec": {
            "containers": [{"name": name, "resources": resources} for name in names],
            "volumes": [{"name": "cache", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
        },
        "status": {
            "phase": "Running",
            "qosClass": "Burstable",
            "containerStatuses": [
                {
                    "name": name,
                    "containerID": f"containerd://{name}-{place}",
                    "restartCount": 1,
                    "resources": resources,
                    "state": {"running": {"startedAt": "2026-12-01T15:50:01Z"}},
                    "lastState": {"terminated": dict(ended, **times)} if place % 10 == 0 else {},
                }
                for name in names
            ],
        },
    }


def _evidence(pods) -> Evidence:
    kernel = Kernel("6.12.1", "signed", "last", "v2", 64 << 30, 32 << 30, 0, _NOW - 90000, {"vm.panic_on_oom": 0})
    node = NodeNow(kernel, {}, _cgroup("/kubepods"), 30 << 30, 4 << 30, (), ())
    return Evidence(_NOW, node, {pod["metadata"]["uid"]: _now(pod) for pod in pods}, watched_since=_NOW - 86400)


def _now(pod) -> PodNow:
    uid = pod["metadata"]["uid"]
    containers = tuple(
        ContainerNow(
            row["containerID"].rpartition("://")[2],
            _cgroup(f"/pod{uid}/{row['name']}"),
            Process(place + 100, row["name"], 996, 100 * _MIB),
        )
        for place, row in enumerate(pod["status"]["containerStatuses"])
    )
    return PodNow(
        uid, f"/kubepods/burstable/pod{uid}", _cgroup(f"/pod{uid}", 1024 * _MIB), containers, has_processes=True
    )


def _cgroup(path, limit=512 * _MIB) -> Cgroup:
    events = {"max": 10, "high": 0, "oom_kill": 0}
    stat = {
        "active_file": 0,
        "inactive_file": 20 * _MIB,
        "slab_reclaimable": 0,
        "shmem": 0,
        "workingset_refault_file": 5,
    }
    return Cgroup(
        path,
        200 * _MIB,
        limit,
        "max",
        is_local=False,
        oom_group=True,
        events=events,
        stat=stat,
        full_avg10_percent=0.0,
        earlier=Earlier(60.0, events, stat),
        samples=((900.0, 180 * _MIB), (60.0, 190 * _MIB)),
    )
