# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a cgroup path says of Kubernetes: the pods that it passes, from the outermost on, and a container of each."""

import re
from typing import List, NamedTuple, Optional

UID_DASHED = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UID_HASH = r"[0-9a-f]{32}"  # static pods, whose uid is a hash of the manifest
CONTAINER_ID = r"[0-9a-f]{64}"
_UID_UNDERSCORED = r"[0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}"

# The kubelet's names: pkg/kubelet/cm/cgroup_manager_linux.go (ToSystemd, ToCgroupfs). A cgroupRoot may stand before.
_SYSTEMD = re.compile(
    rf"(?:^|/)(?:[^/]+-)?kubepods(?:-(?P<qos>burstable|besteffort))?"
    rf"-pod(?P<uid>{_UID_UNDERSCORED}|{UID_DASHED}|{UID_HASH})\.slice(?=[/:]|$)"
)
_CGROUPFS = re.compile(
    rf"(?:^|/)kubepods/(?:(?P<qos>burstable|besteffort)/)?pod(?P<uid>{UID_DASHED}|{UID_HASH})(?=/|$)"
)
# Seen from a private cgroup namespace the QoS level is cut off.
_RELATIVE = re.compile(rf"(?:^|/)pod(?P<uid>{UID_DASHED}|{UID_HASH})(?=/|$)")

# crun with the systemd driver puts the container's processes one level lower, into a cgroup of that name.
_LEAF = re.compile(
    rf"/(?P<prefix>cri-containerd-|crio-conmon-|crio-|cri-o-|docker-)?(?P<id>{CONTAINER_ID})(?P<suffix>(?:\.scope)?)(?=/|$)"
)
# containerd without SystemdCgroup under a kubelet with the systemd driver: the slice's name is taken literally.
_LEAF_COLON = re.compile(rf":(?P<prefix>cri-containerd|crio|docker):(?P<id>{CONTAINER_ID})(?P<suffix>)(?=/|$)")
_RUNTIMES = {"cri-containerd": "containerd", "crio-conmon": "cri-o", "crio": "cri-o", "cri-o": "cri-o"}
CRUN_LEVEL = "/container"
_MONITOR = "crio-conmon"


class PodPath(NamedTuple):
    """One pod of a path. qos_class: None where the path is relative.

    container_id, container_cgroup: None where the path ends at the pod or at CRI-O's monitor beside the container.
    container_cgroup is the container's own, whatever is below it.
    driver: the kubelet's cgroup driver; `mixed` where the runtime does not share it.
    """

    uid: str
    qos_class: Optional[str]
    runtime: Optional[str] = None
    container_id: Optional[str] = None
    container_cgroup: Optional[str] = None
    driver: str = "cgroupfs"


def pods(path: str) -> List[PodPath]:
    """The pods of a path, outermost first: several where a cluster runs inside a pod, none where there is no pod."""
    found = [_pod(path, match, True) for match in _SYSTEMD.finditer(path)]
    found += [_pod(path, match, False) for match in _CGROUPFS.finditer(path)]
    if found:
        return [one for _start, one in sorted(found, key=_start_of)]
    return [_relative(path, match) for match in _RELATIVE.finditer(path)]


def _start_of(found):
    return found[0]


def _pod(path, match, is_systemd):
    # Guaranteed pods stand directly below kubepods: there is no folder of that name.
    qos = {"burstable": "Burstable", "besteffort": "BestEffort"}.get(match["qos"], "Guaranteed")
    return match.start(), _with_container(path, match, qos, is_systemd)


def _relative(path, match):
    return _with_container(path, match, None, False)


def _with_container(path, match, qos, is_systemd):
    uid, end = match["uid"].replace("_", "-"), match.end()
    driver = "systemd" if is_systemd else "cgroupfs"
    leaf = _LEAF.match(path, end) or _LEAF_COLON.match(path, end)
    if leaf is None:
        return PodPath(uid, qos, driver=driver)
    if is_systemd and not leaf["suffix"]:
        driver = "mixed"
    prefix = (leaf["prefix"] or "").rstrip("-")
    runtime = _RUNTIMES.get(prefix, prefix or None)
    if prefix == _MONITOR:
        return PodPath(uid, qos, runtime, driver=driver)
    return PodPath(uid, qos, runtime, leaf["id"], path[: leaf.end("suffix")], driver)
