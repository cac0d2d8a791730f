# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table and the count that `make test` ends with, and how an interrupted run goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from scripts import tally

# One test of each outcome, and one whose first run fails.
TESTS = """
import pathlib, pytest
def test_passes(): pass
def test_fails(): assert 1 == 2
def test_skipped(): pytest.skip("no swap here")
@pytest.mark.xfail(reason="a bug of 5.2")
def test_known(): assert 0
@pytest.mark.flaky(reruns=2)
def test_again():
    seen = pathlib.Path(__file__).with_suffix(".seen")
    seen.write_text(seen.read_text() + "x" if seen.exists() else "x")
    assert seen.read_text() != "x", "raced"
@pytest.fixture
def leaves_rubbish():
    yield
    raise OSError("busy")
def test_cannot_tidy_up(leaves_rubbish): pass
"""
SESSION = {"session": "made-up"}


def attempt(folder, number):
    """Run TESTS in that folder; (pattern of the logs of all attempts so far, output)."""
    pattern = str(folder / "log.*.jsonl")
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), str(folder)]
    command.append(f"--report-log={folder}/log.{number}.jsonl")
    environment = {**os.environ, "MEMFACTS_PASSED_IN": pattern, "PYTHONPATH": str(tally.HERE)}
    output = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return pattern, output.stdout


@pytest.fixture(scope="module")
def attempted(tmp_path_factory):
    """The folder of a first attempt."""
    folder = tmp_path_factory.mktemp("attempted")
    (folder / "test_made_up.py").write_text(TESTS)
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    attempt(folder, 1)
    return folder


@pytest.fixture
def folder(attempted, tmp_path):
    """A copy of it."""
    return shutil.copytree(attempted, tmp_path / "attempted")


def by_name(ended):
    return {test.partition("::")[2]: outcome for test, outcome in ended.items()}


def test_every_outcome_is_told_with_its_reason(attempted):
    ended, again = tally.outcomes(f"{attempted}/log.*.jsonl")
    assert by_name(ended) == {
        "test_passes": ("passed", ""),
        "test_fails": ("failed", "assert 1 == 2"),
        "test_skipped": ("skipped", "no swap here"),
        "test_known": ("skipped", "a bug of 5.2"),
        "test_again": ("passed", ""),
        "test_cannot_tidy_up": ("failed", "OSError: busy"),
    }
    assert len(again) == 1 and "test_again" in again[0] and "raced" in again[0]


def test_second_attempt_runs_only_what_has_not_passed(folder):
    pattern, output = attempt(folder, 2)
    # Of the one that cannot tidy up, pytest counts the test and what came after it.
    assert "1 failed, 1 passed, 1 skipped, 2 deselected, 1 xfailed, 1 error" in output.splitlines()[-1]
    assert by_name(tally.outcomes(pattern)[0])["test_passes"] == ("passed", "")


def test_test_that_failed_and_then_passed_counts_as_passed(folder):
    (folder / "test_made_up.py").write_text(TESTS.replace("1 == 2", "1 == 1"))
    assert by_name(tally.outcomes(attempt(folder, 2)[0])[0])["test_fails"] == ("passed", "")


@pytest.mark.parametrize("told, why", [("guest died\nits console", "guest died"), ({"reprcrash": None}, "")])
def test_failure_without_a_trace_is_counted(tmp_path, told, why):
    report = {"nodeid": "a", "when": "call", "outcome": "failed", "longrepr": told}
    (tmp_path / "x.1.jsonl").write_text(json.dumps(report) + "\n")
    assert tally.outcomes(f"{tmp_path}/x.*.jsonl") == ({"a": ("failed", why)}, [])


def test_log_that_was_cut_off_is_read_up_to_there(tmp_path):
    report = {"nodeid": "a", "when": "call", "outcome": "passed", "longrepr": None}
    (tmp_path / "x.1.jsonl").write_text(json.dumps(report) + "\n" + json.dumps(dict(report, nodeid="b"))[:20])
    assert tally.outcomes(f"{tmp_path}/x.*.jsonl") == ({"a": ("passed", "")}, [])


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A function: the record of a stage that is this shell script in place of nox."""

    def run(script):
        monkeypatch.setattr(tally, "NOX", ("sh", "-c", script))
        return tally.run_stage(SESSION, tmp_path)

    return run


def test_stage_without_tests_that_fails_counts_as_one_failure(stage, capsys):
    record = stage("echo the linter complains; exit 1")
    assert (record["state"], record["passed"], record["failed"]) == ("FAIL", 0, 1)
    assert "the linter complains" in capsys.readouterr().out


def test_stage_that_passed_is_not_run_again_and_one_that_failed_is(stage, tmp_path):
    count = f"echo x >>{tmp_path}/runs; "
    stage(count + "exit 1")
    assert stage(count + "exit 0")["state"] == stage(count + "exit 1")["state"] == "ok"
    assert (tmp_path / "runs").read_text() == "x\nx\n"


def test_stage_of_a_python_that_nox_does_not_find_says_so(stage):
    said = "nox > Session targets-3.99 skipped: Python interpreter 3.99 not found."  # as nox 2026.10 says it
    assert stage(f"echo '{said}'")["skipped"] == ["Python interpreter 3.99 not found"]


def test_what_a_stage_says_it_skipped_is_told(stage):
    assert stage("echo 'skipped: mypy: unsupported'")["skipped"] == ["mypy: unsupported"]


# A tally whose only stage sleeps, with what nox would say of it.
SLEEPS = """
import pathlib, sys
from scripts import tally
tally.HERE = pathlib.Path(sys.argv[1])
row = '[{"session": "made-up", "python": null, "tags": ["some"]}]'
tally.NOX = ("sh", "-c", f"case $0 in -t) echo '{row}' ;; -s) echo begun >{sys.argv[1]}/begun; exec sleep 250 ;; esac")
sys.exit(tally.main("some"))
"""


def test_background_run_that_is_terminated_ends_its_stages_and_says_so(tmp_path):
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}  # as sh does for `make test &`
    command = [sys.executable, "-c", SLEEPS, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(tally.HERE)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, start_new_session=True, **ignore
    ) as process:
        while not (tmp_path / "begun").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        said = process.communicate()[1].decode()
    assert "interrupted; what each stage left is in " in said and process.returncode == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_table_reasons_and_count(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tally, "HERE", tmp_path)
    (tmp_path / "build").mkdir()
    rows = [("lint", "ok", 0, 0, [], [], 3, 0.1), ("live", "FAIL", 5, 1, ["no swap", "no swap"], ["a: raced"], 60, 2.5)]
    assert tally.tell("some", "abc", [dict(zip(tally.COLUMNS, row)) for row in rows]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["lint", "ok", "0", "0", "0", "0", "3", "0.1"]
    assert lines[3].split() == ["live", "FAIL", "5", "1", "2", "1", "60", "2.5"]
    assert lines[-4:] == ["Skipped, and why:", "  2 x no swap (live)", "Ran again: a: raced (live)"] + [
        "5 passed, 1 failed, 2 skipped"
    ]
    told = json.loads((tmp_path / "build" / "some.json").read_text())
    assert (told["commit"], [row["stage"] for row in told["stages"]]) == ("abc", ["lint", "live"])
