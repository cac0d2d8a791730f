# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The node agent's one thread that reads, counts, ties and tells. It waits for nothing but the kernel.

Whatever can be slow has a thread of its own and is handed what it needs: looking up pods, delivering Events, writing
to the output, answering scrapes. What they do not take in time is bounded, dropped and counted there.
"""

import select
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from memcore.gather import counted_kills
from memcore.models import tying
from oomwatch.agent import kernel_log, processes
from oomwatch.agent.chores import Chores
from oomwatch.agent.parts import Parts
from oomwatch.agent.places import Places
from oomwatch.agent.telling import Teller

_PAUSE = 0.08  # seconds without a line of an OOM report after which it is whole: the kernel prints it in one go
_STEP = 0.04  # seconds between two looks whether victims have ended, and at the least between two at a log that grows
_LEAST = 0.01  # seconds to wait for the end of a report, so that the clocks' roundings make no busy loop
# Seconds for which an event waits for the names of its pods: without a name a pod gets no Event. Look-ups are rationed,
# so that many new pods that die at once wait their turn. While no server answers, events wait for a moment only.
_PATIENCE, _PATIENCE_WITHOUT_ANSWERS = 10.0, 1.0
# Seconds for which an event waits until its victims have ended: then it shows whether their container lives on.
_DYING = 0.25
_OLD = 10.0  # seconds after which what a cgroup has now tells nothing of that kill
_MOST_WAITING = 2000  # events that wait for names; the oldest are told without
_AWAKE = 2.0  # seconds between two steps; more, and the agent or the machine stood still meanwhile
_COUNTERS_EVERY = 1.0
_COUNTERS_EVERY_WITHOUT_LOG = 0.2  # where the counters are what shows that the log has something
_SAVE_EVERY = 2.0


class _Waiting(NamedTuple):
    record: Dict
    uids: Tuple[str, ...]  # of its pods
    since: float


class Loop:
    """One run of the agent, a step at a time. wake: a descriptor that can be read when the agent is asked to stop."""

    def __init__(self, parts: Parts, teller: Teller, chores: Chores, wake: int) -> None:
        self._parts = parts
        self._teller = teller
        self._chores = chores
        self._wake = wake
        self._waiting: List[_Waiting] = []
        self._places = Places()
        self._lines_counted = parts.follower.kill_lines
        self._lost = parts.log.lost
        self._read_at = self._rest_until = 0.0
        self._next_counters = self._next_log = self._next_save = 0.0
        self._is_changed = False
        self._is_live = False  # all of the log was read before, so that what comes was just written
        self.heartbeat = time.monotonic()

    def run(self, is_told: Callable[[], bool]) -> None:
        """Watch until told to stop; then tell what is known and save the place."""
        while not is_told():
            self.step()
        self._parts.follower.flush()
        self._take_records(time.monotonic())
        self._tell_those_with_names(float("inf"))
        self._is_changed = True
        self._save()

    def step(self) -> None:
        """Wait for something to happen, then do all that there is to do."""
        before = self.heartbeat
        is_woken = self._wait()
        now = self.heartbeat = time.monotonic()
        self._is_live = self._is_live and now - before < _AWAKE
        rises = self._look_at_counters(now, is_woken)
        self._read_log(now, is_woken or bool(rises))
        self._take_records(now)
        self._take_unreported(now, rises)
        self._tell_those_with_names(now)
        self._chores.do(now)
        if now >= self._next_save:
            self._next_save = now + _SAVE_EVERY
            self._save()

    def _wait(self) -> bool:
        """Whether the log, a counter or the answer to a question woke the thread, and not the clock."""
        rest = self._rest_until - time.monotonic()
        if rest > 0:
            self._poll((self._wake,), rest)  # in a storm the kernel prints a line every few milliseconds
        parts = self._parts
        sources = (self._wake, parts.log.fileno(), parts.counters.fileno(), parts.names.wake_fd)
        is_woken = self._poll(sources, self._due() - time.monotonic())
        parts.names.clear_wake()
        return is_woken

    @staticmethod
    def _poll(descriptors: Tuple[Optional[int], ...], seconds: float) -> bool:
        waiting = select.poll()
        for descriptor in descriptors:
            if descriptor is not None:
                waiting.register(descriptor, select.POLLIN)
        return bool(waiting.poll(max(0.0, seconds) * 1000))

    def _due(self) -> float:
        """The moment of the next thing to do by the clock."""
        if not self._parts.log.is_caught_up:
            return 0.0
        due = [self._next_counters, self._next_save, self._chores.due]
        if self._parts.log.fileno() is None:
            due.append(self._next_log)
        if self._parts.follower.is_waiting:
            due.append(max(self._read_at + _PAUSE, time.monotonic() + _LEAST))
        if self._waiting:
            since, now = self._waiting[0].since, time.monotonic()
            due.append(now + _STEP if now < since + _DYING else since + self._patience())
        return min(due)

    def _look_at_counters(self, now: float, is_woken: bool) -> List:
        if not is_woken and now < self._next_counters:
            return []
        parts, name = self._parts, "oomwatch_kernel_oom_kill_total"
        every = _COUNTERS_EVERY if parts.log.fileno() is not None else _COUNTERS_EVERY_WITHOUT_LOG
        self._next_counters = now + every
        rises = parts.counters.look()
        risen = parts.accounts.count(parts.counters.total, parts.is_from_boot)
        if parts.counters.total is not None:
            parts.tallies.add(name, max(0, parts.accounts.raw - parts.tallies.value(name)))
            parts.tallies.add("oomwatch_unreported_kills_total", 0)  # none is a figure, not a gap
        if rises or risen:
            self._is_changed = True
            parts.log.hurry()
        return rises

    def _read_log(self, now: float, is_woken: bool) -> None:
        parts, log = self._parts, self._parts.log
        is_due = is_woken or log.fileno() is not None or now >= self._next_log or not log.is_caught_up
        if not is_due and not parts.accounts.is_behind:
            return
        self._next_log = now + log.every
        lines = log.read()
        for line in lines:
            parts.follower.feed(line)
        if lines:
            self._is_changed = True
            self._read_at = now
            self._rest_until = now + _STEP if log.is_caught_up else 0.0
            parts.tallies.set("oomwatch_last_record_timestamp_seconds", time.time())
            if self._is_live and log.source == kernel_log.KMSG:
                parts.clock.read(lines)
        self._is_live = log.is_caught_up
        if log.lost != self._lost:
            parts.tallies.add("oomwatch_log_records_lost_total", log.lost - self._lost)
            self._lost = log.lost
        counted = parts.follower.kill_lines
        parts.accounts.read(counted - self._lines_counted)
        self._lines_counted = counted

    def _take_records(self, now: float) -> None:
        follower = self._parts.follower
        follower.flush(_PAUSE)
        follower.date_from(self._parts.clock.booted)
        for record in follower.take():
            self._places.explain(record)
            self._put(record, now)

    def _take_unreported(self, now: float, rises: List) -> None:
        """Kills that no line told of, each where a cgroup's counter rose, else on the host."""
        parts = self._parts
        self._places.add(rises)
        kills = parts.accounts.unreported(now, parts.is_reading)
        places = self._places.take(kills)
        if not parts.accounts.is_behind:
            self._places.clear()
        if not kills:
            return
        parts.tallies.add("oomwatch_unreported_kills_total", kills)
        for place in places:
            counted = counted_kills.Counted(*place, time.time(), time.monotonic(), parts.why_unreported)
            self._put(counted_kills.record(counted, parts.origin), now)

    def _put(self, record: Dict, now: float) -> None:
        """Let an event wait until its pods are known."""
        for place in tying.places(record):
            self._parts.names.ask(place.uid, place.container_id)
        self._waiting.append(_Waiting(record, tuple(tying.uids(record)), now))
        self._is_changed = True

    def _patience(self) -> float:
        return _PATIENCE if self._parts.names.is_answering else _PATIENCE_WITHOUT_ANSWERS

    def _tell_those_with_names(self, now: float) -> None:
        """In their order: the first that waits for a name holds up those after it, for some seconds at most."""
        names = self._parts.names
        while self._waiting:
            first = self._waiting[0]
            is_late = now >= first.since + self._patience() or len(self._waiting) > _MOST_WAITING
            if not is_late and any(map(names.is_asking, first.uids)):
                return
            have_ended = not any(map(self._is_alive, _pids(first.record)))
            if not is_late and not have_ended and now < first.since + _DYING:
                return
            del self._waiting[0]
            self._tell(first.record, have_ended)

    def _tell(self, record: Dict, have_ended: bool) -> None:
        parts = self._parts
        moment = record["id"].split(":")[1]
        killed_at = parts.clock.booted + int(moment) / 1e6 if moment.isdigit() else time.time()
        is_fresh = have_ended and time.time() - killed_at < _OLD
        populated = parts.counters.populated if is_fresh else _cannot_be_told
        alive = self._is_alive if is_fresh else _cannot_be_told
        if record["source"] == "counter":
            tied = tying.tie_counted(record, parts.names.find, populated)
        else:
            tied = tying.tie(record, parts.names.find, populated, alive)
        self._teller.tell(record, tied, killed_at)

    def _is_alive(self, pid: int) -> Optional[bool]:
        return processes.is_alive(self._parts.settings.root, pid)

    def _save(self) -> None:
        """Save where the reading is. Not while events wait for names: after a restart they have to be read again."""
        if not self._waiting and self._is_changed:
            self._is_changed = not self._parts.save()


def _pids(record: Dict) -> List[int]:
    return [victim["pid"] for victim in record["victims"]]


def _cannot_be_told(_what) -> None:
    return None
