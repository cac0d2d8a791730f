# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Not collected by its name: test_fleet.py runs it. The guest of a fleet of one dies and hangs; each test is to end as
its name says.
"""

import os
import signal

import pytest

from tests.fleet import fleet as fleets
from tests.fleet import guests, hosts

MARK = "/opt/mark"


@pytest.fixture(scope="session")
def planned(tmp_path_factory):
    return fleets.Fleet("one-dies", str(tmp_path_factory.mktemp("one-dies") / "files"), hosts.HOSTS[:1])


@pytest.fixture
def guest(fleet):
    return fleet.guests[hosts.HOSTS[0].name]


@pytest.fixture(scope="module")
def prepared(fleet):
    with fleet.planted(lambda guest: guest.write(MARK, "planted"), lambda guest: guest.sh(f"rm {MARK}")):
        yield


def test_passes_on_what_was_planted(prepared, guest):
    assert guest.read(MARK) == "planted"


def test_fails_for_the_guest_is_killed_though_nobody_asks_it_anything(guest):
    os.kill(guest.process.pid, signal.SIGKILL)
    guest.process.wait(guests.ANSWER_SECONDS)


def test_fails_for_what_was_planted_is_lost(prepared, guest):
    assert guest.read(MARK) == "planted"


def test_passes_on_the_new_guest_and_its_fresh_disk(guest):
    assert guest.sh(f"test ! -e {MARK}; echo $?") == "0\n"


@pytest.mark.timeout(15, method="signal")
def test_fails_for_the_guest_hangs(guest, monkeypatch):
    monkeypatch.setattr(guests, "ANSWER_SECONDS", 15)
    os.kill(guest.process.pid, signal.SIGSTOP)
    guest.sh("true")


def test_passes_after_the_guest_hung(guest):
    assert guest.sh("echo here") == "here\n"
