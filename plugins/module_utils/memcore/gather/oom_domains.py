# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where memory can run out: the host, and each memory cgroup that has a limit."""

import errno
from typing import Dict, List, NamedTuple, Optional, Tuple

from ..models import reasons, victims
from ..models.badness import Task, total_of_host, total_of_memcg
from ..sources import cgroup, keyed, number
from ..sources.host import reason
from .survey import Survey


class Place(NamedTuple):
    """A cgroup's folder, its path in the hierarchy, its own pids and where its subtree ends in the list of places.

    threaded: its processes stand in a cgroup above, and only threads of them are here.
    """

    folder: str
    path: str
    pids: List[int]
    end: int
    threaded: bool = False


class Limits(NamedTuple):
    """Bytes, None where there is no such limit (or, for used, where nobody tells).

    memory: RAM of the host or the cgroup's limit; swap: v2's memory.swap.max; memsw: v1's limit of memory and swap.
    reusable: what `used` contains and a process may still take: the page cache, and shared memory, which it may map.
    cache: what `used` contains and the kernel can free without swap: the page cache and slab that can be reclaimed.
    """

    memory: int
    used: Optional[int]
    swap: Optional[int]
    memsw: Optional[int]
    may_swap: bool
    reusable: Optional[int] = None
    cache: Optional[int] = None


