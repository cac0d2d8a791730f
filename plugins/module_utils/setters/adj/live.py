# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the running processes of a selection to their values, in rounds until none is left, and keep the record."""

import collections
import os

from ...memcore.errors import MemfactsError, ParseError
from ...memcore.models import unkillable
from .. import text_file
from . import candidates, selection
from . import record as adj_record
from .process_handle import Handle, Refused, Vanished

RECORD = "/var/lib/memfacts/oom_score_adj.json"
_ROUNDS = 6
_SHOWN = 3  # processes that an error names


class Live:
    """The processes of one selection.

    `wanted(process, by_pid)` tells the value of a process, None to leave it as it is.
    """

    def __init__(self, module, host, selector, allow_unkillable):
        self._module = module
        self._host = host
        self._selector = selector
        self._allow_unkillable = allow_unkillable
        self.record = self._earlier = self._read_record()
        self.rows = collections.OrderedDict()
        self.left_out = []
        self.vanished = 0
        self.rounds = 0
        self.settled = False

    def look(self, value):
        """(all processes, the selection), having refused what must not become unkillable by `value`."""
        processes = candidates.scan(self._host)
        before = {key: entry.before for key, entry in self.record.processes.items()}
        found = selection.select(self._selector, processes, os.getpid(), before, value)
        if value == unkillable.VALUE and not self._allow_unkillable:
            found = self._without_unkillable(found)
        self.left_out = found.left_out
        return processes, found

    def predict(self, processes, chosen, wanted):
        """Fill the rows with what a real run would do."""
        by_pid = {process.pid: process for process in processes}
        for process in chosen:
            value = wanted(process, by_pid)
            self._add_row(process, process.adj, process.adj if value is None else value)

    def present(self, value, started=None):
        """Set every process of the selection, remembering what each had; `started`: what our drop-in gave it."""

        def remember(processes, chosen):
            by_pid = {process.pid: process for process in processes}
            found = [
                adj_record.Found(process.key, process.adj, _ancestors(process, by_pid))
                for process in chosen
                if process.adj is not None
            ]
            alive = [process.key for process in processes]
            return adj_record.with_set(self.record, found, value, alive, started, self._earlier)

        self._run(value, lambda process, by_pid: value, remember)
        self.save(self.record)

    def absent(self, value, wanted):
        """Give every process of the selection what `wanted` says; the caller forgets them afterwards."""
        self._run(value, wanted, None)

    def forget(self):
        """Drop the processes that are listed in the rows from the record."""
        alive = [process.key for process in candidates.scan(self._host)]
        self.save(adj_record.without(self.record, list(self.rows), alive))

    def value_before(self, process, by_pid):
        """What a process had before it was set, or None."""
        return adj_record.value_before(self.record, process.key, _ancestors(process, by_pid), process.adj)

    def save(self, record):
        """Write the record, or remove it where there is nothing to remember."""
        text = adj_record.render(record)
        if text is None:  # also where nothing differs: what is in the file may be of an earlier boot
            if os.path.lexists(RECORD):
                text_file.remove(RECORD, [os.path.dirname(RECORD)])
        elif record != self.record:
            text_file.write(self._module, RECORD, text)
        self.record = record

    def _run(self, value, wanted, remember):
        original = self.record
        self.settled = False
        written = set()
        for dummy in range(_ROUNDS):
            processes, found = self.look(value)
            todo = self._todo(processes, found.chosen, wanted)
            if not todo:
                self.settled = True
                return
            self.rounds += 1
            if remember is not None:
                self._stop_where_changed_back([process for process, dummy in todo], written)
                self.save(remember(processes, found.chosen))
            try:
                for process, new in todo:
                    if self._set(process, new):
                        written.add(process.key)
            except Refused as refusal:
                self._roll_back()
                if remember is not None:
                    self.save(original)
                raise MemfactsError(
                    f"process {process.pid} ({process.comm}) stays at {process.adj}, {new} was refused: {refusal}; "
                    "whatever was set before it has its old value again."
                ) from None

    def _todo(self, processes, chosen, wanted):
        """[(process, its value)] of those that have another; every process gets its row."""
        by_pid = {process.pid: process for process in processes}
        for process in chosen:
            self._add_row(process, process.adj, process.adj)
        values = [(process, wanted(process, by_pid)) for process in chosen]
        return [(process, value) for process, value in values if value not in (None, process.adj)]

    def _set(self, process, value):
        """Whether it took the value; a process that exits or becomes another program first is none of ours."""
        try:
            with Handle(process.pid) as handle:
                self._check_same(process, handle)
                handle.set(value)
                try:
                    self._check_same(process, handle)
                except Vanished:
                    handle.set(process.adj)  # it called execve(2) between the look and the writing
                    raise
        except Vanished:
            self.vanished += 1
            self.rows.pop(process.key, None)
            return False
        self.rows[process.key]["after"] = value
        return True

    def _check_same(self, process, handle):
        now = handle.candidate()
        if now.key != process.key or (self._fits(process) and not self._fits(now)):
            raise Vanished()

    def _fits(self, process):
        return selection.matches(self._selector, process)

    def _roll_back(self):
        for key, row in self.rows.items():
            if row["before"] != row["after"]:
                try:
                    with Handle(row["pid"]) as handle:
                        if handle.candidate().key == key:
                            handle.set(row["before"])
                except (Refused, Vanished):
                    continue

    def _stop_where_changed_back(self, todo, written):
        for process in todo:
            if process.key in written:
                raise MemfactsError(
                    f"process {process.pid} ({process.comm}) was set and has {process.adj} again: it or its manager "
                    "(a kubelet, a container runtime) sets its own value; change it there."
                )

    def _add_row(self, process, before, after):
        if process.key in self.rows:
            return
        self.rows[process.key] = {
            "pid": process.pid,
            "comm": printable(process.comm),
            "unit": process.owner.unit,
            "container": process.owner.container,
            "before": before,
            "after": after,
        }

    def _without_unkillable(self, found):
        """Helpers of a lifeline stay killable and are left out; anything else is refused."""
        refused = selection.refused_unkillable(found.chosen)
        if not refused:
            return found
        helpers = []
        if self.rounds:  # born since the first look, which refused nothing
            helpers = refused
        elif self._selector.kind == "unit" and not self._selector.children:
            tops = {process.key for process in selection.mains(self._selector, found.chosen)}
            helpers = [process for process in refused if process.key not in tops]
        if len(helpers) < len(refused):
            raise MemfactsError(unkillable_refusal([process for process in refused if process not in helpers]))
        why = "is not the lifeline itself and must stay killable"
        return selection.Selection(
            [process for process in found.chosen if process not in helpers],
            found.left_out + [selection.LeftOut(process.pid, process.comm, why) for process in helpers],
        )

    def _read_record(self):
        boot_id = self._host.whole("proc/sys/kernel/random/boot_id").decode("ascii").strip()
        try:
            return adj_record.parse(text_file.read(RECORD), boot_id)
        except ParseError as error:
            raise MemfactsError(f"{RECORD} cannot be used: {error}; remove it, and what was set stays.") from None


def unkillable_refusal(processes):
    """The sentence for processes that must not be set to -1000."""
    shown = ", ".join(f"{printable(process.comm)} (pid {process.pid})" for process in processes[:_SHOWN])
    more = f" and {len(processes) - _SHOWN} more" if len(processes) > _SHOWN else ""
    return unkillable_sentence(shown + more)


def unkillable_sentence(what):
    """Why -1000 is refused, and what to do."""
    return (
        f"{what} may not be set to {unkillable.VALUE}, since {unkillable.REASON}; give -999, which still comes "
        f"last, or allow_unkillable: true (without it only for {unkillable.names()})."
    )


def printable(text):
    """A name that any terminal takes."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _ancestors(process, by_pid):
    keys, pids = [], {process.pid}
    parent = by_pid.get(process.ppid)
    while parent is not None and parent.pid not in pids:
        pids.add(parent.pid)
        keys.append(parent.key)
        parent = by_pid.get(parent.ppid)
    return keys
