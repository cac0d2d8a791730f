# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tmpfs_size refuses: one sentence, and nothing is changed."""

import re
import subprocess
import sys

import pytest

from tests.live import tmpfs_size
from tests.live.tmpfs_size import MIB, RECORD, outcome, state, warnings
from tests.live.users import NOBODY

pytestmark = tmpfs_size.MARKS


def test_full_tmpfs_is_not_shrunk_and_holders_are_named(declared):
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


@pytest.mark.parametrize(
    "script, arguments, reason",
    [
        pytest.param("", {"size": "1.5g"}, "size is '1.5g', which is not a size;", id="fraction"),
        pytest.param("", {"size": "0"}, "size is '0', which the kernel reads as no limit", id="zero"),
        pytest.param("", {"size": "010m"}, "size is '010m', which the kernel would read as octal;", id="octal"),
        pytest.param("", {}, "neither size nor inodes is given for /mnt;", id="nothing"),
        pytest.param("", {"size": "9m", "min_free": "100%"}, "min_free is '100%', which leaves nothing", id="min-free"),
        pytest.param("", {"path": "mnt", "size": "9m"}, "path is 'mnt', which does not start with", id="relative"),
        pytest.param("", {"path": "/proc", "size": "9m"}, "/proc is not a tmpfs but has the type proc;", id="no-tmpfs"),
        pytest.param("", {"path": "/mnt/x", "size": "9m"}, "it is a folder of the tmpfs at /mnt;", id="folder"),
        pytest.param("", {"path": "/nowhere", "size": "9m"}, "nothing is mounted at /nowhere;", id="not-mounted"),
        pytest.param(
            "mount -o remount,bind,ro /etc", {"size": "9m"}, "/etc/fstab cannot be written", id="read-only-etc"
        ),
        pytest.param("mount -o remount,bind,ro /var/lib", {"size": "9m"}, "/var/lib is read-only", id="read-only-var"),
        pytest.param("", {"size": "9m", "persist": "systemd"}, "this host does not run systemd;", id="no-systemd"),
        pytest.param("", {"size": "9m", "persist": "logind"}, "sets the size of /run/user/* only", id="not-a-users"),
        pytest.param("", {"path": "/run/user/*", "size": "9m"}, "does not run systemd;", id="users-without-systemd"),
        pytest.param(
            "umount /mnt; mount -t tmpfs -o size=0 tmpfs /mnt",
            {"size": "9m"},
            "/mnt was mounted without a limit of its size, and a remount cannot set one;",
            id="without-limit",
        ),
        pytest.param("", {"path": "/mnt\0x", "size": "9m"}, "which contains a NUL byte;", id="nul"),
        pytest.param("", {"path": True, "size": "9m"}, "path is 'True', which does not start with", id="bool-as-path"),
        pytest.param("", {"path": 7, "size": "9m"}, "path is '7', which does not start with", id="number-as-path"),
        pytest.param("", {"size": True}, "size is 'True', which is not a size;", id="bool-as-size"),
        pytest.param(
            "", {"size": "9m", "inodes": False}, ("inodes is 'False', which is not a size;"), id="bool-as-inodes"
        ),
        pytest.param("", {"size": "9m", "fstab": "x"}, "fstab is 'x', which does not start with", id="relative-fstab"),
        pytest.param("", {"size": "9m", "fstab": "/etc"}, "/etc cannot be read: is a directory;", id="folder-as-fstab"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(declared, script, arguments, reason):
    declared.sh(script)
    before = state(declared)
    result = declared.run("tmpfs_size", **dict({"path": "/mnt"}, **arguments))
    assert outcome(result)[0] == "failed" and reason in result["msg"]
    assert result["msg"].endswith(".") and not re.search(r"[.] [A-Z]|\n|Traceback", result["msg"])
    assert state(declared) == before


FOREIGN_FILE = """{"version": 2, "journal": null, "ages": null, "mounts": {"/mnt": {"live": {}, "files": [
{"path": "/etc/passwd", "original": "x", "written": "root:x:0:0:root:/root:/bin/bash", "replaced": null,
"existed": true}]}}}"""
DAMAGED = [
    pytest.param("x", "it is not a JSON object", id="no-json"),
    pytest.param("{", "it is not a JSON object", id="half-written"),
    pytest.param("[]", "it is not a JSON object", id="a-list"),
    pytest.param('{"/p": {}}', "/p does not have exactly the keys file, live", id="entry-without-keys"),
    pytest.param(FOREIGN_FILE, "it names '/etc/passwd' as fstab", id="foreign-file"),
]


@pytest.mark.parametrize("text, reason", DAMAGED)
def test_a_damaged_record_is_one_sentence_and_changes_nothing(declared, text, reason):
    declared.write(RECORD, text.encode())
    passwd, before = declared.read("/etc/passwd"), state(declared)
    for given in ({"path": "/mnt", "size": "9m"}, {"state": "absent"}):
        kind, message = outcome(declared.run("tmpfs_size", **given))
        assert kind == "failed" and f"is damaged: {reason}" in message
        assert message.endswith(".") and not re.search(r"[.] [A-Z]|\n|Traceback", message)
        assert (state(declared), declared.read("/etc/passwd")) == (before, passwd)


def test_a_record_that_others_can_write_is_not_trusted(declared):
    declared.write(RECORD, b"{}")
    declared.sh(f"chmod 666 {RECORD}")
    kind, message = outcome(declared.run("tmpfs_size", path="/mnt", size="9m"))
    assert (
        kind == "failed" and "can be written by users other than root, so it is not trusted; move it away." in message
    )


@pytest.mark.parametrize(
    "script, entries, reason",
    [
        pytest.param(
            "",
            [{"path": "/mnt", "size": "20M"}, {"path": "/nowhere", "size": "9m"}],
            "tmpfs /nowhere: nothing is mounted at /nowhere;",
            id="one-is-not-mounted",
        ),
        pytest.param(
            "",
            [{"path": "/mnt", "size": "20M"}, {"path": "/run", "size": "1k"}],
            "Cannot set the size of /run to 4.0 KiB:",
            id="one-is-too-full",
        ),
        pytest.param(
            "",
            [{"path": "/mnt", "size": "20M"}, {"path": "/mnt/", "size": "30M"}],
            "two entries, /mnt and /mnt/, mean the same tmpfs but differ in size;",
            id="two-spellings",
        ),
        pytest.param(
            "ln -s ../mnt /etc/link",
            [{"path": "/mnt", "size": "20M"}, {"path": "/etc/link", "size": "30M"}],
            "two entries, /mnt and /etc/link, mean the same tmpfs but differ in size;",
            id="through-a-link",
        ),
        pytest.param(
            "mkdir /run/bound; mount --bind /mnt /run/bound",
            [{"path": "/mnt", "size": "20M"}, {"path": "/run/bound", "size": "30M", "persist": "none"}],
            "two entries, /mnt and /run/bound, mean the same tmpfs but differ in size;",
            id="two-mounts",
        ),
        pytest.param(
            "",
            [{"path": "/mnt", "inodes": "5k"}, {"path": "/mnt", "size": "20M", "inodes": "6k"}],
            "two entries, /mnt and /mnt, mean the same tmpfs but differ in inodes;",
            id="inodes",
        ),
    ],
)
def test_all_entries_are_judged_before_the_first_is_changed(declared, script, entries, reason):
    declared.sh(script)
    before = state(declared)
    kind, message = outcome(declared.run("tmpfs_size", entries=entries))
    assert kind == "failed" and reason in message
    assert state(declared) == before


def test_a_size_above_the_memory_is_warned_of(declared):
    result = declared.run("tmpfs_size", path="/mnt", size="4T")
    assert outcome(result) == (True, "")
    assert re.match(r"/mnt may grow to 4\.0 TiB, which is more than the .* of RAM;", warnings(result)[0])
    assert warnings(declared.run("tmpfs_size", path="/mnt", size="1G")) == []


def test_only_root(declared):
    message = declared.run("tmpfs_size", uid=NOBODY.pw_uid, path="/mnt", size="9m")["msg"]
    assert message == "Cannot set the size of tmpfs /mnt: only root may remount a tmpfs; add become: true."


def test_missing_may_be_ignored(box):
    result = box.run("tmpfs_size", path="/nowhere", size="9m", missing="ignore")
    assert (outcome(result), result["skipped_reason"]) == ((False, ""), "nothing is mounted at /nowhere")
