# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about shared memory outside tmpfs mounts."""

from typing import Dict, List

from ..models.size import human, percent
from .rule import Finding, finding

_REFUSED_SHARE = 10  # one process in so many may refuse before the search says nothing


def sysv_orphan(facts: Dict, threshold: float) -> List[Finding]:
    """System V segments that nobody has attached and whose creator is dead."""
    orphans = [row for row in facts["shmem"]["sysv"] if row["orphan"] and row["bytes"]]
    held = facts["shmem"]["sysv_orphan_bytes"] or 0
    if not orphans or held < threshold * (1 << 20):
        return []
    first = orphans[0]
    summary = (
        f"System V segments hold {human(held)} for nobody; the largest is shmid {first['shmid']} "
        f"of uid {first['uid']}, whose creator (pid {first['creator_pid']}) is dead"
    )
    return [finding("sysv-orphan", summary, {"bytes": held, "shmid": first["shmid"], "segments": orphans})]


def unattributed(facts: Dict, threshold: float) -> List[Finding]:
    """Shared memory that belongs to no tmpfs, segment, memfd or mapping that could be seen."""
    shmem = facts["shmem"]
    rest, total = shmem["unattributed_bytes"], facts["memory"]["total_bytes"]
    if rest is None or percent(rest, total) < threshold:
        return []
    if shmem["processes_refused"] * _REFUSED_SHARE > shmem["processes"]:
        return []  # an ordinary user sees too little to call anything ownerless
    summary = f"{human(rest)} of {human(shmem['total_bytes'])} Shmem has no owner that can be seen"
    evidence = {"unattributed_bytes": rest, "percent_of_ram": percent(rest, total), "shmem_bytes": shmem["total_bytes"]}
    return [finding("shmem-unattributed", summary, evidence)]