class Tree:
    """The memory cgroups in the order in which the kernel scans them, each read once."""

    def __init__(self, survey: Survey):
        self._survey = survey
        self._group: Dict[str, bool] = {}
        self._limit_texts: Dict[str, Optional[str]] = {}
        self.mount = survey.hierarchy.mount
        self.is_v2 = survey.has_cgroup_v2
        self.places = self._read()
        self.of_pid = {pid: place.path for place in self.places for pid in place.pids}
        if not survey.host.live:
            self._add_those_of_processes()

    def __contains__(self, path: str) -> bool:
        """Whether a cgroup has memory.oom.group set, which only v2 knows."""
        if not self.is_v2:
            return False
        if path not in self._group:
            text = self._survey.host.optional(f"{self.mount}{path}/memory.oom.group")
            self._group[path] = number.parse(text) == 1
        return self._group[path]

    def members(self, place: Place, index: int) -> List[int]:
        """The pids of the subtree in the kernel's order of the scan."""
        return [pid for owner, inner in self._scanned(place, index) for pid in inner.pids]

    def mixed(self, place: Place, index: int) -> Dict[Optional[str], str]:
        """Cgroups whose tasks the kernel scans together in an order that no file shows, with the cgroup they belong to.

        Those without the memory controller, threaded ones among them, belong to the nearest above that has it
        (css_task_iter over all css_sets of one css).
        """
        together: Dict[int, List[Place]] = {}
        for owner, inner in self._scanned(place, index):
            if inner.pids or inner.threaded:
                together.setdefault(owner, []).append(inner)
        return {
            inner.path: self.places[owner].path
            for owner, places in together.items()
            if len(places) > 1
            for inner in places
        }

    def _scanned(self, place: Place, index: int) -> List[Tuple[int, Place]]:
        """The cgroups of the subtree as the kernel scans them, each with the place that it is charged to."""
        found = []
        owners: List[int] = []
        for at in range(index, index + 1 if self._is_flat(place) else place.end):
            while owners and at >= self.places[owners[-1]].end:
                owners.pop()
            if not owners or self._has_memory(self.places[at]):
                owners.append(at)
            found.append((owners[-1], self.places[at]))
        return sorted(found, key=lambda one: one[0])

    def _has_memory(self, place: Place) -> bool:
        """Whether the cgroup has the memory controller: each of v1 has, and of a captured tree nobody knows."""
        if not self.is_v2 or not self._survey.host.live:
            return True
        return not place.threaded and self._text_of_limit(place.folder) is not None

    def _text_of_limit(self, folder) -> Optional[str]:
        if folder not in self._limit_texts:
            name = "memory.max" if self.is_v2 else "memory.limit_in_bytes"
            self._limit_texts[folder] = self._survey.host.optional(f"{folder}/{name}")
        return self._limit_texts[folder]

    def limits(self, place: Place, instead: Optional[int] = None) -> Optional[Limits]:
        """What limits the cgroup; None where nothing does. instead: bytes to take for its limit."""
        limit = instead or number.size(self._text_of_limit(place.folder))
        if limit is None:
            return None
        return self._limits_v2(place.folder, limit) if self.is_v2 else self._limits_v1(place.folder, limit)

    def waits(self, place: Place) -> bool:
        """v1: whether tasks sleep instead of being killed."""
        text = None if self.is_v2 else self._survey.host.optional(f"{place.folder}/memory.oom_control")
        return keyed.parse(text or "").get("oom_kill_disable") == 1

    def _limits_v2(self, folder, limit):
        swappiness = number.parse(self._survey.host.text("proc/sys/vm/swappiness"))
        swap = self._bytes(folder, "memory.swap.max")
        held = self._reusable(folder, ("active_file", "inactive_file", "slab_reclaimable"), "shmem")
        return Limits(limit, self._bytes(folder, "memory.current"), swap, None, swappiness != 0, *held)

    def _limits_v1(self, folder, limit):
        swappiness = number.parse(self._survey.host.optional(f"{folder}/memory.swappiness"))
        memsw = self._bytes(folder, "memory.memsw.limit_in_bytes")
        reusable, cache = self._reusable(folder, ("total_active_file", "total_inactive_file"), "total_shmem")
        if reusable is not None:
            # v1 does not tell which part of the kernel's memory can be freed (v2's slab_reclaimable).
            reusable += self._bytes(folder, "memory.kmem.usage_in_bytes") or 0
        used = self._bytes(folder, "memory.usage_in_bytes")
        return Limits(limit, used, None, memsw, swappiness != 0, reusable, cache)

    def fill(self, place: Place) -> Optional[float]:
        """The share of its limit that the cgroup uses, page cache included; None without a limit or where none is told.

        It reads two small files, so that cgroups that have room need not be looked at closer.
        """
        limit = number.size(self._text_of_limit(place.folder))
        used = self._bytes(place.folder, "memory.current" if self.is_v2 else "memory.usage_in_bytes") if limit else None
        return None if used is None else used / limit

    def _reusable(self, folder, cache, shared) -> Tuple[Optional[int], Optional[int]]:
        """(reusable, cache) of Limits. None where memory.stat does not tell; what an old kernel does not count is not
        there."""
        stat = keyed.parse(self._survey.host.optional(f"{folder}/memory.stat") or "")
        freed = [stat[name] for name in cache if name in stat]
        held = freed + ([stat[shared]] if shared in stat else [])
        return (sum(held) if held else None), (sum(freed) if freed else None)

    def _bytes(self, folder, name) -> Optional[int]:
        return number.size(self._survey.host.optional(f"{folder}/{name}"))

    def _is_flat(self, place) -> bool:
        """v1 without use_hierarchy: children are not charged to the parent."""
        return not self.is_v2 and number.parse(self._survey.host.optional(f"{place.folder}/memory.use_hierarchy")) == 0

    def _read(self) -> List[Place]:
        folders = self._survey.cgroup_folders
        ends = _ends(folders)
        start = len(self.mount or "")
        return [Place(folder, folder[start:] or "/", *self._pids(folder, end)) for folder, end in zip(folders, ends)]

    def _pids(self, folder, end) -> Tuple[List[int], int, bool]:
        try:
            pids = [int(pid) for pid in self._survey.host.whole(f"{folder}/cgroup.procs").split() if pid.isdigit()]
            return pids, end, False
        except OSError as error:
            # A threaded cgroup has none of its own: its processes stand in the cgroup above.
            if error.errno not in (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP):
                self._survey.host.lacks(f"/{folder}/cgroup.procs", reason(error))
            return [], end, error.errno == errno.EOPNOTSUPP

    def _add_those_of_processes(self):
        """A captured tree may have only /proc/PID/cgroup."""
        by_path = {place.path: place for place in self.places}
        for pid in sorted(process.pid for process in self._survey.table.user):
            path = None if pid in self.of_pid else cgroup.path_of(self._survey.cgroup_of(pid))
            if path is not None:
                self.of_pid[pid] = path
                if path in by_path:
                    by_path[path].pids.append(pid)


def host_limits(survey: Survey) -> Limits:
    """RAM, what is used of it for good (not just cached), and whether there is swap."""
    info = survey.meminfo
    available = info.get("MemAvailable")
    if available is None:
        survey.host.lacks("oom used_bytes", reasons.NO_MEM_AVAILABLE)
    used = None if available is None else info["MemTotal"] - available
    return Limits(info["MemTotal"], used, None, None, bool(info.get("SwapTotal")))


