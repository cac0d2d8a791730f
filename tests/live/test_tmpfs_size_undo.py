# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back of tmpfs_size, by its record alone."""

import os

import pytest

from tests.live import tmpfs_size
from tests.live.tmpfs_size import DROP_IN, FSTAB, MIB, RECORD, UNIT, outcome, state, warnings, with_systemd

pytestmark = tmpfs_size.MARKS


def test_undo_of_what_is_not_mounted_any_more(declared):
    declared.run("tmpfs_size", path="/mnt", size="20M")
    declared.sh("umount /mnt; ln -s ../mnt /etc/link")
    result = declared.run("tmpfs_size", path="/etc/link", state="absent")
    assert (outcome(result), result["mounts"]) == ((True, ""), [])
    assert (declared.read("/etc/fstab"), declared.read(RECORD)) == (FSTAB, None)


def test_undo_keeps_the_line_of_another_file_system(box):
    box.run("tmpfs_size", path="/mnt", size="20M")
    theirs = b"/dev/sdb1 /mnt ext4 defaults 0 2\n"
    box.write("/etc/fstab", theirs)
    box.sh("umount /mnt; mount -t ramfs ramfs /mnt")
    assert outcome(box.run("tmpfs_size", path="/mnt", size="20M"))[0] == "failed"
    result = box.run("tmpfs_size", path="/mnt", state="absent")
    assert (outcome(result), result["mounts"]) == ((False, ""), [])
    assert (box.read("/etc/fstab"), box.read(RECORD)) == (theirs, None)


def test_undo_gives_back_the_same_bytes_and_sizes(declared):
    before = state(declared)
    declared.run("tmpfs_size", path="/mnt", size="20M", inodes="5k")
    declared.run("tmpfs_size", path="/mnt", size="30M")
    assert declared.space("/mnt") == (30 * MIB, 5120)
    assert outcome(declared.run("tmpfs_size", path="/mnt", state="absent")) == (True, "")
    assert state(declared) == before
    assert not os.path.exists(declared.outside("/var/lib/memfacts"))
    assert outcome(declared.run("tmpfs_size", path="/mnt", state="absent")) == (False, "")


def test_a_size_that_an_admin_has_set_since_stays(declared):
    declared.run("tmpfs_size", path="/mnt", size="20M")
    declared.sh("mount -o remount,rw,nosuid,nodev,noexec,noatime,size=80m mine /mnt")
    result = declared.run("tmpfs_size", path="/mnt", state="absent")
    assert outcome(result) == (True, "")
    assert declared.space("/mnt")[0] == 80 * MIB
    assert result["kept"] == [{"what": "/mnt", "reason": "its size is 80.0 MiB and not the 20.0 MiB that was set"}]
    assert warnings(result) == ["/mnt stays as it is: " + result["kept"][0]["reason"]]
    assert (declared.read("/etc/fstab"), declared.read(RECORD)) == (FSTAB, None)
    assert outcome(declared.run("tmpfs_size", path="/mnt", state="absent")) == (False, "")


def test_other_tmpfs_with_equal_numbers_is_left_alone(declared):
    """The kernel gives device and mount id of what was unmounted to the next one; fsid is new (Linux 5.17)."""
    declared.run("tmpfs_size", path="/mnt", size="20M")
    declared.sh("umount /mnt; mount -t tmpfs -o size=20m theirs /mnt")
    result = declared.run("tmpfs_size", path="/mnt", state="absent")
    assert declared.space("/mnt")[0] == 20 * MIB
    assert result["kept"] == [{"what": "/mnt", "reason": "another tmpfs has been mounted there since"}]
    assert (declared.read("/etc/fstab"), declared.read(RECORD)) == (FSTAB, None)


def test_a_line_that_an_admin_has_changed_since_stays(declared):
    declared.run("tmpfs_size", path="/mnt", size="20M")
    theirs = declared.read("/etc/fstab").replace(b"size=20M", b"size=80M")
    declared.write("/etc/fstab", theirs)
    result = declared.run("tmpfs_size", path="/mnt", state="absent")
    assert declared.read("/etc/fstab") == theirs
    assert result["kept"] == [
        {"what": "/mnt", "reason": "the limits in its line in /etc/fstab have been changed since"}
    ]
    assert declared.space("/mnt")[0] == 10 * MIB


def test_undo_removes_only_folders_that_it_made(box):
    for folder in ("mnt.mount.d", None):
        with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
        if folder:
            box.sh(f"mkdir /etc/systemd/system/{folder}")
        assert box.run("tmpfs_size", path="/mnt", size="20M")["place"] == "systemd"
        assert outcome(box.run("tmpfs_size", state="absent")) == (True, "")
        assert box.read(DROP_IN) is None
        assert os.path.isdir(os.path.dirname(box.outside(DROP_IN))) == bool(folder)
        box.sh("rm -r /etc/systemd/system")


def test_a_drop_in_behind_a_symlinked_folder_is_taken_back(box):
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    box.sh("mkdir /etc/elsewhere; ln -s ../../elsewhere /etc/systemd/system/mnt.mount.d")
    assert box.run("tmpfs_size", path="/mnt", size="20M")["place"] == "systemd"
    assert os.listdir(box.outside("/etc/elsewhere")) == ["zz-memfacts.conf"]
    assert outcome(box.run("tmpfs_size", state="absent")) == (True, "")
    assert os.listdir(box.outside("/etc/elsewhere")) == []
    assert os.readlink(box.outside("/etc/systemd/system/mnt.mount.d")) == "../../elsewhere"


