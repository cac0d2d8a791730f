# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to be deleted against what this host's systemd-tmpfiles deletes, and ages written and taken back."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from tests.live import agebox, mountbox

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root"),
    pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="this host has no systemd-tmpfiles"),
]

OWN = "/etc/tmpfiles.d/00-memfacts.conf"
OLD = 946684800  # 2000-01-01
LINES = """\
e /mnt/a - - - 2s
x /mnt/a/spared*
x /mnt/a/*-%b
X /mnt/a/inner
d /mnt/a/own - - - 30d
z /mnt/a/relabelled 0644 - - -
R! /mnt/a/old
d /mnt/b - - - ~2s
X /mnt/b/x/y
d /mnt/c - - - a:2s
d /mnt/d - - - 1h
f /mnt/a/odd - - - nonsense
"""


@pytest.fixture
def box():
    with mountbox.box() as made:
        # noatime, since the test's own look at the folders would make them young.
        made.sh("mkdir -p /run/systemd/system /etc/tmpfiles.d; mount -t tmpfs -o size=10m,noatime mine /mnt")
        made.sh("mkdir /mnt/a /mnt/b /mnt/c /mnt/d; mount -t tmpfs -o size=1m,noatime one /mnt/a")
        yield made


def everything(box):
    """All files and folders below /mnt, as seen from outside."""
    top = box.outside("/mnt")
    found = set()
    cut = len(top) - len("/mnt")
    for above, folders, names in os.walk(os.fsencode(top)):
        found |= {os.path.join(above, name)[cut:] for name in folders + names}
    return found


def plant(box):
    """One of each kind that a rule of tmpfiles.d(5) is about, and what keeps a socket and a lock in use."""
    box.sh(
        """cd /mnt/a; touch old .hidden spared-1 odd relabelled fresh sticky; chmod 1644 sticky; mkfifo fifo
        mkdir -p deep/er/est half/full spared-2 inner own lost+found locked twig mounted; touch deep/er/est/file
        touch half/full/fresh half/old spared-2/in inner/in own/in lost+found/in locked/in .journal
        touch "pre-$(tr -d - </proc/sys/kernel/random/boot_id)"
        mknod null c 1 3; ln -s /etc/passwd link; ln old hard; touch "$(printf 'new\\nline')" "$(printf '\\377')"
        mount -t tmpfs two mounted; touch mounted/in
        mkdir -p /mnt/b/x/y /mnt/b/only; touch /mnt/b/first /mnt/b/x/second /mnt/b/x/y/third
        touch /mnt/c/unread /mnt/c/read; mkdir /mnt/c/folder"""
    )


