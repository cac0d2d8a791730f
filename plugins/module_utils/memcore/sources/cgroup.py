# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/cgroup, /proc/cgroups and where the memory controller is mounted."""

import re
from typing import Dict, List, NamedTuple, Optional

from .mountinfo import Mount


class Hierarchy(NamedTuple):
    """Where memory cgroups live: version v1, v2, hybrid or none; `mount` is their folder below the host's root.

    whole: whether the mount shows the hierarchy from its root, and not just a container's part.
    """

    version: str
    mount: Optional[str]
    whole: bool


def hierarchy(mounts: List[Mount], has_memory_v2) -> Hierarchy:
    """Find the memory controller; `has_memory_v2(folder)` tells whether a v2 mount offers it."""
    v1 = [mount for mount in mounts if mount.fstype == "cgroup"]
    v2 = [mount for mount in mounts if mount.fstype == "cgroup2"]
    version = "hybrid" if v1 and v2 else "v1" if v1 else "v2" if v2 else "none"
    found = [mount for mount in v1 if "memory" in mount.super_options.split(",")]
    found += [mount for mount in v2 if has_memory_v2(mount.mount_point.strip("/"))]
    if not found:
        return Hierarchy(version, None, False)
    return Hierarchy(version, found[0].mount_point.strip("/"), found[0].root == "/")


def path_of(data: bytes) -> Optional[str]:
    """The memory cgroup of a /proc/PID/cgroup; where no v1 memory hierarchy is, the unified (v2) path."""
    unified = None
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        fields = line.split(":", 2)
        if len(fields) == 3 and "memory" in fields[1].split(","):
            return fields[2]
        if len(fields) == 3 and fields[0] == "0":
            unified = fields[2]
    return unified


def unit_path_of(data: bytes) -> Optional[str]:
    """The path that systemd manages (v2, or v1's name=systemd), which names the unit."""
    paths: Dict[str, str] = {}
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        fields = line.split(":", 2)
        if len(fields) == 3:
            paths[fields[1]] = fields[2]
    named, unified = paths.get("name=systemd"), paths.get("")
    return named if named not in (None, "/") else unified


def controllers(text: str) -> Dict[str, int]:
    """/proc/cgroups: how many cgroups each controller has in all, dying ones included."""
    return {
        name: int(count) for name, count in re.findall(r"^(\w+)\s+[0-9]+\s+([0-9]{1,15})\s+[0-9]+", text, re.MULTILINE)
    }
