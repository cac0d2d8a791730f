# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kill counts against the last forecast that was made before it, and only if that could know the victim."""

import pytest

from oomwatch.agent.notes import NONE, RIGHT, TIED, WRONG, Notes, compared
from oomwatch.agent.outlook import Domain, Forecast

MIB = 1 << 20


def domain(path="/a", pids=(7,), count=None, others=(), sure=False, known=(1, 2, 7, 8, 9, 10)):
    count = len(pids) if count is None else count
    return Domain(path, None, 100 * MIB, tuple(pids), count, "x", tuple(others), sure, known=known)


def forecast(*domains):
    return Forecast(0.0, domains, "signed", "last")


def kill(pid, scope="memcg", cgroup="/a", others=()):
    limit = {"cgroup": cgroup if scope == "memcg" else None, "kind": "other"}
    victims = [{"pid": one} for one in (pid, *others) if one is not None]
    return {"victim": victims[0] if victims else None, "victims": victims, "scope": scope, "limit_owner": limit}


@pytest.mark.parametrize(
    ("pids", "count", "dies", "result"),
    [
        ((7,), 1, 7, RIGHT),
        ((7,), 1, 8, WRONG),
        ((7, 8), 2, 8, TIED),
        ((7, 8), 40, 8, TIED),
        ((7, 8), 40, 9, NONE),  # of 40 that tie only two are named
        ((), 0, 8, NONE),
    ],
)
def test_result_of_one_forecast(pids, count, dies, result):
    assert compared(domain(pids=pids, count=count), kill(dies), set()).result == result


def test_process_that_was_said_to_die_if_it_grows_is_no_wrong_forecast():
    found = domain(others=(8, 9))
    assert [compared(found, kill(pid), set()).result for pid in (7, 8, 9, 10)] == [RIGHT, TIED, TIED, WRONG]


def test_victim_that_started_after_the_forecast_was_not_foreseen():
    assert compared(domain(sure=True), kill(11), set()) == (NONE, False)


def test_wrong_forecast_says_whether_it_was_sure():
    assert compared(domain(sure=True), kill(8), set()) == (WRONG, True)
    assert compared(domain(sure=False), kill(8), set()) == (WRONG, False)


@pytest.mark.parametrize(
    "event",
    [
        kill(None),
        kill(7, "sysrq"),
        dict(kill(7), scope=None),
        dict(kill(7), victim={"pid": None}),
    ],
)
def test_no_forecast_for_what_nobody_foresees(event):
    assert compared(domain(), event, set()).result == NONE


def test_host_and_cgroup_have_forecasts_of_their_own():
    notes = Notes()
    notes.add(forecast(domain(None, (1,)), domain("/a", (2,))), 100.0)
    assert notes.compare(kill(1, "global"), 101.0).result == RIGHT
    assert notes.compare(kill(8, cgroup="/b"), 101.0).result == NONE
    assert notes.compare(dict(kill(9), limit_owner=None), 101.0).result == NONE
    assert notes.compare(kill(2), 102.0).result == RIGHT


def test_forecast_that_was_made_after_the_kill_does_not_count():
    notes = Notes()
    notes.add(forecast(domain("/a", (7,))), 100.0)
    notes.add(forecast(domain("/a", (8,), known=(8,))), 103.0)
    assert notes.compare(kill(7), 102.0).result == RIGHT
    assert Notes().compare(kill(7), 102.0).result == NONE


def test_forecast_is_spent_when_the_one_that_it_names_is_dead():
    """What dies next after that, it does not say; the next forecast does."""
    notes = Notes()
    notes.add(forecast(domain("/a", (7,), sure=True)), 100.0)
    assert notes.compare(kill(7), 101.0).result == RIGHT
    assert notes.compare(kill(8), 102.0).result == NONE
    notes.add(forecast(domain("/a", (9,))), 103.0)
    assert notes.compare(kill(10), 104.0).result == WRONG


def test_those_left_of_a_tie_are_still_named():
    notes = Notes()
    notes.add(forecast(domain("/a", (7, 8, 9))), 100.0)
    assert [notes.compare(kill(pid), 101.0 + pid).result for pid in (8, 7, 10)] == [TIED, TIED, NONE]


def test_old_forecasts_are_forgotten_but_the_last_never():
    notes = Notes()
    for second in range(100, 400, 10):
        notes.add(forecast(domain("/a", (second,))), float(second))
    assert len(notes._notes) <= 4
    notes.add(forecast(domain("/a", (7,))), 1000.0)
    assert notes.compare(kill(7), 9000.0).result == RIGHT


def test_clock_that_is_set_back_leaves_no_forecast_of_the_future():
    notes = Notes()
    notes.add(forecast(domain("/a", (7,))), 5000.0)
    notes.add(forecast(domain("/a", (8,))), 100.0)
    assert notes.compare(kill(8), 101.0).result == RIGHT
