# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the running processes of all entries to their values, in rounds until none is left, and keep the record."""

import collections
import os

from ...memcore.errors import MemfactsError
from . import candidates, selection, unkillable
from . import record as adj_record
from .process_handle import Handle, Refused, Vanished

_ROUNDS = 6
_SHOWN = 3  # processes that an error names

Todo = collections.namedtuple("Todo", "process value parts")


class Crowd:
    """All user processes at one moment."""

    def __init__(self, processes):
        self.processes = processes
        self.by_pid = {process.pid: process for process in processes}

    @classmethod
    def read(cls, host):
        """Those that run now."""
        return cls(candidates.scan(host))

    def ancestors(self, process):
        """The keys of its ancestors, the nearest first."""
        keys, pids = [], {process.pid}
        parent = self.by_pid.get(process.ppid)
        while parent is not None and parent.pid not in pids:
            pids.add(parent.pid)
            keys.append(parent.key)
            parent = self.by_pid.get(parent.ppid)
        return keys


class BySelector:
    """The processes that a selector means; `value` is one that the processes of a unit have from us."""

    def __init__(self, selector, value):
        self._selector = selector
        self._value = value

    def select(self, crowd, record):
        """The selection among the crowd."""
        known = {key: entry.before for key, entry in record.processes.items()}
        return selection.select(self._selector, crowd.processes, os.getpid(), known, self._value)

    def fits(self, process):
        """Whether the process by itself is what is meant; a process that no longer is has become another program."""
        return selection.matches(self._selector, process)


class Part:
    """What one entry does to running processes: whom it means, what each shall have, and what became of them.

    `wanted(process, crowd)` is the value of a process, None to leave it as it is. value: the one that all shall have,
    None where each gets back its own. `judge(chosen, by_pid)` tells who of the chosen may have it, None where all may.
    started: what a drop-in of ours gave to those that were started from it.
    """

    def __init__(self, title, meant, wanted, value=None, judge=None, started=None):
        self.title = title
        self.meant = meant
        self.wanted = wanted
        self.value = value
        self.started = started
        self.chosen = []
        self.left_out = []
        self.warnings = []
        self.rows = collections.OrderedDict()
        self.vanished = 0
        self.settled = True
        self._judge = judge
        self._looks = 0

    def look(self, crowd, record):
        """Choose among the crowd; MemfactsError where the first look finds what must not have the value."""
        found = self.meant.select(crowd, record)
        self.chosen, self.left_out = found.chosen, found.left_out
        if self._judge is not None:
            self._apply(self._judge(found.chosen, crowd.by_pid))
        self._looks += 1

    def _apply(self, judgement):
        if not self._looks:
            self.warnings = judgement.warnings
        self.chosen = judgement.chosen
        # Who was born since the first look, which refused nothing, is left out.
        born = [selection.LeftOut(one.pid, one.comm, "must not have the value") for one in judgement.refused]
        self.left_out = [*self.left_out, *judgement.left_out, *born]
        if judgement.refused and not self._looks:
            raise MemfactsError(refusal(judgement.refused, self.value))


