# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tmpfs_size does all or nothing: check mode, runs that are killed, fail or meet another."""

import fcntl
import os
import re
import subprocess

import pytest

from tests import CHECKOUT
from tests.lab import debian
from tests.live import tmpfs_size
from tests.live.tmpfs_size import FSTAB, MIB, RECORD, UNIT, outcome, state, with_systemd

pytestmark = tmpfs_size.MARKS


def test_check_mode_says_what_the_real_run_does(declared):
    before = state(declared)
    checked = declared.run("tmpfs_size", path="/mnt", size="20M", _ansible_check_mode=True, _ansible_diff=True)
    assert state(declared) == before
    real = declared.run("tmpfs_size", path="/mnt", size="20M", _ansible_diff=True)
    for result in (checked, real):
        result.pop("warnings", None)
        result.pop("invocation", None)
    assert checked == real
    assert [part["before_header"] for part in real["diff"]] == ["/etc/fstab", "mounted at /mnt"]


CHANGING = (
    "creat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,chmod,fchmod,"
    "fchmodat,chown,fchown,lchown,fchownat,truncate,ftruncate,mknod,mknodat,mount,umount2,setxattr,lsetxattr,fsetxattr,"
    "utimensat,utime,utimes,fallocate,kill,execve"
).split(",")


@pytest.mark.parametrize("given", [{"size": "20M"}, {"state": "absent"}], ids=["present", "absent"])
def test_check_mode_writes_nothing(declared, tmp_path, given):
    debian.require("strace")
    with_systemd(declared)
    if "state" in given:
        declared.run("tmpfs_size", path="/mnt", size="20M")
    trace = str(tmp_path / "trace")
    names = ",".join("?" + name for name in CHANGING) + ",openat,?open"
    strace = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=" + names]
    result = declared.run("tmpfs_size", *strace, path="/mnt", _ansible_check_mode=True, **given)
    assert outcome(result) == (True, "")
    with open(trace, encoding="utf-8", errors="replace") as stream:
        calls = [line.split(None, 1)[1] for line in stream if "ENOENT" not in line]
    inside = calls[[number for number, call in enumerate(calls) if "/ns/mnt" in call][0] + 1 :]
    assert any("/proc/self/mountinfo" in call for call in inside), "the module was traced"
    writing = [call for call in inside if not re.match(r"open(at)?\(", call)]
    writing += [call for call in inside if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", call)]
    assert [call for call in writing if '"/dev/null"' not in call and not call.startswith(("+++", "---"))] == []


# Where a lost connection may end it: before the record, after it, before and after the file, at the end.
MOMENTS = ["rename:when=1", "vfork,clone,clone3:when=1", "rename:when=2", "rename:when=3", "exit_group:when=1"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", ["present", "absent"])
def test_killed_run_is_completed_by_the_next(declared, tmp_path, moment, step):
    debian.require("strace")
    before = state(declared)
    if step == "absent":
        declared.run("tmpfs_size", path="/mnt", size="20M")
    given = {"size": "20M"} if step == "present" else {"state": "absent"}
    names, when = moment.split(":")
    names = ",".join("?" + name for name in names.split(","))
    command = ["strace", "-qq", "-o", "/dev/null", "-e", f"inject={names}:signal=KILL:{when}"]
    command += declared.command("tmpfs_size", path="/mnt", **given)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT, check=False)
    killed = done.returncode == -9
    assert killed or (step == "absent" and moment in MOMENTS[2:4]), done.stderr  # undo has one file to write
    result = declared.run("tmpfs_size", path="/mnt", **given)
    assert outcome(result)[0] in (True, False)
    if step == "present":
        assert declared.space("/mnt")[0] == 20 * MIB
        assert declared.read("/etc/fstab") == FSTAB.replace(b"size=4m", b"size=20M")
        declared.run("tmpfs_size", path="/mnt", state="absent")
    assert state(declared) == before


def test_parallel_runs_keep_each_others_lines(declared):
    paths = [f"/run/{number}" for number in range(6)]
    for path in paths:
        declared.sh(f"mkdir {path}; mount -t tmpfs -o size=1m tmpfs {path}")
    for given in ({"size": "2m"}, {"state": "absent"}):
        runs = [
            subprocess.Popen(
                declared.command("tmpfs_size", path=path, persist="fstab", **given),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=CHECKOUT,
            )
            for path in paths
        ]
        for run in runs:
            output, errors = run.communicate()
            assert run.returncode == 0, (output, errors)
        if "size" in given:
            lines = declared.read("/etc/fstab").decode("utf-8", "replace").splitlines()
            assert sorted(line.split()[1] for line in lines[3:]) == paths
    assert declared.read("/etc/fstab") == FSTAB
    assert [declared.space(path)[0] for path in paths] == [MIB] * 6


def test_a_kernel_that_refuses_leaves_no_half(declared):
    # No rights to mount: what a root of a user namespace meets.
    before = state(declared)
    command = declared.command("tmpfs_size", path="/mnt", size="20M")
    declared.sh("sed '1,$d' /run/bin/loginctl > /run/bin/mount; chmod 755 /run/bin/mount")
    declared.write("/run/bin/mount", b"#!/bin/sh\necho 'mount: /mnt: permission denied.' >&2\nexit 32\n")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT, check=False)
    message = "the kernel refused to remount /mnt, and mount(8) said 'mount: /mnt: permission denied'."
    assert message in done.stdout.decode(), done.stderr
    os.unlink(declared.outside("/run/bin/mount"))
    assert state(declared) == before


