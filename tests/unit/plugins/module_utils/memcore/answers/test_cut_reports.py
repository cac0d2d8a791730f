# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of reports whose lines are cut or lost: what cannot be known is not said. The logs are composed."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from tests.support.composed_log import HEADER, choice, killed, one, row


def read(lines):
    return list(events.read("\n".join(lines).encode().splitlines(True)))


def test_chosen_process_without_a_name_that_is_not_in_the_table():
    (found,) = read([HEADER, row(5, "pause"), choice(8, "hog").replace("task=hog", "sk=hog")])
    assert found["verdict"]["reason"] == "the victim with pid 8 is not in the task table"
    assert found["victim"] is None


def test_only_row_of_a_table_that_lost_others_is_not_called_the_only_process():
    (found,) = read([row(8, "hog"), choice(8, "hog"), killed(8, "hog")])
    assert len(found["candidates"]) == 1
    assert "every kernel" not in found["explanation"]
    assert "lines of the report are lost" in found["explanation"]


def test_only_row_of_a_whole_table_is():
    (found,) = read([HEADER, row(8, "hog"), choice(8, "hog"), killed(8, "hog")])
    assert "every kernel would kill it" in found["explanation"]


def test_kill_in_a_table_without_its_row():
    found = one([HEADER, row(5, "pause"), choice(8, "hog"), killed(8, "hog")])
    assert found.table_lost_rows
