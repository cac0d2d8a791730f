# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenes that are played against the CRI: sizes in MiB, limits, and whether the kernel kills whole groups.

`main` of a pod: its first process's own MiB, number of children, MiB of each, how many grow (0: the first process
itself does), MiB a step, milliseconds a step. `bystander`: it does not grow.
"""

from typing import Dict, NamedTuple, Tuple


class Scene(NamedTuple):
    """settle: seconds without a kill that end it. memory_mb: of the whole guest."""

    group: int
    pods: Tuple[Dict, ...]
    settle: float = 3
    memory_mb: int = 1536


def _one(*main):
    return ({"qos": "guaranteed", "limit": 64, "main": main},)


MIXED = (
    {"qos": "burstable", "request": 256, "main": (4, 2, 10, 1, 2, 20)},
    {"qos": "besteffort", "main": (4, 2, 10, 1, 8, 20)},
    {"qos": "guaranteed", "limit": 64, "main": (4, 2, 6, 0, 0, 1000), "bystander": True},
)
SCENES = {
    # The pod of the kernel's fix: a small first process, three hogs that grow to the pod's limit.
    "guaranteed-group": Scene(1, _one(4, 3, 10, 3, 1, 20)),
    "guaranteed-single": Scene(0, _one(4, 3, 10, 3, 1, 20)),
    # The first process holds the most when the limit is reached.
    "pid1-group": Scene(1, _one(30, 3, 6, 3, 1, 20)),
    "pid1-single": Scene(0, _one(30, 3, 6, 3, 1, 20)),
    # One child is killed; the first process and the other children live.
    "child": Scene(0, _one(4, 3, 6, 1, 1, 20)),
    # No pod that grows has a limit: the whole guest runs out.
    "mixed-group": Scene(1, MIXED, 2, 768),
    "mixed-single": Scene(0, MIXED, 2, 768),
}
