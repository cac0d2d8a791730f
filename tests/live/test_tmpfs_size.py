# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module tmpfs_size on this kernel, in a mount namespace with an /etc of its own: mounts and fstab."""

import os
import re

from tests.lab import debian
from tests.live import tmpfs_size
from tests.live.tmpfs_size import FLAGS, FSTAB, MIB, outcome, state

pytestmark = tmpfs_size.MARKS


def test_resize_keeps_all_other_options(declared):
    flags, options = declared.mounted("/mnt")
    assert (flags, options) == (FLAGS, ["rw", "size=10240k", "mode=700", "uid=5"])
    result = declared.run("tmpfs_size", path="/mnt", size="20M")
    assert outcome(result) == (True, "")
    assert declared.mounted("/mnt") == (FLAGS, ["rw", "size=20480k", "mode=700", "uid=5"])
    assert declared.space("/mnt")[0] == 20 * MIB
    assert declared.read("/etc/fstab") == FSTAB.replace(b"size=4m", b"size=20M")
    assert (result["place"], result["files"]) == ("fstab", ["/etc/fstab"])
    assert result["mounts"][0]["size_bytes_before"] == 10 * MIB
    assert result["mounts"][0]["size_bytes"] == 20 * MIB
    before = state(declared)
    again = declared.run("tmpfs_size", path="/mnt", size="20480k")
    assert (outcome(again), again["diff"]) == ((False, ""), [])
    assert state(declared) == before


def test_busybox_mount_does_it_too(declared):
    debian.require("busybox")
    declared.sh("ln -s $(command -v busybox) /run/bin/mount")
    assert outcome(declared.run("tmpfs_size", path="/mnt", size="20M")) == (True, "")
    assert declared.mounted("/mnt") == (FLAGS, ["rw", "size=20480k", "mode=700", "uid=5"])


def test_what_mount_itself_would_do_is_the_trap(declared):
    declared.sh("mount -o remount,size=20m /mnt")
    assert "noexec" not in declared.mounted("/mnt")[0]


def test_a_mount_that_drifted_is_found_and_repaired(declared):
    declared.run("tmpfs_size", path="/mnt", size="20M")
    # As an administrator in a hurry would do it.
    declared.sh("mount -o remount,rw,nosuid,nodev,noexec,noatime,size=50m mine /mnt")
    result = declared.run("tmpfs_size", path="/mnt", size="20M")
    assert (outcome(result), result["files"]) == ((True, ""), [])
    assert declared.space("/mnt")[0] == 20 * MIB
    assert declared.mounted("/mnt")[0] == FLAGS


def test_a_file_that_drifted_is_found_and_repaired(declared):
    declared.run("tmpfs_size", path="/mnt", size="20M")
    written = declared.read("/etc/fstab")
    declared.write("/etc/fstab", written.replace(b"20M", b"1g"))
    result = declared.run("tmpfs_size", path="/mnt", size="20M")
    assert (outcome(result), result["files"]) == ((True, ""), ["/etc/fstab"])
    assert declared.read("/etc/fstab") == written


def test_a_mount_that_only_the_kernel_knows_gets_a_line(box):
    box.write("/etc/fstab", b"# last line without an end")
    box.run("tmpfs_size", path="/run", size="10%")
    total = int(re.search(r"MemTotal: +(\d+)", open("/proc/meminfo").read())[1]) * 1024
    page = os.sysconf("SC_PAGE_SIZE")
    assert box.space("/run")[0] == -(-(total * 10 // 100) // page) * page
    flags = ",".join(box.mounted("/run")[0])
    assert box.read("/etc/fstab") == (
        f"# last line without an end\ntmpfs /run tmpfs {flags},mode=755,size=10% 0 0".encode()
    )
    # What systemd-remount-fs does at boot must lead to the same mount.
    before = box.mounted("/run"), box.space("/run")
    box.sh("mount -o remount /run")
    assert (box.mounted("/run"), box.space("/run")) == before
    box.run("tmpfs_size", path="/run", state="absent")
    assert box.read("/etc/fstab") == b"# last line without an end"


def test_linked_fstab_keeps_link_mode_and_owner(declared):
    declared.sh("mv /etc/fstab /etc/real; ln -s real /etc/fstab; chmod 640 /etc/real; chown 7:8 /etc/real")
    assert outcome(declared.run("tmpfs_size", path="/mnt", size="20M")) == (True, "")
    assert os.readlink(declared.outside("/etc/fstab")) == "real"
    status = os.stat(declared.outside("/etc/real"))
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o640, 7, 8)
    assert declared.read("/etc/real") == FSTAB.replace(b"size=4m", b"size=20M")


def test_a_path_through_a_link_is_the_mount_behind_it(declared):
    declared.sh("ln -s ../mnt /etc/link")
    result = declared.run("tmpfs_size", path="/etc/link", size="20M")
    assert (outcome(result), result["mount_point"]) == ((True, ""), "/mnt")


def test_line_with_a_linked_path_is_not_duplicated(box):
    box.sh("ln -s ../mnt /etc/link")
    box.write("/etc/fstab", b"none /etc/link tmpfs defaults,noexec 0 0\n")
    assert outcome(box.run("tmpfs_size", path="/mnt", size="20M")) == (True, "")
    assert box.read("/etc/fstab") == b"none /etc/link tmpfs defaults,noexec,size=20M 0 0\n"
    assert outcome(box.run("tmpfs_size", path="/mnt", state="absent")) == (True, "")
    assert box.read("/etc/fstab") == b"none /etc/link tmpfs defaults,noexec 0 0\n"


def test_read_only_bind_mount_stays_read_only(declared):
    declared.sh("mkdir /run/bound; mount --bind /mnt /run/bound; mount -o remount,bind,ro,nosuid /run/bound")
    before = declared.mounted("/run/bound")[0]
    assert outcome(declared.run("tmpfs_size", path="/run/bound", size="20M", persist="none")) == (True, "")
    assert declared.space("/mnt")[0] == 20 * MIB
    assert declared.mounted("/run/bound")[0] == before
    assert declared.mounted("/mnt") == (FLAGS, ["rw", "size=20480k", "mode=700", "uid=5"])


def test_manual_mount_gets_a_line_only_on_request(box):
    box.write("/etc/fstab", b"# mine\n")
    box.sh("umount /mnt; mount -t tmpfs -o size=10m '#odd' /mnt")
    result = box.run("tmpfs_size", path="/mnt", size="20M")
    assert (outcome(result), result["place"], result["files"]) == ((True, ""), "none", [])
    assert result["place_reason"].startswith("/mnt was mounted by hand: neither fstab nor a mount unit declares it;")
    assert (box.read("/etc/fstab"), box.space("/mnt")[0]) == (b"# mine\n", 20 * MIB)
    result = box.run("tmpfs_size", path="/mnt", size="20M", persist="fstab")
    assert (outcome(result), result["place"]) == ((True, ""), "fstab")
    assert box.read("/etc/fstab") == b"# mine\n\\043odd /mnt tmpfs rw,relatime,nofail,size=20M 0 0\n"
    assert box.sh("findmnt --fstab -n -o SOURCE /mnt").strip() == "#odd"
    assert box.run("tmpfs_size", path="/mnt", size="20M")["place"] == "fstab"
    assert outcome(box.run("tmpfs_size", state="absent")) == (True, "")
    assert (box.read("/etc/fstab"), box.space("/mnt")[0]) == (b"# mine\n", 10 * MIB)
