# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Events of a log that grows, each shown as soon as it is whole."""

import time
from typing import Dict, Iterable, NamedTuple

from memcore.answers import events
from memcore.render import event_page
from memcore.sources.oomlog.log_source import Tally
from oomwatch import exits, terminal
from oomwatch.stopping import Stopping

_PAUSE = 0.3  # seconds without a line after which an event is whole
_WAIT = 0.15  # seconds between two looks whether it is


class Task(NamedTuple):
    """name: of the log in a sentence; at_once: no page of what there is first; keeps_open: it may have nothing yet."""

    name: str
    asked: events.Asked
    as_json: bool
    at_once: bool
    keeps_open: bool


def follow(log, task: Task, origin: events.Origin, stopping: Stopping) -> int:
    """Show the events until the log ends or its reader shall stop; the exit status. log: as log_source has them."""
    follower = events.Follower(origin, task.asked.top)
    shown = _Shown(task)
    notes = _Notes(log, task.name)
    caught_up = None
    while True:
        is_due = follower.is_waiting or follower.is_counting or shown.is_collecting
        lines = log.read(_WAIT if is_due else None)
        if lines is None:
            break
        for line in lines:
            shown.tally.add(line)
            follower.feed(line)
        follower.flush(_PAUSE)
        shown.add(follower.take())
        notes.show()
        if shown.is_collecting and log.is_caught_up:
            now = time.monotonic()
            caught_up = now if caught_up is None else caught_up
            if not follower.is_waiting or now >= caught_up + _PAUSE:
                shown.show_collected()
    follower.flush()
    shown.add(follower.take())
    shown.show_collected(stopping.is_told)
    return shown.status(stopping.is_told)


class _Shown:
    """What the log had at first is collected, of which the newest are shown; what comes then is shown at once."""

    def __init__(self, task: Task) -> None:
        self.tally = Tally()
        self.is_collecting = not task.at_once
        self._task = task
        self._since = events.since_of(task.asked)
        self._newest = events.Newest(task.asked.limit, self._since)

    def add(self, records: Iterable[Dict]) -> None:
        """Show them, now or with what is collected."""
        for record in events.newer(records, self._since):
            if self.is_collecting:
                self._newest.keep(record)
                continue
            if not events.is_again(record):
                self._newest.count(record)
            if self._task.as_json:
                terminal.show_json(events.told(record))
            else:
                terminal.show(event_page.one(events.told(record), terminal.width()))

    def show_collected(self, may_be_empty: bool = False) -> None:
        """Show what was collected. InputError where the log is none."""
        if not self.is_collecting:
            return
        self.is_collecting = False
        self._refuse_what_is_no_log(may_be_empty)
        if not self._task.asked.limit:
            return
        found = self._newest.take()
        found = found._replace(events=list(map(events.told, found.events)))
        if self._task.as_json:
            for event in found.events:
                terminal.show_json(event)
        else:
            answer = events.listed(found, self._task.name, self._task.asked, self.tally)
            terminal.show(event_page.render(answer._replace(complaint=None), terminal.width()))

    def status(self, may_be_empty: bool) -> int:
        """The exit status at the end."""
        self._refuse_what_is_no_log(may_be_empty)
        return exits.FOUND if self._newest.total else exits.NOTHING

    def _refuse_what_is_no_log(self, may_be_empty: bool) -> None:
        complaint = None if self._newest.total else self.tally.complaint()
        if complaint is not None and (self.tally.lines or not (may_be_empty or self._task.keeps_open)):
            raise exits.InputError(exits.no_log(self._task.name, complaint))


class _Notes:
    """What is said of the log itself, once each, on standard error."""

    def __init__(self, log, name: str) -> None:
        self._log = log
        self._name = name
        self._overruns = 0
        self._trouble = None

    def show(self) -> None:
        """Say what is new."""
        overruns = getattr(self._log, "overruns", 0)
        if overruns != self._overruns:
            self._overruns = overruns
            terminal.complain(f"Records of {self._name} were overwritten {overruns} times before they could be read")
        trouble = getattr(self._log, "trouble", None)
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble is not None:
                terminal.complain(f"Cannot read {self._name}: {trouble.lower()}; waiting for it to appear")
