# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole record: what is in it, as entries that an undo carries out, and as a list to read."""

import os
import pwd

from ...memcore.errors import MemfactsError
from .. import as_user, text_file, written
from ..unit_properties import Unit
from . import drop_in_text, persistence, release_1, selection
from .entries import Asked
from .target import Target

PROCESSES = "processes of the record"
_OPTIONS = dict.fromkeys((*selection.KINDS, "value"), None)
_OPTIONS.update(state="absent", children=False, allow_unkillable=False, persist="auto", missing="ignore")


class ByRecord:
    """The processes that the record knows, and those that inherited their value from one of them."""

    def select(self, crowd, record):
        """The selection among the crowd. Of the run that asks only who was set himself is taken."""
        own = selection.own_run(crowd.by_pid, os.getpid())
        chosen = [
            process
            for process in crowd.processes
            if process.key in record.processes or (process.pid not in own and _inherited(process, crowd, record))
        ]
        depth = {process.key: len(crowd.ancestors(process)) for process in chosen}
        return selection.Selection(sorted(chosen, key=lambda one: (-depth[one.key], one.pid)), [])

    def fits(self, process):
        """Its identity is all that is asked for, so that it may have become another program."""
        return False


def with_unlisted(record):
    """The record with the drop-ins of release 0.1.0 that it lacks, and [{what, reason}] of what was not read."""
    files, unread = release_1.unlisted(record)
    return record._replace(files=(*record.files, *files)), unread


def entry_of(file):
    """The entry that names the unit of a recorded drop-in."""
    path, owner = file.written.path, file.written.owner
    unit = drop_in_text.unit_of(path)
    scope = "system" if path.startswith(drop_in_text.SYSTEM_FOLDER + "/") else "user"
    return Asked(f"drop-in {path}", "unit", dict(_OPTIONS, unit=unit, scope=scope, user=owner))


def bare_target(file):
    """The target of a drop-in whose unit is not on this host any more; MemfactsError where its owner is not."""
    unit = Unit(drop_in_text.unit_of(file.written.path), "not-found", "inactive", None, None, None, (), None, ())
    selector, service = selection.Selector("unit", unit.name), persistence.Service(unit.name, True)
    return Target(selector, service, unit, [], file.written.path, _owner(file), None)


def listed(record, crowd):
    """What the record has, and whether that is still so."""
    processes = [
        {
            "pid": key[0],
            "starttime": key[1],
            "comm": entry.comm,
            "before": entry.before,
            "set": entry.set,
            "now": _now(key, crowd),
        }
        for key, entry in sorted(record.processes.items())
    ]
    return {"processes": processes, "drop_ins": [_drop_in(file) for file in record.files]}


def _drop_in(file):
    return {
        "path": file.written.path,
        "unit": drop_in_text.unit_of(file.written.path),
        "user": file.written.owner,
        "value": file.value,
        "folders": list(file.written.folders),
        "as_written": _is_as_written(file),
    }


def _is_as_written(file):
    try:
        return written.is_as_written(file.written, as_user.call(_owner(file), text_file.read, file.written.path))
    except (OSError, MemfactsError):
        return False


def _owner(file):
    name = file.written.owner
    try:
        return None if name is None else pwd.getpwnam(name)
    except (KeyError, ValueError):
        raise MemfactsError(f"user {name!r}, whose file {file.written.path} is, does not exist any more") from None


def _now(key, crowd):
    process = crowd.by_pid.get(key[0])
    return process.adj if process is not None and process.key == key else None


def _inherited(process, crowd, record):
    return next((True for key in crowd.ancestors(process) if key in record.processes), False)
