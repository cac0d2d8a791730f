# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A pod's QoS class by the rules of the kubelet (pkg/apis/core/v1/helper/qos), where its status does not say it."""

from typing import Dict, List, Tuple

from . import quantity
from .lenient import object_of, rows_of

GUARANTEED, BURSTABLE, BEST_EFFORT = "Guaranteed", "Burstable", "BestEffort"
CLASSES = (GUARANTEED, BURSTABLE, BEST_EFFORT)
_COUNTED = ("cpu", "memory")


def of_spec(spec: Dict) -> str:
    """The class. Wrong types count as absent.

    Resources of the pod itself decide alone. Else containers and init containers do, ephemeral ones never. A limit
    without a request is a request too (the API server and the kubelet default it), and 0 is the same as absent.
    """
    given = [spec] if object_of(spec, "resources") else rows_of(spec, "containers") + rows_of(spec, "initContainers")
    found = [_of(object_of(one, "resources")) for one in given]
    requests, limits = _sums(found, 0), _sums(found, 1)
    if not requests and not limits:
        return BEST_EFFORT
    is_limited = all(len(limit) == len(_COUNTED) for _request, limit in found)
    return GUARANTEED if is_limited and requests == limits else BURSTABLE


def _of(resources) -> Tuple[Dict[str, int], Dict[str, int]]:
    """(requests, limits) in billionths, of cpu and memory, where they are above 0."""
    limits = object_of(resources, "limits")
    requests = dict(limits, **object_of(resources, "requests"))
    return _positive(requests), _positive(limits)


def _positive(amounts) -> Dict[str, int]:
    read = {name: quantity.nano(amounts.get(name)) or 0 for name in _COUNTED}
    return {name: amount for name, amount in read.items() if amount > 0}


def _sums(found: List[Tuple[Dict[str, int], Dict[str, int]]], which: int) -> Dict[str, int]:
    total: Dict[str, int] = {}
    for pair in found:
        for name, amount in pair[which].items():
            total[name] = total.get(name, 0) + amount
    return total
