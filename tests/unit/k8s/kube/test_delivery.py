# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The delivery thread, against a server that fails: order, once, counts that are exact."""

import time

import pytest

from oomwatch.kube import delivery as module
from oomwatch.kube.delivery import Delivery, Item
from oomwatch.kube.spool import Spool
from tests.unit.k8s.kube.fake_server import CLOSE, CUT, event

STATUS = {"kind": "Status", "reason": "Forbidden", "message": "is forbidden"}
TERMINATING = dict(STATUS, details={"causes": [{"reason": "NamespaceTerminating"}]})


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Pauses are short, because no test here is about their length."""
    monkeypatch.setattr("oomwatch.kube.backoff.Backoff.next", lambda self, retry_after=None: 0.001)
    monkeypatch.setattr(module, "_HELD", 0.05)


@pytest.fixture
def said():
    return []


@pytest.fixture
def spool(tallies):
    return Spool(None, tallies)


@pytest.fixture
def delivery(client, spool, tallies, said):
    one = Delivery(client, spool, tallies, said.append)
    one.start()
    yield one
    one.close(5)


def item(number, kind="kill", **more):
    return Item(f"boot:{number}", kind, [event(number, **more)], time.time())


def names(*numbers, pod="web-1", namespace="shop"):
    return [(namespace, f"{pod}.{number:08x}") for number in numbers]


def test_events_arrive_in_order_and_their_latency_is_told(server, delivery, tallies):
    for number in range(5):
        delivery.put(item(number))
    delivery.close(30)
    assert server.created == names(0, 1, 2, 3, 4)
    assert server.events[names(0)[0]] == event(0)
    assert [name for name, _seconds in tallies.observed] == ["oomwatch_event_latency_seconds"] * 5
    assert all(0 <= seconds < 60 for _name, seconds in tallies.observed)
    assert tallies.value("oomwatch_spool_length") == 0


@pytest.mark.parametrize("fault", [401, (403, STATUS), 408, 410, 429, 500, 503, CLOSE, CUT])
def test_order_is_kept_over_an_outage(server, delivery, said, fault):
    server.always = fault
    for number in range(4):
        delivery.put(item(number))
    server.wait(lambda: len(server.asked) >= 3)
    assert delivery.length == 4
    with server.changed:
        server.always = None
    server.wait(lambda: len(server.created) == 4)
    delivery.close(30)
    assert server.created == names(0, 1, 2, 3)
    assert len(said) == 1, "one trouble is one sentence"


def test_event_that_exists_is_delivered(server, delivery, tallies):
    server.events[names(0)[0]] = event(0)
    delivery.put(item(0))
    delivery.put(item(1))
    delivery.close(30)
    assert server.created == names(1)
    assert tallies.requests() == {("create", "409"): 1, ("create", "201"): 1}
    assert len(tallies.observed) == 1, "nobody knows when the first one was delivered"


@pytest.mark.parametrize(
    "fault, words",
    [
        ((404, b"404 page not found"), "has no events.k8s.io/v1"),
        ((404, dict(STATUS, reason="NotFound")), "namespace shop of an Event does not exist"),
        ((403, TERMINATING), "namespace shop of an Event is being terminated"),
        ((403, dict(STATUS, message='admission webhook "x" denied the request')), 'admission webhook "x" denied'),
        ((422, dict(STATUS, message="note: too long")), "note: too long"),
        ((400, STATUS), "status 400"),
    ],
)
def test_event_that_can_never_be_delivered_is_dropped_and_counted(server, delivery, tallies, said, fault, words):
    server.faults = [fault, fault]
    for number in range(3):
        delivery.put(item(number, kind="kill" if number else "finding"))
    delivery.close(30)
    assert server.created == names(2)
    assert tallies.value("oomwatch_spool_dropped_total", kind="finding") == 1
    assert tallies.value("oomwatch_spool_dropped_total", kind="kill") == 1
    assert len(said) == 1 and words in said[0]


def test_namespace_without_right_does_not_hold_up_others(server, delivery, monkeypatch):
    monkeypatch.setattr(module, "_HELD", 3600)
    server.faults = [(403, STATUS)]
    delivery.put(item(0))
    # The answer is read in the delivery's thread; a delivery to another namespace would clear the trouble again.
    end = time.monotonic() + 60
    while delivery.trouble is None:
        assert time.monotonic() < end, "the refusal was never told"
        time.sleep(0.01)
    assert "no right to write Events in namespace shop" in delivery.trouble
    delivery.put(item(1))
    delivery.put(item(2, namespace="bank"))
    server.wait(lambda: server.created == names(2, namespace="bank"))
    delivery.close(30)  # tries what was held once more
    assert server.created == names(2, namespace="bank") + names(0, 1)


def test_same_event_is_taken_once(server, delivery):
    for _time in range(3):
        delivery.put(item(0))
    delivery.close(30)
    assert len(server.asked) == 1


def test_storm_becomes_few_events_with_exact_counts(server, delivery, tallies):
    """4,500 kills of 3 pods: 30 Events, 10 of each pod; the other 1,490 of a pod are counted on its 10th."""
    for number in range(4500):
        delivery.put(item(number, pod=f"web-{number % 3}"))
    delivery.close(60)
    assert len(server.created) == 30
    counts = server.counts()
    assert sorted(counts.values()) == [1] * 27 + [1491] * 3
    for pod in range(3):
        assert sum(count for (_ns, name), count in counts.items() if name.startswith(f"web-{pod}.")) == 1500
    assert tallies.requests()["create", "201"] == 30


def test_storm_while_the_server_is_away(server, delivery, tallies):
    server.always = 503
    for number in range(4500):
        delivery.put(item(number, pod=f"web-{number % 3}"))
    assert delivery.length == 33, "30 Events and 3 series wait, not 4,500 lines"
    with server.changed:
        server.always = None
    delivery.close(60)
    assert server.created == [names(number, pod=f"web-{number % 3}")[0] for number in range(30)]
    assert sum(server.counts().values()) == 4500
    assert tallies.value("oomwatch_spool_dropped_total", kind="kill") == 0


def test_object_without_an_event_waits_its_turn(server, delivery):
    for number in range(31):
        delivery.put(item(number, pod=f"web-{number}"))
    server.wait(lambda: len(server.created) == 30)
    delivery.close(1)
    assert len(server.created) == 30, "30 a minute, also at the end"
    assert delivery.length == 1


def test_series_whose_event_is_gone_goes_on_with_a_new_one(server, delivery):
    """The API server forgets an Event after an hour: 30 are told one by one, 5 counted, 7 more when it is gone."""
    for number in range(35):
        delivery.put(item(number))
    server.wait(lambda: server.counts().get(names(29)[0]) == 6)
    with server.changed:
        server.events.clear()
    for number in range(35, 42):
        delivery.put(item(number))
    delivery.close(30)
    assert sum(server.counts().values()) == 7
    assert all(name in names(*range(35, 42)) for name in server.events)


def test_restart_goes_on_with_what_is_in_the_spool(server, client, tallies, tmp_path):
    before = Delivery(client, Spool(str(tmp_path), tallies), tallies)  # never started, as if killed
    for number in range(40):
        before.put(item(number))
    after = Delivery(client, Spool(str(tmp_path), tallies), tallies)
    for number in range(35, 45):  # read again, and 5 new ones
        after.put(item(number))
    after.start()
    after.close(60)
    assert server.created == names(*range(30))
    assert server.counts()[names(29)[0]] == 16
    assert sum(server.counts().values()) == 45


def test_damaged_series_in_the_spool_are_dropped(client, tallies, tmp_path):
    (tmp_path / "spool").write_bytes(
        b'{"name":"*a","kind":"kill","of":"x","at":1,"object":{},"event":["n","e"],"count":2,"acknowledged":1}\n'
        b'{"name":"shop/x","kind":"kill","of":"x","at":"soon","object":{}}\n'
        b'{"name":"shop/y","kind":"kill","of":"y","at":1e300,"object":{"metadata":{}}}\n'
    )
    spool = Spool(str(tmp_path), tallies)
    Delivery(client, spool, tallies)
    assert len(spool) == 0 and spool.damaged == 3


def again(number, count, **more):
    return item(number, **more)._replace(count=count)


def test_event_that_is_told_again_gets_the_count_as_it_is_then(server, delivery):
    delivery.put(item(1))
    server.wait(lambda: server.created == names(1))
    for count in (4, 4, 9, 7):
        delivery.put(again(1, count))
    server.wait(lambda: server.counts() == {names(1)[0]: 9})
    delivery.close(30)
    assert server.created == names(1)
    assert server.counts() == {names(1)[0]: 9}


def test_count_waits_for_its_event(server, delivery):
    server.always = 503
    delivery.put(item(1))
    delivery.put(again(1, 3))
    with server.changed:
        server.always = None
    server.wait(lambda: server.counts() == {names(1)[0]: 3})


def test_event_that_is_told_again_after_a_newer_one_of_its_object(server, delivery):
    for number in (1, 2):
        delivery.put(item(number))
    delivery.put(again(1, 5))
    delivery.put(again(2, 3))
    server.wait(lambda: server.counts() == {names(1)[0]: 5, names(2)[0]: 3})
    delivery.close(30)
    assert delivery.length == 0


def test_others_that_were_counted_on_an_event_stay_counted(server, delivery):
    for number in range(40):
        delivery.put(item(number))
    server.wait(lambda: sum(server.counts().values()) == 40)
    (last,) = [name for name, count in server.counts().items() if count > 1]
    number = int(last[1].rpartition(".")[2], 16)
    delivery.put(again(number, 6))
    server.wait(lambda: sum(server.counts().values()) == 45)


def test_count_survives_a_restart(server, client, tallies, tmp_path):
    first = Delivery(client, Spool(str(tmp_path), tallies), tallies)
    first.put(item(1))
    first.put(again(1, 3))
    first.close(0)
    second = Delivery(client, Spool(str(tmp_path), tallies), tallies)
    second.put(again(1, 3))
    second.start()
    server.wait(lambda: server.counts() == {names(1)[0]: 3})
    second.put(again(1, 8))
    server.wait(lambda: server.counts() == {names(1)[0]: 8})
    second.close(30)
