# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which mount a path leads to, and whether it may be walked: a dead NFS or FUSE server hangs whoever touches it."""

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

# File systems whose every answer comes from this kernel. A list of those that may hang would never be complete.
LOCAL = frozenset(
    "aufs bcachefs bpf btrfs cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs erofs exfat ext2 ext3 ext4 f2fs "
    "hfsplus hostfs hugetlbfs iso9660 jfs minix mqueue nilfs2 nsfs ntfs3 overlay proc pstore ramfs reiserfs rootfs "
    "securityfs selinuxfs squashfs sysfs tmpfs tracefs udf vfat xfs zfs".split()
)
# rootfs is what the kernel unpacks its initramfs into: a tmpfs, or a ramfs with nothing to count.
MEMORY_BACKED = frozenset(("devtmpfs", "rootfs", "tmpfs"))

COVERED = "another mount covers it"


class Point(NamedTuple):
    """The fields of a mount that the walk needs; a mountinfo record has them too."""

    mount_id: int
    parent_id: int
    device: str
    mount_point: str
    fstype: str


class Walk:
    """Path walks through the mounts of one namespace, in the order of mountinfo."""

    def __init__(self, mounts: List, trust_root: bool):
        """`trust_root`: the root's file system is the one this program runs from, so it answers, whatever it is."""
        ids = {mount.mount_id for mount in mounts}
        tops = (m for m in mounts if m.parent_id not in ids or m.parent_id == m.mount_id)
        # A process that was chroot'ed into a plain folder sees mounts below it, but not the one that the folder is on.
        self._root = next((m for m in tops if m.mount_point == "/"), None)
        self._trusted = {self._root.mount_id} if self._root and trust_root else set()
        self._children: Dict[Tuple[int, str], object] = {}
        self._below: Dict[int, Set[str]] = {}
        for mount in mounts:
            if mount is not self._root:
                self._children[mount.parent_id, mount.mount_point] = mount
                self._below.setdefault(mount.parent_id, set()).add(mount.mount_point)

    def obstacle(self, mount) -> Optional[str]:
        """Why the mount must not be reached by its path; None where it may."""
        if self._root is None:
            return "it does not show which mount its root is on"
        if self.is_covered(mount):
            return COVERED
        for step in self._crossed(mount.mount_point):
            if step.fstype not in LOCAL and step.mount_id not in self._trusted:
                return f"its path crosses a {step.fstype} mount ({step.mount_point}), which could hang"
        return None

    def is_covered(self, mount) -> bool:
        """Whether its path leads to another mount, on top of it or of a folder above."""
        if (mount.mount_id, mount.mount_point) in self._children:
            return True
        crossed = self._crossed(mount.mount_point)
        return bool(crossed) and crossed[-1].mount_id != mount.mount_id

    def owner_of(self, path: str):
        """The mount that the path is on, or None where there is no mount at all."""
        crossed = self._crossed(path)
        return crossed[-1] if crossed else None

    def below(self, mount) -> Set[str]:
        """The mount points directly on this mount, which a search through it must not enter."""
        return self._below.get(mount.mount_id, set())

    def _crossed(self, path):
        if self._root is None:
            return []
        steps = [self._root]
        self._climb(steps, "/")
        position = 0
        while position != -1:
            position = path.find("/", position + 1)
            prefix = path if position == -1 else path[:position]
            found = self._children.get((steps[-1].mount_id, prefix))
            if found is not None and prefix != "/":
                steps.append(found)
                self._climb(steps, prefix)
        return steps

    def _climb(self, steps, point):
        """Go on to what is mounted over the last step."""
        seen = {step.mount_id for step in steps}
        upper = self._children.get((steps[-1].mount_id, point))
        while upper is not None and upper.mount_id not in seen:
            seen.add(upper.mount_id)
            steps.append(upper)
            upper = self._children.get((upper.mount_id, point))
