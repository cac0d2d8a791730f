# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task of oom_score_adj: check all entries, then remember, write, let systemd read, and read back; or nothing."""

import contextlib
import os

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.sources.host import Host
from ...memcore.sources.printable import printable
from .. import lock
from . import entries, result, undo, work
from . import record as adj_record
from . import target as adj_target
from .drop_ins import DropIns
from .live import Crowd, Live, Part
from .store import Store
from .target import Missing
from .transaction import Transaction


class NotUndone(MemfactsError):
    """Some of the record could not be taken back; `result` is what a run returns that has taken back all of it."""

    def __init__(self, stuck, undone):
        named = "; ".join(f"{row['what']}: {row['reason']}" for row in stuck)
        super().__init__(
            f"these could not be restored: {named}. Everything else was restored. Fix the cause and run this again."
        )
        self.result = undone


def run(module):
    """The result of the task; MemfactsError for what was refused, in which case nothing is changed."""
    if os.geteuid() != 0:
        raise OptionError(f"it needs root, but runs as uid {os.geteuid()}; add become: true.")
    asked = entries.of_task(module.params)
    state = module.params["state"]
    with contextlib.ExitStack() as stack:
        if not module.check_mode and state != "listed":
            stack.enter_context(lock.held(module.params["lock_timeout"]))
        task = _Task(module)
        if state == "listed":
            return task.listed()
        if asked is None:
            return task.undo_all()
        works = task.present(asked) if state == "present" else task.absent(asked)
        return result.of_entry(works[0]) if module.params["entries"] is None else result.of_all(works)


class _Task:
    def __init__(self, module):
        self._module = module
        self._host = Host("/")
        self._store = Store(module, self._host)
        self._live = Live(self._host, self._store, Crowd.read(self._host))
        self._drop_ins = DropIns()
        self._forgotten = []  # paths of drop-ins that are gone with their owners

    def listed(self):
        """What the record has."""
        found, unread = undo.with_unlisted(self._store.record)
        for row in unread:
            self._module.warn(printable(f"{row['what']} was not examined: {row['reason']}"))
        record = undo.listed(found, self._live.crowd)
        processes = result.number(record["processes"], "process", "processes")
        summary = f"recorded: {processes} and {result.number(record['drop_ins'], 'drop-in')}"
        return {"changed": False, "summary": summary, "record": record}

    def present(self, asked):
        """The works of the entries, done or predicted."""
        works = [self._prepared(work.present, one) for one in asked]
        self._check_and_warn(works)
        if self._module.check_mode:
            self._live.predict()
        else:
            self._carry_out(self._live.present, adj_record.ended)
        self._finish(works)
        return works

    def absent(self, asked):
        """The same to take back what was set."""
        works = [self._prepared(work.absent, one) for one in asked]
        self._take_back(works)
        return works

    def undo_all(self):
        """The result of taking back the whole record."""
        record, unread = undo.with_unlisted(self._store.record)
        paths = list(dict.fromkeys(file.written.path for file in record.files))
        works = [self._of_drop_in(record.at(path)) for path in paths]
        part = Part(
            undo.PROCESSES, undo.ByRecord(), lambda process, crowd: work.value_before(self._store, process, crowd)
        )
        self._live.look(part)
        works.append(self._taken(work.Work(part.title, part=part)))
        works[-1].not_ours = work.set_by_others(part, self._store.record) + unread
        self._take_back(works)
        undone = result.of_all(works)
        stuck = [row for one in works for row in one.stuck]
        if stuck:
            raise NotUndone(stuck, undone)
        return undone

    def _prepared(self, prepare, asked):
        try:
            target = adj_target.resolve(self._module, asked.params, self._live.crowd.processes)
            return self._taken(prepare(self._module, self._host, self._store, self._live, asked, target))
        except Missing as missing:
            if asked.params["state"] == "present" and asked.params["missing"] == "fail":
                raise
            return work.Work(asked.title, skipped=str(missing))

    def _of_drop_in(self, files):
        """To take back a recorded drop-in; what stands in the way of that is named, and is none of the others' harm."""
        asked, path = undo.entry_of(files[-1]), files[-1].written.path
        try:
            try:
                target = adj_target.resolve(self._module, asked.params, self._live.crowd.processes)
            except Missing:
                target = undo.bare_target(files[-1])
            target = target._replace(drop_in=path)
            done = work.absent(self._module, self._host, self._store, self._live, asked, target, files)
            done.drop_in.check()
            return self._taken(done)
        except (OSError, MemfactsError) as error:
            left = work.Work(asked.title)
            if os.path.lexists(path):
                # What a user's own files are like must not fail root's run.
                rows = left.stuck if files[-1].written.owner is None else left.not_ours
                rows.append({"what": path, "reason": str(error)})
            else:
                self._forgotten.append(path)
            return left

    def _taken(self, one):
        """The work, as part of this run."""
        if one.drop_in is not None:
            one.drop_in = self._drop_ins.add(one.drop_in)
        self._live.parts.append(one.part)
        return one

    def _check_and_warn(self, works):
        self._live.check()
        self._drop_ins.check()
        self._store.check_writable()
        for one in works:
            for sentence in one.warnings:
                self._warn(one, sentence)

    def _take_back(self, works):
        self._check_and_warn(works)
        if self._module.check_mode:
            self._live.predict()
        else:
            self._carry_out(self._live.absent, adj_record.without)
        self._finish(works)

    def _carry_out(self, set_processes, recorded):
        """`recorded(record, keys)` is the record once the processes of these keys are as they shall be."""
        with Transaction() as transaction:
            transaction.add(self._store.restore)
            transaction.add(self._live.roll_back)
            self._store.save(self._drop_ins.pending(self._store.record))
            set_processes()
            if self._drop_ins.apply(transaction):
                self._live.look_again()  # who was started between the first round and the reload
                set_processes()
            self._save(recorded(self._store.record, self._live.rows))

    def _save(self, record):
        record = self._drop_ins.done(record)
        for path in self._forgotten:
            record = record.with_files(path, [])
        self._store.save(adj_record.of_living(record, [process.key for process in self._live.crowd.processes]))

    def _finish(self, works):
        for one in works:
            one.unanswered = self._drop_ins.users
            if one.part is not None and not one.part.settled and not self._module.check_mode:
                self._warn(
                    one,
                    "New matching processes kept starting, so the newest do not have the value. Set the value on the "
                    "process that starts them.",
                )

    def _warn(self, one, sentence):
        several = self._module.params["entries"] is not None
        self._module.warn(printable(f"{one.title}: {sentence}" if several else sentence))
