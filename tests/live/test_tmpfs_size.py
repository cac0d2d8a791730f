# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module tmpfs_size on this kernel, in a mount namespace with an /etc of its own; asserts read mounts and files."""

import os
import re
import subprocess
import sys

import pytest

from tests import CHECKOUT
from tests.lab import debian
from tests.live import mountbox
from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root"),
]

MIB = 1 << 20
FLAGS = ["rw", "nosuid", "nodev", "noexec", "noatime"]
FSTAB = b"# \xe4 mine\n/dev/vda / ext4 rw 0 1\n\ttmpfs\t/mnt/ tmpfs  size=4m,relatime 0 0 # x\n"
RECORD = "/var/lib/memfacts/tmpfs_size.json"
DROP_IN = "/etc/systemd/system/mnt.mount.d/zz-memfacts.conf"
UNIT = b"[Mount]\nWhat=tmpfs\nWhere=/mnt\nType=tmpfs\nOptions=mode=700,size=50%%,nosuid\n"


@pytest.fixture
def box():
    with mountbox.box() as made:
        made.sh("mount -t tmpfs -o size=10m,nosuid,nodev,noexec,noatime,mode=700,uid=5 mine /mnt")
        yield made


@pytest.fixture
def declared(box):
    """The same, with fstab naming the mount, with options that the mount does not have."""
    box.write("/etc/fstab", FSTAB)
    return box


def outcome(result):
    """(failed or changed, what was said)"""
    return "failed" if result.get("failed") else result["changed"], result.get("msg", "")


def state(box):
    """All that may change, as seen from outside."""
    files = {path: box.read(path) for path in ("/etc/fstab", DROP_IN, RECORD)}
    return files, box.mounted("/mnt"), box.space("/mnt"), sorted(os.listdir(box.outside("/etc/systemd")))


def test_resize_keeps_every_other_option_though_fstab_names_the_mount(declared):
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


def test_undo_of_what_is_not_mounted_any_more(declared):
    declared.run("tmpfs_size", path="/mnt", size="20M")
    declared.sh("umount /mnt; ln -s ../mnt /etc/link")
    result = declared.run("tmpfs_size", path="/etc/link", state="absent")
    assert (outcome(result), result["mounts"]) == ((True, ""), [])
    assert (declared.read("/etc/fstab"), declared.read(RECORD)) == (FSTAB, None)


def test_undo_where_another_type_is_mounted_now_leaves_its_line(box):
    box.run("tmpfs_size", path="/mnt", size="20M")
    theirs = b"/dev/sdb1 /mnt ext4 defaults 0 2\n"
    box.write("/etc/fstab", theirs)
    box.sh("umount /mnt; mount -t ramfs ramfs /mnt")
    assert outcome(box.run("tmpfs_size", path="/mnt", size="20M"))[0] == "failed"
    result = box.run("tmpfs_size", path="/mnt", state="absent")
    assert (outcome(result), result["mounts"]) == ((False, ""), [])
    assert (box.read("/etc/fstab"), box.read(RECORD)) == (theirs, None)


def test_what_mount_itself_would_do_is_the_trap(declared):
    declared.sh("mount -o remount,size=20m /mnt")
    assert "noexec" not in declared.mounted("/mnt")[0]


def test_undo_gives_back_the_same_bytes_and_sizes(declared):
    before = state(declared)
    declared.run("tmpfs_size", path="/mnt", size="20M", inodes="5k")
    declared.run("tmpfs_size", path="/mnt", size="30M")
    assert declared.space("/mnt") == (30 * MIB, 5120)
    assert outcome(declared.run("tmpfs_size", path="/mnt", state="absent")) == (True, "")
    assert state(declared) == before
    assert not os.path.exists(declared.outside("/var/lib/memfacts"))
    assert outcome(declared.run("tmpfs_size", path="/mnt", state="absent")) == (False, "")


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


