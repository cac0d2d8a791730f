# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mount a path leads to, and which mounts must not be walked to."""

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.mounts import Point, Walk
from tests.support.examples import examples

OTHER = "another mount covers it"


def points(*rows):
    """(id, parent, mount point, type) each."""
    return [Point(number, parent, "0:%d" % number, path, fstype) for number, parent, path, fstype in rows]


# mountinfo is in the order of mounting, but a root that was moved there by an initramfs comes after its children.
PLAIN = points(
    (22, 27, "/proc", "proc"),
    (27, 1, "/", "ext4"),
    (30, 27, "/run", "tmpfs"),
    (31, 30, "/run/user/1000", "tmpfs"),
    (32, 27, "/srv", "nfs4"),
    (33, 32, "/srv/cache", "tmpfs"),
    (34, 27, "/mnt/sshfs", "fuse.sshfs"),
    (35, 34, "/mnt/sshfs/deep/tmp", "tmpfs"),
    (36, 27, "/net", "autofs"),
    (37, 36, "/net/host", "nfs"),
    (38, 27, "/etc/resolv.conf", "tmpfs"),
    (39, 27, "/r", "tmpfs"),
)


def at(walk_points, number):
    return next(point for point in walk_points if point.mount_id == number)


def crosses(fstype, where):
    return f"its path crosses a {fstype} mount ({where}), which could hang"


@pytest.mark.parametrize(
    "number, expected",
    [
        pytest.param(30, None, id="tmpfs"),
        pytest.param(31, None, id="tmpfs-on-tmpfs"),
        pytest.param(33, crosses("nfs4", "/srv"), id="tmpfs-below-nfs"),
        pytest.param(35, crosses("fuse.sshfs", "/mnt/sshfs"), id="tmpfs-deep-below-fuse"),
        pytest.param(37, crosses("autofs", "/net"), id="autofs-comes-first"),
        pytest.param(32, crosses("nfs4", "/srv"), id="nfs-itself"),
        pytest.param(38, None, id="on-a-file"),
    ],
)
def test_which_mounts_may_be_reached(number, expected):
    assert Walk(PLAIN, trust_root=False).obstacle(at(PLAIN, number)) == expected


@pytest.mark.parametrize(
    "path, expected",
    [
        ("/", 27),
        ("/etc/passwd", 27),
        ("/proc", 22),
        ("/proc/1/fd", 22),
        ("/run", 30),
        ("/run/user/1000/bus", 31),
        ("/run/user/10000", 30),
        ("/runner", 27),
        ("/r", 39),
        ("/etc/resolv.conf", 38),
        ("/srv/cache/a/b", 33),
        ("/run/", 30),
        ("", 27),
        ("relative", 27),
    ],
)
def test_which_mount_a_path_is_on(path, expected):
    assert Walk(PLAIN, trust_root=True).owner_of(path).mount_id == expected


def test_mount_points_directly_on_a_mount_are_known():
    walk = Walk(PLAIN, trust_root=True)
    assert walk.below(at(PLAIN, 30)) == {"/run/user/1000"}
    assert walk.below(at(PLAIN, 31)) == set()


STACKED = points(
    (27, 1, "/", "ext4"),
    (30, 27, "/tmp", "tmpfs"),
    (31, 30, "/tmp/inner", "tmpfs"),
    (32, 30, "/tmp", "tmpfs"),
    (33, 32, "/tmp", "tmpfs"),
    (34, 33, "/tmp/inner", "tmpfs"),
)


def test_of_stacked_mounts_only_the_uppermost_is_reached():
    walk = Walk(STACKED, trust_root=True)
    obstacles = {point.mount_id: walk.obstacle(point) for point in STACKED}
    assert obstacles == {27: None, 30: OTHER, 31: OTHER, 32: OTHER, 33: None, 34: None}
    assert walk.owner_of("/tmp/inner/x").mount_id == 34


def test_a_mount_over_the_root_covers_all_that_was_below():
    mounts = points((1, 1, "/", "rootfs"), (2, 1, "/", "ext4"), (3, 1, "/old", "tmpfs"), (4, 2, "/run", "tmpfs"))
    walk = Walk(mounts, trust_root=True)
    assert [walk.obstacle(point) for point in mounts] == [OTHER, None, OTHER, None]


