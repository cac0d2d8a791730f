# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task of oom_score_adj: check all that can be known, then remember, write, let systemd read, and read back."""

import fcntl
import os

from ...memcore.errors import OptionError
from ...memcore.models import lifelines, unkillable
from ...memcore.sources.host import Host
from .. import text_file
from . import candidates, selection
from . import persistence as oom_persistence
from . import record as adj_record
from . import target as adj_target
from .drop_in import DropIn
from .live import RECORD, Live, unkillable_sentence
from .target import Missing


def run(module):
    """The result of the task; MemfactsError for what was refused."""
    if os.geteuid() != 0:
        raise OptionError(f"it needs root, but runs as uid {os.geteuid()}; add become: true.")
    kind = selection.checked_kind(module.params, module.params["scope"])
    if module.params["state"] == "present":
        selection.checked_value(module.params["value"])
    with _Turn(module.check_mode):
        try:
            return _Task(module, kind).run()
        except Missing as missing:
            if module.params["missing"] == "fail":
                raise
            return _result(str(missing))


class _Turn:
    """One run at a time on a host, for they share the record; a lock on a folder, so that no file is left."""

    def __init__(self, check_mode):
        self._descriptor = None if check_mode else os.open("/", os.O_RDONLY)

    def __enter__(self):
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *dummy):
        if self._descriptor is not None:
            os.close(self._descriptor)


class _Task:
    def __init__(self, module, kind):
        self._module = module
        self._host = Host("/")
        self._target = adj_target.resolve(module, kind, candidates.scan(self._host))
        may_be_unkillable = module.params["allow_unkillable"] or module.params["state"] == "absent"
        self._live = Live(module, self._host, self._target.selector, may_be_unkillable)
        self._drop_in = None

    def run(self):
        return self._present() if self._module.params["state"] == "present" else self._absent()

    def _present(self):
        value = self._module.params["value"]
        persistence = oom_persistence.decide(self._module.params["persist"], self._target.service, value)
        processes, found = self._live.look(value)
        self._check_unit(value, persistence)
        if not found.chosen and persistence.method == oom_persistence.NONE:
            raise self._nothing_found(found)
        if persistence.method == oom_persistence.SYSTEMD:
            self._drop_in = DropIn(self._module, self._target, value)
            self._drop_in.check()
        self._warn(persistence, value, found)
        text_file.check_writable(RECORD)
        if self._module.check_mode:
            self._live.predict(processes, found.chosen, lambda process, by_pid: value)
        else:
            self._make_present(value)
        return self._finish(persistence)

    def _make_present(self, value):
        started = self._started()
        self._live.present(value, started)
        drop_in = self._drop_in
        if drop_in is None or not (drop_in.changed or drop_in.stale):
            return
        record = self._live.record
        self._live.save(record._replace(folders=list(dict.fromkeys(drop_in.folders() + record.folders))))
        drop_in.apply(())
        drop_in.verify()
        self._live.present(value, started)  # who was started between the first round and the reload

    def _started(self):
        """What our drop-in of earlier runs gave to those that were started since, whether or not this run keeps it."""
        if self._target.drop_in is None:
            return None
        earlier = DropIn(self._module, self._target, None)
        if earlier.value_before is None:
            return None
        return adj_record.Started(earlier.value_before, self._value_without(earlier))

    def _absent(self):
        drop_in, default = None, None
        if self._target.drop_in is not None and self._module.params["persist"] != oom_persistence.NONE:
            drop_in = self._drop_in = DropIn(self._module, self._target, None)
            drop_in.check()
            default = self._value_without(drop_in)
        value = None if drop_in is None else drop_in.value_before
        processes, found = self._live.look(value)
        if not found.chosen and self._target.drop_in is None:
            raise self._nothing_found(found)

        def wanted(process, by_pid):
            before = self._live.value_before(process, by_pid)
            if before is None and value is not None and process.adj == value and not self._is_recorded(process):
                return default
            return before

        text_file.check_writable(RECORD)
        if self._module.check_mode:
            self._live.predict(processes, found.chosen, wanted)
        else:
            self._make_absent(value, wanted)
        return self._finish(None)

    def _make_absent(self, value, wanted):
        self._live.absent(value, wanted)
        if self._drop_in is not None and (self._drop_in.changed or self._drop_in.stale):
            removed = self._drop_in.apply(self._made_folders())
            self._live.absent(value, wanted)
            record = self._live.record
            self._live.save(record._replace(folders=[name for name in record.folders if name not in removed]))
        self._live.forget()

    def _made_folders(self):
        return [name for name in self._live.record.folders if self._drop_in.path.startswith(name + "/")]

    def _is_recorded(self, process):
        return process.key in self._live.record.processes

    def _value_without(self, drop_in):
        """What a process has that was started from the drop-in, once that is gone; None where nobody can tell."""
        told = drop_in.value_without()
        # A lifeline that no file gives a value may have given itself one (sshd, auditd, multipathd), and keeps it.
        if told is not None or self._target.service.line is not None:
            return told
        for manager in self._target.managers:
            default = manager.default_adj()
            if default is not None:
                return default
        own = self._target.service.manager_adj
        return int(self._host.brief("proc/1/oom_score_adj")) if own is None else own

    def _check_unit(self, value, persistence):
        refused = value == unkillable.VALUE and not self._module.params["allow_unkillable"]
        if not refused or persistence.method != oom_persistence.SYSTEMD:
            return
        unit = self._target.unit.name
        if self._module.params["scope"] == "user" or lifelines.of_unit(unit) is None:
            raise OptionError(unkillable_sentence(unit))

    def _warn(self, persistence, value, found):
        if value < 0 and any(process.pid == 1 for process in found.chosen):
            self._module.warn(
                f"Process 1 is never killed anyway, and all that it starts from now on inherits {value}, unless its "
                "unit says otherwise."
            )
        if persistence.warn:
            self._module.warn(f"The value is not persistent: {persistence.reason}.")
        if self._target.unit is not None and not found.chosen and not found.left_out:
            idle = oom_persistence.idle_warning(self._target.unit.name, self._target.unit.active_state)
            if idle:
                self._module.warn(idle)
        if persistence.method == oom_persistence.SYSTEMD:
            sessions = oom_persistence.sessions_warning(self._target.service, value)
            if sessions:
                self._module.warn(sessions)

    def _nothing_found(self, found):
        selector = self._target.selector
        what = f"{selector.kind} {selector.wanted!r}"
        if found.left_out and all("run that asks" in item.reason for item in found.left_out):
            return Missing(
                f"{what} matches only this run of Ansible itself, which is never changed; name something else."
            )
        if found.left_out:
            return Missing(f"{what} matches only processes that are left alone; children: true takes them along.")
        if selector.kind == "unit":
            return Missing(f"{what} has no running process; start it, or let persist write its drop-in.")
        return Missing(f"{what} matches no running user process; `ps -eo pid,user,comm` shows what there is.")

    def _finish(self, persistence):
        live, drop_in = self._live, self._drop_in
        if not live.settled and not self._module.check_mode:
            self._module.warn(
                f"New processes kept matching for {live.rounds} rounds; the value of those born since is not set: "
                "set it on what starts them."
            )
        return _result(None, self._target, live, drop_in, persistence)


