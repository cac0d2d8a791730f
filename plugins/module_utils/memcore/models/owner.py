# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Whose a cgroup or a tmpfs is: the host's, a systemd unit's, a container's or a pod's."""

import re
from typing import NamedTuple, Optional

from .pod_path import CONTAINER_ID, UID_DASHED, UID_HASH, pods

# What the kubelet makes above the pods: the node's limit (enforceNodeAllocatable), and one cgroup for each QoS class.
_KUBEPODS = re.compile(r"(?:^|/)(?:[^/]+-)?kubepods(?:\.slice)?$")
_QOS = re.compile(r"(?:^|/)(?:kubepods/(?:burstable|besteffort)|(?:[^/]+-)?kubepods-(?:burstable|besteffort)\.slice)$")

_RUNTIMES = {
    "cri-containerd": "containerd",
    "crio": "cri-o",
    "cri-o": "cri-o",
    "docker": "docker",
    "libpod": "podman",
    "libpod_parent": "podman",
    "docker-ce": "docker",
    "actions_job": "docker",
    "ecstasks": "ecs",
}

# An alloc of Nomad has a uid, and one of Mesos too; Garden (Cloud Foundry) names its containers itself.
_PLAIN_CONTAINERS = (
    re.compile(rf"/(?P<runtime>docker|libpod|cri-containerd|crio)-(?P<id>{CONTAINER_ID})\.scope(?:/|$)"),
    # ECS: /ecs/<task>/<container>; where a task has a limit of its own only the task is named.
    re.compile(rf"/(?P<runtime>ecs)/[^/]+/(?P<id>{CONTAINER_ID}|[0-9a-f]{{32}}-[0-9]+|[^/]+)(?:/|$)"),
    re.compile(rf"/(?P<runtime>ecs)/(?P<id>{UID_HASH}|{UID_DASHED})(?:/|$)"),
    re.compile(rf"/(?P<runtime>ecstasks)-(?P<id>{UID_HASH}|{UID_DASHED})\.slice(?:/|$)"),
    # dockerd's cgroup-parent: /docker, Docker for Synology and others say /docker-ce, GitHub's runner /actions_job.
    re.compile(
        rf"/(?P<runtime>docker|docker-ce|libpod|libpod_parent|actions_job)/(?:libpod-)?(?P<id>{CONTAINER_ID})(?:/|$)"
    ),
    re.compile(rf"/(?P<runtime>nomad)(?:\.slice)?/(?:[^/]+/)?(?P<id>{UID_DASHED}[^/]*?)(?:\.scope)?(?:/|$)"),
    re.compile(rf"/(?P<runtime>mesos)(?:_executors\.slice)?/(?P<id>{UID_DASHED})(?:/|$)"),
    re.compile(r"/(?P<runtime>garden)/(?P<id>[^/]+)(?:/|$)"),
    re.compile(r"/(?P<runtime>lxc)(?:\.payload[./]|/)(?P<id>[^/]+)(?:/|$)"),
    re.compile(r"/(?P<runtime>machine)-(?P<id>[^/]+)\.scope(?:/|$)"),
)
# An id with which a container's cgroup is named, below a parent that only this host knows (--cgroup-parent).
_BELOW_ANY_PARENT = re.compile(rf"/(?P<id>{CONTAINER_ID})(?:/|$)")
_MONITOR = re.compile(rf"/(?:crio|libpod)-conmon-{CONTAINER_ID}(?:\.scope)?(?:/|$)")
_UNIT = re.compile(r"([^/]+\.(?:service|scope|mount|socket|swap))(?=/|$)")

