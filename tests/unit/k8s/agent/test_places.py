# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where kills happened that no report explained."""

from typing import NamedTuple

from oomwatch.agent.places import Place, Places


class Rise(NamedTuple):
    cgroup: str
    kills: int
    group_kills: int = 0
    ooms: int = 0


def reported(cgroup, others=0, group=None):
    also = [{"pid": 100 + number, "comm": "x"} for number in range(others)]
    return {"victim": {"cgroup": cgroup}, "group_cgroup": group, "also_killed": also}


def test_unreported_kill_happened_where_a_counter_rose():
    places = Places()
    places.add([Rise("/a", 2, ooms=5), Rise("/b", 1)])
    places.explain(reported("/b"))
    assert places.take(2) == [Place(2, "/a", False, True)]


def test_more_kills_than_places_are_the_hosts():
    places = Places()
    places.add([Rise("/a", 1)])
    assert places.take(3) == [Place(1, "/a", False, False), Place(2, None, False, False)]
    assert places.take(0) == []


def test_group_kill_that_was_reported_explains_all_of_its_kills():
    places = Places()
    places.add([Rise("/pod/c", 3, group_kills=1)])
    places.explain(reported("/pod/c/worker", others=2, group="/pod/c"))
    assert places.take(1) == [Place(1, None, False, False)]


def test_cleared_places_explain_no_later_kill():
    places = Places()
    places.add([Rise("/a", 1)])
    places.clear()
    assert places.take(1) == [Place(1, None, False, False)]


def test_thousands_of_cgroups_are_bounded():
    places = Places()
    places.add(Rise(f"/{number}", 1) for number in range(5000))
    taken = places.take(5000)
    assert sum(place.kills for place in taken) == 5000
    assert len(taken) == 1025 and taken[-1] == Place(3976, None, False, False)
