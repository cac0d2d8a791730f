# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/fdinfo/N: the mount of an open file (3.15 and later), and what a GPU client holds (drm-usage-stats)."""

import re
from typing import Dict, NamedTuple, Optional

_MOUNT_ID = re.compile(rb"^mnt_id:\s+([0-9]{1,10})$", re.MULTILINE)
_DRM = re.compile(r"^(drm-[\w-]+):[ \t]*(\S+)(?: (KiB|MiB))?", re.MULTILINE)
_UNIT = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20}


class GpuClient(NamedTuple):
    """One client of a DRM driver; regions {name: bytes} are what it holds in each kind of memory."""

    driver: str
    client: str
    regions: Dict[str, int]


def mount_id(data: bytes) -> Optional[int]:
    """The id that mountinfo gives the file's mount; None on kernels that do not tell."""
    match = _MOUNT_ID.search(data)
    return int(match[1]) if match else None


def gpu_client(text: str) -> Optional[GpuClient]:
    """The client, or None where the file is not a DRM device's or its driver does not tell."""
    fields = {key: (value, unit) for key, value, unit in _DRM.findall(text)}
    if "drm-driver" not in fields or "drm-client-id" not in fields:
        return None
    regions: Dict[str, int] = {}
    # drm-resident-* is what has pages; drm-memory-* its older name; drm-total-* counts unpopulated objects too.
    for prefix in ("drm-memory-", "drm-resident-"):
        for key, (value, unit) in fields.items():
            if key.startswith(prefix) and re.match("^[0-9]{1,18}$", value):
                regions[key[len(prefix) :]] = int(value) * _UNIT[unit]
    device = fields.get("drm-pdev", ("", ""))[0]
    return GpuClient(fields["drm-driver"][0], device + "/" + fields["drm-client-id"][0], regions)
