# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What has to change so that a tmpfs has its limits, now and after a reboot."""

from typing import Optional

from . import drop_in, fstab_line, limits
from .parts import FileChange, Kept, Plan, Situation, Wanted
from .place import FSTAB, LOGIND, NONE, SYSTEMD
from .record import LOGIND_DROP_IN, Entry, FstabLine, drop_in_of

_DECLARE = {FSTAB: fstab_line.declare, SYSTEMD: drop_in.declare_in_unit, LOGIND: drop_in.declare_in_logind}


def present(situation: Situation, wanted: Wanted, place: str, entry: Optional[Entry]) -> Plan:
    """The change to what is wanted; `entry` is what an earlier plan asked to keep."""
    changes, kept, files = [], [], []
    for file in entry.files if entry else ():
        if file.path == _path_of(place, situation):
            files.append(file)
            continue
        change, reason = take_back(situation, file)
        changes += [change] if change else []
        kept += [Kept(situation.path, reason)] if reason else []
    if place != NONE:
        change, file = _DECLARE[place](situation, wanted, files[0] if files else None)
        changes.append(change)
        files = [file] if file else []
    if place == FSTAB and not any(change.path == drop_in_of(situation.path) for change in changes):
        changes += drop_in.stale(situation)
    remounts = limits.remounts(situation, wanted, place)
    live = limits.to_keep(situation, remounts, wanted, entry)
    after = Entry(tuple(files), live) if files or live else None
    return Plan(place, changed(changes), remounts, after, tuple(kept))


def take_back(situation: Situation, file):
    """(the change that takes a file of the record back, why it is left as it is)"""
    return (fstab_line if isinstance(file, FstabLine) else drop_in).take_back(situation, file)


def changed(changes):
    """Those that change something, each once."""
    return list(dict.fromkeys(change for change in changes if _changes(change)))


def _changes(change: FileChange):
    return change.before != change.after or (change.after is None and change.folders)


def _path_of(place, situation):
    return {
        FSTAB: situation.fstab_path,
        SYSTEMD: drop_in_of(situation.path),
        LOGIND: LOGIND_DROP_IN,
        NONE: None,
    }[place]
