# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of the fleet, on a fleet that is made up: what is run in which order, and that the fleet is taken down."""

import pytest

from tests.bench import fleet_plays, runner, table
from tests.bench.machine import Machine
from tests.fleet.ansible_runs import Run
from tests.fleet.fleet import Unavailable


class Fleet:
    """Its controller says that `undo` with nothing to undo has changed something."""

    done = []
    refuses = False

    def __init__(self, *_where):
        self.done.clear()

    def start(self):
        if self.refuses:
            raise Unavailable("no /dev/net/tun")
        self.done.append("start")

    def stop(self):
        self.done.append("stop")


class Controller:
    def __init__(self, fleet):
        self.done = fleet.done

    def playbook(self, name):
        self.done.append(name)
        return ChangedRun(0, "", ()) if len(self.done) == 5 else Run(0, "", ())


class ChangedRun(Run):
    def changed(self):
        return [("bookworm-v2", "a task")]


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(fleet_plays.fleets, "Fleet", Fleet)
    monkeypatch.setattr(fleet_plays.ansible_runs, "Controller", Controller)
    machine = Machine()

    def measure():
        deadline = runner.Deadline(500, machine.clock)
        (result,) = runner.run([fleet_plays.row()], deadline, NoCrowd(), sample=machine.sample)
        return result

    return measure


class NoCrowd:
    size = 0

    def resize(self, size):
        assert size == 0


def test_both_playbooks_run_twice_and_what_the_second_run_changed_is_a_missed_budget(measured):
    result = measured()
    assert Fleet.done == ["start", "protect", "protect", "undo", "undo", "stop"]
    assert [(figure.budget, figure.verdict) for figure in result.figures] == [
        (25, "met"),
        (None, ""),
        (15, "met"),
        (10, "met"),
        (0, "met"),
        (0, "missed"),
    ]
    assert len(list(table.lines(result))) == 6


def test_without_a_fleet_the_row_is_left_out(measured, monkeypatch):
    monkeypatch.setattr(Fleet, "refuses", True)
    assert measured().left_out == "no /dev/net/tun"