class Live:
    """The processes of all parts of a run. rows: what became of each, by its key."""

    def __init__(self, host, store, crowd):
        self._host = host
        self._store = store
        self.crowd = crowd
        self.parts = []
        self.rows = {}

    def look(self, part):
        """The first look of a part that may be taken along; MemfactsError for what must not be."""
        part.look(self.crowd, self._store.record)

    def predict(self):
        """Fill the rows with what a real run would do."""
        for todo in self._todo():
            self.rows[todo.process.key]["after"] = todo.value

    def look_again(self):
        """Find the processes that run now."""
        self.crowd = Crowd.read(self._host)
        for part in self.parts:
            part.look(self.crowd, self._store.record)

    def check(self):
        """MemfactsError where two parts want different values for one process."""
        self._todo()

    def present(self):
        """Set every process, having remembered what each had."""
        self._run(self._remember)

    def absent(self):
        """Give every process back what it had; the caller forgets them afterwards."""
        self._run(None)

    def roll_back(self):
        """Give every process that was set what it had before; who has another value by now keeps it."""
        left = []
        for key, row in self.rows.items():
            if row["before"] != row["after"]:
                try:
                    with Handle(row["pid"]) as handle:
                        now = handle.candidate()
                        if now.key == key and now.adj == row["after"]:
                            handle.set(row["before"])
                except Vanished:
                    continue
                except Refused as refused:
                    left.append(f"process {row['pid']} ({row['comm']}) keeps {row['after']}: {refused}")
        if left:
            raise MemfactsError("; ".join(left))

    def _remember(self):
        base = self._store.record
        processes = dict(base.processes)
        for part in self.parts:
            found = [adj_record.Found(one.key, one.adj, self.crowd.ancestors(one), one.comm) for one in part.chosen]
            # All from one base: whom another part sets just now has given its value to no child yet.
            after = adj_record.with_set(base, found, part.value, part.started, self._store.earlier).processes
            for one in found:
                processes.pop(one.key, None)
                if one.key in after:
                    processes[one.key] = after[one.key]
        self._store.save(base._replace(processes=processes))

    def _run(self, remember):
        written = set()
        for _dummy in range(_ROUNDS):
            todo = self._todo()
            if not todo:
                return
            if remember is not None:
                self._stop_where_changed_back(todo, written)
                remember()
            written.update(one.process.key for one in todo if self._set(one))
            self.look_again()
        self._todo()

    def _todo(self):
        """Who has another value than it shall have, children before their parents; every process gets its row."""
        todo = collections.OrderedDict()
        shall_have = {}
        for part in self.parts:
            part.settled = True
            for process in part.chosen:
                self._add_row(part, process)
                value = part.wanted(process, self.crowd)
                if value is None:
                    continue
                earlier = shall_have.setdefault(process.key, (part, value))
                if earlier[1] != value:
                    raise MemfactsError(contradiction(process, *earlier, part, value))
                if value != process.adj:
                    part.settled = False
                    todo.setdefault(process.key, Todo(process, value, [])).parts.append(part)
        return list(todo.values())

    def _set(self, todo):
        """Whether it took the value; a process that exits or becomes another program first is none of ours."""
        process, value, parts = todo
        try:
            with Handle(process.pid) as handle:
                self._check_same(todo, handle)
                self._write(handle, process, value)
                try:
                    self._check_same(todo, handle)
                except Vanished:
                    handle.set(process.adj)  # it called execve(2) between the look and the writing
                    raise
        except Vanished:
            for part in parts:
                part.vanished += 1
                part.rows.pop(process.key, None)
            self.rows.pop(process.key, None)
            return False
        self.rows[process.key]["after"] = value
        return True

    def _write(self, handle, process, value):
        try:
            handle.set(value)
        except Refused as refused:
            raise MemfactsError(
                f"process {process.pid} ({process.comm}) stays at {process.adj}, {value} was refused: {refused}"
            ) from None

    def _check_same(self, todo, handle):
        now = handle.candidate()
        process = todo.process
        fitting = [part for part in todo.parts if part.meant.fits(process)]
        if now.key != process.key or (fitting and not any(part.meant.fits(now) for part in fitting)):
            raise Vanished()

    def _stop_where_changed_back(self, todo, written):
        for process in (one.process for one in todo):
            if process.key in written:
                raise MemfactsError(
                    f"process {process.pid} ({process.comm}) was set and has {process.adj} again: it or its manager "
                    "(a kubelet, a container runtime) sets its own value; change it there"
                )

    def _add_row(self, part, process):
        if process.key not in self.rows:
            self.rows[process.key] = {
                "pid": process.pid,
                "comm": process.comm,
                "unit": process.owner.unit,
                "container": process.owner.container,
                "before": process.adj,
                "after": process.adj,
            }
        part.rows[process.key] = self.rows[process.key]


def contradiction(process, first, first_value, second, second_value):
    """The sentence for a process that two entries give different values."""
    return (
        f"{first.title!r} sets process {process.pid} ({process.comm}) to {first_value} and {second.title!r} sets it to "
        f"{second_value}; let one of them leave it out, or give both the same value."
    )


def refusal(processes, value):
    """The sentence for processes that must not have the value."""
    shown = ", ".join(f"{process.comm} (pid {process.pid})" for process in processes[:_SHOWN])
    more = f" and {len(processes) - _SHOWN} more" if len(processes) > _SHOWN else ""
    if value == unkillable.VALUE:
        return unkillable_sentence(shown + more)
    return (
        f"{shown}{more} may not be set to {value}, because every process that it starts inherits the value; leave "
        "it out, or give allow_unkillable: true."
    )


def unkillable_sentence(what):
    """Why -1000 is refused, and what to do."""
    return (
        f"{what} may not be set to {unkillable.VALUE}, since {unkillable.REASON}; give -999, which is still killed "
        f"last, or allow_unkillable: true. Without it only these may be unkillable: {unkillable.names()}."
    )
