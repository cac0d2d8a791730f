# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an event's id is made of, and when two events are the same OOM."""

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import event_id
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.event_id import same_event

BOOT = "2720b512-ca14-4546-bef5-4ebce0aefcf7"
OTHER_BOOT = "5a6fc4d1-c6cc-4b6f-b9d3-f37cc1d1f1a5"


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param((BOOT, 7451565, None, 1, 106), f"{BOOT}:7451565:106", id="kernel-time"),
        pytest.param((None, 7451565, "2026-11-27T06:54:05Z", 1, 106), "unknown:7451565:106", id="no-boot"),
        pytest.param((BOOT, 0, None, 1, 106), f"{BOOT}:0:106", id="at-boot"),
        pytest.param((BOOT, None, "2026-11-27T06:54:05Z", 1, 106), "unknown:2026-11-27T06:54:05Z:106", id="date"),
        pytest.param((None, None, None, 3, 106), "unknown:event-3:106", id="no-time"),
        pytest.param((BOOT, 7451565, None, 1, None), f"{BOOT}:7451565:0", id="nobody"),
    ],
)
def test_id(given, expected):
    assert event_id.make(*given) == expected


def event(moment, boot="unknown", pid=106, comm="hog", time=None, uptime=None, node=None, outcome="killed"):
    """The fields that tell an event from others; a kill of `hog` with 4 KiB freed."""
    return {
        "id": f"{boot}:{moment}:{pid}",
        "time": time,
        "uptime_seconds": uptime,
        "node": node,
        "outcome": outcome,
        "victim": None if comm is None else {"comm": comm},
        "scope": "memcg",
        "limit_owner": None,
        "trigger": None,
        "freed_bytes": 4096,
    }


AT = "2026-11-27T06:54:05"
SAME = [
    pytest.param(event(7451565, BOOT), event(7451565, BOOT), id="same-id"),
    pytest.param(event(7451565, BOOT), event(7451565), id="one-boot-unknown"),
    pytest.param(event(7451565, BOOT), event(7451565, comm="hog\\x0a"), id="kernel-time-and-pid-are-enough"),
    # 1.5 s after the report's first line, which is at 06:54:03.5
    pytest.param(
        event(9000000, BOOT, time="2026-11-27T06:54:03.500000Z", uptime=7.5), event(AT + "Z"), id="time-of-the-kill"
    ),
    pytest.param(event("2026-11-27T06:54:05Z"), event("2026-11-27T06:54:07Z"), id="two-seconds-apart"),
    pytest.param(event("2026-11-27T06:54:05Z"), event("2026-11-27T12:39:06"), id="kathmandu"),
    pytest.param(event("2026-11-27T06:54:05Z"), event("11-26T18:54:05"), id="baker-island-without-a-year"),
    pytest.param(event("2026-12-31T23:00:00Z"), event("01-01T00:00:01"), id="new-year-in-the-next-zone"),
    pytest.param(event("11-27T06:54:05"), event("2026-11-27T06:54:04"), id="both-local-one-without-a-year"),
    pytest.param(event("02-29T06:54:05"), event("02-29T06:54:06"), id="leap-day"),
    pytest.param(event("event-1"), event("event-7"), id="no-time-same-figures"),
    pytest.param(
        event(7451565, BOOT, 0, None, outcome="panic"), event(7451565, pid=0, comm=None, outcome="panic"), id="panic"
    ),
]
OTHER = [
    pytest.param(event(7451565, BOOT), event(7451565, OTHER_BOOT), id="other-boot"),
    pytest.param(event(7451565, BOOT), event(7451566, BOOT), id="a-microsecond-later"),
    pytest.param(event(7451565, BOOT), event(7451565, BOOT, pid=107), id="other-victim"),
    pytest.param(event(7451565, node="web1"), event(7451565, node="web2"), id="other-node"),
    pytest.param(event("2026-11-27T06:54:05Z"), event("2026-11-27T06:54:08Z"), id="three-seconds-apart"),
    pytest.param(event("2026-11-27T06:54:05Z"), event("2026-11-27T06:54:05Z", comm="java"), id="other-name"),
    pytest.param(event("2026-11-27T06:54:05Z"), event("2026-11-27T21:54:05"), id="15-hours-are-no-zone"),
    pytest.param(event("2026-11-27T06:54:05Z"), event("2026-11-27T06:59:05"), id="5-minutes-are-no-zone"),
    pytest.param(event(7451565), event("2026-11-27T06:54:05Z"), id="nothing-tells"),
    pytest.param(event("event-1"), event("2026-11-27T06:54:05Z"), id="one-without-any-time"),
    pytest.param(event("event-1"), dict(event("event-1"), freed_bytes=8192), id="no-time-other-figures"),
    pytest.param(event("2026-13-27T06:54:05Z"), event("2026-13-27T06:54:05Z"), id="no-date"),
]


@pytest.mark.parametrize("one, other", SAME)
def test_same_event(one, other):
    assert same_event(one, other)
    assert same_event(*reversed((one, other)))


@pytest.mark.parametrize("one, other", OTHER)
def test_other_event(one, other):
    assert not same_event(one, other)
    assert not same_event(*reversed((one, other)))


def test_host_of_one_boot_may_have_two_names():
    assert same_event(event(7451565, BOOT, node="web1"), event(7451565, BOOT, node="web1.example.org"))


MOMENTS = strategies.one_of(
    strategies.integers(0, 10**12),
    strategies.datetimes().map(lambda date: date.isoformat() + "Z"),
    strategies.datetimes().map(lambda date: date.isoformat()[:19]),
    strategies.datetimes().map(lambda date: date.isoformat()[5:19]),
    strategies.text(max_size=12),
)


@hypothesis.given(MOMENTS, MOMENTS, strategies.sampled_from([BOOT, "unknown"]))
def test_any_two_ids_can_be_compared_and_the_order_does_not_matter(one, other, boot):
    first, second = event(one, boot), event(other)
    assert same_event(first, second) == same_event(second, first)
