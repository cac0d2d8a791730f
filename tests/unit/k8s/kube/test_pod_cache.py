# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods that are known: looked up when one is needed, once for several, not for ever."""

import select
import threading
from typing import NamedTuple

import pytest

from memcore.errors import ParseError
from oomwatch.kube import pod_cache as module
from oomwatch.kube.pod_cache import PodCache
from oomwatch.kube.pods import Failure

SECONDS = 60  # after which a test gives up


class Pod(NamedTuple):
    uid: str
    config_hash: str = None


class Index(dict):
    def put(self, pod):
        self[pod.uid] = pod
        if pod.config_hash:
            self[pod.config_hash] = pod

    def drop(self, uid):
        pod = self.pop(uid, None)
        if pod is not None and pod.config_hash:
            self.pop(pod.config_hash, None)

    find = dict.get


class Source:
    """answers: a Failure or a list of uids for each list, the last one over and over. lists: how many were made."""

    def __init__(self, *answers):
        self.answers, self.lists = list(answers), 0
        self.may_go = threading.Event()
        self.may_go.set()

    def list(self, take):
        self.lists += 1
        assert self.may_go.wait(SECONDS)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Failure):
            return answer
        for uid in answer:
            take(uid)
        return None


def of_json(uid):
    if uid == "bad":
        raise ParseError("A pod without a name")
    return Pod(uid, f"hash-of-{uid}")


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests set; pauses of back-off are exact."""
    now = [1000.0]
    monkeypatch.setattr(module, "_now", lambda: now[0])
    monkeypatch.setattr("random.uniform", lambda low, high: low)
    return now


def cache_of(source, first_within=None):
    return PodCache(source, of_json, Index(), first_within)


def wait(cache):
    """Until an answer or a failure has come."""
    assert select.select([cache.wake_fd], [], [], SECONDS)[0]
    cache.clear_wake()


def turn(cache):
    """Do by hand what the thread does when it is woken: whether it listed."""
    pause = cache._pause()
    if pause is None or pause > 0:
        return False
    assert cache._wait()
    found, failure = cache._list()
    if failure is None:
        cache._store(found)
    else:
        cache._fail(failure)
    return True


def test_nothing_is_listed_until_a_pod_is_asked_for():
    source = Source(["a", "bad"])
    cache = cache_of(source)
    cache.start()
    assert cache.find("a") is None and source.lists == 0
    cache.ask("a")
    wait(cache)
    assert cache.find("a") == cache.find("hash-of-a") == Pod("a", "hash-of-a")
    assert not cache.is_asking("a") and cache.damaged == 1 and cache.state.word == "ok"
    cache.ask("a")
    cache.close()
    cache.join(SECONDS)
    assert source.lists == 1 and [pod.uid for pod in cache.pods()] == ["a"]


def test_pods_are_listed_once_after_the_start():
    source = Source(["a"])
    cache = cache_of(source, first_within=0.0)
    cache.start()
    wait(cache)
    assert cache.find("a") and source.lists == 1
    cache.refresh()
    wait(cache)
    assert source.lists == 2
    cache.close()
    cache.join(SECONDS)


def test_several_asks_are_one_list():
    source = Source(["a", "b", "c"])
    source.may_go.clear()
    cache = cache_of(source)
    for uid in "abc":
        cache.ask(uid)
    cache.start()
    assert cache.is_asking("c")
    source.may_go.set()
    wait(cache)
    assert source.lists == 1 and not any(map(cache.is_asking, "abc"))
    cache.close()
    cache.join(SECONDS)


def test_unknown_pod_is_looked_for_again_and_then_given_up(clock):
    source = Source(["a"])
    cache = cache_of(source)
    cache.ask("ghost")
    begin, times = clock[0], []
    while cache.is_asking("ghost"):
        if turn(cache):
            times.append(round(clock[0] - begin, 3))
        else:
            clock[0] += cache._pause()
    # 0.8 seconds, and twice that each time, up to 30
    assert times == [0.0, 0.8, 2.4, 5.6, 12.0, 24.8, 50.4]
    cache.ask("ghost")
    assert not cache.is_asking("ghost"), "it is not asked for again soon"
    clock[0] += module.GONE
    cache.ask("ghost")
    assert cache.is_asking("ghost")


def test_stream_of_unknown_pods_is_no_stream_of_lists(clock):
    source = Source([])
    cache = cache_of(source)
    for number in range(600):  # one in a tenth of a second, for a minute
        cache.ask(f"ghost-{number}")
        turn(cache)
        clock[0] += 0.1
    assert source.lists <= 20 + 60, "of 600 that were asked for"


def test_pod_that_is_gone_is_known_for_ten_minutes(clock):
    cache = cache_of(Source(["a", "b"], ["b"]))
    cache.refresh()
    assert turn(cache)
    clock[0] += 599
    cache.refresh()
    assert turn(cache) and cache.find("a") and [pod.uid for pod in cache.pods()] == ["b"]
    clock[0] += 2
    cache.refresh()
    assert turn(cache) and cache.find("a") is None and cache.find("hash-of-a") is None and cache.find("b")


def test_server_that_is_away_is_asked_again_with_back_off(clock):
    source = Source(Failure("it is away", False), Failure("it is away", False, retry_after=20.0), ["a"])
    cache = cache_of(source)
    cache.ask("a")
    assert turn(cache) and cache.state == ("away", "it is away") and cache.is_asking("a")
    assert cache._pause() == pytest.approx(0.8)
    clock[0] += 0.8
    assert turn(cache)
    assert cache._pause() == pytest.approx(20.0), "as the server asked"
    clock[0] += 20
    assert turn(cache) and cache.find("a") and cache.state == ("ok", None)
    assert cache._pause() is None, "nothing more is asked of the server"


def test_missing_right_ends_the_search_and_is_tried_again_later(clock):
    source = Source(Failure("no right to list pods", True), ["a"])
    cache = cache_of(source)
    cache.ask("a")
    assert turn(cache)
    assert cache.state == ("denied", "no right to list pods") and not cache.is_asking("a")
    assert cache._pause() == pytest.approx(300)
    clock[0] += 300
    assert turn(cache) and cache.state.word == "ok" and cache.find("a")


def test_failure_wakes_who_waits():
    cache = cache_of(Source(Failure("no right", True)))
    cache.ask("a")
    cache.start()
    wait(cache)
    assert not cache.is_asking("a")
    cache.close()
    cache.join(SECONDS)
