# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged logs: no error, and nothing in an event that is not in the log."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from tests.support import mutated_logs

SEED = "2026-12-01"


@pytest.fixture(scope="module")
def captured():
    return mutated_logs.logs()


def check(captured, numbers):
    read = 0
    for number in numbers:
        name, lines = mutated_logs.mutant(captured, SEED, number)
        found = list(events.read(lines))
        read += len(found)
        problem = mutated_logs.complaint(found, lines)
        assert problem is None, f"seed {SEED}, number {number}, {name}: {problem}"
    return read


def test_some_damaged_logs(captured):
    assert check(captured, range(200)) > 100


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("part", range(20))
def test_twenty_thousand_damaged_logs(captured, part):
    assert check(captured, range(1000 * part, 1000 * (part + 1))) > 500


def test_seed_and_number_give_the_same_log(captured):
    assert mutated_logs.mutant(captured, "a", 7) == mutated_logs.mutant(captured, "a", 7)
    assert mutated_logs.mutant(captured, "a", 7) != mutated_logs.mutant(captured, "b", 7)
