# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj among hundreds of processes that change their names, exit or make the run slow enough to be killed."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from tests import CHECKOUT
from tests.lab import debian
from tests.live import adj
from tests.live.adj import wait_for

pytestmark = adj.MARKS


@pytest.mark.slow
def test_killed_run_is_completed_by_the_next(program):
    debian.require("strace")
    crowd = [subprocess.Popen([program, "600"]) for dummy in range(300)]
    try:
        pids = [child.pid for child in crowd]
        wait_for(lambda: all(os.readlink(f"/proc/{pid}/exe") == program for pid in pids))
        killed = kill_half_way(program, len(pids))
        some = [pid for pid in pids if adj.of(pid) == 600]
        assert killed and 0 < len(some) < len(pids)
        rest = adj.run(name=program, value=600)
        assert sorted(adj.changes(rest)) == sorted(set(pids) - set(some))
        assert {adj.of(pid) for pid in pids} == {600}
        assert len(adj.changes(adj.run(name=program, state="absent"))) == len(pids)
        assert {adj.of(pid) for pid in pids} == {0}
    finally:
        for child in crowd:
            child.kill()
        for child in crowd:
            child.wait()


def kill_half_way(program, count):
    """Let a run die at its write number `count` / 2, each process taking one; whether it had not ended by itself."""
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", f"inject=write:signal=KILL:when={count // 2}"]
    return adj.finished(*strace, name=program, value=600).returncode == -9


def was_met(results):
    """Whether many processes were set, and some vanished while a run looked at them."""
    return sum(len(adj.changes(result)) for result in results) > 200 and any(one["vanished"] for one in results)


def set_beside(command, wanted):
    """Set processes of the wanted name while a program makes and changes them; results, and what it says at its end."""
    crowd = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        results = []
        # Each run meets what is alive at its moment: more runs, until enough were met and some of them died meanwhile.
        while len(results) < 12 or (len(results) < 200 and not was_met(results)):
            results.append(adj.run(pattern=f"^{wanted}$", value=700, missing="ignore"))
        told = json.loads(crowd.communicate()[0].decode())
    finally:
        crowd.kill()
        crowd.wait()
    assert [result.get("msg") for result in results if result.get("failed")] == []
    return results, told


@pytest.mark.slow
def test_2000_processes_that_change_their_name_without_a_wrong_write(tmp_path):
    wanted, control = adj.PREFIX + "yes", adj.PREFIX + "no"
    shell = tmp_path / control
    shutil.copy(os.path.realpath(shutil.which("sh")), shell)
    command = [sys.executable, "-m", "tests.live.turncoats", "2000", wanted, control, str(shell)]
    _results, told = set_beside(command, wanted)
    assert sum(sum(pairs.values()) for pairs in told.values()) >= 2000
    for way in ("name", "exec"):
        # With which value it turned, and with which it ended: nobody is set afterwards.
        assert set(told[way]) <= {"0 0", "700 700"}, told
        assert told[way]["700 700"] > 10 and told[way]["0 0"] > 10


@pytest.mark.slow
def test_1000_recorded_processes_are_undone_in_5_seconds(program):
    crowd = [subprocess.Popen([program, "600"]) for dummy in range(1000)]
    try:
        pids = [child.pid for child in crowd]
        wait_for(lambda: all(os.readlink(f"/proc/{pid}/exe") == program for pid in pids))
        adj.run(name=program, value=300)
        begin = time.monotonic()
        result = adj.run(state="absent")
        seconds = time.monotonic() - begin
        assert "1000 of 1000 processes changed" in result["summary"]
        assert {adj.of(pid) for pid in pids} == {0}
        assert seconds <= 5
    finally:
        for child in crowd:
            child.kill()
        for child in crowd:
            child.wait()


@pytest.mark.slow
def test_2000_processes_that_start_and_exit_without_a_wrong_write():
    wanted, control = adj.PREFIX + "yes", adj.PREFIX + "no"
    command = [sys.executable, "-m", "tests.live.births", "2000", wanted, control]
    results, told = set_beside(command, wanted)
    assert set(told[control]) == {"0"}
    assert set(told[wanted]) == {"0", "700"}
    assert sum(sum(told[name].values()) for name in (wanted, control)) >= 2000
    # The situation was there: many were set, many vanished first, and pids went from one kind to the other.
    assert told[wanted]["700"] > 100
    assert told["reused_pids"] > 100
    assert sum(result["vanished"] for result in results) > 0
