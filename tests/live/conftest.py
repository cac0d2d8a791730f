# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests of the running host share: an end for a test that hangs, turns with other runs, and what was found."""

import os
import pathlib
import shutil

import pytest

from tests.lab import cache
from tests.live import adj, host, tmpfs_size

HERE = pathlib.Path(__file__).parent
# It only ends a hang: the slowest test takes a minute on a quiet host, and its turn may come late.
SECONDS = 1800


def pytest_collection_finish(session):
    # A report header would not be shown with -q.
    session.config.pluginmanager.get_plugin("terminalreporter").write_line(f"live host: {host.description()}")


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            # By a signal, so that the test still takes back what it did to the host.
            item.add_marker(pytest.mark.timeout(SECONDS, method="signal"))


@pytest.fixture(autouse=True)
def turn(request):
    """Tests of other runs on this host wait for this one: what it plants is what they must not see moving."""
    if request.node.get_closest_marker("root") is None:  # it plants nothing
        yield
        return
    with cache.lock(f"live-test-on-{os.uname().nodename}"):
        yield


@pytest.fixture
def born_at_zero():
    """The processes that a test starts have an oom_score_adj of 0, whatever this run was given by who started it."""
    before = host.own_adj()
    if before != 0:
        try:
            host.set_own_adj(0)
        except PermissionError:
            pytest.skip(f"this run has an oom_score_adj of {before} and lacks CAP_SYS_RESOURCE to go back to 0")
    yield
    if before != 0:
        host.set_own_adj(before)


@pytest.fixture
def own_adj_record(born_at_zero):
    """No record of oom_score_adj before the test, and none after it."""
    with adj.own_record():
        yield


@pytest.fixture
def program(tmp_path):
    """A program that sleeps, under a path that no other process has."""
    path = tmp_path / adj.NAME
    shutil.copy(os.path.realpath(shutil.which("sleep")), path)
    return str(path)


@pytest.fixture
def box():
    """A mount namespace of its own with a tmpfs at /mnt and an /etc that a test may change."""
    with tmpfs_size.box() as made:
        yield made


@pytest.fixture
def declared(box):
    """The box, where fstab names the mount with options that the mount does not have."""
    box.write("/etc/fstab", tmpfs_size.FSTAB)
    return box
