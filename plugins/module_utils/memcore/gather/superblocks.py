# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every tmpfs superblock once, however often and in however many namespaces it is mounted."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from ..models import reasons
from ..models.mounts import COVERED
from ..sources.host import Host, NotCaptured, Space, reason
from ..sources.mountinfo import Mount
from .mount_namespaces import Namespace, Namespaces


class Superblock(NamedTuple):
    """A tmpfs; `path` is where its root can be reached safely, None with a reason where it cannot."""

    device: str
    mounts: List[Tuple[Namespace, Mount]]
    path: Optional[str]
    via: Optional[Tuple[Namespace, Mount]]
    space: Optional[Space]
    obstacle: Optional[str]


def read(host: Host, spaces: Namespaces) -> List[Superblock]:
    """The superblocks in the order in which their mounts were found, those of the own namespace first."""
    by_device: Dict[str, List[Tuple[Namespace, Mount]]] = {}
    for space in spaces.all:
        for mount in space.memory_backed:
            by_device.setdefault(mount.device, []).append((space, mount))
    measured = (_measure(host, device, mounts) for device, mounts in by_device.items())
    return [block for block in measured if not _is_empty_rootfs(block)]


def _is_empty_rootfs(block):
    """Nearly every host has one, covered by its real root."""
    return block.mounts[0][1].fstype == "rootfs" and (block.space is None or block.space.size_bytes is None)


def _measure(host, device, mounts):
    obstacle = None
    # A bind mount of a part is good enough for statvfs, but the whole tree is better for the search: "/" first.
    for space, mount in sorted(mounts, key=lambda pair: pair[1].root != "/"):
        why = space.walk.obstacle(mount) if host.live else COVERED if space.walk.is_covered(mount) else None
        path = space.prefix + mount.mount_point if space.prefix else mount.mount_point.lstrip("/") or "."
        if why is None:
            try:
                if host.live and host.entry(path).device != device:
                    why = COVERED
                else:
                    return Superblock(device, mounts, path, (space, mount), host.space(path), None)
            except NotCaptured:
                why = reasons.NO_DF_CAPTURED
            except OSError as error:
                why = reason(error)
        obstacle = obstacle or why
    if mounts[0][1].fstype != "rootfs":
        host.lacks(f"tmpfs {mounts[0][1].mount_point}", reasons.size_not_known(obstacle))
    return Superblock(device, mounts, None, None, None, obstacle)
