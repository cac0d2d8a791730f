# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about shared memory outside tmpfs mounts."""

from typing import Dict, Iterator

from ..models.size import human, percent
from .rule import LOOK, LOSS, Met, Rule

_REFUSED_SHARE = 10  # one process in so many may refuse before the search says nothing


def _sysv_orphan(facts: Dict, threshold: float) -> Iterator[Met]:
    """System V segments that nobody has attached and whose creator is dead."""
    orphans = [row for row in facts["shmem"]["sysv"] if row["orphan"] and row["bytes"]]
    held = facts["shmem"]["sysv_orphan_bytes"] or 0
    if not orphans or held < threshold * (1 << 20):
        return
    first = orphans[0]
    summary = (
        f"System V segments hold {human(held)} although no process is attached to them; the largest is shmid "
        f"{first['shmid']} of uid {first['uid']}, whose creator (pid {first['creator_pid']}) is dead"
    )
    # Each namespace counts its ids from 0, so a segment of a container's often has the id of one of the host's.
    enter = "" if first["pid"] is None else f"nsenter -t {first['pid']} -i -- "
    yield Met(summary, {"bytes": held, "shmid": first["shmid"], "segments": orphans}, enter=enter)


SYSV_ORPHAN = Rule(
    "sysv-orphan",
    "warning",
    16.0,
    "MiB",
    ("shmem",),
    _sysv_orphan,
    "Check in the list of segments that shmid {shmid} has the size and the dead creator that are named here, and that "
    "no program will attach to it again. Then remove it; its content is lost.",
    ((LOOK, "ipcs -m"), (LOOK, "ipcs -m -p"), (LOSS, "ipcrm -m {shmid}")),
)


def _unattributed(facts: Dict, threshold: float) -> Iterator[Met]:
    """Shared memory that belongs to no tmpfs, segment, memfd or mapping that could be seen."""
    shmem = facts["shmem"]
    rest, total = shmem["unattributed_bytes"], facts["memory"]["total_bytes"]
    if rest is None or percent(rest, total) < threshold:
        return
    if shmem["processes_refused"] * _REFUSED_SHARE > shmem["processes"]:
        return  # an ordinary user sees too little to call anything ownerless
    summary = f"no owner could be found for {human(rest)} of {human(shmem['total_bytes'])} of shared memory (Shmem)"
    yield Met(
        summary,
        {"unattributed_bytes": rest, "percent_of_ram": percent(rest, total), "shmem_bytes": shmem["total_bytes"]},
    )


UNATTRIBUTED = Rule(
    "shmem-unattributed",
    "warning",
    5.0,
    "percent of RAM",
    ("shmem", "memory"),
    _unattributed,
    "Look for GPU buffers and for a tmpfs that was unmounted lazily (umount -l). Read in `incomplete` what could not "
    "be read, and run memfacts as root.",
    (
        (LOOK, "cat /sys/kernel/debug/dri/*/i915_gem_objects"),
        (LOOK, "grep -H ^drm- /proc/[0-9]*/fdinfo/* 2>/dev/null"),
    ),
)

RULES = (SYSV_ORPHAN, UNATTRIBUTED)
