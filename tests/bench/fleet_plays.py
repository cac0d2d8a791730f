# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an operator waits for protect and undo on the four hosts of a fleet of their own.

The hosts are kernels on this machine, so their share of its processor time is part of what is measured.
"""

import time
from typing import List

from tests.bench import places
from tests.bench.figures import Figure
from tests.bench.row import NotToBeHad, Row, Setting
from tests.fleet import ansible_runs
from tests.fleet import fleet as fleets

_STEPS = (
    ("protect, four hosts", "protect", 25),
    ("protect again", "protect", None),
    ("undo", "undo", 15),
    ("undo with nothing to undo", "undo", 10),
)


def row() -> Row:
    """One round, since what the second `protect` finds is what the first one left."""
    return Row("fleet-plays", _STEPS[0][0], 90, _measure)


def _measure(setting: Setting) -> List[Figure]:
    runs = setting.tries.best(_runs, timed=False).value
    found = [
        Figure(what, [seconds], "s", "wall", budget) for (what, _playbook, budget), (seconds, _run) in zip(_STEPS, runs)
    ]
    for number in (1, 3):
        what = f"changed by {_STEPS[number][0]}"
        found.append(Figure(what, [len(runs[number][1].changed())], "tasks", budget=0))
    return found


def _runs():
    """(seconds, what came of it) of each step, on hosts that nothing has been set on."""
    planned = fleets.Fleet("bench", str(places.CHECKOUT / "build" / "fleet-bench"))
    try:
        planned.start()
    except fleets.Unavailable as error:
        raise NotToBeHad(str(error)) from error
    try:
        controller = ansible_runs.Controller(planned)
        return [_timed(controller, playbook) for _what, playbook, _budget in _STEPS]
    finally:
        planned.stop()


def _timed(controller, playbook):
    begun = time.monotonic()
    run = controller.playbook(playbook)
    return time.monotonic() - begun, run
