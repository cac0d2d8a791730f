# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who holds shared memory files: open descriptors and mappings of every process, each file once."""

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from ..models import reasons
from ..models.mounts import MEMORY_BACKED
from ..models.shmem import OpenFile
from ..sources import fdinfo, maps
from ..sources.host import Host, decode
from .mount_namespaces import Namespaces
from .process_table import Table

_DELETED = " (deleted)"
# The names that the kernel gives to files of its internal tmpfs (mm/shmem.c, ipc/shm.c, mm/memfd.c).
_KERNEL_NAMES = (("/dev/zero", "anonymous_shared"), ("/memfd:", "memfd"), ("/SYSV", "sysv"))


class Held(NamedTuple):
    """What the search found; `complete` where every process was to be seen and none of them refused."""

    files: List[OpenFile]
    gpu: List[fdinfo.GpuClient]
    refused: int
    complete: bool


class _Search:
    """Collects files by (device, inode) while the processes are walked through."""

    def __init__(self, host: Host, spaces: Namespaces):
        self.host = host
        self.spaces = spaces
        self.shm_device = _shm_device(host)
        self.tmpfs_devices = {mount.device for space in spaces.all for mount in space.memory_backed}
        self.devices = {self.shm_device, *self.tmpfs_devices}  # and those of the files in `found`
        self.tmpfs_mount_ids = {mount.mount_id for space in spaces.all for mount in space.memory_backed}
        # By device and inode, or by device and name where the inode may not be read.
        self.found: Dict[Tuple[str, object], Tuple[str, str, Optional[int]]] = {}
        self.holders: Dict[Tuple[str, object], Set[int]] = {}
        self.gpu: Dict[str, fdinfo.GpuClient] = {}
        self.refused = 0
        self.unmeasured = 0

    def look_at(self, pid: int) -> None:
        """One process: its descriptors, then its mappings."""
        try:
            self._descriptors(pid)
            self._mappings(pid)
        except (FileNotFoundError, ProcessLookupError):
            return
        except OSError:
            self.refused += 1

    def _descriptors(self, pid):
        host, folder = self.host, f"proc/{pid}/fd"
        space = self.spaces.of_pid.get(pid)
        points = space.tmpfs_points if space else ()
        for name in host.listing(folder):
            try:
                target = host.link(f"{folder}/{name}")
            except OSError:
                continue
            if target.startswith("/memfd:"):
                self._measure(pid, f"{folder}/{name}", target, self.shm_device)
            elif target.startswith("/dev/dri/"):
                self._gpu_client(f"proc/{pid}/fdinfo/{name}")
            elif points and target.startswith(points):
                device = self._tmpfs_of(space, pid, name, target)
                if device is not None:
                    self._measure(pid, f"{folder}/{name}", target, device)

    def _tmpfs_of(self, space, pid, name, target):
        """The tmpfs that the descriptor is on, so that a look at it cannot hang; None where that is not certain."""
        mount = space.walk.owner_of(_plain(target))
        if mount is None or mount.fstype not in MEMORY_BACKED:
            return None
        try:
            number = fdinfo.mount_id(self.host.brief(f"proc/{pid}/fdinfo/{name}"))
        except OSError:
            return None if self.host.live else mount.device
        # A path alone may belong to a mount of another namespace.
        return mount.device if number is None or number in self.tmpfs_mount_ids else None

    def _mappings(self, pid):
        for mapping in maps.parse(self.host.whole(f"proc/{pid}/maps"), self.devices):
            key = (mapping.device, mapping.inode)
            if key in self.found:
                self.holders[key].add(pid)
            elif mapping.device == self.shm_device or mapping.device in self.tmpfs_devices:
                self._measure_mapping(pid, mapping)

    def _measure_mapping(self, pid, mapping):
        path = decode(mapping.path)
        kind = _kind(path, mapping.device == self.shm_device)
        size = None
        try:
            size = self.host.entry(f"proc/{pid}/map_files/{mapping.range}").bytes
        except OSError:
            self.unmeasured += kind in ("anonymous_shared", "memfd", "deleted")
        self._keep(pid, (mapping.device, mapping.inode), kind, path, size)

    def _measure(self, pid, path, target, device):
        try:
            entry = self.host.entry(path)
        except (FileNotFoundError, ProcessLookupError):
            return
        except OSError:
            # Without the inode the same file cannot be told from another of its name.
            self.unmeasured += target.endswith(_DELETED)
            self._keep(pid, (device or path, target), _kind(target, target.startswith("/memfd:")), target, None)
            return
        if target.startswith("/memfd:") and self.shm_device not in (None, entry.device):
            return  # MFD_HUGETLB: its pages come out of the huge page pool
        internal = entry.device == self.shm_device
        deleted = entry.links == 0 or internal
        self._keep(
            pid,
            (entry.device, entry.inode),
            _kind(target if deleted else _plain(target), internal),
            target,
            entry.bytes,
        )

    def _keep(self, pid, key, kind, name, size):
        known = self.found.get(key)
        if known is None or known[2] is None:
            self.found[key] = (kind, _plain(name), size)
        self.holders.setdefault(key, set()).add(pid)
        self.devices.add(key[0])

    def _gpu_client(self, path):
        try:
            client = fdinfo.gpu_client(decode(self.host.brief(path)))
        except OSError:
            return
        if client is not None:
            self.gpu[client.client] = client


def search(host: Host, table: Table, spaces: Namespaces) -> Held:
    """Look at every process; what was refused is noted and makes the result incomplete."""
    processes = table.user
    seeker = _Search(host, spaces)
    for process in processes:
        seeker.look_at(process.pid)
    if seeker.refused:
        host.lacks(
            "/proc/PID/fd",
            reasons.descriptors_refused(seeker.refused, len(processes)),
        )
    if seeker.unmeasured:
        why = reasons.PERMISSION_DENIED if host.live else reasons.NOT_CAPTURED
        host.lacks("/proc/PID/map_files", reasons.held_not_measured(why, seeker.unmeasured))
    files = [
        OpenFile(kind, name, device, inode, size, tuple(sorted(seeker.holders[device, inode])))
        for (device, inode), (kind, name, size) in seeker.found.items()
    ]
    return Held(files, list(seeker.gpu.values()), seeker.refused, table.complete and not seeker.refused)


def _kind(path, internal):
    if not internal:
        return "deleted" if path.endswith(_DELETED) else "file"
    return next((kind for name, kind in _KERNEL_NAMES if path.startswith(name)), "gpu")


def _plain(target):
    return target[: -len(_DELETED)] if target.endswith(_DELETED) else target


def _shm_device(host):
    """The device of the kernel's own tmpfs mount, which no mountinfo shows: an anonymous shared mapping is on it."""
    if host.live:
        return _device_of_zero(host.own_shared_mapping())
    for pid in host.pids():
        device = _device_of_zero((host.optional(f"proc/{pid}/maps") or "").encode("utf-8", "surrogateescape"))
        if device:
            return device
    return None


def _device_of_zero(data):
    return next((mapping.device for mapping in maps.parse(data) if mapping.path.startswith(b"/dev/zero")), None)