_POD_VOLUME = re.compile(
    rf"/pods/(?P<uid>{UID_DASHED}|{UID_HASH})/volumes/kubernetes\.io~(?P<kind>[\w-]+)/(?P<name>[^/]+)$"
)
_CONTAINER_SHM = (
    re.compile(rf"/containerd/io\.containerd\.grpc\.v1\.cri/sandboxes/(?P<id>{CONTAINER_ID})/shm$"),
    re.compile(rf"/docker/containers/(?P<id>{CONTAINER_ID})/mounts/shm$"),
    re.compile(rf"/containers/storage/overlay-containers/(?P<id>{CONTAINER_ID})/userdata/shm$"),
)
_SHM_RUNTIMES = ("containerd", "docker", None)
_USER_RUNTIME = re.compile(r"^/run/user/(?P<uid>[0-9]+)$")
_CREDENTIALS = re.compile(r"^/run/credentials/(?P<unit>[^/]+)$")


class Owner(NamedTuple):
    """kind is host, unit, container or pod; the other fields are None where they do not apply or nobody tells."""

    kind: str
    unit: Optional[str] = None
    runtime: Optional[str] = None
    container: Optional[str] = None
    pod_uid: Optional[str] = None
    qos_class: Optional[str] = None
    volume: Optional[str] = None


HOST = Owner("host")


def of_cgroup(path: str) -> Owner:
    """The owner that a cgroup path names; of nested clusters and containers the outermost, which this host runs."""
    return _pod(path) or _container(path) or _unit(path) or HOST


def limit_kind(path: str) -> str:
    """Whose limit the limit of a cgroup is: `host`, `unit`, `container`, `pod`, `qos`, `kubepods` or `other`.

    A cluster whose nodes are containers has its kubepods below theirs, and one that runs inside a pod below the pod's:
    that limit is the pod's own matter, of which the host's cluster knows nothing.
    """
    whose = of_cgroup(path)
    if whose.kind == "pod":
        return "pod"
    if _KUBEPODS.search(path):
        return "kubepods"
    if _QOS.search(path):
        return "qos"
    return "other" if whose == HOST and path.strip("/") else whose.kind


def is_monitor(path: str) -> bool:
    """Whether it is the cgroup of conmon, the monitor that CRI-O and podman run beside each container."""
    return _MONITOR.search(path) is not None


def container_cgroup(path: str) -> str:
    """The cgroup of the plain container that a path is of, whatever was made inside of it; else the path."""
    match = _match_of_container(path)
    return path if match is None else path[: match.end()].rstrip("/")


def of_mount(mount_point: str) -> Optional[Owner]:
    """The owner that a mount point of the host's own mount namespace names; None where the path says nothing."""
    volume = _POD_VOLUME.search(mount_point)
    if volume:
        return Owner("pod", pod_uid=volume["uid"], volume=volume["kind"] + "/" + volume["name"])
    for pattern, runtime in zip(_CONTAINER_SHM, _SHM_RUNTIMES):
        match = pattern.search(mount_point)
        if match:
            return Owner("container", runtime=runtime, container=match["id"])
    match = _USER_RUNTIME.match(mount_point)
    if match:
        return Owner("unit", unit=f"user-runtime-dir@{match['uid']}.service")
    match = _CREDENTIALS.match(mount_point)
    return Owner("unit", unit=match["unit"]) if match else None


def _pod(path):
    found = pods(path)
    if not found:
        return None
    pod = found[0]
    return Owner("pod", runtime=pod.runtime, container=pod.container_id, pod_uid=pod.uid, qos_class=pod.qos_class)


def _container(path):
    match = _match_of_container(path)
    if match is None:
        return None
    runtime = match.groupdict().get("runtime")
    return Owner("container", runtime=_RUNTIMES.get(runtime, runtime), container=match["id"])


def _match_of_container(path):
    """Of patterns that match, the one that begins first: the outermost container, which this host runs."""
    found = [match for match in (pattern.search(path) for pattern in _PLAIN_CONTAINERS) if match]
    if not found and _MONITOR.search(path) is None:
        return _BELOW_ANY_PARENT.search(path)
    return min(found, key=_start_of) if found else None


def _start_of(match):
    return match.start()


def _unit(path):
    units = _UNIT.findall(path)
    # The deepest unit is the one whose processes these are: user@1000.service/app.slice/foo.service is foo.service.
    return Owner("unit", unit=units[-1]) if units else None
