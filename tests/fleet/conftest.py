# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fleet for all tests of this folder. A guest that dies fails the test in which it died, and is started again.

Tests of a module that plants something on the hosts by its fixture `prepared` fail with the same words from then on, as
the new guest has a fresh disk; all others go on.
"""

import os
import pathlib

import pytest

from tests import CHECKOUT
from tests.fleet import ansible_runs, guests
from tests.fleet import fleet as fleets
from tests.lab import surroundings

pytest_sessionstart = surroundings.pytest_sessionstart
pytest_collection_finish = surroundings.pytest_collection_finish

HERE = pathlib.Path(__file__).parent
# Only to stop what hangs: a module's first test has all that its `story` does within it.
TEST_SECONDS = 3600
RUNNING = pytest.StashKey()
BROKEN = pytest.StashKey()  # {module: of whom it was told that they died in it}


def pytest_configure(config):
    config.stash[BROKEN] = {}


def pytest_collection_modifyitems(items):
    """A time-out for each test of this folder that has none of its own; by a signal, so that it can clean up."""
    for item in items:
        if HERE in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TEST_SECONDS, method="signal"))


@pytest.fixture(scope="session")
def planned():
    """The fleet to start. It is another one than that of `make fleet`."""
    return fleets.Fleet("test", os.path.join(CHECKOUT, "build", "fleet-test"))


@pytest.fixture(scope="session")
def fleet(request, planned):
    """The fleet of these tests, started once."""
    try:
        planned.start()
    except fleets.Unavailable as error:
        pytest.skip(str(error))
    request.config.stash[RUNNING] = planned
    yield planned
    del request.config.stash[RUNNING]
    planned.stop()


@pytest.fixture
def hosts(fleet):
    """The running hosts by name."""
    return fleet.guests


@pytest.fixture(scope="session")
def controller(fleet):
    """Ansible with the fleet's inventory."""
    return ansible_runs.Controller(fleet)


@pytest.hookimpl(specname="pytest_runtest_setup", tryfirst=True)
def pytest_refuse_what_is_broken(item):
    broken = item.config.stash[BROKEN].get(item.module)
    if broken and "prepared" in item.fixturenames:
        raise guests.GuestDied(broken)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    return (yield from _told(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    return (yield from _told(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    return (yield from _told(item))


def _told(item):
    """Fail with the news of a guest that died; after any other failure each must answer, too."""
    try:
        result = yield
    except (Exception, pytest.fail.Exception):
        _tell(item, guests.Guest.must_answer)
        raise
    _tell(item, guests.Guest.must_live)
    return result


def _tell(item, look):
    fleet = item.config.stash.get(RUNNING, None)
    if not fleet:
        return
    fleet.replace_dead(look)
    news, fleet.news = fleet.news, []
    if news:
        item.config.stash[BROKEN][item.module] = "\n".join(news)
        raise guests.GuestDied("\n".join(news))
