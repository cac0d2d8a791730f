# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where a host's memory cgroups are, and what their files say of kills: memory.events (v2), memory.oom_control (v1)."""

import os
from typing import List, NamedTuple, Optional, Tuple

from memcore.sources import mountinfo

EVENTS = {"v2": "memory.events", "v1": "memory.oom_control"}
_SMALL = 4096  # bytes; both files have a dozen of short lines at most
_MOST_BELOW = 256  # cgroups below one that are looked at for processes (v1)


class Counters(NamedTuple):
    """Since the cgroup was made: processes killed, whole groups killed, how often its own limit was hit.

    On v2 the cgroups below are in it, unless the mount option memory_localevents is set; on v1 only kills are counted,
    and those below are not.
    """

    kills: int
    group_kills: int
    ooms: int


ZERO = Counters(0, 0, 0)


class Hierarchy(NamedTuple):
    """version: v1 or v2; folder: in the file system; prefix: the path that its top has for the kernel, "" for its root.

    is_local: whether counters leave out the cgroups below.
    """

    version: str
    folder: str
    prefix: str
    is_local: bool

    def folder_of(self, cgroup: str) -> Optional[str]:
        """The folder of a cgroup's path as the kernel has it; None where this part of the hierarchy lacks it."""
        if not cgroup.startswith("/") or "\0" in cgroup or ".." in cgroup.split("/"):
            return None
        if self.prefix and cgroup != self.prefix and not cgroup.startswith(self.prefix + "/"):
            return None
        return (self.folder + cgroup[len(self.prefix) :]).rstrip("/")


def hierarchy(root: str) -> Optional[Hierarchy]:
    """Of the host below root; None where it has no memory controller, or does not show it here."""
    for mount in _mounts(root):
        folder = os.path.join(root, mount.mount_point.strip("/")).rstrip("/")
        prefix = "" if mount.root == "/" or ".." in mount.root else mount.root
        if mount.fstype == "cgroup" and "memory" in mount.super_options.split(","):
            if os.path.exists(folder + "/memory.oom_control") or os.path.isdir(folder):
                return Hierarchy("v1", folder, prefix, True)
        elif mount.fstype == "cgroup2" and _has_memory(folder):
            return Hierarchy("v2", folder, prefix, "memory_localevents" in mount.super_options.split(","))
    # The host's files may be mounted where its own mount table does not say.
    standard = os.path.join(root, "sys/fs/cgroup")
    if os.path.exists(standard + "/memory/memory.oom_control"):
        return Hierarchy("v1", standard + "/memory", "", True)
    for folder in (standard, standard + "/unified"):
        if _has_memory(folder):
            return Hierarchy("v2", folder, "", False)
    return None


def counters(version: str, folder: str) -> Optional[Counters]:
    """What the cgroup in the folder counts; None where it is gone, has no memory controller, or counts no kills."""
    data = _data(f"{folder}/{EVENTS[version]}")
    return None if data is None else parse(data)


def parse(data: bytes) -> Optional[Counters]:
    """Of memory.events or memory.oom_control; None where no kills are counted (Linux before 4.13)."""
    found = {}
    for line in data.split(b"\n"):
        name, _blank, number = line.partition(b" ")
        if number.isdigit():
            found[name] = int(number)
    kills = found.get(b"oom_kill")
    return None if kills is None else Counters(kills, found.get(b"oom_group_kill", 0), found.get(b"oom", 0))


def populated(found: Hierarchy, cgroup: str) -> Optional[bool]:
    """Whether processes are in a cgroup or below it; False when it is gone, None when it cannot be told."""
    folder = found.folder_of(cgroup)
    if folder is None or not os.path.isdir(found.folder):
        return None
    if not os.path.isdir(folder):
        return False
    if found.version == "v1":
        return _has_processes(folder, [_MOST_BELOW])
    data = _data(folder + "/cgroup.events")
    if data is None:
        return None if os.path.isdir(folder) else False
    lines = data.split(b"\n")
    return True if b"populated 1" in lines else False if b"populated 0" in lines else None


def _has_processes(folder: str, left: List[int]) -> Optional[bool]:
    """v1. Pids may be shown as 0, as those of another pid namespace are, so only whether there are lines counts."""
    data = _data(folder + "/cgroup.procs")
    if data:
        return True
    if data is None and os.path.isdir(folder):
        return None
    try:
        with os.scandir(folder) as entries:
            below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return False
    for one in below:
        left[0] -= 1
        if left[0] < 0:
            return None
        answer = _has_processes(one, left)
        if answer is not False:
            return answer
    return False


def _has_memory(folder: str) -> bool:
    data = _data(folder + "/cgroup.controllers")
    return data is not None and b"memory" in data.split()


def _mounts(root: str) -> List[mountinfo.Mount]:
    """The host's mounts. Below another root /proc/self may be nobody, as the agent is in another pid namespace."""
    names: Tuple[str, ...] = ("self", "1") if os.path.normpath(root) == "/" else ("1", "self")
    for name in names:
        try:
            with open(os.path.join(root, "proc", name, "mountinfo"), "rb") as stream:
                return mountinfo.parse(stream.read().decode("utf-8", "surrogateescape"))
        except OSError:
            continue
    return []


def _data(path: str) -> Optional[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        return os.read(descriptor, _SMALL)
    except OSError:
        return None
    finally:
        os.close(descriptor)
