# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of oom_score_adj on this kernel: what an undo gives back and keeps, and records that cannot be used."""

import os
import pathlib
import re

import pytest

from tests.live import adj
from tests.live.adj import running

pytestmark = adj.MARKS


@pytest.mark.parametrize("options", [{"state": "absent"}, {"value": 0}], ids=["absent", "present-already"])
def test_stale_record_from_previous_boot_is_removed(program, options):
    with running(program, "600") as pid:
        adj.run(name=program, value=300)
        text = pathlib.Path(adj.RECORD).read_text()
        pathlib.Path(adj.RECORD).write_text(re.sub('"boot_id": "[^"]*"', '"boot_id": "earlier"', text))
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("0")
        assert not adj.run(name=program, check=True, **options)["changed"]
        assert os.path.exists(adj.RECORD)
        assert not adj.run(name=program, **options)["changed"]
        assert not os.path.exists(os.path.dirname(adj.RECORD))


def test_what_somebody_else_set_meanwhile_stays(program):
    with running(program, "600") as pid:
        adj.run(pid=pid, value=300)
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("310")
        assert adj.changes(adj.run(pid=pid, state="absent")) == {}
        assert adj.of(pid) == 310


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"name": "no-such-thing"}, id="name"),
        pytest.param({"pid": 4194305}, id="pid"),
        pytest.param({"user": "no-such-user"}, id="user"),
        pytest.param({"cgroup": "/no/such"}, id="cgroup"),
        pytest.param({"container": "no-such-one"}, id="container"),
        pytest.param({"unit": "no-such.service"}, id="unit"),
        pytest.param({"entries": [{"name": "no-such-thing"}, {"pid": 4194305}]}, id="entries"),
        pytest.param({"entries": []}, id="no-entries"),
        pytest.param({}, id="nothing-recorded"),
    ],
)
def test_undo_of_nothing_changes_nothing(options):
    result = adj.run(state="absent", **options)
    assert not result.get("failed") and result["changed"] is False
    assert not os.path.exists(adj.RECORD)


def test_foreign_value_is_kept_and_named(program):
    with running(program, "600") as pid:
        adj.run(pid=pid, value=300)
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("310")
        result = adj.run(state="absent")
        assert [row["what"] for row in result["kept"]] == [f"process {pid} ({adj.NAME})"]
        assert "it has 310, but this module had set 300" in result["kept"][0]["reason"]
        assert adj.of(pid) == 310 and not os.path.exists(adj.RECORD)


def test_the_entry_of_a_dead_process_goes(program):
    with running(program, "600") as pid:
        adj.run(pid=pid, value=300)
    assert os.path.exists(adj.RECORD)
    assert not adj.run(pid=pid, state="absent")["changed"]
    assert not os.path.exists(adj.RECORD)


DAMAGED = [
    "",
    "{",
    "[]",
    "null",
    '{"/p":{}}',
    "[" * 100000,
    "\udcff\0",
    '{"version": 2, "boot_id": "x", "processes": [], "files": [{"written": {"path": "/etc/passwd", "sha256": "'
    + "0" * 64
    + '", "before": "root::0:0::/:/bin/sh", "folders": [], "owner": null}, "value": 1}]}',
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
@pytest.mark.parametrize("options", [{"state": "absent"}, {"state": "listed"}, {"name": adj.NAME, "value": 5}], ids=str)
def test_a_damaged_record_is_one_sentence_and_changes_nothing(program, text, options):
    os.makedirs(os.path.dirname(adj.RECORD), exist_ok=True)
    pathlib.Path(adj.RECORD).write_bytes(text.encode("utf-8", "surrogateescape"))
    passwd = pathlib.Path("/etc/passwd").read_bytes()
    with running(program, "600") as pid:
        result = adj.run(**options)
        assert adj.of(pid) == 0
    assert result["failed"] and "oom_score_adj.json" in result["msg"] and "is damaged" in result["msg"]
    assert "Traceback" not in result["msg"] and "\n" not in result["msg"]
    assert pathlib.Path("/etc/passwd").read_bytes() == passwd
