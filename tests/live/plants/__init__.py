# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One plant per kind: memory of a known amount on the real kernel, where the facts must show it, and who holds it.

A plant is a generator function `plant(baseline)`: it prepares, calls `baseline()` (the moment to read the facts as
they are without it), takes the memory, waits until the kernel's own counter shows it, yields a Planted, and cleans up.
"""

from tests.live.holder import Refused
from tests.live.plants import kernel, shared
from tests.live.plants.planting import KINDS, MIB, NotSettled, Planted, margin, row_of, tmpfs_row

__all__ = ["KINDS", "MIB", "NotSettled", "Planted", "Refused", "kernel", "margin", "row_of", "shared", "tmpfs_row"]
