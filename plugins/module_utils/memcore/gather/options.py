# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How much is gathered."""

from typing import Dict, NamedTuple, Tuple

SUBSETS = ("memory", "tmpfs", "shmem", "kernel", "processes", "cgroups", "oom")


class Options(NamedTuple):
    """How much to gather. `top` caps each list, `scan_seconds` is the budget of the search for files in tmpfs."""

    subsets: Tuple[str, ...] = SUBSETS
    top: int = 10
    thresholds: Dict[str, float] = {}
    scan_files: bool = True
    scan_seconds: float = 1.0
    namespaces: bool = True
