# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""System memory of GPU clients (Documentation/gpu/drm-usage-stats.rst), inside Shmem or outside every counter."""

from typing import Iterable, Optional

# TTM takes system pages with alloc_pages, so no counter of /proc/meminfo has them; the others' buffers are shmem files.
_TTM = frozenset(("amdgpu", "nouveau", "qxl", "radeon", "vmwgfx", "xe"))
_TTM_SYSTEM_REGIONS = ("cpu", "gtt", "system")
_SHMEM_REGIONS = ("memory", "system", "system0")


def shmem_bytes(clients: Iterable) -> int:
    """Bytes in shmem files, by what the drivers say; drivers that say nothing leave their part unattributed."""
    return sum(_system_bytes(client, _SHMEM_REGIONS) for client in clients if client.driver not in _TTM)


def unaccounted_bytes(clients: Iterable) -> Optional[int]:
    """Bytes in pages that only the driver knows of; None where no client of such a driver was seen."""
    sizes = [_system_bytes(client, _TTM_SYSTEM_REGIONS) for client in clients if client.driver in _TTM]
    return sum(sizes) if sizes else None


def _system_bytes(client, names):
    return sum(size for region, size in client.regions.items() if region in names)
