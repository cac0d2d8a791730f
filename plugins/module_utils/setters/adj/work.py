# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry on this host: whom it means, what each shall have and where that is written down; it changes nothing."""

import functools

from ...memcore.errors import OptionError
from ...memcore.models import lifelines
from . import persistence as oom_persistence
from . import record as adj_record
from . import rules, selection, unkillable
from .drop_in import DropIn
from .live import BySelector, Part, unkillable_sentence
from .target import Missing


class Work:
    """part: what it does to processes. drop_in: its file. skipped: the sentence where there is nothing to do.

    warnings: sentences. not_ours: [{what, reason}] of what an undo leaves as it is; stuck: of what it could not
    take back.
    """

    def __init__(self, title, target=None, part=None, drop_in=None, persistence=None, skipped=None):
        self.title = title
        self.target = target
        self.part = part
        self.drop_in = drop_in
        self.persistence = persistence
        self.skipped = skipped
        self.warnings = []
        self.not_ours = []
        self.stuck = []
        self.unanswered = []

    def kept(self):
        """[{what, reason}] of what is left as somebody else made it."""
        reason = None if self.drop_in is None else self.drop_in.kept
        return self.not_ours + self.stuck + ([] if reason is None else [{"what": self.drop_in.path, "reason": reason}])

    def users(self):
        """[{user, error}] of the users' managers that could not be asked."""
        if self.target is None:
            return []
        names = {manager.user.pw_name for manager in self.target.managers if hasattr(manager, "user")}
        return [*self.target.users, *(row for row in self.unanswered if row["user"] in names)]


def present(module, host, store, live, asked, target):
    """The entry, to set its value; Missing where there is nothing that could have it."""
    value = asked.params["value"]
    persistence = oom_persistence.decide(asked.params["persist"], target.service, value)
    drop_in, started = None, None
    if target.drop_in is not None:
        shall = value if persistence.method == oom_persistence.SYSTEMD else None
        drop_in = DropIn(module, target, shall, store.record.at(target.drop_in))
        if drop_in.value_before is not None:
            started = adj_record.Started(drop_in.value_before, _value_without(host, target, drop_in))
    _check_unit(asked, target, persistence)
    judge = functools.partial(rules.judge, value=value, allow_unkillable=asked.params["allow_unkillable"])
    part = Part(asked.title, BySelector(target.selector, value), lambda *dummy: value, value, judge, started)
    live.look(part)
    at_file = drop_in is not None and (drop_in.changed or drop_in.stale)
    if not part.chosen and persistence.method == oom_persistence.NONE and not at_file:
        raise _nothing_found(target, part)
    work = Work(asked.title, target, part, drop_in, persistence)
    work.warnings = [*part.warnings, *_warnings(target, part, persistence, value)]
    return work


def absent(module, host, store, live, asked, target, files=None):
    """The entry, to take back what was set; Missing where there is nothing that could have been.

    files: what is known of the drop-in, where that is not only what the record has of its path.
    """
    drop_in, value, default = None, None, None
    if target.drop_in is not None and asked.params["persist"] != oom_persistence.NONE:
        drop_in = DropIn(module, target, None, store.record.at(target.drop_in) if files is None else files)
        value = drop_in.value_before
        default = None if value is None else _value_without(host, target, drop_in)

    def wanted(process, crowd):
        before = value_before(store, process, crowd)
        is_started = before is None and value is not None and process.adj == value
        return default if is_started and process.key not in store.record.processes else before

    part = Part(asked.title, BySelector(target.selector, value), wanted)
    live.look(part)
    if not part.chosen and target.drop_in is None:
        raise _nothing_found(target, part)
    work = Work(asked.title, target, part, drop_in)
    work.not_ours = set_by_others(part, store.record)
    return work


def value_before(store, process, crowd):
    """What a process had before it was set, or None."""
    return adj_record.value_before(store.record, process.key, crowd.ancestors(process), process.adj)


def set_by_others(part, record):
    """[{what, reason}] of the recorded processes that somebody else has set since."""
    found = []
    for process in part.chosen:
        entry = record.processes.get(process.key)
        if entry is not None and process.adj not in (entry.before, entry.set, entry.earlier):
            reason = f"it has {process.adj}, but this module had set {entry.set}, so somebody else has changed it since"
            found.append({"what": f"process {process.pid} ({process.comm})", "reason": reason})
    return found


def _value_without(host, target, drop_in):
    """What a process has that was started from the drop-in, once that is gone; None where nobody can tell."""
    told, own = drop_in.value_without(), target.service.manager_adj
    if told is not None and own is not None:
        return max(told, own)  # a user's file may say less, but that user's manager cannot give it
    # A lifeline that no file gives a value may have given itself one (sshd, auditd, multipathd), and keeps it.
    if told is not None or target.service.line is not None:
        return told
    for manager in target.managers:
        default = manager.default_adj()
        if default is not None:
            return default
    return int(host.brief("proc/1/oom_score_adj")) if own is None else own


def _check_unit(asked, target, persistence):
    refused = asked.params["value"] == unkillable.VALUE and not asked.params["allow_unkillable"]
    if not refused or persistence.method != oom_persistence.SYSTEMD:
        return
    if asked.params["scope"] == "user" or lifelines.of_unit(target.unit.name) is None:
        raise OptionError(unkillable_sentence(target.unit.name))


def _warnings(target, part, persistence, value):
    found = []
    if persistence.warn:
        found.append(f"The value is not persistent: {persistence.reason}.")
    if target.unit is not None and not part.chosen and not part.left_out:
        found.append(oom_persistence.idle_warning(target.unit.name, target.unit.active_state))
    if persistence.method == oom_persistence.SYSTEMD:
        found.append(oom_persistence.sessions_warning(target.service, value))
    return [warning for warning in found if warning]


def _nothing_found(target, part):
    selector = target.selector
    what = f"{selector.kind} {selector.wanted!r}"
    if part.left_out and all(item.reason == selection.OWN_RUN for item in part.left_out):
        return Missing(
            f"{what} matches only this run of Ansible itself, which the module never changes; select something else."
        )
    if part.left_out:
        reasons = "; ".join(dict.fromkeys(item.reason for item in part.left_out))
        return Missing(f"{what} matches only processes that are left as they are: each {reasons}.")
    if target.unit is not None:
        return Missing(f"{what} has no running process; {oom_persistence.advice_without_process(target.unit.name)}.")
    return Missing(f"{what} matches no running user process; `ps -eo pid,user,comm` shows all processes.")
