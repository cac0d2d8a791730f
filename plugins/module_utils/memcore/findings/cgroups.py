# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about memory cgroups."""

from typing import Dict, List

from ..models.size import human, percent
from .rule import Finding, finding


def dying(facts: Dict, threshold: float) -> List[Finding]:
    """Removed cgroups that are still charged with memory."""
    count = facts["cgroups"]["dying"]
    if count is None or count < threshold:
        return []
    summary = f"{count} memory cgroups were removed but still hold memory"
    return [finding("dying-cgroups", summary, {"dying": count, "alive": facts["cgroups"]["count"]})]


def shmem_at_limit(facts: Dict, threshold: float) -> List[Finding]:
    """Files in memory fill the limit, so that a restart starts full."""
    return [
        finding(
            "cgroup-shmem-at-limit",
            f"{_use(row)}, {human(row['shmem_bytes'])} of it shared memory",
            dict(row, cgroup=row["path"]),
        )
        for row in facts["cgroups"]["near_limit"]
        if row["shmem_bytes"] is not None and percent(row["shmem_bytes"], row["limit_bytes"]) >= threshold
    ]


def kernel_memory(facts: Dict, threshold: float) -> List[Finding]:
    """The kernel's memory, not the processes', fills the limit; slab that can be reclaimed counts, as it is charged."""
    return [
        finding(
            "cgroup-kernel-memory-high",
            f"{_use(row)}, {human(row['kernel_bytes'])} of it kernel memory",
            dict(row, cgroup=row["path"]),
        )
        for row in facts["cgroups"]["near_limit"]
        if row["kernel_bytes"] is not None and percent(row["kernel_bytes"], row["limit_bytes"]) >= threshold
    ]


def _use(row):
    return f"{row['path']} uses {human(row['current_bytes'])} of {human(row['limit_bytes'])}"
