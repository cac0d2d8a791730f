# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module oom_events_info: its sources, and what it says where there is nothing to read."""

import errno
import functools
import importlib.util
import json
import os
import sys

import pytest

from tests import CHECKOUT

FIXTURES = os.path.join(CHECKOUT, "tests", "unit", "fixtures")
COMMIT = os.path.join(FIXTURES, "oom-commit-9066e5cfb73c.txt")
STORM = os.path.join(FIXTURES, "oomlogs", "5.4.59-global-storm-ratelimited.kmsg.txt")

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None,
    reason="no Ansible in this environment; test_events.py and test_log_source.py test what the module stands on",
)


@pytest.fixture
def run(run_module):
    """Run the module with the arguments; give its result and whether it is a success."""
    return functools.partial(run_module, "oom_events_info")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder whose programs the module finds before the machine's."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path


def test_file_is_explained_and_check_mode_is_the_same(run):
    normal, succeeded = run(source="file", path=COMMIT)
    checked, checked_too = run(check=True, source="file", path=COMMIT)
    assert succeeded and checked_too
    assert (normal["changed"], checked["changed"]) == (False, False)
    assert normal["events"] == checked["events"]
    [event] = normal["events"]
    assert event["verdict"]["expected_comm"] == "data_sim"
    assert normal["summary"].startswith("WRONG ONE killed: pause (pid 5740)")
    assert normal["report"][2:] and all(line.__class__ is str for line in normal["report"])


def test_newest_events_are_given_and_the_rest_is_said(run):
    result, succeeded = run(source="file", path=STORM, limit=2, top=1)
    assert succeeded
    assert (len(result["events"]), result["total"]) == (2, 18)
    assert "16 older events are left out" in result["incomplete"][0]["reason"]


def test_text_is_explained(run):
    with open(COMMIT) as log:
        result, succeeded = run(source="text", text=log.read())
    assert succeeded and result["total"] == 1


JOURNAL = """#!/bin/sh
# Stands in for journalctl: notes how it was called, and answers with the log as -o json writes it.
echo "$*" >{notes}
exec cat {answer}
"""


def test_journal_of_all_boots_is_read(run, programs):
    boot = "2720b512ca144546bef54ebce0aefcf7"
    with open(STORM, encoding="utf-8", errors="replace") as log:
        lines = [line.rstrip("\n").partition(";") for line in log if not line.startswith(" ")]
    with open(str(programs / "answer"), "w") as answer:
        for number, (head, _semicolon, text) in enumerate(lines):
            fields = {
                "MESSAGE": text.replace("\\x0a", "\n"),
                "_TRANSPORT": "kernel",
                "_BOOT_ID": boot,
                "__REALTIME_TIMESTAMP": str(1795762438000000 + number),
                "_SOURCE_MONOTONIC_TIMESTAMP": head.split(",")[2],
            }
            answer.write(json.dumps(fields) + "\n")
    program = programs / "journalctl"
    program.write_text(JOURNAL.format(notes=programs / "notes", answer=programs / "answer"))
    program.chmod(0o755)
    result, succeeded = run(source="journal", since="2026-11-27")
    assert succeeded, result
    assert result["total"] == 18
    assert result["events"][0]["id"].startswith("2720b512-ca14-4546-bef5-4ebce0aefcf7:")
    assert result["events"][0]["time"].startswith("2026-11-27T06:53:58")
    asked = (programs / "notes").read_text()
    assert "--output=json" in asked and "--since=@1795737600" in asked and "_TRANSPORT=kernel" in asked


def test_journal_that_fails_is_one_sentence(run, programs, assert_one_sentence):
    program = programs / "journalctl"
    program.write_text("#!/bin/sh\necho 'No journal files were opened due to insufficient permissions.' >&2\nexit 1\n")
    program.chmod(0o755)
    result, succeeded = run(source="journal")
    assert not succeeded
    assert "insufficient permissions" in result["msg"]
    assert_one_sentence(result["msg"])


@pytest.mark.parametrize(
    "arguments, expected",
    [
        pytest.param({"source": "file", "path": "/nonexistent"}, "the file /nonexistent cannot be read", id="missing"),
        pytest.param({"source": "file", "path": "/"}, "the file / cannot be read (is a directory)", id="folder"),
        pytest.param({"source": "file", "path": sys.executable}, "is no log, it is binary", id="binary"),
        pytest.param({"since": "yesterday"}, "since is 'yesterday', which is no time", id="since"),
        pytest.param({"limit": 0}, "limit is 0, but must be at least 1", id="limit"),
        pytest.param({"top": 0}, "top is 0, but a list needs room", id="top"),
    ],
)
def test_bad_input_fails_with_one_sentence(run, assert_one_sentence, arguments, expected):
    result, succeeded = run(**arguments)
    assert not succeeded
    assert result["msg"].startswith("Cannot explain OOM events: ") and expected in result["msg"]
    assert_one_sentence(result["msg"])
    assert "exception" not in result


def test_empty_log_and_log_without_oom_are_told_apart(run, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    result, succeeded = run(source="file", path=str(tmp_path / "empty"))
    assert succeeded and result["events"] == []
    assert result["summary"].endswith("empty: it is empty.")
    result, succeeded = run(source="text", text="[    1.0] hello\n[    2.0] world\n")
    assert succeeded and result["summary"] == "No OOM report in the text (2 lines)."


def test_report_cut_anywhere_is_no_failure(run, tmp_path):
    with open(COMMIT, "rb") as log:
        data = log.read()
    (tmp_path / "cut").write_bytes(data[: len(data) // 2])
    result, succeeded = run(source="file", path=str(tmp_path / "cut"))
    assert succeeded
    assert result["events"][0]["victim"] is None
    assert "verdict" in {item["source"] for item in result["events"][0]["incomplete"]}


def test_kernel_log_without_the_right_to_read_it(monkeypatch):
    from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
    from ansible_collections.memfacts.linux.plugins.modules import oom_events_info

    def refuse():
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(oom_events_info.log_source, "KernelLog", refuse)
    with pytest.raises(oom_events_info.LogError) as refusal:
        oom_events_info.of_kernel(events.Asked())
    assert str(refusal.value) == (
        "/dev/kmsg cannot be read (operation not permitted); use become, or source journal or file."
    )


@pytest.mark.skipif(not os.access("/dev/kmsg", os.R_OK), reason="this kernel's log may not be read here")
def test_kernel_log_of_this_host_is_read(run):
    result, succeeded = run(source="kmsg")
    assert succeeded
    assert result["summary"] and isinstance(result["events"], list)


def test_text_with_half_a_character_is_read():
    from ansible_collections.memfacts.linux.plugins.modules import oom_events_info

    assert oom_events_info.encoded("a\udcff") == b"a\xff"
    assert oom_events_info.encoded("a\ud800") == b"a\xed\xa0\x80"