def host_domain(survey: Survey, tasks: Dict[int, Task], tree: Tree) -> victims.Domain:
    """The host: a global OOM. Tasks by pid, which is not the order of the scan: that is the order of creation."""
    pages = survey.page_size
    total = total_of_host(survey.meminfo["MemTotal"] // pages, survey.meminfo.get("SwapTotal", 0) // pages)
    tasks_of_host = list(tasks.values())
    headroom = _headroom_of_host(survey)
    return victims.Domain(None, total, tasks_of_host, victims.NOT_KNOWN, _setting(survey, 1), tree, headroom)


def cgroup_domains(
    survey: Survey, tasks: Dict[int, Task], tree: Tree, creation_order: bool, least_fill: float = 0.0
) -> List[Tuple[victims.Domain, Limits]]:
    """Each memory cgroup that has a limit and a task, with its limits; those that use less of it are left out."""
    found = []
    for index, place in enumerate(tree.places):
        if least_fill and (tree.fill(place) or 0.0) < least_fill:
            continue
        limits = tree.limits(place)
        domain = None if limits is None else cgroup_domain(survey, tasks, tree, index, limits, creation_order)
        if domain is not None and domain.tasks:
            found.append((domain, limits))
    return found


def cgroup_domain(
    survey: Survey, tasks: Dict[int, Task], tree: Tree, index: int, limits: Limits, creation_order: bool
) -> victims.Domain:
    """The domain of the place with that index in the tree, if these were its limits."""
    place = tree.places[index]
    members = [tasks[pid] for pid in tree.members(place, index) if pid in tasks]
    setting = victims.WAIT if tree.waits(place) else _setting(survey, 2)
    order = _order(survey, tree, creation_order)
    total, headroom = total_pages(limits, survey), headroom_pages(limits, survey)
    return victims.Domain(place.path, total, members, order, setting, tree, headroom, tree.mixed(place, index))


def headroom_pages(limits: Limits, survey: Survey) -> Optional[int]:
    """Pages that a process of the cgroup may still take before its limit is reached; None where no file tells.

    What is free below the limit, what can be freed or mapped, and the free swap that the cgroup may use.
    """
    if limits.used is None or limits.reusable is None:
        return None
    size = survey.page_size
    free = max(limits.memory - limits.used, 0) // size
    swap = min(total_pages(limits, survey) - limits.memory // size, _free_swap(survey))
    return free + limits.reusable // size + max(swap, 0)


def _headroom_of_host(survey) -> Optional[int]:
    """As of a cgroup: free memory, page cache, shared memory, free swap; MemAvailable leaves out some of the cache."""
    info = survey.meminfo
    names = ("MemFree", "Active(file)", "Inactive(file)", "SReclaimable")
    known = [info.get("MemAvailable"), None if "MemFree" not in info else sum(info.get(name, 0) for name in names)]
    free = max((value for value in known if value is not None), default=None)
    return None if free is None else (free + info.get("Shmem", 0)) // survey.page_size + _free_swap(survey)


def _free_swap(survey) -> int:
    info = survey.meminfo
    return info.get("SwapFree", info.get("SwapTotal", 0)) // survey.page_size


def total_pages(limits: Limits, survey: Survey) -> int:
    """The pages that the domain of a memory cgroup may use."""
    size = survey.page_size
    swap, memsw = (None if value is None else value // size for value in (limits.swap, limits.memsw))
    of_host = survey.meminfo.get("SwapTotal", 0) // size
    return total_of_memcg(limits.memory // size, swap, of_host, limits.may_swap, memsw)


def _order(survey, tree, creation_order) -> str:
    if not survey.host.live or not creation_order:
        return victims.NOT_KNOWN
    return victims.EXACT if tree.is_v2 else victims.BY_CGROUP


def _setting(survey, panics_from) -> str:
    """vm.panic_on_oom: 1 panics where the host is out of memory, 2 where a cgroup is, too."""
    panic = number.parse(survey.host.text("proc/sys/vm/panic_on_oom")) or 0
    if panic >= panics_from:
        return victims.PANIC
    allocating = number.parse(survey.host.text("proc/sys/vm/oom_kill_allocating_task"))
    return victims.ALLOCATING if allocating and panics_from == 1 else victims.HIGHEST


def _ends(folders: List[str]) -> List[int]:
    """Where in a preorder the subtree of each folder ends."""
    ends = [len(folders)] * len(folders)
    open_ones: List[int] = []
    for index, folder in enumerate(folders):
        while open_ones and not folder.startswith(folders[open_ones[-1]] + "/"):
            ends[open_ones.pop()] = index
        open_ones.append(index)
    return ends
