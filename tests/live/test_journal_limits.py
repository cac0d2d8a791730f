# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of the runtime journal written, read back in journald's order, and taken back; journald itself is a stub."""

import os

import pytest

from tests.live import agebox, mountbox

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root"),
]

FOLDER = "/etc/systemd/journald.conf.d"
OWN = FOLDER + "/zz-memfacts.conf"
LIMITS = {"max_use": "64M", "max_file_size": "8M"}
WRITTEN = [b"[Journal]", b"RuntimeMaxUse=64M", b"RuntimeMaxFileSize=8M"]
RESTART = "systemctl restart systemd-journald.service"


@pytest.fixture
def box():
    with mountbox.box() as made:
        made.sh("mkdir -p /run/systemd/system; cp /run/bin/systemctl /run/bin/journalctl")
        yield made


def journal(box, options, **others):
    return agebox.run(box, part="journal", options=options, **others)


def calls(box):
    return (box.read("/run/calls") or b"").decode().splitlines()


def test_limits_are_written_read_by_journald_and_taken_back(box):
    checked = journal(box, LIMITS, check_mode=True)
    assert (box.read(OWN), calls(box)) == (None, [])
    done = journal(box, LIMITS)
    assert box.read(OWN).splitlines()[1:] == WRITTEN
    assert (done["result"], done["result"]["restarted"]) == (checked["result"], True)
    assert calls(box) == [RESTART]
    assert {(row["key"], row["value"], row["file"]) for row in done["result"]["settings"]} == {
        ("RuntimeMaxUse", "64M", OWN),
        ("RuntimeMaxFileSize", "8M", OWN),
    }
    again = journal(box, LIMITS, entry=done["entry"])
    assert (again["result"]["changed"], again["entry"], calls(box)) == (False, done["entry"], [RESTART])
    back = journal(box, {}, entry=done["entry"])
    assert (back["result"]["changed"], back["entry"], back["kept"]) == (True, None, [])
    assert calls(box) == [RESTART, RESTART]
    assert not os.path.lexists(box.outside(FOLDER))


def test_file_read_after_ours_is_named_before_any_write(box):
    box.write("/run/systemd/journald.conf.d/zzz-admin.conf", b"[Journal]\nRuntimeMaxUse=1G\n")
    found = journal(box, LIMITS)
    assert found["error"].startswith(
        "/run/systemd/journald.conf.d/zzz-admin.conf sets RuntimeMaxUse=1G and is read after"
    )
    assert (box.read(OWN), calls(box)) == (None, [])
    box.write("/run/systemd/journald.conf.d/zzz-admin.conf", b"[Journal]\nRuntimeMaxUse=65536K\n")
    assert journal(box, LIMITS)["result"]["changed"]


def test_file_that_raises_the_limit_is_named(box):
    box.write("/etc/systemd/journald.conf", b"[Journal]\nRuntimeMaxFileSize=128M\n")
    found = journal(box, {"max_use": "64M"})
    assert found["error"].startswith("/etc/systemd/journald.conf sets RuntimeMaxFileSize=128M, and journald raises")
    assert journal(box, LIMITS)["result"]["changed"]


def test_what_others_declare_alike_is_left_to_them(box):
    box.write("/etc/systemd/journald.conf", b"[Journal]\nRuntimeMaxUse=64M\nRuntimeMaxFileSize=8192K\n")
    done = journal(box, LIMITS)
    assert (done["result"]["changed"], done["entry"], box.read(OWN), calls(box)) == (False, None, None, [])


def test_failed_restart_restores_the_file_and_restarts_again(box):
    box.write(
        "/run/bin/systemctl",
        b'#!/bin/sh\necho "systemctl $*" >>/run/calls\n[ "$1" != restart ] || test ! -e %s\n' % OWN.encode(),
    )
    found = journal(box, LIMITS)
    assert "restart systemd-journald.service failed" in found["error"]
    assert not os.path.lexists(box.outside(FOLDER))
    assert calls(box) == [RESTART, RESTART]


def test_lines_that_somebody_has_added_stay_and_are_named(box):
    done = journal(box, LIMITS)
    theirs = box.read(OWN) + b"Storage=volatile\n"
    box.write(OWN, theirs)
    assert "lines that memfacts.linux has not written" in journal(box, {"max_use": "32M"}, entry=done["entry"])["error"]
    back = journal(box, {}, entry=done["entry"])
    assert back["kept"] == [{"what": OWN, "reason": "somebody has changed it since it was written"}]
    assert (box.read(OWN), calls(box)) == (theirs, [RESTART])


def test_file_of_release_0_1_0_is_replaced_and_undone(box):
    mark = b"# %s of what memfacts.linux.tmpfs_limits has written\n"
    text = mark % b"BEGIN" + b"[Journal]\nRuntimeMaxUse=8M\n" + mark % b"END"
    box.write(OWN, text)
    assert journal(box, {})["result"]["changed"]
    assert box.read(OWN) is None
    box.write(OWN, text)
    done = journal(box, LIMITS)
    assert box.read(OWN).splitlines()[1:] == WRITTEN
    journal(box, {}, entry=done["entry"])
    assert box.read(OWN) is None
    box.write(OWN, text + b"# mine\n")
    assert not journal(box, {})["result"]["changed"]
    assert box.read(OWN) == text + b"# mine\n"


def test_an_empty_folder_that_was_there_stays(box):
    box.sh(f"mkdir {FOLDER}")
    journal(box, {}, entry=journal(box, LIMITS)["entry"])
    assert os.listdir(box.outside(FOLDER)) == []


def test_old_entries_are_removed_last_and_only_from_run(box):
    box.sh("mkdir -p /run/log/journal/1; head -c 3M /dev/zero >/run/log/journal/1/system@1.journal")
    done = journal(box, {"max_use": "1M"})
    vacuum = "journalctl --directory=/run/log/journal --vacuum-size=1M"
    assert calls(box) == [RESTART, "journalctl --rotate", vacuum]
    journal(box, {"max_use": "1M"}, entry=done["entry"])
    assert calls(box) == [RESTART, "journalctl --rotate", vacuum, "journalctl --rotate", vacuum]
