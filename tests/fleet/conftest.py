# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fleet for all tests of this folder."""

import os

import pytest

from tests import CHECKOUT
from tests.fleet import ansible_runs
from tests.fleet import fleet as fleets


@pytest.fixture(scope="session")
def fleet():
    """The fleet of these tests, started once. It is another one than that of `make fleet`."""
    own = fleets.Fleet("test", os.path.join(CHECKOUT, "build", "fleet-test"))
    try:
        own.start()
    except fleets.Unavailable as error:
        pytest.skip(str(error))
    yield own
    own.stop()


@pytest.fixture
def hosts(fleet):
    """The running hosts by name. After each test all must still run; where one does not, its console is shown."""
    yield fleet.guests
    for guest in fleet.guests.values():
        guest.must_live()


@pytest.fixture(scope="session")
def session_controller(fleet):
    """Ansible with the fleet's inventory, for fixtures that serve several tests."""
    return ansible_runs.Controller(fleet)


@pytest.fixture
def controller(session_controller, hosts):
    """The same, for a test that must leave all hosts running."""
    return session_controller