def test_foreign_file_at_our_path_is_kept(box):
    theirs = b"[Mount]\nOptions=mode=711\n"
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    box.write(DROP_IN, theirs)
    kind, message = outcome(box.run("tmpfs_size", path="/mnt", size="20M"))
    assert kind == "failed" and f"{DROP_IN} has settings that tmpfs_size did not write;" in message
    assert outcome(box.run("tmpfs_size", state="absent")) == (False, "")
    assert (box.read(DROP_IN), box.space("/mnt")[0]) == (theirs, 10 * MIB)


def test_whole_record_is_undone_despite_full_and_missing_mounts(declared):
    for name in ("full", "gone", "plain"):
        declared.sh(f"mkdir /run/{name}; mount -t tmpfs -o size=4m tmpfs /run/{name}")
    before = declared.read("/etc/fstab")
    paths = ["/mnt", "/run/full", "/run/gone", "/run/plain"]
    entries = [{"path": path, "size": "20M", "persist": "fstab"} for path in paths]
    assert outcome(declared.run("tmpfs_size", entries=entries)) == (True, "")
    declared.sh("dd if=/dev/zero of=/run/full/file bs=1M count=10 2>/dev/null; umount /run/gone")
    listed = declared.run("tmpfs_size", state="listed")
    assert sorted(listed["record"]["mounts"]) == paths
    result = declared.run("tmpfs_size", state="absent")
    assert outcome(result) == (True, "")
    assert [entry["title"] for entry in result["entries"]] == paths
    assert [row["what"] for row in result["kept"]] == ["/run/full"]
    assert "10.0 MiB of /run/full are in use" in result["kept"][0]["reason"]
    assert declared.read("/etc/fstab") == before
    assert [declared.space(path)[0] for path in ("/mnt", "/run/full", "/run/plain")] == [10 * MIB, 20 * MIB, 4 * MIB]
    assert list(declared.run("tmpfs_size", state="listed")["record"]["mounts"]) == ["/run/full"]
    declared.sh("rm /run/full/file")
    assert outcome(declared.run("tmpfs_size", state="absent")) == (True, "")
    assert (declared.space("/run/full")[0], declared.read(RECORD)) == (4 * MIB, None)
    assert outcome(declared.run("tmpfs_size", state="absent")) == (False, "")


def test_changes_through_two_mounts_are_both_undone(box):
    box.sh("mkdir /run/bound; mount --bind /mnt /run/bound")
    # By their names the first change would be taken back first, where the second still stands over it.
    assert outcome(box.run("tmpfs_size", path="/mnt", size="20M", persist="none")) == (True, "")
    assert outcome(box.run("tmpfs_size", path="/run/bound", size="30M", persist="none")) == (True, "")
    result = box.run("tmpfs_size", state="absent")
    assert (outcome(result), result["kept"]) == ((True, ""), [])
    assert box.space("/mnt")[0] == 10 * MIB


@pytest.mark.parametrize("given", [{"path": "/nowhere"}, {"path": "/proc"}, {}], ids=["nowhere", "no-tmpfs", "all"])
def test_what_does_not_exist_is_absent(declared, given):
    before = state(declared)
    assert outcome(declared.run("tmpfs_size", state="absent", **given)) == (False, "")
    assert state(declared) == before


# Written by release 0.1.0 in such a box for size=20M.
OF_0_1_0 = b"""{
 "/mnt": {
  "file": {
   "existed": true,
   "folders": [],
   "original": "\\ttmpfs\\t/mnt/ tmpfs  size=4m,relatime 0 0 # x",
   "path": "/etc/fstab",
   "replaced": "\\ttmpfs\\t/mnt/ tmpfs  size=4m,relatime 0 0 # x",
   "written": "\\ttmpfs\\t/mnt/ tmpfs  size=20M,relatime 0 0 # x"
  },
  "live": {
   "/mnt": {
    "inodes": null,
    "inodes_share": null,
    "size_bytes": 10485760,
    "size_share": null,
    "total_bytes": 25275248640
   }
  }
 }
}
"""


def test_a_record_of_0_1_0_is_undone(declared):
    before = state(declared)
    declared.write(RECORD, OF_0_1_0)
    declared.write("/etc/fstab", FSTAB.replace(b"size=4m", b"size=20M"))
    declared.sh("mount -o remount,rw,nosuid,nodev,noexec,noatime,size=20m mine /mnt")
    assert outcome(declared.run("tmpfs_size", state="absent")) == (True, "")
    assert state(declared) == before


def test_listing_the_record_changes_nothing(declared):
    assert declared.run("tmpfs_size", state="listed")["record"]["mounts"] == {}
    declared.run("tmpfs_size", path="/mnt", size="20M")
    before = state(declared)
    result = declared.run("tmpfs_size", state="listed")
    assert result["changed"] is False
    entry = result["record"]["mounts"]["/mnt"]
    assert entry["files"][0]["path"] == "/etc/fstab"
    assert entry["live"]["/mnt"]["set_size"] == "20M"
    assert state(declared) == before
