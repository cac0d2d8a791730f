# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj of units: processes, cgroups and files are real, and only what systemctl answers is made up."""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text
from tests.live import adj
from tests.live.adj import running
from tests.live.made_up_unit import DEFAULTS, NAME, OWN, start

pytestmark = adj.MARKS


@pytest.mark.parametrize("persist", ["auto", "none"])
def test_process_restarted_with_drop_in_gets_unit_value_back(unit, program, persist):
    with running(program, "600") as first, adj.cgroup(f"system.slice/{NAME}", first):
        start(first, OWN)
        assert adj.changes(unit.task(value=300)) == {first: (OWN, 300)}
    with running(program, "600") as second, adj.cgroup(f"system.slice/{NAME}", second):
        start(second, 300)
        assert adj.changes(unit.task(value=500, persist=persist)) == {second: (300, 500)}
        assert adj.changes(unit.task(state="absent")) == {second: (500, OWN)}
        assert not unit.drop_in.exists()


def test_an_orphan_with_its_own_value_is_left_alone(unit, program):
    with running(program, "600") as main, running(program, "601") as orphan:
        with adj.cgroup(f"system.slice/{NAME}", main):
            adj.join(adj.home_of(main), orphan)
            try:
                start(main, OWN)
                start(orphan, 700)
                unit.main_pid = main
                result = unit.task(value=300)
                assert adj.changes(result) == {main: (OWN, 300)}
                assert [row["pid"] for row in result["left_out"]] == [orphan]
            finally:
                adj.join(adj.home_of(os.getpid()), orphan)


def test_unit_without_processes_gives_a_warning(unit, program):
    unit.task(value=300)
    assert [text for text in unit.warnings if f"{NAME} is active but runs no process of its own" in text]
    with running(program, "600") as main, adj.cgroup(f"system.slice/{NAME}", main):
        unit.task(value=300)
        assert unit.warnings == []


def test_listed_record_has_all_that_an_undo_needs(unit, main):
    unit.task(value=300)
    record = unit.run(state="listed")["record"]
    assert record["drop_ins"] == [
        {
            "path": str(unit.drop_in),
            "unit": NAME,
            "user": None,
            "value": 300,
            "folders": [str(unit.drop_in.parent)],
            "as_written": True,
        }
    ]
    (process,) = record["processes"]
    assert (process["pid"], process["comm"], process["before"]) == (main, adj.NAME, OWN)
    assert (process["set"], process["now"]) == (300, 300)


def test_the_whole_record_is_undone_in_one_run(unit, main, program):
    before = unit.files()
    with running(program, "601") as other:
        unit.run(entries=[dict(DEFAULTS, unit=NAME, value=300), dict(DEFAULTS, pid=other, value=7)])
        assert unit.commands.count("daemon-reload") == 1
        predicted = unit.run(check=True, state="absent")
        assert (adj.of(main), adj.of(other), unit.drop_in.exists()) == (300, 7, True)
        undone = unit.run(state="absent")
        assert (undone["changed"], undone["kept"]) == (True, [])
        assert (predicted["changed"], predicted["diff"]) == (True, undone["diff"])
        assert (adj.of(main), adj.of(other)) == (OWN, 0)
    assert unit.files() == before
    assert not os.path.exists(os.path.dirname(adj.RECORD))
    again = unit.run(state="absent")
    assert (again["changed"], again["diff"][0]["before"]) == (False, "")


def test_undo_restores_unit_value_after_somebody_removed_the_drop_in(unit, program):
    with running(program, "600") as first, adj.cgroup(f"system.slice/{NAME}", first):
        unit.task(value=300)
    unit.drop_in.unlink()
    with running(program, "600") as second, adj.cgroup(f"system.slice/{NAME}", second):
        start(second, 300)
        unit.run(state="absent")
        assert adj.of(second) == OWN


def test_contradicting_entries_are_refused(unit, main, program):
    pairs = [
        ({"unit": NAME, "value": 300}, {"pid": main, "value": 7}, "'unit adj-test.service' sets process"),
        ({"unit": NAME, "value": 300}, {"unit": NAME, "value": 7, "persist": "none"}, "one entry gives"),
        ({"unit": NAME, "value": 300}, {"name": program, "value": 7}, "sets it to 7"),
    ]
    for first, second, said in pairs:
        with pytest.raises(MemfactsError, match=said):
            unit.run(entries=[dict(DEFAULTS, **first), dict(DEFAULTS, **second)])
    assert adj.of(main) == OWN and not unit.drop_in.exists() and not os.path.exists(adj.RECORD)


@pytest.mark.slow
def test_killed_at_100_moments_leaves_whole_files_and_undo_works(unit, main, program):
    chance = random.Random(17)
    before = unit.files()
    crowd = [subprocess.Popen([program, "600"]) for dummy in range(20)]
    entries = [dict(DEFAULTS, unit=NAME, value=300), dict(DEFAULTS, pattern=f"^{program}$", value=300)]
    more = [dict(entry, value=500) for entry in entries]
    steps = [{"entries": entries}, {"entries": more}, {"state": "absent"}]
    try:
        pids = [main, *(child.pid for child in crowd)]
        adj.wait_for(lambda: all(os.readlink(f"/proc/{pid}/exe") == program for pid in pids))
        whole = [seconds_of(unit, step) for step in steps]
        killed = 0
        for number in range(100):
            for step in steps[: number % 3]:
                unit.run(**step)
            killed += is_killed(unit, steps[number % 3], chance.uniform(0, whole[number % 3]))
            texts = [unit.drop_in.read_text()] if unit.drop_in.exists() else []
            assert all(drop_in_text.is_made(str(unit.drop_in), text) for text in texts)
            assert adj.record_text() is None or json.loads(adj.record_text())["version"] == 2
            assert {adj.of(pid) for pid in pids} <= {0, OWN, 300, 500}
            unit.run(state="absent")
            assert (adj.of(main), {adj.of(pid) for pid in pids[1:]}) == (OWN, {0})
            assert unit.files() == before and adj.record_text() is None
        assert killed > 50
    finally:
        for child in crowd:
            child.kill()
            child.wait()


def seconds_of(unit, step):
    """How long a run takes."""
    begin = time.monotonic()
    unit.run(**step)
    return time.monotonic() - begin


def is_killed(unit, step, seconds):
    """Let a run begin in a child and kill it after so many seconds; whether it was still running."""
    child = os.fork()
    if child == 0:
        try:
            unit.run(**step)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
