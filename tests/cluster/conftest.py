# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A time-out for each test of this folder, and an API server that the tests of a module share."""

import contextlib
import pathlib

import pytest

from tests.cluster import apiserver, assets
from tests.lab import surroundings

pytest_sessionstart = surroundings.pytest_sessionstart
pytest_collection_finish = surroundings.pytest_collection_finish

HERE = pathlib.Path(__file__).parent
SECONDS = 1800  # only ends what hangs


def pytest_collection_modifyitems(items):
    """A signal and no thread, so that what a test has started is ended."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS, method="signal"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running API server in which the agent has its account, on a port of the loopback."""
    running = apiserver.ApiServer(str(tmp_path_factory.mktemp("apiserver")))
    try:
        running.open()
    except assets.Unavailable as error:
        pytest.skip(str(error))
    with contextlib.closing(running):
        running.install_agent()
        yield running