def _result(skipped, target=None, live=None, drop_in=None, persistence=None):
    rows = [] if live is None else list(live.rows.values())
    changed_rows = [row for row in rows if row["before"] != row["after"]]
    file_changed = drop_in is not None and drop_in.changed
    reloaded = drop_in is not None and (drop_in.changed or drop_in.stale)
    return {
        "changed": bool(changed_rows) or reloaded,
        "summary": skipped or _summary(rows, changed_rows, drop_in, file_changed),
        "processes": rows,
        "left_out": [] if live is None else [dict(item._asdict()) for item in live.left_out],
        "vanished": 0 if live is None else live.vanished,
        "settled": True if live is None else live.settled or not live.rounds,
        "unit": target.unit.name if target is not None and target.unit is not None else None,
        "drop_in": None if drop_in is None else drop_in.path,
        "reloaded": reloaded,
        "persistence": None if persistence is None else {"method": persistence.method, "reason": persistence.reason},
        "diff": _diff(rows, drop_in),
    }


def _summary(rows, changed_rows, drop_in, file_changed):
    text = f"{len(changed_rows)} of {len(rows)} process{'' if len(rows) == 1 else 'es'} changed"
    if file_changed:
        text += f"; {drop_in.path} {'removed' if drop_in.after is None else 'written'}"
    return text


def _diff(rows, drop_in):
    parts = [
        {
            "before_header": "oom_score_adj",
            "after_header": "oom_score_adj",
            "before": _lines(rows, "before"),
            "after": _lines(rows, "after"),
        }
    ]
    if drop_in is not None and drop_in.changed:
        parts.append(
            {
                "before_header": drop_in.path,
                "after_header": drop_in.path,
                "before": drop_in.before or "",
                "after": drop_in.after or "",
            }
        )
    return parts


def _lines(rows, moment):
    return "".join(
        f"{row['comm']} (pid {row['pid']}): {row[moment]}\n" for row in rows if row["before"] != row["after"]
    )
