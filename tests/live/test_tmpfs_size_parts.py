# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts, the journal and ages in one run of tmpfs_size: one transaction, one record, one way back."""

import json
import os
import shutil

import pytest

from tests.live import tmpfs_size
from tests.live.tmpfs_size import FSTAB, MIB, RECORD, outcome, state, with_systemd

pytestmark = tmpfs_size.MARKS

JOURNAL = "/etc/systemd/journald.conf.d/zz-memfacts.conf"
AGES = "/etc/tmpfiles.d/00-memfacts.conf"
needs_tmpfiles = pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="no systemd-tmpfiles here")
ALL = {
    "entries": [{"path": "/mnt", "size": "20M"}],
    "journal": {"max_use": "64M", "max_file_size": "8M"},
}


@pytest.fixture
def box():
    with tmpfs_size.box() as made:
        with_systemd(made).write("/etc/fstab", FSTAB)
        made.sh("cp /run/bin/systemctl /run/bin/journalctl; mkdir /run/cache")
        yield made


def parts(box):
    return state(box), box.read(JOURNAL), box.read(AGES)


@needs_tmpfiles
def test_all_parts_are_set_in_one_run_and_undone_in_one(box):
    before = parts(box)
    wishes = dict(ALL, ages=[{"path": "/run/cache", "age": "10d"}])
    checked = box.run("tmpfs_size", _ansible_check_mode=True, **wishes)
    assert parts(box) == before
    result = box.run("tmpfs_size", **wishes)
    assert (outcome(result), outcome(checked)) == ((True, ""), (True, ""))
    assert result["files"] == checked["files"] == ["/etc/fstab", JOURNAL, AGES]
    assert (result["journal"]["restarted"], [row["path"] for row in result["ages"]["paths"]]) == (True, ["/run/cache"])
    record = json.loads(box.read(RECORD).decode())
    assert (sorted(record["mounts"]), record["journal"] is None, record["ages"] is None) == (["/mnt"], False, False)
    again = box.run("tmpfs_size", **wishes)
    assert (outcome(again), again["files"]) == ((False, ""), [])
    assert sorted(box.run("tmpfs_size", state="listed")["record"]) == ["ages", "journal", "mounts", "version"]
    one = box.run("tmpfs_size", path="/mnt", state="absent")
    assert (one["files"], box.read(JOURNAL) is None, box.read(AGES) is None) == (["/etc/fstab"], False, False)
    result = box.run("tmpfs_size", state="absent")
    assert (outcome(result), result["files"], result["kept"]) == ((True, ""), [JOURNAL, AGES], [])
    assert parts(box) == before
    assert outcome(box.run("tmpfs_size", state="absent")) == (False, "")


def test_failed_journald_restart_undoes_the_mounts_too(box):
    before = parts(box)
    box.sh("sed -i 's/^case/[ \"$1\" = restart ] \\&\\& exit 1\\ncase/' /run/bin/systemctl")
    kind, message = outcome(box.run("tmpfs_size", **ALL))
    assert kind == "failed" and message.endswith(".") and "Traceback" not in message
    assert parts(box) == before
    assert not os.path.exists(os.path.dirname(box.outside(JOURNAL)))


def test_a_journal_that_is_refused_leaves_the_mounts_alone(box):
    box.write(JOURNAL.replace("zz-memfacts", "zzz-admin"), b"[Journal]\nRuntimeMaxUse=1G\n")
    before = parts(box)
    kind, message = outcome(box.run("tmpfs_size", **ALL))
    assert kind == "failed" and "zzz-admin.conf sets RuntimeMaxUse=1G" in message
    assert parts(box) == before


def test_full_mount_does_not_stop_undo_of_the_journal(box):
    box.run("tmpfs_size", **ALL)
    box.sh("dd if=/dev/zero of=/mnt/file bs=1M count=15 2>/dev/null")
    result = box.run("tmpfs_size", state="absent")
    assert outcome(result) == (True, "")
    assert (box.read(JOURNAL), box.read("/etc/fstab"), box.space("/mnt")[0]) == (None, FSTAB, 20 * MIB)
    assert [row["what"] for row in result["kept"]] == ["/mnt"]


@pytest.mark.parametrize("part", ["journal", "ages"])
def test_a_damaged_part_of_the_record_is_one_sentence(box, part):
    content = {"version": 2, "mounts": {}, "journal": None, "ages": None, part: {"file": "/etc/passwd"}}
    box.write(RECORD, json.dumps(content).encode())
    before = parts(box)
    for given in (ALL, {"state": "absent"}, {"state": "listed"}):
        kind, message = outcome(box.run("tmpfs_size", **given))
        assert kind == "failed" and "is damaged: its part about " in message
    assert parts(box) == before


def test_deleting_at_once_needs_ages(box):
    kind, message = outcome(box.run("tmpfs_size", clean_now=True, **ALL))
    assert kind == "failed" and "clean_now is given without ages;" in message
