# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The readings that several subsets need, each made once and only when asked for."""

from typing import Dict, List, Optional, Set

from ..models import owner, reasons
from ..sources import cgroup, keyed, meminfo, slabinfo, vmallocinfo, zoneinfo
from ..sources.host import PAGE_SIZE, Host
from ..sources.printable import printable, printable_bytes
from ..sources.zoneinfo import Node
from . import held_files, mount_namespaces, process_table, superblocks
from .options import Options

_PAGE_SIZES = (4096, 16384, 65536)


def once(method):
    """A property that is computed at the first look (functools.cached_property came with Python 3.8)."""
    name = "_" + method.__name__

    def get(self):
        if name not in self.__dict__:
            self.__dict__[name] = method(self)
        return self.__dict__[name]

    get.__doc__ = method.__doc__
    return property(get)


class Survey:
    """One look at one host."""

    def __init__(self, host: Host, options: Options):
        self.host = host
        self.options = options
        self.truncated: List[str] = []
        self.prediction = None  # victims.Prediction, once somebody has asked who dies next

    def capped(self, name: str, rows: List) -> List:
        """At most `top` of the rows; where there are more, `name` (the list's place in the facts) is remembered."""
        self.cut(name, len(rows))
        return rows[: self.options.top]

    def cut(self, name: str, count: int) -> None:
        """Remember that a list of `count` rows in all is longer than `top`."""
        if count > self.options.top and name not in self.truncated:
            self.truncated.append(name)

    @once
    def meminfo(self) -> Dict[str, int]:
        """/proc/meminfo; a host without it cannot be looked at, so this one raises."""
        return meminfo.parse(self.host.whole("proc/meminfo").decode("utf-8", "replace"))

    @once
    def vmstat(self) -> Dict[str, int]:
        """/proc/vmstat, in the file's units."""
        return keyed.parse(self.host.text("proc/vmstat") or "")

    @once
    def zoneinfo(self):
        """The sums of /proc/zoneinfo, or None."""
        text = self.host.text("proc/zoneinfo")
        return zoneinfo.parse(text) if text else None

    @once
    def memory_nodes(self) -> Dict[int, Node]:
        """The memory nodes by number; empty where /proc/zoneinfo is missing."""
        return zoneinfo.nodes(self.host.text("proc/zoneinfo") or "")

    @once
    def vmalloc(self) -> Optional[vmallocinfo.Usage]:
        """Pages by caller, or None (only root may read /proc/vmallocinfo)."""
        text = self.host.text("proc/vmallocinfo")
        return vmallocinfo.parse(text) if text else None

    @once
    def slab_caches(self) -> Optional[List[slabinfo.Cache]]:
        """The caches that have pages, the largest first, or None (only root may read /proc/slabinfo)."""
        text = self.host.text("proc/slabinfo")
        if text is None:
            return None
        return sorted((cache for cache in slabinfo.parse(text) if cache.pages), key=lambda cache: -cache.pages)

    @once
    def page_size(self) -> int:
        """Bytes; of a captured tree it follows from one figure that the kernel gives in KiB and in pages."""
        if self.host.live:
            return PAGE_SIZE
        pages, size = self.vmstat.get("nr_mapped"), self.meminfo.get("Mapped")
        if pages and size and size // pages in _PAGE_SIZES:
            return size // pages
        self.host.lacks("page size", reasons.NO_PAGE_SIZE_CAPTURED)
        return 4096

    @once
    def table(self) -> process_table.Table:
        """All processes."""
        return process_table.scan(self.host)

    @once
    def own_pid(self) -> Optional[int]:
        """This process in the pid namespace of that /proc; None in a captured tree and outside the namespace."""
        try:
            return int(self.host.link("proc/self")) if self.host.live else None
        except (OSError, ValueError):
            return None

    @once
    def namespaces(self) -> mount_namespaces.Namespaces:
        """The mount namespaces, only the own one where `namespaces` is off."""
        return mount_namespaces.read(self.host, [process.pid for process in self.table.user], self.options.namespaces)

    @once
    def held(self) -> held_files.Held:
        """Shared memory files that processes hold."""
        return held_files.search(self.host, self.table, self.namespaces)

    @once
    def deleted_sizes(self) -> Dict[str, List[Optional[int]]]:
        """Bytes of each deleted file that somebody holds, by the device of its tmpfs."""
        sizes: Dict[str, List[Optional[int]]] = {}
        for file in self.held.files:
            if file.kind == "deleted":
                sizes.setdefault(file.device, []).append(file.bytes)
        return sizes

    @once
    def superblocks(self) -> List[superblocks.Superblock]:
        """Every tmpfs, once."""
        return superblocks.read(self.host, self.namespaces)

    @once
    def hierarchy(self) -> cgroup.Hierarchy:
        """Where memory cgroups are."""
        mounts = self.namespaces.all[0].mounts
        return cgroup.hierarchy(
            mounts, lambda folder: "memory" in (self.host.optional(folder + "/cgroup.controllers") or "").split()
        )

    @once
    def has_cgroup_v2(self) -> bool:
        """Whether the hierarchy that has the memory controller is of version 2."""
        mount = self.hierarchy.mount
        return mount is not None and self.host.optional(f"{mount}/cgroup.controllers") is not None

    @once
    def cgroup_folders(self) -> List[str]:
        """The folders of all memory cgroups below the host's root: each before its children, the oldest child first.

        That is how the kernel walks the tree: inode numbers of kernfs grow with every folder that is made.
        """
        found, folders = [], [self.hierarchy.mount] if self.hierarchy.mount else []
        while folders:
            folder = folders.pop()
            found.append(folder)
            folders += (f"{folder}/{name}" for name in reversed(self.host.folders(folder)))
        return found

    @once
    def alive_pods(self) -> Optional[Set[str]]:
        """The uids of pods that have a cgroup or a process; None where neither can be seen."""
        paths = [cgroup.path_of(self.cgroup_of(process.pid)) for process in self.table.user] + self.cgroup_folders
        seen = [owner.of_cgroup(path) for path in paths if path]
        return {found.pod_uid for found in seen} if seen else None

    def cgroup_of(self, pid: int) -> bytes:
        """The process's /proc/PID/cgroup, empty where it cannot be read."""
        try:
            return self.host.brief(f"proc/{pid}/cgroup")
        except OSError:
            return b""

    def owner_of(self, pid: int) -> owner.Owner:
        """The unit, container or pod that the process belongs to."""
        return owner.of_cgroup(printable(cgroup.unit_path_of(self.cgroup_of(pid)) or "/"))

    @once
    def by_pid(self) -> Dict[int, process_table.Process]:
        """All processes by their ids."""
        return {process.pid: process for process in self.table.processes}

    def comm_of(self, pid: int) -> str:
        """The process's name as it can be printed."""
        process = self.by_pid.get(pid)
        return printable_bytes(process.status.comm) if process else ""
