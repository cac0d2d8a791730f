# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The node's pods by uid or config hash. They are not watched, but listed when a pod is asked for that is not known."""

import os
import random
import threading
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from memcore.errors import MemfactsError
from oomwatch.kube.backoff import FIRST, MOST, Backoff
from oomwatch.kube.pods import Failure

GONE = 600.0  # seconds for which a pod is known that is no longer listed: OOMs are often told after a pod is deleted
_MOST_ASKED = 1024
_DENIED = 300.0  # seconds until a server that refused is asked again of itself
# Lists at once, and seconds for each further one: a stream of unknown pods must not become a stream of lists.
_BURST, _REFILL = 20, 1.0


class State(NamedTuple):
    """word: "ok", "denied" (a right or a certificate is missing) or "away"; sentence: why, None when it is ok."""

    word: str
    sentence: Optional[str]


class _Asked:
    """A uid that is not known: when it is looked for next, and the pause after that."""

    def __init__(self, now: float) -> None:
        self.due, self.pause = now, FIRST


class PodCache(threading.Thread):
    """Start it as a thread. source.list(take) gives pods as JSON or a Failure; of_json makes records of them.

    index: put(pod), drop(uid), find(uid or config hash), bounded. first_within: seconds within which the pods are
    listed after the start, so that a pod is known which is deleted at once; None: not before one is asked for.
    wake_fd is readable whenever an answer or a failure has come; clear_wake() empties it.
    """

    def __init__(self, source, of_json: Callable, index, first_within: Optional[float] = 10.0) -> None:
        super().__init__(name="pods", daemon=True)
        self.state = State("ok", None)
        self.damaged = 0  # pods that could not be understood
        self._source, self._of_json, self._index = source, of_json, index
        self._changed = threading.Condition()
        self._seen: Dict[str, float] = {}  # uid: when it was listed last
        self._live: Dict[str, object] = {}
        self._asked: Dict[str, _Asked] = {}
        self._given_up: Dict[str, float] = {}
        self._listing: Optional[float] = None if first_within is None else _now() + random.uniform(0, first_within)
        self._not_before = 0.0
        self._backoff = Backoff()
        self._budget, self._budget_at = float(_BURST), _now()
        self._closing = False
        self.wake_fd, self._waker = os.pipe()
        os.set_blocking(self.wake_fd, False)
        os.set_blocking(self._waker, False)

    def find(self, uid: str):
        """The pod, or None. uid: metadata.uid, or the config hash of a static pod."""
        with self._changed:
            return self._index.find(uid)

    def pods(self) -> List:
        """The pods of the last list."""
        with self._changed:
            return list(self._live.values())

    def ask(self, uid: str) -> None:
        """Have a pod looked for that find() does not know. Returns at once; is_asking() says when there is an end."""
        with self._changed:
            now = _now()
            if uid in self._asked or self._index.find(uid) is not None:
                return
            if now - self._given_up.get(uid, -GONE) < GONE or len(self._asked) >= _MOST_ASKED:
                return
            self._asked[uid] = _Asked(now)
            self._changed.notify()

    def ask_again(self, uid: str) -> None:
        """Have a known pod listed once more: its status had not the container yet, as of one that has just started."""
        with self._changed:
            if uid not in self._asked and len(self._asked) < _MOST_ASKED:
                self._asked[uid] = _Asked(_now())
                self._changed.notify()

    def is_asking(self, uid: str) -> bool:
        """Whether the pod is still looked for."""
        with self._changed:
            return uid in self._asked

    def refresh(self) -> None:
        """List the pods anew."""
        with self._changed:
            self._listing = _now()
            self._changed.notify()

    def clear_wake(self) -> None:
        """Empty wake_fd."""
        try:
            while os.read(self.wake_fd, 512):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Have the thread end; it is not waited for, because it may wait for a server."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def run(self) -> None:
        """List whenever it is needed."""
        while self._wait():
            found, failure = self._list()
            with self._changed:
                if failure is None:
                    self._store(found)
                else:
                    self._fail(failure)
            try:
                os.write(self._waker, b".")
            except BlockingIOError:
                pass  # it is readable already

    def _wait(self) -> bool:
        with self._changed:
            while not self._closing:
                pause = self._pause()
                if pause is not None and pause <= 0:
                    self._budget -= 1
                    self._listing = None
                    return True
                self._changed.wait(pause)
            return False

    def _pause(self) -> Optional[float]:
        """Seconds until the next list; None: none is needed."""
        dues = [asked.due for asked in self._asked.values()] + ([] if self._listing is None else [self._listing])
        if not dues:
            return None
        now = _now()
        self._budget = min(_BURST, self._budget + (now - self._budget_at) / _REFILL)
        self._budget_at = now
        short = max(0.0, 1.0 - self._budget) * _REFILL
        return max(min(dues) - now, self._not_before - now, short)

    def _list(self) -> Tuple[List, Optional[Failure]]:
        found: List = []

        def take(pod: Dict) -> None:
            try:
                found.append(self._of_json(pod))
            except MemfactsError:
                self.damaged += 1

        return found, self._source.list(take)

    def _store(self, found: List) -> None:
        now = _now()
        self.state = State("ok", None)
        self._backoff.reset()
        self._live = {pod.uid: pod for pod in found}
        for pod in found:
            self._seen.pop(pod.uid, None)  # the order of _seen is that of the last sight
            self._seen[pod.uid] = now
            self._index.put(pod)
        for uid in [uid for uid, seen in self._seen.items() if now - seen > GONE]:
            del self._seen[uid]
            self._index.drop(uid)
        for uid in [uid for uid in self._seen if self._index.find(uid) is None]:
            del self._seen[uid]  # the index is full
        self._look_again(now, is_sure=True)

    def _fail(self, failure: Failure) -> None:
        now = _now()
        self.state = State("denied" if failure.is_denied else "away", failure.sentence)
        self._not_before = now + self._backoff.next(failure.retry_after)
        # So that the state is true again some time after the trouble is over, although nothing is asked for.
        self._listing = max(self._not_before, now + (_DENIED if failure.is_denied else 0))
        if failure.is_denied:  # asking again would not help those who wait now
            self._asked.clear()
        else:
            self._look_again(now, is_sure=False)

    def _look_again(self, now: float, is_sure: bool) -> None:
        """Those that are still not known are looked for later, at last not any more."""
        for uid, asked in list(self._asked.items()):
            if self._index.find(uid) is not None:
                del self._asked[uid]
            elif asked.due > now:
                continue
            elif asked.pause > MOST:
                del self._asked[uid]
                if is_sure:
                    self._give_up(uid, now)
            else:
                asked.due, asked.pause = now + asked.pause, asked.pause * 2

    def _give_up(self, uid: str, now: float) -> None:
        self._given_up.pop(uid, None)
        self._given_up[uid] = now
        while len(self._given_up) > _MOST_ASKED:
            del self._given_up[next(iter(self._given_up))]


def _now() -> float:
    return time.monotonic()
