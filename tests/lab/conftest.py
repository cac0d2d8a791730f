# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A time-out for each test of this folder, and at the start a few lines on what else of the machine matters."""

import pathlib

import pytest

from tests.lab import surroundings

pytest_sessionstart = surroundings.pytest_sessionstart
pytest_collection_finish = surroundings.pytest_collection_finish

HERE = pathlib.Path(__file__).parent
# It only ends what hangs, later than a guest's own time-out (machines.HANG_SECONDS), which shows the guest's log.
# A test that needs more than one boot after another says so itself.
SECONDS = 900


def pytest_collection_modifyitems(items):
    """A signal and no thread, so that the test's `finally` ends its guest."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS, method="signal"))