@contextlib.contextmanager
def sockets(box):
    """A socket in use and one whose process is gone, bound by the paths that the namespace itself sees."""
    program = "import socket, sys; s = [socket.socket(socket.AF_UNIX) for _ in range(2)]; s[0].bind('/mnt/a/live')\n"
    program += "s[1].bind('/mnt/a/dead'); s[1].close(); print('bound', flush=True); sys.stdin.read()"
    command = ["nsenter", f"--mount=/proc/{box.pid}/ns/mnt", sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"bound\n"
        yield
        process.stdin.close()


@contextlib.contextmanager
def locked(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def test_prediction_matches_what_systemd_tmpfiles_deletes(box):
    plant(box)
    box.sh("touch -d @%d /mnt/a/twig /mnt/a/deep" % OLD)
    with sockets(box), locked(box.outside("/mnt/a/locked")):
        time.sleep(2.2)
        # Times in the future stay young, however slow this machine is.
        box.sh("cd /mnt; touch -m -d 'next year' a/fresh a/half/full/fresh c/unread; touch -a -d 'next year' c/read")
        # A folder that looks old and was made now, which only its birth time tells.
        box.sh("mkdir /mnt/d/young; touch -d @%d /mnt/d/young" % OLD)
        before = everything(box)
        said = agebox.run(box, lines=LINES, folders=["/mnt"])
        box.write("/etc/tmpfiles.d/a.conf", LINES.encode())
        with contextlib.suppress(subprocess.CalledProcessError):  # for the line with a senseless age
            box.sh("systemd-tmpfiles --clean --prefix=/mnt")
        gone = before - everything(box)
    assert {os.fsencode(path) for path in said["removed"]} == gone
    assert {b"/mnt/a/deep/er/est/file", b"/mnt/a/dead", b"/mnt/b/x/second", b"/mnt/c/unread", b"/mnt/a/\377"} <= gone
    left = {b"/mnt/a/spared-1", b"/mnt/a/fresh", b"/mnt/a/sticky", b"/mnt/a/mounted/in", b"/mnt/a/live", b"/mnt/c/read"}
    assert not gone & left
    assert len(gone & {b"/mnt/a/old", b"/mnt/a/hard"}) == 1  # the ctime of the other one is new then
    assert b"/mnt/a/twig" in gone
    assert any("/mnt/a/locked" in doubt for doubt in said["doubts"])


AGES = [{"path": "/mnt/a", "age": "10d"}]


def ages(box, options, **others):
    return agebox.run(box, part="ages", options=options, **others)


def test_an_age_is_written_read_back_and_taken_back(box):
    box.sh("rmdir /etc/tmpfiles.d")
    checked = ages(box, AGES, check_mode=True)
    assert box.read(OWN) is None
    done = ages(box, AGES)
    assert box.read(OWN).splitlines()[1:] == [b"e /mnt/a - - - 10d"]
    assert (done["result"]["changed"], done["result"]["paths"]) == (True, checked["result"]["paths"])
    assert done["result"]["paths"][0]["lines"] == ["e /mnt/a - - - 10d"]
    again = ages(box, AGES, entry=done["entry"])
    assert (again["result"]["changed"], again["entry"]) == (False, done["entry"])
    back = ages(box, [], entry=done["entry"])
    assert (back["result"]["changed"], back["entry"], back["kept"]) == (True, None, [])
    assert not os.path.lexists(box.outside("/etc/tmpfiles.d"))


DANGEROUS = [
    ("/home", "contains home folders"),
    ("/", "system folder"),
    ("/etc", "system folder"),
    ("/*", "wildcards"),
    ("/mnt/../home", "without \\.\\."),
    ("/mnt/link", "/mnt/link is a symbolic link"),
    ("/mnt/link/tmpfiles.d", "/mnt/link is a symbolic link"),
    ("/mnt/theirs/b", "users other than root can replace"),
    ("/var/tmp", "not on a tmpfs"),
    ("/mnt/none", "there is no /mnt/none"),
]


def test_forbidden_paths_are_refused_before_any_write(box):
    box.sh("ln -s /etc /mnt/link; mkdir -p /mnt/theirs/b; chown 1000 /mnt/theirs")
    each = [[{"path": path, "age": "1d"}] for path, _reason in DANGEROUS]
    for (path, reason), found in zip(DANGEROUS, agebox.run(box, part="ages", each=each, clean_now=True)):
        assert re.search(reason, found["error"]), (path, found)
    assert box.read(OWN) is None


def test_a_missing_folder_may_be_ignored(box):
    both = AGES + [{"path": "/mnt/none", "age": "1d", "missing": "ignore"}]
    done = ages(box, both)
    assert [row["skipped_reason"] for row in done["result"]["paths"]] == [None, "there is no such folder"]
    assert box.read(OWN).splitlines()[1:] == [b"e /mnt/a - - - 10d"]


def test_file_read_before_ours_is_named_before_any_write(box):
    box.write("/etc/tmpfiles.d/00-admin.conf", b"e /mnt/a - - - 30d\n")
    assert "/etc/tmpfiles.d/00-admin.conf has the line 'e /mnt/a - - - 30d'" in ages(box, AGES)["error"]
    assert box.read(OWN) is None


def test_a_file_of_somebody_else_at_our_path_stays(box):
    box.write(OWN, b"d /mine 0700\n")
    assert "lines that memfacts.linux has not written" in ages(box, AGES)["error"]
    assert not ages(box, [])["result"]["changed"]
    assert box.read(OWN) == b"d /mine 0700\n"


def test_clean_now_deletes_exactly_what_check_mode_predicted(box):
    # ctime cannot be set back, so what is old is so by another file's line of seconds.
    box.sh("mkdir /mnt/a/folder; touch /mnt/a/folder/old /mnt/a/new")
    box.write("/etc/tmpfiles.d/z.conf", b"d /mnt/a/folder - - - 2s\n")
    time.sleep(2.2)
    checked = ages(box, AGES, clean_now=True, check_mode=True)
    assert checked["result"]["due"] == ["/mnt/a/folder/old"]
    assert os.path.exists(box.outside("/mnt/a/folder/old"))
    done = ages(box, AGES, clean_now=True)
    assert (done["finished"], done["result"]["due"]) == (["/mnt/a/folder/old"], ["/mnt/a/folder/old"])
    assert sorted(os.listdir(box.outside("/mnt/a"))) == ["folder", "new"]
    again = ages(box, AGES, clean_now=True, entry=done["entry"])
    assert (again["finished"], again["result"]["due"]) == ([], None)


def test_clean_now_is_refused_if_its_prefix_hides_an_exclusion(box):
    box.sh("mkdir /mnt/a/folder; touch /mnt/a/folder/old")
    box.write("/etc/tmpfiles.d/z.conf", b"d /mnt/a/folder - - - 2s\nx /mn?/a/folder/*\n")
    time.sleep(2.2)
    found = ages(box, AGES, clean_now=True)
    assert "would also delete /mnt/a/folder/old" in found["error"]
    assert box.read(OWN) is None
    assert os.path.exists(box.outside("/mnt/a/folder/old"))
    assert ages(box, AGES, check_mode=True)["result"]["due"] == []


def test_a_cleaning_that_fails_takes_the_file_back(box):
    box.sh("rmdir /etc/tmpfiles.d")
    box.write(
        "/run/bin/systemd-tmpfiles", b'#!/bin/sh\n[ "$1" = --version ] && exec /bin/systemd-tmpfiles "$1"\nexit 73\n'
    )
    box.sh("chmod +x /run/bin/systemd-tmpfiles")
    assert (
        "systemd-tmpfiles --clean failed for /mnt/a with 'exit status 73'" in ages(box, AGES, clean_now=True)["error"]
    )
    assert not os.path.lexists(box.outside("/etc/tmpfiles.d"))


def test_without_systemd_nothing_is_done(box):
    box.sh("rm -r /run/systemd")
    assert ages(box, AGES)["result"]["skipped_reason"] == "this host does not run systemd"
    assert box.read(OWN) is None


def test_a_home_is_found_by_where_its_path_leads(box):
    box.sh("ln -s /mnt/people /mnt/home; mkdir -p /mnt/people/anna/x /mnt/people/all")
    box.write("/etc/passwd", (box.read("/etc/passwd") or b"") + b"anna:x:1000:1000::/mnt/home/anna:/bin/sh\n")
    each = [[{"path": path, "age": "1d"}] for path in ("/mnt/people/anna/x", "/mnt/people", "/mnt/people/all")]
    found = [answer.get("error", "") for answer in agebox.run(box, part="ages", each=each, check_mode=True)]
    assert ["is the home of anna" in text for text in found] == [True, True, False], found
