# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The count that `make test` ends with."""

import sys

import pytest

from scripts import run_stages
from scripts.stages import Stage

JUNIT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"/>
<testcase name="c"><failure message="no"/></testcase>
<testcase name="d"><error message="no"/></testcase>
<testcase name="e"><skipped message="no swap here"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_counts_are_added_over_all_files(tmp_path):
    for name in ("live", "python-3.6"):
        (tmp_path / (name + ".xml")).write_text(JUNIT)
    expected = run_stages.Tests(4, 4, [("no swap here", "live"), ("no swap here", "python 3.6")])
    assert run_stages.count(tmp_path) == expected


def test_one_line_a_reason_with_the_runs_it_was_met_in():
    tests = run_stages.Tests(
        0, 0, [("no swap", "live"), ("no swap", "python 3.6"), ("no swap", "live"), ("old", "lab")]
    )
    assert list(run_stages.left_out([], tests)) == ["  no swap (3 in live, python 3.6)", "  old (1 in lab)"]


def test_what_is_known_to_fail_is_told_from_what_is_skipped(tmp_path):
    known = '<testcase name="f"><skipped type="pytest.xfail" message="a bug"/></testcase>'
    (tmp_path / "live.xml").write_text(f"<testsuites>{known}</testsuites>")
    assert run_stages.count(tmp_path) == run_stages.Tests(0, 0, [("known to fail: a bug", "live")])


def test_a_stage_that_is_skipped_says_why():
    result = run_stages.run(Stage("x", "x", "false", reason_to_skip=lambda: "needs root"))
    assert result.state == "skip"
    assert list(run_stages.left_out([result], run_stages.Tests(0, 0, []))) == ["  x: needs root"]


@pytest.mark.parametrize("command, state", [("true", "ok"), ("false", "FAIL")])
def test_a_stage_ends_as_its_command(command, state):
    assert run_stages.run(Stage("x", "x", command)).state == state


def test_a_stage_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(run_stages, "LIMIT_SECONDS", 0.2)
    result = run_stages.run(Stage("x", "x", "sleep 60"))
    assert (result.state, result.seconds < 30) == ("FAIL", True)


# One that fails the first time it is played.
ACCIDENT = """
import pathlib
def test_fine(): pass
def test_accident():
    note = pathlib.Path({note!r})
    played, _ = note.exists(), note.touch()
    assert played
"""
BROKEN = "def test_broken(): assert False\n"


@pytest.mark.parametrize(
    "text, kernels, state, counts",
    [
        pytest.param(ACCIDENT, True, "again", (2, 0), id="passes-alone"),
        pytest.param(ACCIDENT, False, "FAIL", (1, 1), id="not-on-kernels"),
        pytest.param(ACCIDENT + BROKEN, True, "FAIL", (2, 1), id="one-of-two-fails-again"),
    ],
)
def test_what_fails_on_a_kernel_is_played_again_alone_and_told(tmp_path, monkeypatch, text, kernels, state, counts):
    file = tmp_path / "test_it.py"
    file.write_text(text.replace("{note!r}", repr(str(tmp_path / "note"))))
    monkeypatch.setattr(run_stages.caches, "CHECKOUT", tmp_path)
    result = run_stages.run(Stage("x", "x", f"{sys.executable} -m pytest -q {file}", kernels=kernels))
    assert result.state == state
    assert run_stages.count(run_stages.results_folder())[:2] == counts
    told = "      | failed at first and passed alone: test_it.test_accident"
    assert (told in run_stages.account(result)) == (state == "again")
    assert "test_accident" in result.log.read_text()


def test_many_failures_are_no_accident(tmp_path, monkeypatch):
    file = tmp_path / "test_it.py"
    file.write_text("import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_it(n): assert False\n")
    monkeypatch.setattr(run_stages.caches, "CHECKOUT", tmp_path)
    result = run_stages.run(Stage("x", "x", f"{sys.executable} -m pytest -q {file}", kernels=True))
    assert (result.state, result.log.read_text().count("4 failed")) == ("FAIL", 1)


def test_the_last_line_counts_a_broken_linter_as_failed(monkeypatch, capsys):
    monkeypatch.setattr(run_stages, "STAGES", (Stage("lint", "x", "false"),))
    assert run_stages.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"
