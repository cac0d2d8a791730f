# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of the kinds of OOM that tests/lab plays on real kernels, captured once; kinds.tsv says what is right for each.

A file's name is the lab's boot and the scene; its first line says on which kernel it was captured.
"""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from tests.support import event_expectations

SCENES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "scenes")
LOGS = os.path.join(SCENES, "kinds")
EXPECTED = event_expectations.read(os.path.join(SCENES, "kinds.tsv"))
NAMES = sorted(name[: -len(".log")] for name in os.listdir(LOGS))


def rows_of(name):
    """What is right for a log: of its scene, and of that scene on this boot."""
    scene = name.partition("_")[2]
    return [(name, *row[1:]) for row in EXPECTED if row[0] in (name, scene)]


def test_every_scene_of_the_table_was_captured():
    captured = set(NAMES) | {name.partition("_")[2] for name in NAMES}
    assert {row[0] for row in EXPECTED} <= captured


@pytest.mark.parametrize("name", NAMES)
def test_captured_log_is_read_as_its_scene_was_planned(name):
    with open(os.path.join(LOGS, name + ".log"), "rb") as log:
        found = list(events.read(log))
    rows = rows_of(name)
    assert rows
    wrong = event_expectations.wrong(found, rows, name)
    assert not wrong, "\n".join(wrong)
