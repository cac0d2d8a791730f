# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj of units: processes, cgroups and files are real, and only what systemctl answers is made up."""

import os
import pathlib
import re
import shutil
import types

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import systemd
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, task
from tests.live import adj
from tests.live.adj import running

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="setting other processes' values takes root"),
]
NAME = "adj-test.service"
OWN = 100  # what the unit's own file says


@pytest.fixture(autouse=True)
def record(born_at_zero):
    with adj.own_record():
        yield


class Unit:
    """Runs tasks on one unit that is made up; `warnings` are those of the last."""

    def __init__(self, folder):
        self.folder = folder
        self.main_pid = 0
        self.fragment = folder / NAME
        self.fragment.write_text(f"[Service]\nOOMScoreAdjust={OWN}\n")
        self.drop_in = pathlib.Path(drop_in_text.path(str(folder), NAME))
        self.warnings = []

    def task(self, **options):
        """The result of a task on the unit."""
        self.warnings = []
        params = dict.fromkeys(["pid", "name", "pattern", "user", "cgroup", "container", "value"])
        params.update(unit=NAME, scope="system", children=False, allow_unkillable=False, persist="auto")
        params.update(state="present", missing="fail")
        module = types.SimpleNamespace(
            params=dict(params, **options),
            check_mode=False,
            tmpdir=str(self.folder),
            warn=self.warnings.append,
            add_cleanup_file=lambda path: None,
            atomic_move=os.rename,
            get_bin_path=lambda name, **dummy: name,
            run_command=lambda command, **dummy: (0, self._answer(command), ""),
        )
        return task.run(module)

    def _answer(self, command):
        if "show" not in command:
            return ""
        drop_in = str(self.drop_in) if self.drop_in.exists() else ""
        value = int(re.search("Adjust=(.*)", (self.drop_in if drop_in else self.fragment).read_text()).group(1))
        return (
            f"Id={NAME}\nLoadState=loaded\nActiveState=active\nControlGroup=/system.slice/{NAME}\n"
            f"MainPID={self.main_pid}\nOOMScoreAdjust={value}\nDropInPaths={drop_in}\nFragmentPath={self.fragment}\n"
        )


@pytest.fixture
def unit(tmp_path, monkeypatch):
    monkeypatch.setattr(systemd, "is_running", lambda: True)
    monkeypatch.setattr(drop_in_text, "SYSTEM_FOLDER", str(tmp_path))
    return Unit(tmp_path)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "adj-sleeper"
    shutil.copy(os.path.realpath(shutil.which("sleep")), str(path))
    return str(path)


def start(pid, value):
    """As systemd starts a process with its unit's value."""
    pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text(str(value))


@pytest.mark.parametrize("persist", ["auto", "none"])
def test_who_was_restarted_with_our_drop_in_gets_the_unit_s_own_value_back(unit, program, persist):
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


def test_a_unit_that_runs_no_process_of_its_own_is_warned_of(unit, program):
    unit.task(value=300)
    assert [text for text in unit.warnings if f"{NAME} is active but runs no process of its own" in text]
    with running(program, "600") as main, adj.cgroup(f"system.slice/{NAME}", main):
        unit.task(value=300)
        assert unit.warnings == []
