# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a mount, of fstab, of units and of logind, from a folder that is laid out as a host's root."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError, OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Host, device_name
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import situation as tmpfs_situation
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.parts import Logind
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.place import Unit

# id, parent, root, mount point, flags, type, options of the superblock; the device is that of the test's own folder.
ROOT = "21 1 {other} / / rw,relatime - ext4 /dev/vda rw"
TMP = "30 21 {own} / /tmp rw,nosuid,nodev - tmpfs tmpfs rw,size=64m"


@pytest.fixture
def tree(tmp_path):
    """Make a host of files (path to text) and lines of mountinfo."""

    def make(mounts=(ROOT, TMP), folders=("tmp",), systemd=True, **files):
        for name in folders:
            os.makedirs(str(tmp_path / name), exist_ok=True)
        if systemd:
            os.makedirs(str(tmp_path / "run/systemd/system"), exist_ok=True)
        own = device_name(os.stat(str(tmp_path)).st_dev)
        lines = "\n".join(line.format(own=own, other="254:1") for line in mounts) + "\n"
        texts = {"proc/self/mountinfo": lines, "proc/meminfo": "MemTotal: 8388608 kB\n"}
        texts.update(files.get("files", {}))
        for path, text in texts.items():
            target = tmp_path / path
            os.makedirs(str(target.parent), exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogateescape"))
        return Host(str(tmp_path))

    return make


def test_the_mount_and_what_it_has(tree):
    found = tmpfs_situation.read(tree(files={"etc/fstab": "# \udce9\n"}), "/tmp")
    assert (found.path, found.fstab, found.total_bytes) == ("/tmp", "# \udce9\n", 8 << 30)
    assert [(live.mount.mount_point, live.via.mount_id) for live in found.mounts] == [("/tmp", 30)]
    assert found.mounts[0].space.size_bytes > 0


@pytest.mark.parametrize(
    "path, mounts, kind, reason",
    [
        pytest.param("/mnt", (ROOT, TMP), tmpfs_situation.NotMounted, "nothing is mounted at /mnt;", id="plain-folder"),
        pytest.param(
            "/tmp/a", (ROOT, TMP), tmpfs_situation.NotMounted, "it is a folder of the tmpfs at /tmp;", id="below"
        ),
        pytest.param(
            "/", (ROOT, TMP), tmpfs_situation.AnotherType, "/ is not a tmpfs but has the type ext4;", id="another-type"
        ),
        pytest.param(
            "/tmp",
            (ROOT, TMP, "31 30 {other} / /tmp rw - ext4 /dev/vdb rw"),
            tmpfs_situation.AnotherType,
            "/tmp is not a tmpfs but has the type ext4",
            id="covered",
        ),
        pytest.param(
            "/mnt",
            (ROOT, TMP, "31 21 {own} /sub /mnt rw - tmpfs tmpfs rw"),
            OptionError,
            "/mnt shows only /sub of a tmpfs; give the path of the whole, /tmp.",
            id="part",
        ),
        pytest.param(
            "/tmp",
            (ROOT, "30 21 {own} / /tmp ro,nosuid - tmpfs tmpfs rw,size=64m"),
            OptionError,
            "/tmp is a read-only mount of a writable tmpfs",
            id="read-only-mount",
        ),
        pytest.param(
            "/tmp",
            (ROOT, "30 21 {other} / /tmp rw - tmpfs tmpfs rw"),
            OptionError,
            "/tmp does not lead to the tmpfs",
            id="another-device",
        ),
        pytest.param(
            "/run/user/7", (ROOT, TMP), tmpfs_situation.NotMounted, "no tmpfs is mounted at /run/user/7;", id="user"
        ),
    ],
)
def test_what_is_no_tmpfs_is_refused(tree, path, mounts, kind, reason):
    with pytest.raises(kind) as caught:
        tmpfs_situation.read(tree(mounts), path)
    assert reason in str(caught.value)


@pytest.mark.parametrize("read", [tmpfs_situation.read, tmpfs_situation.unmounted], ids=["mounted", "not-mounted"])
@pytest.mark.parametrize("kind", ["loop", "folder"])
def test_an_fstab_that_cannot_be_read_is_not_taken_for_none(tree, tmp_path, read, kind):
    host = tree(folders=("tmp", "etc"))
    assert read(host, "/tmp").fstab is None
    if kind == "loop":
        os.symlink("fstab", str(tmp_path / "etc/fstab"))
    else:
        os.mkdir(str(tmp_path / "etc/fstab"))
    said = {"loop": "too many levels of symbolic links", "folder": "is a directory"}[kind]
    with pytest.raises(MemfactsError) as caught:
        read(host, "/tmp")
    assert str(caught.value) == f"/etc/fstab cannot be read: {said}; repair it first."


@pytest.mark.parametrize("read", [tmpfs_situation.read, tmpfs_situation.unmounted], ids=["mounted", "not-mounted"])
def test_paths_of_fstab_that_lead_to_the_mount_through_links(tree, tmp_path, read):
    mounts = (ROOT, TMP, "31 21 0:50 / /nfs rw - nfs4 server:/ rw")
    names = ["/a", "/c/tmp/", "/d//../tmp", "/tmp", "/loop", "/nfs/tmp", "/d", "/gone/tmp", "none", "/\\000/tmp"]
    text = "".join(f"tmpfs {name} tmpfs size=1m 0 0\n" for name in names)
    host = tree(mounts, ("tmp", "d", "nfs"), files={"etc/fstab": text})
    for name, target in (("a", "/b"), ("b", "d/../tmp"), ("c", "/"), ("loop", "loop"), ("nfs/tmp", "/tmp")):
        os.symlink(target, str(tmp_path / name))
    assert read(host, "/tmp").spellings == ("/a", "/c/tmp", "/d//../tmp")


def test_writable_mount_is_remounted_instead_of_a_read_only_one(tree):
    mounts = (ROOT, "30 21 {own} / /tmp ro - tmpfs tmpfs rw", "31 21 {own} / /mnt rw - tmpfs tmpfs rw")
    found = tmpfs_situation.read(tree(mounts), "/tmp")
    assert (found.mounts[0].mount.mount_point, found.mounts[0].via.mount_point) == ("/tmp", "/mnt")


def test_all_users_are_one(tree):
    mounts = (
        ROOT,
        "30 21 {own} / /run/user/0 rw - tmpfs tmpfs rw",
        "31 21 {own} / /run/user/1000 rw - tmpfs tmpfs rw",
        "32 21 {other} / /run/user/x rw - tmpfs tmpfs rw",
    )
    host = tree(mounts, ("run/user/0", "run/user/1000"))
    for path in ("/run/user/*", "/run/user/1000"):
        found = tmpfs_situation.read(host, path)
        assert found.path == "/run/user/*"
        assert [live.mount.mount_point for live in found.mounts] == ["/run/user/0", "/run/user/1000"]


def test_no_user_is_logged_in(tree):
    assert tmpfs_situation.read(tree(), "/run/user/*").mounts == []


VENDOR = "[Mount]\nOptions=mode=1777,size=50%%\n"


@pytest.mark.parametrize(
    "files, expected",
    [
        pytest.param({}, Unit("tmp.mount"), id="none"),
        pytest.param(
            {"usr/lib/systemd/system/tmp.mount": VENDOR},
            Unit("tmp.mount", "/usr/lib/systemd/system/tmp.mount", options="mode=1777,size=50%%"),
            id="vendor",
        ),
        pytest.param(
            {"usr/lib/systemd/system/tmp.mount": VENDOR, "etc/systemd/system/tmp.mount": "[Mount]\nOptions=a\n"},
            Unit("tmp.mount", "/etc/systemd/system/tmp.mount", True, options="a"),
            id="of-the-administrator",
        ),
        pytest.param(
            {"usr/lib/systemd/system/tmp.mount": VENDOR, "etc/systemd/system/tmp.mount": ""},
            Unit("tmp.mount", masked=True),
            id="masked",
        ),
        pytest.param(
            {
                "etc/systemd/system/tmp.mount": "",
                "etc/systemd/system/tmp.mount.d/a.conf": "[Mount]\nOptions=a\n",
                "etc/systemd/system/tmp.mount.d/zz-memfacts.conf": "[Mount]\nOptions=own\n",
            },
            Unit("tmp.mount", masked=True, own="[Mount]\nOptions=own\n"),
            id="masked-after-us",
        ),
        pytest.param(
            {
                "usr/lib/systemd/system/tmp.mount": VENDOR,
                "etc/systemd/system/tmp.mount.d/a.conf": "[Mount]\nOptions=a\n",
                "usr/lib/systemd/system/tmp.mount.d/b.conf": "[Mount]\nOptions=b\n",
                "etc/systemd/system/tmp.mount.d/zz-memfacts.conf": "[Mount]\nOptions=own\n",
            },
            Unit(
                "tmp.mount",
                "/usr/lib/systemd/system/tmp.mount",
                options="b",
                drop_in="/usr/lib/systemd/system/tmp.mount.d/b.conf",
                own="[Mount]\nOptions=own\n",
            ),
            id="drop-ins-by-name-and-own-apart",
        ),
        pytest.param(
            {
                "usr/lib/systemd/system/tmp.mount": VENDOR,
                "etc/systemd/system/tmp.mount.d/a.conf": "[Unit]\nDescription=x\n",
                "usr/lib/systemd/system/tmp.mount.d/a.conf": "[Mount]\nOptions=b\n",
                "etc/systemd/system/tmp.mount.d/readme": "[Mount]\nOptions=c\n",
            },
            Unit("tmp.mount", "/usr/lib/systemd/system/tmp.mount", options="mode=1777,size=50%%"),
            id="of-one-name-the-upper-counts",
        ),
        pytest.param({"run/systemd/generator/tmp.mount": VENDOR}, Unit("tmp.mount"), id="made-of-fstab"),
    ],
)
def test_the_unit_as_its_files_say(tree, files, expected):
    assert tmpfs_situation.read(tree(files=files), "/tmp").unit._replace(folders=()) == expected


def test_the_folders_that_a_drop_in_would_need(tree):
    above = "/etc/systemd/system"
    found = tmpfs_situation.read(tree(folders=("tmp", "etc/systemd")), "/tmp")
    assert found.unit.folders == (above + "/tmp.mount.d", above)
    assert found.logind.folders == ("/etc/systemd/logind.conf.d",)


def test_a_mount_is_known_by_more_than_its_path(tree, tmp_path):
    found = tmpfs_situation.read(tree(files={"proc/sys/kernel/random/boot_id": "b\n"}), "/tmp").mounts[0].identity
    device = device_name(os.stat(str(tmp_path)).st_dev)
    assert (found.boot_id, found.device, found.mount_id) == ("b", device, 30)
    assert found.fsid == getattr(os.statvfs(str(tmp_path)), "f_fsid", None)


def test_another_file_is_read_as_fstab(tree):
    host = tree(files={"etc/fstab": "# a\n", "etc/other": "# b\n"})
    found = tmpfs_situation.read(host, "/tmp", "/etc/other")
    assert (found.fstab, found.fstab_path) == ("# b\n", "/etc/other")


def test_units_are_nothing_to_a_host_without_systemd(tree):
    found = tmpfs_situation.read(tree(systemd=False, files={"usr/lib/systemd/system/tmp.mount": VENDOR}), "/tmp")
    assert found.unit == Unit("")


def test_logind_as_its_files_say(tree):
    files = {
        "etc/systemd/logind.conf": "[Login]\n#RuntimeDirectorySize=10%\nRuntimeDirectorySize=20%\nUserTasksMax=9\n",
        "usr/lib/systemd/logind.conf": "[Login]\nRuntimeDirectorySize=30%\n",
        "etc/systemd/logind.conf.d/zz-memfacts.conf": "[Login]\nRuntimeDirectorySize=1G\n",
        "usr/lib/systemd/logind.conf.d/zzz.conf": "[Login]\nRuntimeDirectoryInodesMax=9k\n",
    }
    assert tmpfs_situation.read(tree(files=files), "/run/user/*").logind == Logind(
        {"RuntimeDirectorySize": "20%", "UserTasksMax": "9", "RuntimeDirectoryInodesMax": "9k"},
        "[Login]\nRuntimeDirectorySize=1G\n",
        {"RuntimeDirectoryInodesMax": "/usr/lib/systemd/logind.conf.d/zzz.conf"},
    )
