# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A whole agent: its parts, its threads and its loop, started and ended in their order."""

import sys
import time
from typing import Callable, Dict, Optional

from memcore.models import tying
from oomwatch import VERSION, terminal
from oomwatch.agent import auditing, cluster, earlier_boot, outlook, service
from oomwatch.agent.auditing import Auditing, Auditor
from oomwatch.agent.chores import Chores
from oomwatch.agent.health import Health
from oomwatch.agent.lines import Lines
from oomwatch.agent.loop import Loop
from oomwatch.agent.names import Names
from oomwatch.agent.parts import STATE, Parts
from oomwatch.agent.prediction import Prediction
from oomwatch.agent.recent_ooms import RecentOoms
from oomwatch.agent.state_file import Lock, StateFile
from oomwatch.agent.tallies import Tallies
from oomwatch.agent.telling import Teller
from oomwatch.config import Settings
from oomwatch.terminal import JSON, NONE, TEXT

_LAST_WORDS_SECONDS = 8.0  # of the ten that a stop leaves


class Agent:
    """run() watches until told to stop. complain: says a sentence to the operator."""

    def __init__(
        self, settings: Settings, wake: int, complain: Callable[[str], None], state: Optional[Dict] = None
    ) -> None:
        """wake: a descriptor that can be read when the agent is told to stop. Raises MemfactsError and OSError.

        state: of an agent before in this process.
        """
        service.use_one_heap()  # before the first thread starts
        self._settings = settings
        self._complain = complain
        self._output = terminal.form(settings.output)
        self._tallies = Tallies()
        self._lock = Lock(settings.state_dir) if settings.state_dir else None
        self._state_file = StateFile(settings.state_dir, STATE) if settings.state_dir else None
        self._cluster = cluster.of(settings, self._tallies)
        cache, delivery = (None, None) if self._cluster is None else (self._cluster.cache, self._cluster.delivery)
        self._parts = Parts(settings, Names(cache, settings.root), self._tallies, self._state_file, state)
        self._lines = None if self._output == NONE else _lines(self._output, self._tallies)
        self._prediction = Prediction(settings.root, self._parts.names, self._tallies, self._parts.origin.boot_id)
        ooms = RecentOoms(time.time())
        self._teller = Teller(
            self._output, self._lines, self._tallies, delivery, settings.node, self._prediction.compare, ooms
        )
        self._auditing = self._audit(ooms)
        health = Health(self._troubles(), lambda: self._loop.heartbeat)
        self._chores = Chores(self._parts, health, complain, self._prediction, self._teller)
        self._loop = Loop(self._parts, self._teller, self._chores, wake)
        self._scrape = _scrape(self._parts, health) if settings.listen else None

    def _audit(self, ooms: RecentOoms) -> Auditing:
        settings, connected = self._settings, self._cluster
        source = None if connected is None else connected.audited
        ooms = ooms if self._parts.is_reading else None
        auditor = Auditor(settings.root, settings.node, source, ooms, auditing.apart())
        lines = self._lines if self._output == JSON else None
        report = None if connected is None else connected.report
        return Auditing(auditor, settings.audit_every, self._tallies, lines, report)

    def _troubles(self) -> Dict[str, Callable[[], Optional[str]]]:
        """Of each source, why it does not work."""
        parts = self._parts
        found = {"log": lambda: parts.log.trouble, "counters": lambda: parts.counters.trouble}
        if self._state_file is not None:
            found["state"] = lambda: self._state_file.trouble or self._lock.trouble
        if self._lines is not None:
            found["output"] = lambda: self._lines.trouble
        found["audit"] = lambda: self._auditing.trouble
        if self._cluster is not None:
            found.update(self._cluster.troubles())
        return found

    def run(self, is_told: Callable[[], bool]) -> None:
        """Watch until told to stop; then deliver what there is, for some seconds at most."""
        self._start()
        try:
            self._loop.run(is_told)
        finally:
            self._end()

    def state(self) -> Dict:
        """What the next agent of this process goes on from."""
        return self._parts.state()

    @property
    def has_no_reader(self) -> bool:
        """Whether nobody is left to tell: the output is closed, and there are neither metrics nor Events."""
        is_unread = self._lines is not None and self._lines.is_closed
        return is_unread and self._scrape is None and self._cluster is None

    @property
    def _is_service(self) -> bool:
        """Whether it runs on its own, and not for somebody who looks at it for a while."""
        return self._output != TEXT

    def _start(self) -> None:
        reason = service.lock_memory()
        if reason is not None and self._is_service:
            self._complain(reason)
        if self._scrape is not None:
            self._scrape.start()
        if self._cluster is not None:
            self._cluster.start()
        self._parts.save()  # the place from which the log is read, before anything of it is
        self._chores.do(time.monotonic())
        self._tell_of_start()
        self._tell_of_earlier_boot()
        self._auditing.start()
        service.notify("READY=1")

    def _end(self) -> None:
        service.notify("STOPPING=1")
        self._auditing.close()
        if self._cluster is not None:
            self._cluster.close(_LAST_WORDS_SECONDS)
        if self._scrape is not None:
            self._scrape.stop()
        if self._lines is not None:
            self._lines.close(1.0)
        self._parts.close()
        if self._lock is not None:
            self._lock.close()

    def _tell_of_start(self) -> None:
        """What is watched, who dies next, and where it is tight."""
        told = [f"oomwatch {VERSION} watches {_NAMES[self._parts.log.source]}."]
        forecast = self._prediction.forecast
        told += [] if forecast is None else outlook.sentences(forecast)
        warning = service.own_score(self._settings.root).warning
        told += [warning] if warning is not None and self._is_service else []
        if self._output == TEXT:
            self._lines.put("\n".join(terminal.wrapped(told)))
        else:
            for sentence in told:
                self._complain(sentence)

    def _tell_of_earlier_boot(self) -> None:
        """What the boot before left: the OOM of a panic, and what came after the last record that was read."""
        parts = self._parts
        if parts.earlier_boot is None:
            return
        may_ask_journal = self._settings.root == "/" and self._settings.kernel_log in ("auto", "journal")
        earlier = earlier_boot.lines(self._settings.root, parts.earlier_boot, parts.earlier_until, may_ask_journal)
        follower = parts.follower_of_earlier_boot()
        for line in earlier.lines:
            follower.feed(line)
        follower.flush()
        for record in follower.take():
            tied = tying.tie(record, parts.names.find, lambda _cgroup: None)
            self._teller.tell(record, tied, time.time())


_NAMES = {
    "kmsg": "the kernel's log (/dev/kmsg)",
    "syslog": "the kernel's log (by syslog(2))",
    "journal": "the kernel's log in the journal",
    "file": "a followed log",
    "none": "the kernel's counters of OOM kills, without its log",
}


def _scrape(parts: Parts, health: Health):
    from oomwatch.agent.scrape import Scrape  # the HTTP server takes memory, which those without --listen do not pay

    return Scrape(parts, health)


def _lines(output: str, tallies: Tallies) -> Lines:
    """JSON is for machines: it has no line that says how many are missing; the metric does."""
    if output == JSON:
        return Lines(sys.stdout.fileno(), tallies, lambda _count: None)
    return Lines(sys.stdout.fileno(), tallies)
