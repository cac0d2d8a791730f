# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Memory that a pod's claims of devices add to its limits: status.nodeAllocatableResourceClaimStatuses (KEP-5517).

1.36 wrote one amount for each claim (`resources`); later versions write `mapping` and `overhead`.
"""

from typing import Dict, Optional

from . import quantity
from .lenient import object_of, rows_of


def memory_of(status: Dict) -> Optional[int]:
    """Bytes that the kubelet adds to the limit of the pod's cgroup; None where the status has no such claim."""
    sizes = [_of_claim(row) for row in rows_of(status, "nodeAllocatableResourceClaimStatuses")]
    found = [size for size in sizes if size is not None]
    return sum(found) if found else None


def _of_claim(row) -> Optional[int]:
    containers = row.get("containers")
    count = len(containers) if isinstance(containers, list) else 0
    sizes = [quantity.whole(object_of(row, "resources").get("memory"))]
    sizes += [quantity.whole(one.get("quantity")) for one in rows_of(row, "mapping") if one.get("name") == "memory"]
    for one in rows_of(row, "overhead"):
        if one.get("name") == "memory":
            each = quantity.whole(one.get("perContainer"))
            sizes += [quantity.whole(one.get("perPod")), None if each is None else each * count]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None