NFS_ROOT = points(
    (27, 1, "/", "nfs"), (30, 27, "/run", "tmpfs"), (31, 27, "/home", "nfs"), (32, 31, "/home/tmp", "tmpfs")
)


def test_the_root_this_program_runs_from_is_trusted_whatever_it_is():
    walk = Walk(NFS_ROOT, trust_root=True)
    assert [walk.obstacle(point) for point in NFS_ROOT] == [
        None,
        None,
        crosses("nfs", "/home"),
        crosses("nfs", "/home"),
    ]


def test_the_root_of_another_namespace_on_nfs_is_not_trusted():
    walk = Walk(NFS_ROOT, trust_root=False)
    assert [walk.obstacle(point) for point in NFS_ROOT[:2]] == [crosses("nfs", "/"), crosses("nfs", "/")]


def test_bind_mounts_of_one_tmpfs_are_reached_each_by_its_own_path():
    mounts = [
        Point(27, 1, "254:0", "/", "ext4"),
        Point(30, 27, "0:30", "/run", "tmpfs"),
        Point(31, 27, "0:30", "/var/run", "tmpfs"),
        Point(32, 27, "0:9", "/srv", "ceph"),
        Point(33, 32, "0:30", "/srv/run", "tmpfs"),
    ]
    walk = Walk(mounts, trust_root=True)
    assert [walk.obstacle(point) for point in mounts[1:]] == [
        None,
        None,
        crosses("ceph", "/srv"),
        crosses("ceph", "/srv"),
    ]
    assert walk.owner_of("/var/run/x").mount_id == 31


# As seen by a process in a chroot below a plain folder: the mount that the folder is on is not shown.
CHROOT = points((63, 43, "/dev/shm", "tmpfs"), (64, 43, "/proc", "proc"))


def test_a_root_on_a_mount_that_is_not_shown_could_hang():
    walk = Walk(CHROOT, trust_root=False)
    assert [walk.obstacle(point) for point in CHROOT] == ["it does not show which mount its root is on"] * 2
    assert (walk.owner_of("/dev/shm/x"), walk.owner_of("/etc")) == (None, None)


def test_a_chroot_on_a_mount_of_its_own_has_a_root():
    mounts = points((63, 43, "/", "tmpfs"), (64, 63, "/dev/shm", "tmpfs"))
    assert [Walk(mounts, trust_root=False).obstacle(point) for point in mounts] == [None, None]


def test_no_mounts_at_all():
    assert Walk([], trust_root=True).owner_of("/x") is None


def test_a_tmpfs_on_a_file_system_that_nobody_knows_is_not_walked_to():
    mounts = points((27, 1, "/", "ext4"), (30, 27, "/a", "quantumfs"), (31, 30, "/a/b", "tmpfs"))
    assert Walk(mounts, trust_root=True).obstacle(mounts[2]) == crosses("quantumfs", "/a")


def test_mounts_that_name_each_other_as_parents_end():
    mounts = points((27, 1, "/", "ext4"), (30, 31, "/a", "tmpfs"), (31, 30, "/a", "tmpfs"), (32, 32, "/b", "tmpfs"))
    assert [Walk(mounts, trust_root=True).obstacle(point) for point in mounts[1:]] == [OTHER] * 3


def test_ten_thousand_mounts_on_one_folder():
    stack = points((1, 0, "/", "ext4"), *((n, n - 1, "/a", "tmpfs") for n in range(2, 10002)))
    assert Walk(stack, trust_root=True).obstacle(stack[-1]) is None


PATHS = st.sampled_from(["/", "/a", "/a/b", "/a/b/c", "/ab", "/d"])


@hypothesis.given(
    rows=st.lists(
        st.tuples(st.integers(1, 8), st.integers(0, 8), PATHS, st.sampled_from(["tmpfs", "nfs", "ext4"])),
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    trust_root=st.booleans(),
    path=PATHS,
)
@hypothesis.settings(max_examples=examples(100))
def test_whatever_the_table_says_a_tmpfs_is_never_reached_through_nfs(rows, trust_root, path):
    mounts = points(*rows)
    walk = Walk(mounts, trust_root)
    for mount in mounts:
        if walk.obstacle(mount) is None and mount.fstype == "nfs":
            assert trust_root and mount.mount_point == "/"
    owner = walk.owner_of(path)
    assert owner is None or (path + "/").startswith(owner.mount_point.rstrip("/") + "/")
