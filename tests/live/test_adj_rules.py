# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on processes, through the module: what is refused on this host is refused before anything is written."""

import json
import os

import pytest

from tests.live import adj

pytestmark = adj.MARKS


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("value", [-1000, -1])
def test_process_1_is_refused_what_all_others_would_inherit(value, check):
    before = adj.of(1)
    result = adj.run(pid=1, value=value, check=check)
    assert result["failed"] and f"(pid 1) may not be set to {value}" in result["msg"]
    assert adj.of(1) == before and not os.path.exists(adj.RECORD)


def test_of_many_processes_process_1_is_named():
    # In check mode, for a rule that is broken would reach this whole host.
    result = adj.run(pattern=".", value=-1, check=True)
    assert result["failed"] and "(pid 1) may not be set to -1" in result["msg"]


def test_warning_about_inheritance_from_process_1():
    result = adj.run(pid=1, value=5, check=True)
    assert "Process 1 is set to 5" in json.dumps(result["warnings"])
