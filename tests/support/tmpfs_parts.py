# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composed mounts and situations for the plans of tmpfs_size, and what a plan makes of them."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Space
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.mountinfo import Mount
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.amount import Amount
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.identity import Identity
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.parts import (
    Limits,
    Live,
    Logind,
    Situation,
    Wanted,
)
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.place import Unit

MIB = 1 << 20
GIB = 1 << 30
HERE = Identity("11111111-2222-3333-4444-555555555555", "0:40", 31, 7)
UNIT_DROP_IN = "/etc/systemd/system/tmp.mount.d/zz-memfacts.conf"
LOGIND_DROP_IN = "/etc/systemd/logind.conf.d/zz-memfacts.conf"


def live(path="/tmp", size=64 * MIB, used=10 * MIB, inodes=1000, inodes_used=10, flags="rw,nosuid,nodev,relatime"):
    mount = Mount(31, 23, "0:40", "/", path, flags, "tmpfs", "tmpfs", f"rw,size={(size or 0) // 1024}k,mode=1777")
    return Live(mount, mount, Space(size, used, None, inodes, inodes_used), HERE)


def situation(fstab=None, mounts=None, unit=None, logind=None, path="/tmp"):
    return Situation(
        path, mounts or [live(path)], fstab, unit or Unit("tmp.mount"), logind or Logind({}, None, {}), 8 * GIB, 4096
    )


def users(*sizes):
    return [live(f"/run/user/{uid}", size) for uid, size in enumerate(sizes)]


def size(amount, **others):
    return Wanted(size=Amount(amount), **others)


def limits_of(plan):
    return [(remount.live.mount.mount_point, remount.after) for remount in plan.remounts]


def after(plan, path):
    return {change.path: change.after for change in plan.files}[path]


def applied(found, plan):
    """The situation after the plan."""
    files = {change.path: change.after for change in plan.files}
    own, logind_own = found.unit.own, found.logind.own
    changed = {remount.live.mount.mount_point: remount.after for remount in plan.remounts}
    mounts = []
    for row in found.mounts:
        limits = changed.get(row.mount.mount_point, Limits(None, None))
        space = row.space._replace(
            size_bytes=limits.size_bytes or row.space.size_bytes, inodes=limits.inodes or row.space.inodes
        )
        mounts.append(row._replace(space=space))
    return found._replace(
        fstab=files.get("/etc/fstab", found.fstab),
        unit=found.unit._replace(own=files.get(UNIT_DROP_IN, own)),
        logind=found.logind._replace(own=files.get(LOGIND_DROP_IN, logind_own)),
        mounts=mounts,
    )
