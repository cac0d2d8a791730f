# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about emptyDir volumes of medium Memory: a tmpfs, whose files count against the limits of who writes them."""

from typing import Dict, Iterator

from ...models.size import human
from ..rule import Met, Rule
from .said import listed

_NEARLY_FULL_PERCENT = 90
_SHM = "/dev/shm"  # noqa: S108 -- a path in a pod


def _unsized(record: Dict, _threshold) -> Iterator[Met]:
    """A volume in memory has no limit, and neither has the pod."""
    pod = record["pod"]
    if pod.limit_bytes is not None:
        return
    names = [one.name for one in pod.volumes if one.size_limit is None]
    if names:
        summary = (
            f"the memory volume {listed(names)} has no sizeLimit, and the pod no limit: it may fill the node's memory"
        )
        yield Met(summary, {"volumes": names})


UNSIZED = Rule(
    "memory-emptydir-unsized",
    "warning",
    None,
    "",
    ("pod",),
    _unsized,
    "Give {volumes} a sizeLimit. Its files stay in memory until they are deleted; killing a process frees none of it.",
    report_severity="high",
)


def _exceeds(record: Dict, threshold) -> Iterator[Met]:
    """Files in memory may take a large part of the limit of a container that writes them."""
    pod = record["pod"]
    for one in pod.containers:
        limit = one.amounts.memory_limit
        mounted = {volume for volume, _path in one.mounts}
        sizes = [volume.size_limit or pod.limit_bytes for volume in pod.volumes if volume.name in mounted]
        if limit is None or not sizes or None in sizes:
            continue
        if sum(sizes) * 100 > threshold * limit:
            summary = (
                f"memory volumes of {one.name} may hold {human(sum(sizes))}, which counts against its memory limit of "
                f"{human(limit)}"
            )
            evidence = {
                "container": one.name,
                "volumes_bytes": sum(sizes),
                "limit_bytes": limit,
                "formula": f"{sum(sizes)} > {threshold:g} % of {limit}",
            }
            yield Met(summary, evidence)


EXCEEDS = Rule(
    "memory-emptydir-exceeds-limit",
    "warning",
    50.0,
    "percent of the container's memory limit",
    ("pod",),
    _exceeds,
    "Raise the memory limit of {container} by the size of its memory volumes, or give them a smaller sizeLimit.",
    report_severity="medium",
)


def _dev_shm(record: Dict, _threshold) -> Iterator[Met]:
    """The shared memory of a container has no limit of its own."""
    pod = record["pod"]
    unsized = {one.name for one in pod.volumes if one.size_limit is None}
    for one in pod.containers:
        names = [volume for volume, path in one.mounts if path.rstrip("/") == _SHM and volume in unsized]
        if names:
            summary = f"{one.name} mounts the memory volume {names[0]} at {_SHM} without a sizeLimit"
            yield Met(summary, {"container": one.name, "volume": names[0]})
    now = record.get("now")
    if now is not None and now.shm_used_bytes is not None and now.shm_size_bytes:
        if now.shm_used_bytes * 100 > _NEARLY_FULL_PERCENT * now.shm_size_bytes:
            summary = (
                f"{human(now.shm_used_bytes)} of the {human(now.shm_size_bytes)} of the pod's {_SHM} are used: a "
                "program that needs more of it ends with SIGBUS (exit code 135), which is no OOM kill"
            )
            evidence = {"used_bytes": now.shm_used_bytes, "size_bytes": now.shm_size_bytes}
            yield Met(summary, evidence)


DEV_SHM = Rule(
    "dev-shm-charged",
    "warning",
    None,
    "",
    ("pod",),
    _dev_shm,
    "Mount a memory volume with a sizeLimit at /dev/shm, and give its containers memory limits with room for it: "
    "shared memory counts against them.",
    report_severity="medium",
)

RULES = (UNSIZED, EXCEEDS, DEV_SHM)
