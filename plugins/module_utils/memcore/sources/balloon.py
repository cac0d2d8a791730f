# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What balloon drivers say outside /proc/meminfo."""

import re
from typing import Optional

# Up to 4.19 the line reads `current: 5 pages`, later `current               : 5` (drivers/misc/vmw_balloon.c).
_CURRENT = re.compile(r"^current *: +([0-9]{1,15})(?: pages)?$", re.MULTILINE)
_DEFLATE_ON_OOM = 2  # VIRTIO_BALLOON_F_DEFLATE_ON_OOM (include/uapi/linux/virtio_balloon.h)


def vmware_pages(text: str) -> Optional[int]:
    """Pages in the balloon by /sys/kernel/debug/vmmemctl; None where the text does not say."""
    match = _CURRENT.search(text)
    return int(match[1]) if match else None


def virtio_counts_in_total(features: str) -> bool:
    """Whether the balloon's pages stay in MemTotal: where the guest may take them back on OOM (virtio_balloon.c)."""
    return features.strip()[_DEFLATE_ON_OOM : _DEFLATE_ON_OOM + 1] == "1"
