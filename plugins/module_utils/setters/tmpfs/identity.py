# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which mounted file system this is, so that another one at the same path is not taken for it later."""

import os
from typing import NamedTuple, Optional

from ...memcore.sources.host import Host
from ...memcore.sources.mountinfo import Mount


class Identity(NamedTuple):
    """The kernel gives device and mount_id of an unmounted file system to the next one.

    fsid tells those two apart: Linux 5.17 and later give each tmpfs one at random (statfs(2)). It is 0 before that, and
    None on Python 3.6, which does not read it.
    """

    boot_id: str
    device: str
    mount_id: int
    fsid: Optional[int]

    def is_same(self, other: "Identity") -> bool:
        """Whether both are one file system. Another mount namespace has other mount ids for the same."""
        if (self.boot_id, self.device) != (other.boot_id, other.device):
            return False
        if self.fsid and other.fsid:
            return self.fsid == other.fsid
        return self.mount_id == other.mount_id


def of(host: Host, mount: Mount) -> Identity:
    """The identity of what is mounted at the mount's path; raises OSError."""
    boot_id = (host.text("proc/sys/kernel/random/boot_id") or "").strip()
    status = os.statvfs(host.full(mount.mount_point.lstrip("/") or "."))
    return Identity(boot_id, mount.device, mount.mount_id, getattr(status, "f_fsid", None))
