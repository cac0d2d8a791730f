# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The thread that writes Events: in order, each once, at most 30 a minute; what comes beyond is counted in series.

"Once" holds over restarts, because an Event's name follows from what it tells: a second POST is answered 409, and a
series holds an absolute count.
"""

import threading
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from oomwatch.kube import event_answer
from oomwatch.kube.backoff import Backoff
from oomwatch.kube.client import Answer, Client
from oomwatch.kube.series import AllSeries, Series, Window, key_of
from oomwatch.kube.spool import Spool

_EVENTS = "/apis/events.k8s.io/v1/namespaces/{}/events"
_BETWEEN_UPDATES = 2.0  # seconds between two updates of series, so that a storm becomes few requests
_HELD = 30.0  # seconds until a namespace is tried again in which the agent has no right
_MOST_HELD = 1024
_LATEST = 1e11  # seconds since 1970 that time.gmtime still understands
_SERIES = "*"  # begins the spool's names of series; no namespace can


class Item(NamedTuple):
    """key: of the OOM event; kind: "kill" or "finding"; objects: Events; at: wall clock of the kill, in seconds.

    count: how often it happened so far. The same Events may be put again with a higher count.
    """

    key: str
    kind: str
    objects: List[Dict]
    at: float
    count: int = 1


class Delivery(threading.Thread):
    """Start it as a thread. say is called with one sentence for each new kind of trouble, in this thread.

    The time from Item.at to the API server's answer is observed for Events of kills, not for updates of a series.
    """

    def __init__(
        self, client: Client, spool: Spool, tallies, say: Callable[[str], None] = lambda sentence: None
    ) -> None:
        super().__init__(name="delivery", daemon=True)
        self.trouble: Optional[str] = None
        self._client, self._spool, self._tallies, self._say = client, spool, tallies, say
        self._changed = threading.Condition()
        self._series = AllSeries()
        self._sent = Window()
        self._backoff = Backoff()
        self._not_before = self._update_at = 0.0
        self._held: Dict[str, float] = {}
        self._tried: Optional[str] = None  # the Event that this process tried last
        self._complained = set()
        self._until: Optional[float] = None
        self._restore()

    @property
    def length(self) -> int:
        """Events and series that wait."""
        return len(self._spool)

    def put(self, item: Item) -> None:
        """Take an item; of what was taken before, only a higher count is. It is in the spool when this returns."""
        with self._changed:
            for event in item.objects:
                self._put(item, event)
            self._changed.notify()

    def close(self, seconds: float) -> None:
        """Deliver what can be delivered in that time. The rest stays in the spool."""
        with self._changed:
            self._until = _now() + seconds
            self._not_before = self._update_at = 0.0
            self._held.clear()
            self._changed.notify()
        if self.is_alive():
            self.join(seconds)
        self._spool.close()

    def run(self) -> None:
        """Deliver until close."""
        while True:
            self._spool.tidy()
            with self._changed:
                step, pause = self._next()
                if step is None:
                    if self._is_over(pause):
                        return
                    self._changed.wait(pause)
            if step is not None:
                step()

    def _put(self, item: Item, event: Dict) -> None:
        name = _name(event)
        key, now = key_of(event), _now()
        if self._spool.has_seen(_text(name)):
            self._count_again(item, event, key, now)
            return
        series = self._series.admit(key, name, item.kind, len(self._spool), now)
        if series is None:
            self._spool.put(_text(name), item.kind, {"at": item.at, "object": event})
            self._count_again(item, event, key, now)
        else:
            self._spool_series(key, series, item.at, event)

    def _count_again(self, item: Item, event: Dict, key: str, now: float) -> None:
        """An Event that was put stands for item.count occurrences of its own, beside others that were counted on it."""
        if item.count <= 1:
            return
        name = _name(event)
        series = self._series.get(key)
        if series is None or series.event != name:
            key = f"{key}#{name[1]}"  # its object and reason have a newer Event, or an earlier process put it
            series = self._series.get(key) or Series(name, item.kind, touched=now)
        if item.count > series.own:
            series = series._replace(count=series.count - series.own + item.count, own=item.count, touched=now)
            self._series.put(key, series)
            self._spool_series(key, series, item.at, event)

    def _spool_series(self, key: str, series: Series, at: float, event: Dict) -> None:
        record = {
            "at": at,
            "object": event,
            "event": series.event,
            "count": series.count,
            "acknowledged": series.acknowledged,
            "own": series.own,
            "weight": series.pending,
        }
        self._spool.put(_SERIES + key, series.kind, record, of=_text(_name(event)))

    def _restore(self) -> None:
        """The series of what an earlier process left in the spool."""
        now = _now()
        for name in self._spool.names():
            record = self._spool.record(name)
            try:
                if not 0 <= record["at"] < _LATEST:
                    raise ValueError(record["at"])
                if name.startswith(_SERIES):
                    counts = int(record["count"]), int(record["acknowledged"])
                    namespace, event = record["event"]
                    own = int(record.get("own", 1))
                    self._series.put(
                        name[1:], Series((namespace, event), record["kind"], *counts, touched=now, own=own)
                    )
                    _name(record["object"])
                else:
                    event = record["object"]
                    self._series.put(key_of(event), Series(_name(event), record["kind"], touched=now))
            except (KeyError, TypeError, ValueError, AttributeError):
                self._spool.damaged += 1
                self._spool.drop(name)

    def _next(self) -> Tuple[Optional[Callable[[], None]], Optional[float]]:
        """(what to do now or None, seconds until there may be something; None: until something is put)."""
        now = _now()
        self._held = {namespace: until for namespace, until in self._held.items() if until > now}
        event, series = self._waiting_event(), self._waiting_series()
        if event is None and series is None:
            return None, min([until - now for until in self._held.values()], default=None) if self.length else None
        pause = self._not_before - now
        if pause > 0:
            return None, pause
        full = self._sent.pause(now)
        if event is not None and full == 0:
            return (lambda: self._create(event)), None
        rest = 0.0 if self._until is not None else self._update_at - now
        if series is not None and rest <= 0:
            return (lambda: self._update(series)), None
        return None, min([full] * (event is not None) + [rest] * (series is not None))

    def _is_over(self, pause: Optional[float]) -> bool:
        return self._until is not None and (pause is None or _now() + pause >= self._until)

    def _waiting_event(self) -> Optional[str]:
        for name in self._spool.names():
            if not name.startswith(_SERIES) and name.partition("/")[0] not in self._held:
                return name
        return None

    def _waiting_series(self) -> Optional[str]:
        for key, series in self._series.pending():
            if series.event[0] not in self._held and _text(series.event) not in self._spool:
                return key
        return None

    def _create(self, name: str) -> None:
        record = self._spool.record(name)
        if record is None:
            return  # dropped meanwhile, to make room
        again, self._tried = self._tried == name, name
        answer, outcome = self._post(record["object"])
        if outcome.word == event_answer.DELIVERED:
            self._sent.add(_now())
            # A 409 to the first try of this process: an earlier process delivered it, who knows when.
            if record.get("kind") == "kill" and (answer.status != 409 or again):
                self._tallies.observe("oomwatch_event_latency_seconds", max(0.0, time.time() - record["at"]))
            self._spool.done(name)
        elif outcome.word == event_answer.DROPPED:
            self._spool.drop(name)
        self._heed(outcome, name.partition("/")[0])

    def _update(self, key: str) -> None:
        """Tell the API server the count of a series."""
        with self._changed:
            series, record = self._series[key], self._spool.record(_SERIES + key)
            if record is None:  # dropped, to make room
                self._series.drop(key)
                return
        self._update_at = _now() + _BETWEEN_UPDATES
        namespace, event = series.event
        path = f"{_EVENTS.format(namespace)}/{event}"
        body = {"series": {"count": series.count, "lastObservedTime": _micro_time(record["at"])}}
        answer = self._client.request("patch", path, body=body, resource="events")
        if isinstance(answer, Answer) and answer.status == 404:
            self._create_again(key, series, record)
            return
        outcome = event_answer.to_patch(answer, namespace)
        if outcome.word == event_answer.DELIVERED:
            self._acknowledge(key, series.event, series.count, 0)
        elif outcome.word == event_answer.DROPPED:
            self._drop_series(key)
        self._heed(outcome, namespace)

    def _create_again(self, key: str, series: Series, record: Dict) -> None:
        """The Event of a series is gone (after an hour, by default): what was not told of it becomes a new one."""
        event = record["object"]
        if series.pending > 1:
            event = dict(event, series={"count": series.pending, "lastObservedTime": _micro_time(record["at"])})
        answer, outcome = self._post(event)
        if outcome.word == event_answer.DELIVERED:
            # A 409 says that it is there, but not with which count; then its count is sent next.
            known = 0 if answer.status == 409 and series.pending > 1 else series.pending
            self._acknowledge(key, _name(event), known, series.acknowledged)
        elif outcome.word == event_answer.DROPPED:
            self._drop_series(key)
        self._heed(outcome, _name(event)[0])

    def _acknowledge(self, key: str, event: Tuple[str, str], known: int, moved: int) -> None:
        """The API server knows of `known` of a series at this Event; `moved` were told with another Event."""
        with self._changed:
            series = self._series[key]
            series = series._replace(event=event, count=series.count - moved, acknowledged=known, patched=_now())
            self._series.put(key, series)
            record = self._spool.record(_SERIES + key)
            if series.pending and record is not None:
                self._spool_series(key, series, record["at"], record["object"])
            else:
                self._spool.done(_SERIES + key)

    def _drop_series(self, key: str) -> None:
        with self._changed:
            self._spool.drop(_SERIES + key)
            self._series.drop(key)

    def _post(self, event: Dict):
        namespace = _name(event)[0]
        answer = self._client.request("create", _EVENTS.format(namespace), body=event, resource="events")
        return answer, event_answer.to_create(answer, namespace)

    def _heed(self, outcome: event_answer.Outcome, namespace: str) -> None:
        """Wait, and say why."""
        with self._changed:
            if outcome.word == event_answer.DELIVERED:
                self._backoff.reset()
                self.trouble = None
                # What is dropped is said once for all.
                self._complained = {what for what in self._complained if what[0] == event_answer.DROPPED}
                return
            if outcome.word == event_answer.HELD and len(self._held) < _MOST_HELD:
                self._held[namespace] = _now() + max(_HELD, outcome.retry_after or 0.0)
            elif outcome.word != event_answer.DROPPED:
                self._not_before = _now() + self._backoff.next(outcome.retry_after)
            if outcome.word != event_answer.DROPPED:
                self.trouble = outcome.sentence
        what = outcome.word, outcome.sentence.partition(":")[0]  # what follows may name the Event
        if what not in self._complained and len(self._complained) < _MOST_HELD:
            self._complained.add(what)
            self._say(outcome.sentence)


def _name(event: Dict) -> Tuple[str, str]:
    """(namespace, name)"""
    metadata = event["metadata"]
    return metadata["namespace"], metadata["name"]


def _text(name: Tuple[str, str]) -> str:
    return "/".join(name)


def _micro_time(at: float) -> str:
    whole = int(at)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((at - whole) * 1e6):06d}Z"


def _now() -> float:
    return time.monotonic()
