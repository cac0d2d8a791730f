# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call in a child process: its answer comes back, and whatever becomes of the child leaves the agent as it was."""

import fcntl
import os
import signal
import time

import pytest

from oomwatch.agent import apart
from oomwatch.agent.apart import Apart


def answer(one, seconds=60):
    """What comes, however long it takes."""
    end = time.monotonic() + seconds
    while one.is_running and time.monotonic() < end:
        found = one.take()
        if found is not None:
            return found
        time.sleep(0.01)
    assert not one.is_running
    return None


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as stream:
        return stream.read().split()


def test_answer_comes_back_once():
    one = Apart()
    one.start(lambda: [["id", 3]])
    assert answer(one) == [["id", 3]]
    assert (one.is_running, one.take(), one.trouble) == (False, None, None)


def test_answer_may_be_larger_than_a_pipe():
    one = Apart()
    one.start(lambda: ["x" * 500000])
    assert answer(one) == ["x" * 500000]


@pytest.mark.parametrize(
    "call",
    [lambda: None, lambda: 1 / 0, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: {1, 2}],
    ids=["no answer", "an exception", "killed", "no JSON"],
)
def test_no_answer_is_a_trouble_until_the_next_one(call):
    one = Apart()
    one.start(call)
    assert answer(one) is None
    assert one.trouble == "The host could not be judged this time"
    one.start(lambda: 1)
    assert answer(one) == 1
    assert one.trouble is None


def test_child_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(apart, "_LONGEST", 0.05)
    before = children()
    one = Apart()
    one.start(lambda: time.sleep(600))
    assert answer(one) is None
    assert children() == before


def test_close_ends_what_runs():
    before = children()
    one = Apart()
    one.start(lambda: time.sleep(600))
    one.close()
    assert children() == before and not one.is_running


def test_child_holds_no_lock_of_the_agent(tmp_path):
    """An agent that is killed may be started again while the child of the one before still reads."""
    path = tmp_path / "lock"
    held = open(path, "wb")
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    begun = tmp_path / "begun"
    one = Apart()
    one.start(lambda: (begun.write_text("x"), time.sleep(600)))
    end = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < end:
        time.sleep(0.01)
    held.close()
    with open(path, "rb") as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    one.close()


def test_no_process_can_be_started(monkeypatch):
    def refused():
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    one = Apart()
    one.start(lambda: 1)
    assert not one.is_running
    assert "no process can be started: Resource temporarily unavailable" in one.trouble