def test_a_full_tmpfs_is_not_shrunk_and_its_holders_are_named(declared):
    declared.sh("dd if=/dev/zero of=/mnt/kept bs=1M count=3 2>/dev/null")
    holder = subprocess.Popen(
        ["nsenter", f"--mount=/proc/{declared.pid}/ns/mnt", sys.executable, "-c", HOLD], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        before = state(declared)
        result = declared.run("tmpfs_size", path="/mnt", size="4m")
        assert outcome(result)[0] == "failed"
        with open(f"/proc/{holder.pid}/comm") as stream:
            comm = stream.read().strip()
        assert result["msg"] == (
            "Cannot set the size of /mnt to 4.0 MiB: 8.0 MiB are in use, most by deleted /mnt/gone (5.0 MiB, held by "
            f"{comm} pid {holder.pid}), /mnt/kept (3.0 MiB); free space there or give a size of at least 8388608 bytes."
        )
        assert result["held_by"][0]["holders"] == [{"pid": holder.pid, "comm": comm}]
        assert state(declared) == before
        assert outcome(declared.run("tmpfs_size", path="/mnt", size="9m", min_free="2m"))[0] == "failed"
        assert state(declared) == before
        assert outcome(declared.run("tmpfs_size", path="/mnt", size="8m")) == (True, "")
        assert declared.space("/mnt")[0] == 8 * MIB
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


HOLD = """
import os, time
with open("/mnt/gone", "wb") as stream:
    stream.write(b"x" * (5 << 20))
    stream.flush()
    os.unlink("/mnt/gone")
    print("held", flush=True)
    time.sleep(600)
"""


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


def test_fstab_that_is_a_link_stays_one_and_keeps_mode_and_owner(declared):
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


def test_a_line_through_a_link_is_not_joined_by_a_second_one(box):
    box.sh("ln -s ../mnt /etc/link")
    box.write("/etc/fstab", b"none /etc/link tmpfs defaults,noexec 0 0\n")
    assert outcome(box.run("tmpfs_size", path="/mnt", size="20M")) == (True, "")
    assert box.read("/etc/fstab") == b"none /etc/link tmpfs defaults,noexec,size=20M 0 0\n"
    assert outcome(box.run("tmpfs_size", path="/mnt", state="absent")) == (True, "")
    assert box.read("/etc/fstab") == b"none /etc/link tmpfs defaults,noexec 0 0\n"


def test_a_bind_mount_read_only_stays_read_only_and_the_tmpfs_writable(declared):
    declared.sh("mkdir /run/bound; mount --bind /mnt /run/bound; mount -o remount,bind,ro,nosuid /run/bound")
    before = declared.mounted("/run/bound")[0]
    assert outcome(declared.run("tmpfs_size", path="/run/bound", size="20M", persist="none")) == (True, "")
    assert declared.space("/mnt")[0] == 20 * MIB
    assert declared.mounted("/run/bound")[0] == before
    assert declared.mounted("/mnt") == (FLAGS, ["rw", "size=20480k", "mode=700", "uid=5"])


def with_systemd(box):
    box.write("/run/systemd/system/.keep", b"")
    return box


def test_a_unit_gets_a_drop_in_and_systemd_reads_it(box):
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    before = state(box)
    result = box.run("tmpfs_size", path="/mnt", size="10%", inodes="9000")
    assert (outcome(result), result["place"]) == ((True, ""), "systemd")
    lines = box.read(DROP_IN).decode().splitlines()
    assert lines[1:] == ["[Mount]", "Options=mode=700,size=10%%,nosuid,nr_inodes=9000"]
    assert box.read("/run/calls") == b"systemctl daemon-reload\nsystemctl show -p DropInPaths mnt.mount\n"
    assert box.space("/mnt")[1] == 9000
    assert outcome(box.run("tmpfs_size", path="/mnt", size="10%", inodes="9000")) == (False, "")
    assert outcome(box.run("tmpfs_size", path="/mnt", state="absent")) == (True, "")
    assert state(box) == before
    assert not os.path.exists(os.path.dirname(box.outside(DROP_IN)))


# A unit with a dash of the path in its name, as newer releases of systemd show it.
QUOTING = rb"""#!/bin/sh
[ "$1" = show ] && printf '%s\n' 'DropInPaths="/etc/systemd/system/run-my\\x2dcache.mount.d/zz-memfacts.conf"'
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


def test_what_systemd_does_not_take_fails_and_is_taken_back(box):
    with_systemd(box).write("/etc/systemd/system/mnt.mount", UNIT)
    before = state(box)
    box.sh("sed -i 's/show -p Drop/never/' /run/bin/systemctl")
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
    assert "/mnt is declared in /etc/fstab and in /etc/systemd/system/mnt.mount, and the latter wins" in message
    os.unlink(declared.outside("/etc/systemd/system/mnt.mount"))
    assert declared.run("tmpfs_size", path="/mnt", size="20M")["place"] == "fstab"
    assert declared.read(DROP_IN) is None


LOGIND = "/etc/systemd/logind.conf.d/zz-memfacts.conf"


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
    assert "systemctl kill -s HUP --kill-who=main systemd-logind.service\n" in calls
    assert "loginctl show-session -p RuntimeDirectorySize\n" in calls
    assert outcome(box.run("tmpfs_size", path="/run/user/1000", size="32M")) == (False, "")
    assert outcome(box.run("tmpfs_size", path="/run/user/*", state="absent")) == (True, "")
    assert [box.space(f"/run/user/{uid}")[0] for uid in (0, 1000)] == [8 * MIB, 8 * MIB]
    assert box.read(LOGIND) is None


def test_what_logind_does_not_take_fails_and_is_taken_back(box):
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


def test_inodes_that_logind_does_not_know_are_refused_before_anything_is_changed(box):
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


@pytest.mark.parametrize(
    "script, arguments, reason",
    [
        pytest.param("", {"size": "1.5g"}, "size is '1.5g', which is no size;", id="fraction"),
        pytest.param("", {"size": "0"}, "size is '0', which to the kernel means no limit at all", id="zero"),
        pytest.param("", {"size": "010m"}, "size is '010m', which the kernel would read as octal;", id="octal"),
        pytest.param("", {}, "neither size nor inodes is given;", id="nothing"),
        pytest.param("", {"size": "9m", "min_free": "100%"}, "min_free is '100%', which leaves nothing", id="min-free"),
        pytest.param("", {"path": "mnt", "size": "9m"}, "path is 'mnt', which does not start with", id="relative"),
        pytest.param("", {"path": "/proc", "size": "9m"}, "/proc is no tmpfs but of type proc;", id="no-tmpfs"),
        pytest.param("", {"path": "/mnt/x", "size": "9m"}, "it is a folder of the tmpfs at /mnt;", id="folder"),
        pytest.param("", {"path": "/nowhere", "size": "9m"}, "nothing is mounted at /nowhere;", id="not-mounted"),
        pytest.param(
            "mount -o remount,bind,ro /etc", {"size": "9m"}, "/etc/fstab cannot be written", id="read-only-etc"
        ),
        pytest.param("mount -o remount,bind,ro /var/lib", {"size": "9m"}, "/var/lib is read-only", id="read-only-var"),
        pytest.param("", {"size": "9m", "persist": "systemd"}, "this host does not run systemd;", id="no-systemd"),
        pytest.param("", {"size": "9m", "persist": "logind"}, "sizes /run/user/* only", id="not-a-users"),
        pytest.param("", {"path": "/run/user/*", "size": "9m"}, "does not run systemd;", id="users-without-systemd"),
        pytest.param(
            "umount /mnt; mount -t tmpfs -o size=0 tmpfs /mnt",
            {"size": "9m"},
            "/mnt was mounted without a limit of its size, and the kernel cannot give it one any more;",
            id="without-limit",
        ),
        pytest.param(
            "mkdir /var/lib/memfacts; echo x > /var/lib/memfacts/tmpfs_size.json",
            {"size": "9m"},
            "tmpfs_size.json, which holds what was there before earlier changes, is damaged;",
            id="damaged-record",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(declared, script, arguments, reason):
    declared.sh(script)
    before = state(declared)
    result = declared.run("tmpfs_size", **dict({"path": "/mnt"}, **arguments))
    assert outcome(result)[0] == "failed" and reason in result["msg"]
    assert result["msg"].endswith(".") and not re.search(r"[.] [A-Z]|\n|Traceback", result["msg"])
    assert state(declared) == before


def test_only_root(declared):
    message = declared.run("tmpfs_size", uid=NOBODY.pw_uid, path="/mnt", size="9m")["msg"]
    assert message == "Cannot set the size of tmpfs /mnt: only root may remount a tmpfs; add become: true."


def test_missing_may_be_ignored(box):
    result = box.run("tmpfs_size", path="/nowhere", size="9m", missing="ignore")
    assert (outcome(result), result["skipped_reason"]) == ((False, ""), "nothing is mounted at /nowhere")


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


# Where a lost connection may end it: before the record, after it, before and after the file.
MOMENTS = ["rename:when=1", "vfork,clone,clone3:when=1", "rename:when=2", "exit_group:when=1"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", ["present", "absent"])
def test_what_was_killed_half_way_is_completed_by_the_next_run(declared, tmp_path, moment, step):
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
    assert killed or (step == "absent" and moment == "rename:when=2"), done.stderr  # undo has one file to write
    result = declared.run("tmpfs_size", path="/mnt", **given)
    assert outcome(result)[0] in (True, False)
    if step == "present":
        assert declared.space("/mnt")[0] == 20 * MIB
        assert declared.read("/etc/fstab") == FSTAB.replace(b"size=4m", b"size=20M")
        declared.run("tmpfs_size", path="/mnt", state="absent")
    assert state(declared) == before


def test_runs_at_the_same_time_do_not_lose_each_others_lines(declared):
    paths = [f"/run/{number}" for number in range(6)]
    for path in paths:
        declared.sh(f"mkdir {path}; mount -t tmpfs -o size=1m tmpfs {path}")
    for given in ({"size": "2m"}, {"state": "absent"}):
        runs = [
            subprocess.Popen(
                declared.command("tmpfs_size", path=path, **given),
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
