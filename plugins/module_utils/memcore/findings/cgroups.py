# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about memory cgroups."""

from typing import Dict, Iterator

from ..models.size import human, percent
from .rule import CHANGE, LOOK, Met, Rule


def _dying(facts: Dict, threshold: float) -> Iterator[Met]:
    """Removed cgroups that are still charged with memory."""
    count = facts["cgroups"]["dying"]
    if count is not None and count >= threshold:
        summary = f"{count} memory cgroups were removed but still hold memory"
        yield Met(summary, {"dying": count, "alive": facts["cgroups"]["count"]})


DYING = Rule(
    "dying-cgroups",
    "warning",
    2000.0,
    "cgroups",
    ("cgroups",),
    _dying,
    "Drop the caches and count again; disk reads are slower until the caches are warm. Dying cgroups that remain are "
    "leaked, or tmpfs files of services that no longer run hold them: delete those files. Update kernels before 5.x, "
    "which leak cgroups.",
    (
        (LOOK, "grep -s nr_dying /sys/fs/cgroup/cgroup.stat || grep memory /proc/cgroups"),
        (CHANGE, "echo 3 > /proc/sys/vm/drop_caches"),
    ),
)


def _near_limit(kind: str, words: str):
    """The predicate for cgroups near their limit in which one kind of memory has a large share of that limit."""

    def predicate(facts: Dict, threshold: float) -> Iterator[Met]:
        for row in facts["cgroups"]["near_limit"]:
            held = row[kind]
            if held is not None and percent(held, row["limit_bytes"]) >= threshold:
                use = f"{row['path']} uses {human(row['current_bytes'])} of {human(row['limit_bytes'])}"
                yield Met(f"{use}, {human(held)} of it {words}", dict(row, cgroup=row["path"]))

    return predicate


SHMEM_AT_LIMIT = Rule(
    "cgroup-shmem-at-limit",
    "warning",
    50.0,
    "percent of the cgroup's limit",
    ("cgroups",),
    _near_limit("shmem_bytes", "shared memory"),
    "Files in tmpfs or /dev/shm fill the limit of {cgroup}, and neither a kill nor a restart frees them. Delete the "
    "files that nobody needs, or raise the limit by their size.",
    ((LOOK, "df -h -t tmpfs"), (LOOK, "ipcs -m")),
)
# Slab that can be reclaimed counts too, as it is charged.
KERNEL_MEMORY = Rule(
    "cgroup-kernel-memory-high",
    "warning",
    15.0,
    "percent of the cgroup's limit",
    ("cgroups",),
    _near_limit("kernel_bytes", "kernel memory"),
    "Kernel memory (dentries, inodes, sockets, BPF maps) counts against the limit of {cgroup}; its processes are not "
    "leaking. Find the many files or maps that they create, or raise the limit.",
    ((LOOK, "slabtop -o -s c | head -20"), (LOOK, "bpftool map")),
)

RULES = (DYING, SHMEM_AT_LIMIT, KERNEL_MEMORY)