UNWRITABLE = [
    pytest.param("chattr +i /etc/fstab", "/etc/fstab cannot be replaced", id="immutable"),
    pytest.param("mount --bind /etc/fstab /etc/fstab", "/etc/fstab cannot be replaced", id="bind-mounted"),
    pytest.param("dd if=/dev/zero of=/etc/fill bs=64k 2>/dev/null || true", "/etc/fstab cannot be", id="disk-full"),
]


@pytest.mark.parametrize("script, reason", UNWRITABLE)
def test_unreplaceable_fstab_fails_and_is_undone(declared, script, reason):
    try:
        declared.sh(script)
    except subprocess.CalledProcessError:
        pytest.skip(f"this kernel or host cannot do: {script}")
    before = state(declared)
    entries = [{"path": "/mnt", "size": "20M"}, {"path": "/dev/shm", "size": "32M"}]
    shm = declared.space("/dev/shm")
    kind, message = outcome(declared.run("tmpfs_size", entries=entries))
    assert kind == "failed" and reason in message
    assert message.endswith(".") and "Traceback" not in message and "\n" not in message
    assert (state(declared), declared.space("/dev/shm")) == (before, shm)


def test_unsafe_writes_replaces_a_bind_mounted_fstab_in_place(declared):
    declared.sh("mount --bind /etc/fstab /etc/fstab")
    assert outcome(declared.run("tmpfs_size", path="/mnt", size="20M", unsafe_writes=True)) == (True, "")
    assert declared.read("/etc/fstab") == FSTAB.replace(b"size=4m", b"size=20M")
    assert outcome(declared.run("tmpfs_size", state="absent", unsafe_writes=True)) == (True, "")
    assert declared.read("/etc/fstab") == FSTAB


def test_a_record_that_cannot_be_written_leaves_no_half(declared):
    declared.sh("dd if=/dev/zero of=/var/lib/fill bs=64k 2>/dev/null || true")
    before = state(declared)
    kind, message = outcome(declared.run("tmpfs_size", path="/mnt", size="20M"))
    assert kind == "failed" and f"{RECORD} cannot be" in message and message.endswith(".")
    assert state(declared) == before


def test_a_backup_of_each_file_that_was_there(declared):
    result = declared.run("tmpfs_size", path="/mnt", size="20M", backup=True)
    assert [declared.read(path) for path in result["backup_files"]] == [FSTAB]
    assert result["backup_files"][0].startswith("/etc/fstab.")
    assert declared.run("tmpfs_size", path="/mnt", size="20M", backup=True)["backup_files"] == []


def test_another_file_stands_for_fstab(declared):
    declared.write("/etc/chroot/fstab", FSTAB)
    given = {"path": "/mnt", "fstab": "/etc/chroot/fstab"}
    assert declared.run("tmpfs_size", size="20M", **given)["files"] == ["/etc/chroot/fstab"]
    assert declared.read("/etc/fstab") == FSTAB
    assert outcome(declared.run("tmpfs_size", state="absent", **given)) == (True, "")
    assert declared.read("/etc/chroot/fstab") == FSTAB


def test_the_holder_of_the_lock_is_named(declared):
    declared.sh("install -m 600 /dev/null /run/memfacts.lock")
    with open(declared.outside("/run/memfacts.lock"), "r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        kind, message = outcome(declared.run("tmpfs_size", path="/mnt", size="20M", lock_timeout=0))
    assert kind == "failed"
    assert f"another run has held /run/memfacts.lock for more than 0 seconds (process {os.getpid()}" in message


def test_one_run_for_many_entries_reloads_systemd_once(declared):
    with_systemd(declared)
    declared.sh("mkdir /run/a /run/user; mount -t tmpfs -o size=1m tmpfs /run/a")
    declared.write("/etc/systemd/system/run-a.mount", UNIT.replace(b"/mnt", b"/run/a"))
    declared.write("/run/logind-says", b"RuntimeDirectorySize=33554432\n")
    entries = [
        {"path": "/mnt", "size": "20M"},
        {"path": "/run/a", "size": "2M"},
        {"path": "/dev/shm", "size": "30M"},
        {"path": "/run/user/*", "size": "32M"},
        {"path": "/nowhere", "size": "1M", "missing": "ignore"},
    ]
    result = declared.run("tmpfs_size", entries=entries)
    assert outcome(result) == (True, "")
    assert [(entry["title"], entry["place"]) for entry in result["entries"]] == [
        ("/mnt", "fstab"),
        ("/run/a", "systemd"),
        ("/dev/shm", "fstab"),
        ("/run/user/*", "logind"),
        ("/nowhere", "none"),
    ]
    calls = declared.read("/run/calls").decode().splitlines()
    assert len([call for call in calls if "daemon-reload" in call]) == 1
    assert len([call for call in calls if "HUP" in call]) == 1
    again = declared.run("tmpfs_size", entries=entries)
    assert (outcome(again), again["files"]) == ((False, ""), [])
    declared.sh("rm /run/calls")
    assert outcome(declared.run("tmpfs_size", state="absent")) == (True, "")
    calls = declared.read("/run/calls").decode().splitlines()
    assert len([call for call in calls if "daemon-reload" in call]) == 1
    assert declared.read("/etc/fstab") == FSTAB
    assert declared.space("/run/a")[0] == MIB
