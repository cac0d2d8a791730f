# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which workload a pod belongs to, from its own metadata alone: nothing else is asked for."""

import datetime
import re
from typing import Dict, NamedTuple, Optional

from .lenient import object_of, rows_of, text_of

MIRROR = "kubernetes.io/config.mirror"
HASH = "kubernetes.io/config.hash"  # of a static pod's manifest: its uid in cgroup paths and for the kubelet
_SOURCE = "kubernetes.io/config.source"
_HASH_LABEL = "pod-template-hash"
# CronJob's controller names a Job by its scheduled time: minutes since 1970 (Kubernetes 1.21 on), seconds before.
_SCHEDULED = re.compile(r"(?P<name>.+)-(?P<time>[0-9]{8}|[0-9]{10})$")
_MINUTES = 8
_LATEST_START_SECONDS = 7 * 86400  # between the scheduled time and the pod's creation


class Workload(NamedTuple):
    """kind and name of the controller; of a pod without one `Pod` and the pod's name, of a static pod `Node`."""

    kind: str
    name: str


def is_static(metadata: Dict) -> bool:
    """Whether the pod is from a file of its node: by the kubelet (config.source), or as its mirror in the API."""
    annotations = object_of(metadata, "annotations")
    return text_of(annotations, MIRROR) is not None or text_of(annotations, _SOURCE) not in (None, "api")


def of_metadata(metadata: Dict, pod: str, node: Optional[str], static: bool) -> Workload:
    """The workload: that of the controller's ownerReference, where a ReplicaSet stands for its Deployment.

    A Job whose name ends in a scheduled time near the pod's creation stands for its CronJob. For metrics, static pods
    share one workload, their node: the container's name tells them apart, and `etcd-node1` would say the node twice.
    """
    if static:
        return Workload("Node", node or pod)
    controller = _controller(metadata)
    if controller is None:
        return Workload("Pod", pod)
    if controller.kind == "ReplicaSet":
        return _deployment(controller.name, object_of(metadata, "labels")) or controller
    if controller.kind == "Job":
        return _cron_job(controller.name, metadata.get("creationTimestamp")) or controller
    return controller


def _controller(metadata) -> Optional[Workload]:
    for row in rows_of(metadata, "ownerReferences"):
        kind, name = text_of(row, "kind"), text_of(row, "name")
        if row.get("controller") is True and kind is not None and name is not None:
            return Workload(kind, name)
    return None


def _deployment(name, labels) -> Optional[Workload]:
    """Deployments alone give their ReplicaSets that label, and end their names in it."""
    value = text_of(labels, _HASH_LABEL)
    if value is None or not name.endswith("-" + value):
        return None
    short = name[: -len(value) - 1]
    return Workload("Deployment", short) if short else None


def _cron_job(name, created) -> Optional[Workload]:
    match = _SCHEDULED.match(name)
    seconds = _seconds(created)
    if match is None or seconds is None:
        return None
    scheduled = int(match["time"]) * (60 if len(match["time"]) == _MINUTES else 1)
    # A Job that somebody named import-20261130 has such an ending too.
    return Workload("CronJob", match["name"]) if abs(seconds - scheduled) <= _LATEST_START_SECONDS else None


def _seconds(created) -> Optional[float]:
    try:
        found = datetime.datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ")
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=datetime.timezone.utc).timestamp()
