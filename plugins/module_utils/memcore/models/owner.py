# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Whose a cgroup or a tmpfs is: the host's, a systemd unit's, a container's or a pod's."""

import re
from typing import NamedTuple, Optional

_UID_UNDERSCORED = r"[0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}"
_UID_DASHED = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_UID_HASH = r"[0-9a-f]{32}"  # static pods, whose uid is a hash of the manifest
_ID = r"[0-9a-f]{64}"

# The kubelet's names: pkg/kubelet/cm/cgroup_manager_linux.go (ToSystemd, ToCgroupfs). A cgroupRoot may stand before.
_POD_SYSTEMD = re.compile(
    rf"(?:^|/)(?:[^/]+-)?kubepods(?:-(?P<qos>burstable|besteffort))?"
    rf"-pod(?P<uid>{_UID_UNDERSCORED}|{_UID_DASHED}|{_UID_HASH})\.slice(?=[/:]|$)"
)
_POD_CGROUPFS = re.compile(
    rf"(?:^|/)kubepods/(?:(?P<qos>burstable|besteffort)/)?pod(?P<uid>{_UID_DASHED}|{_UID_HASH})(?=/|$)"
)
# Seen from a private cgroup namespace the QoS level is cut off.
_POD_RELATIVE = re.compile(rf"(?:^|/)pod(?P<uid>{_UID_DASHED}|{_UID_HASH})(?=/|$)")

# What the kubelet makes above the pods: the node's limit (enforceNodeAllocatable), and one cgroup for each QoS class.
_KUBEPODS = re.compile(r"(?:^|/)(?:[^/]+-)?kubepods(?:\.slice)?$")
_QOS = re.compile(r"(?:^|/)(?:kubepods/(?:burstable|besteffort)|(?:[^/]+-)?kubepods-(?:burstable|besteffort)\.slice)$")

_LEAF = re.compile(
    rf"^/(?P<prefix>cri-containerd-|crio-conmon-|crio-|cri-o-|docker-)?(?P<id>{_ID})(?P<suffix>\.scope)?(?:/|$)"
)
# containerd without SystemdCgroup under a kubelet with the systemd driver: the slice's name is taken literally.
_LEAF_COLON = re.compile(rf"^:(?P<prefix>cri-containerd|crio|docker):(?P<id>{_ID})(?:/|$)")
_RUNTIMES = {
    "cri-containerd": "containerd",
    "crio": "cri-o",
    "cri-o": "cri-o",
    "docker": "docker",
    "libpod": "podman",
    "libpod_parent": "podman",
}

_PLAIN_CONTAINERS = (
    re.compile(rf"/(?P<runtime>docker|libpod|cri-containerd|crio)-(?P<id>{_ID})\.scope(?:/|$)"),
    re.compile(rf"/(?P<runtime>docker|libpod|libpod_parent)/(?:libpod-)?(?P<id>{_ID})(?:/|$)"),
    re.compile(r"/(?P<runtime>lxc)(?:\.payload[./]|/)(?P<id>[^/]+)(?:/|$)"),
    re.compile(r"/(?P<runtime>machine)-(?P<id>[^/]+)\.scope(?:/|$)"),
)
_UNIT = re.compile(r"([^/]+\.(?:service|scope|mount|socket|swap))(?=/|$)")

_POD_VOLUME = re.compile(
    rf"/pods/(?P<uid>{_UID_DASHED}|{_UID_HASH})/volumes/kubernetes\.io~(?P<kind>[\w-]+)/(?P<name>[^/]+)$"
)
_CONTAINER_SHM = (
    re.compile(rf"/containerd/io\.containerd\.grpc\.v1\.cri/sandboxes/(?P<id>{_ID})/shm$"),
    re.compile(rf"/docker/containers/(?P<id>{_ID})/mounts/shm$"),
    re.compile(rf"/containers/storage/overlay-containers/(?P<id>{_ID})/userdata/shm$"),
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
    match = _POD_SYSTEMD.search(path) or _POD_CGROUPFS.search(path)
    relative = None if match else _POD_RELATIVE.search(path)
    found = match or relative
    if found is None:
        return None
    # Guaranteed pods stand directly below kubepods: there is no folder of that name.
    qos = None if relative else {"burstable": "Burstable", "besteffort": "BestEffort"}.get(match["qos"], "Guaranteed")
    rest = path[found.end() :]
    leaf = _LEAF.match(rest) or _LEAF_COLON.match(rest)
    uid = found["uid"].replace("_", "-")
    if leaf is None:
        return Owner("pod", pod_uid=uid, qos_class=qos)
    if leaf["prefix"] == "crio-conmon-":  # CRI-O's monitor beside the container, not the container
        return Owner("pod", runtime="cri-o", pod_uid=uid, qos_class=qos)
    runtime = _RUNTIMES.get((leaf["prefix"] or "").rstrip("-"))
    return Owner("pod", runtime=runtime, container=leaf["id"], pod_uid=uid, qos_class=qos)


def _container(path):
    for pattern in _PLAIN_CONTAINERS:
        match = pattern.search(path)
        if match:
            return Owner("container", runtime=_RUNTIMES.get(match["runtime"], match["runtime"]), container=match["id"])
    return None


def _unit(path):
    units = _UNIT.findall(path)
    # The deepest unit is the one whose processes these are: user@1000.service/app.slice/foo.service is foo.service.
    return Owner("unit", unit=units[-1]) if units else None
