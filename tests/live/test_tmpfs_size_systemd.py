# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tmpfs_size where a unit or logind declares the mount; a program that answers from files stands for systemd."""

import os

from tests.live import tmpfs_size
from tests.live.tmpfs_size import DROP_IN, FSTAB, LOGIND, MIB, RECORD, UNIT, outcome, state, with_systemd

pytestmark = tmpfs_size.MARKS


def test_a_unit_gets_a_drop_in_and_systemd_reads_it(box):
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    before = state(box)
    result = box.run("tmpfs_size", path="/mnt", size="10%", inodes="9000")
    assert (outcome(result), result["place"]) == ((True, ""), "systemd")
    lines = box.read(DROP_IN).decode().splitlines()
    assert lines[1:] == ["[Mount]", "Options=mode=700,size=10%%,nosuid,nr_inodes=9000"]
    assert box.read("/run/calls").decode().splitlines() == [
        "systemctl --no-pager daemon-reload",
        "systemctl --no-pager show --property=FragmentPath,DropInPaths -- mnt.mount",
    ]
    assert box.space("/mnt")[1] == 9000
    assert outcome(box.run("tmpfs_size", path="/mnt", size="10%", inodes="9000")) == (False, "")
    assert outcome(box.run("tmpfs_size", path="/mnt", state="absent")) == (True, "")
    assert state(box) == before
    assert not os.path.exists(os.path.dirname(box.outside(DROP_IN)))


# A unit with a dash of the path in its name, as newer releases of systemd show it.
QUOTING = rb"""#!/bin/sh
[ "$2" = show ] && printf '%s\n' 'DropInPaths="/etc/systemd/system/run-my\\x2dcache.mount.d/zz-memfacts.conf"'
exit 0
"""


def test_a_unit_whose_name_systemd_quotes_gets_a_drop_in_too(box):
    unit = "/etc/systemd/system/run-my\\x2dcache.mount"
    with_systemd(box).write(unit, UNIT.replace(b"/mnt", b"/run/my-cache"))
    box.sh("mkdir /run/my-cache; mount -t tmpfs -o size=10m tmpfs /run/my-cache; rm /run/bin/systemctl")
    box.write("/run/bin/systemctl", QUOTING)
    box.sh("chmod 755 /run/bin/systemctl")
    result = box.run("tmpfs_size", path="/run/my-cache", size="20M")
    assert (outcome(result), result["files"]) == ((True, ""), [unit + ".d/zz-memfacts.conf"])


def test_rejection_by_systemd_is_undone(box):
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    before = state(box)
    box.sh("sed -i 's/FragmentPath,Drop/never/' /run/bin/systemctl")
    kind, message = outcome(box.run("tmpfs_size", path="/mnt", size="20M"))
    assert kind == "failed" and "systemd does not read zz-memfacts.conf of mnt.mount" in message
    assert state(box) == before


def test_one_place_only(declared):
    with_systemd(declared)
    declared.run("tmpfs_size", path="/mnt", size="20M")
    declared.write("/etc/fstab", b"# the line went away\n")
    declared.write("/etc/systemd/system/mnt.mount", UNIT)
    assert declared.run("tmpfs_size", path="/mnt", size="20M")["place"] == "systemd"
    assert declared.read("/etc/fstab") == b"# the line went away\n"
    declared.write("/etc/fstab", FSTAB)
    kind, message = outcome(declared.run("tmpfs_size", path="/mnt", size="20M"))
    assert kind == "failed"
    assert (
        "/mnt is declared in /etc/fstab and in /etc/systemd/system/mnt.mount, and the latter takes precedence"
        in message
    )
    os.unlink(declared.outside("/etc/systemd/system/mnt.mount"))
    assert declared.run("tmpfs_size", path="/mnt", size="20M")["place"] == "fstab"
    assert declared.read(DROP_IN) is None


