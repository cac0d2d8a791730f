# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset cgroups: the memory cgroups that hold most, and those that died and still hold something."""

from typing import Dict, NamedTuple, Optional

from ..models import reasons
from ..models.size import percent
from ..sources import cgroup, keyed, number
from ..sources.printable import printable
from .survey import Survey

_NEAR_LIMIT_PERCENT = 75.0  # below this there is room, whatever fills it


class _Names(NamedTuple):
    """What a hierarchy calls its files and the keys of memory.stat."""

    current: str
    limit: str
    events: str
    anon: str
    file: str
    shmem: str


_V1 = _Names(
    "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.oom_control", "total_rss", "total_cache", "total_shmem"
)
_V2 = _Names("memory.current", "memory.max", "memory.events", "anon", "file", "shmem")
# Before 5.18 memory.stat has no `kernel`; these are its parts.
_KERNEL_PARTS = ("kernel_stack", "pagetables", "sec_pagetables", "percpu", "slab", "vmalloc")


def gather(survey: Survey) -> Dict:
    """Figures of a cgroup include its descendants; sizes in bytes, limit None where there is none."""
    where = survey.hierarchy
    if where.mount is None:
        survey.host.lacks("/sys/fs/cgroup", reasons.NO_CGROUP_CONTROLLER)
        return {"version": where.version, "count": None, "dying": None, "top": [], "near_limit": []}
    names = _V2 if survey.has_cgroup_v2 else _V1
    paths = survey.cgroup_folders
    sizes = ((_bytes(survey, path, names.current), path) for path in paths)
    # The root of the tree is the whole host, which `memory` tells better.
    ranked = sorted((pair for pair in sizes if pair[0] is not None and pair[1] != where.mount), reverse=True)
    full = [(size, path) for size, path in ranked if _is_near_limit(survey, path, size, names)]
    largest = survey.capped("cgroups.top", ranked)
    rows = {path: _row(survey, where.mount, path, size, names) for size, path in {*largest, *full}}
    return {
        "version": where.version,
        "count": len(paths),
        "dying": _dying(survey, where.mount, names, len(paths)),
        "top": [rows[path] for _size, path in largest],
        "near_limit": [rows[path] for _size, path in full],
    }


def _is_near_limit(survey, path, size, names):
    limit = _bytes(survey, path, names.limit)
    return bool(limit) and percent(size, limit) >= _NEAR_LIMIT_PERCENT


def _row(survey, mount, path, size, names):
    stat = keyed.parse(survey.host.optional(f"{path}/memory.stat") or "")
    events = keyed.parse(survey.host.optional(f"{path}/{names.events}") or "")
    return {
        "path": printable(path[len(mount) :]),
        "current_bytes": size,
        "limit_bytes": _bytes(survey, path, names.limit),
        "anon_bytes": stat.get(names.anon),
        "file_bytes": stat.get(names.file),
        "shmem_bytes": stat.get(names.shmem),
        "kernel_bytes": _kernel(survey, path, stat, names),
        "slab_reclaimable_bytes": stat.get("slab_reclaimable"),
        "slab_unreclaimable_bytes": stat.get("slab_unreclaimable"),
        "oom_kills": events.get("oom_kill"),
    }


def _kernel(survey, path, stat, names) -> Optional[int]:
    if names is _V1:
        return _bytes(survey, path, "memory.kmem.usage_in_bytes")
    parts = [stat[part] for part in _KERNEL_PARTS if part in stat]
    return stat.get("kernel", sum(parts) if parts else None)


def _bytes(survey, path, name) -> Optional[int]:
    return number.size(survey.host.optional(f"{path}/{name}"))


def _dying(survey, mount, names, alive) -> Optional[int]:
    """Removed cgroups that memory is still charged to; each costs kernel memory of its own."""
    if names is _V2:
        return keyed.parse(survey.host.optional(f"{mount}/cgroup.stat") or "").get("nr_dying_descendants")
    total = cgroup.controllers(survey.host.optional("proc/cgroups") or "").get("memory")
    # /proc/cgroups counts the whole host's, so a container that sees only a part of the tree cannot subtract.
    return max(total - alive, 0) if total is not None and survey.hierarchy.whole and not survey.table.hidden else None
