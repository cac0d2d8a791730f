# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a person calls the pod, container or unit of an event: its name where that is known, else its id."""

from typing import Dict, Optional

from ..models import pod_path
from ..models.size import human
from ..sources.printable import one_line

SHORT_ID = 12  # of a container, as docker ps shows it
_PAUSE = "pause"
_LIMITS = {"memsw": " of memory and swap", "kmem": " of kernel memory"}


def pod(row: Dict) -> str:
    """`shop/cart-1` of a victim, or its pod's uid."""
    return row["pod_uid"] if row["pod"] is None else f"{one_line(row['namespace'])}/{one_line(row['pod'])}"


def container(row: Dict) -> Optional[str]:
    """`container app` of a victim, `container 9f02d9fa0049`, `its pause container`; None where it was of none."""
    if row["container"] is not None:
        return f"container {one_line(row['container'])}"
    if row["container_id"] is None:
        return None
    if row["pod"] is not None and row["comm"] == _PAUSE:
        return "its pause container"  # no status names it
    return f"container {one_line(row['container_id'])[:SHORT_ID]}"


def limit(owner: Dict) -> str:
    """`its limit of 512.0 MiB`, `its limit of 512.0 MiB of memory and swap`; of an event's limit_owner."""
    size = "" if owner["limit_bytes"] is None else f" of {human(owner['limit_bytes'])}"
    return f"its limit{size}{_LIMITS.get(owner['resource'], '')}"


def limited_pod(event: Dict) -> Optional[str]:
    """`pod shop/cart-1`, `container app of pod shop/cart-1`: whose limit it was; None where that was no pod's.

    The names are those of the victims, who were in that pod.
    """
    limit = event["limit_owner"]
    places = pod_path.pods(limit["cgroup"]) if limit["kind"] == "pod" and limit["cgroup"] is not None else []
    if not places:
        return None
    victims = {row["pod_uid"]: row for row in reversed(event["victims"]) if row["pod"] is not None}
    place = next((one for one in places if one.uid in victims), places[0])
    whose = pod(victims[place.uid]) if place.uid in victims else place.uid
    if place.container_id is None:
        return f"pod {whose}"
    names = [
        row["container"]
        for row in event["victims"]
        if row["container_id"] == place.container_id and row["container"] is not None
    ]
    return f"container {one_line(names[0]) if names else place.container_id[:SHORT_ID]} of pod {whose}"