def test_all_users_are_resized_and_logind_told(box):
    with_systemd(box)
    box.write("/run/logind-says", b"RuntimeDirectorySize=33554432\n")
    for uid in (0, 1000):
        box.sh(f"mkdir -p /run/user/{uid}; mount -t tmpfs -o size=8m,mode=700,nosuid,nodev tmpfs /run/user/{uid}")
    result = box.run("tmpfs_size", path="/run/user/*", size="32M")
    assert (outcome(result), result["place"], len(result["mounts"])) == ((True, ""), "logind", 2)
    assert box.read(LOGIND).decode().splitlines()[1:] == ["[Login]", "RuntimeDirectorySize=32M"]
    assert [box.space(f"/run/user/{uid}")[0] for uid in (0, 1000)] == [32 * MIB, 32 * MIB]
    calls = box.read("/run/calls").decode()
    assert "systemctl --no-pager kill --signal=HUP --kill-who=main -- systemd-logind.service\n" in calls
    assert "loginctl show-session -p RuntimeDirectorySize\n" in calls
    assert outcome(box.run("tmpfs_size", path="/run/user/1000", size="32M")) == (False, "")
    assert outcome(box.run("tmpfs_size", path="/run/user/*", state="absent")) == (True, "")
    assert [box.space(f"/run/user/{uid}")[0] for uid in (0, 1000)] == [8 * MIB, 8 * MIB]
    assert box.read(LOGIND) is None


def test_rejection_by_logind_is_undone(box):
    with_systemd(box)
    box.write("/run/logind-says", b"RuntimeDirectorySize=4096\n")
    kind, message = outcome(box.run("tmpfs_size", path="/run/user/*", size="32M"))
    assert kind == "failed"
    assert "systemd-logind still has a RuntimeDirectorySize of 4096 instead of 33554432" in message
    assert box.read(LOGIND) is None and box.read(RECORD) is None


def test_inodes_of_users_are_read_back_from_logind(box):
    with_systemd(box)
    box.write("/run/logind-says", b"RuntimeDirectorySize=33554432\nRuntimeDirectoryInodesMax=9000\n")
    assert outcome(box.run("tmpfs_size", path="/run/user/*", size="32M", inodes="9000")) == (True, "")
    kind, message = outcome(box.run("tmpfs_size", path="/run/user/*", inodes="8000"))
    assert kind == "failed"
    assert "systemd-logind still has a RuntimeDirectoryInodesMax of 9000 instead of 8000" in message
    assert box.read(LOGIND).decode().splitlines()[1:] == [
        "[Login]",
        "RuntimeDirectorySize=32M",
        "RuntimeDirectoryInodesMax=9000",
    ]


def test_inodes_unknown_to_logind_are_refused(box):
    """As on systemd 239, which ignores the line."""
    with_systemd(box)
    box.write("/run/logind-says", b"RuntimeDirectorySize=33554432\n")
    box.sh("mkdir -p /run/user/5; mount -t tmpfs -o size=8m,nr_inodes=500 tmpfs /run/user/5")
    given = {"path": "/run/user/*", "size": "32M", "inodes": "9000"}
    kind, message = outcome(box.run("tmpfs_size", **given))
    assert kind == "failed" and "does not know RuntimeDirectoryInodesMax=; leave inodes out" in message
    assert (box.read(LOGIND), box.read(RECORD), box.space("/run/user/5")) == (None, None, (8 * MIB, 500))
    assert outcome(box.run("tmpfs_size", persist="none", **given)) == (True, "")
    assert box.space("/run/user/5") == (32 * MIB, 9000)


def test_later_drop_in_is_found_through_systemd(box):
    """In a folder that the module does not know."""
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    box.write("/run/unknown/zzz.conf", b"[Mount]\nOptions=size=1G\n")
    before = state(box)
    box.sh("sed -i 's#d/\\*.conf#& /run/unknown/zzz.conf#' /run/bin/systemctl")
    kind, message = outcome(box.run("tmpfs_size", path="/mnt", size="20M"))
    assert kind == "failed"
    assert (
        "systemd uses Options=size=1G for mnt.mount instead; look for the reason with systemctl cat mnt.mount."
        in message
    )
    assert state(box) == before


def test_unit_that_overrides_fstab_is_found_through_systemd(declared):
    with_systemd(declared)
    generated = "/run/systemd/generator/mnt.mount"
    declared.write(generated, b"[Mount]\nOptions=size=4m,relatime\n")
    before = state(declared)
    kind, message = outcome(declared.run("tmpfs_size", path="/mnt", size="20M"))
    assert kind == "failed"
    assert f"systemd uses {generated} and not the line for /mnt in /etc/fstab;" in message
    assert state(declared) == before
    declared.write(generated, b"[Mount]\nOptions=size=10%%,relatime\n")
    assert outcome(declared.run("tmpfs_size", path="/mnt", size="10%")) == (True, "")
