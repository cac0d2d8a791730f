# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes had before they were set, and which drop-ins were written: the record that an undo is driven by.

Its processes are valid for one boot, since afterwards none of them exists; its drop-ins are valid until taken back.
"""

import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ...memcore.errors import ParseError
from .. import written
from . import drop_in_text, selection

_VERSION = 2
_FIRST_VERSION = 1  # of release 0.1.0, which listed the folders that it made and no file
_KEYS = {"version", "boot_id", "processes", "files"}
_FIRST_KEYS = {"version", "boot_id", "processes", "folders"}
_HOME = "/.+/" + re.escape(drop_in_text.HOME_FOLDER)
_MOST = 2**63  # of a pid or a start time
Key = Tuple[int, int]


class Entry(NamedTuple):
    """A process that was set from `before` to `set`. comm: its name then.

    earlier: what this module had set it to before, while the run that sets it to `set` has not ended.
    """

    before: int
    set: int
    earlier: Optional[int] = None
    comm: str = ""


class File(NamedTuple):
    """A drop-in. value: what it starts processes with, None where that is not known."""

    written: written.Written
    value: Optional[int]


class Found(NamedTuple):
    """A process that is to be set: the value it has now, and the keys of its ancestors, the nearest first."""

    key: Key
    adj: int
    ancestors: Sequence[Key] = ()
    comm: str = ""


class Started(NamedTuple):
    """What our drop-in starts processes with, and what they would have otherwise; None where nobody can tell."""

    value: int
    otherwise: Optional[int]


class Record(NamedTuple):
    """processes by (pid, start time). files: two of one path while a run replaces one by the other.

    folders: of a record of version 1, made for a drop-in that it does not name.
    """

    boot_id: str
    processes: Dict[Key, Entry]
    files: Tuple[File, ...] = ()
    folders: Tuple[str, ...] = ()

    def at(self, path: str) -> List[File]:
        """What the record has of a path."""
        return [file for file in self.files if file.written.path == path]

    def with_files(self, path: str, files: Iterable[File]) -> "Record":
        """The record with these in place of what it has of the path."""
        return self._replace(files=(*(file for file in self.files if file.written.path != path), *files))


def parse(content: Optional[Dict], boot_id: str) -> Record:
    """The record of a JSON object, as far as it is of this boot; ParseError that says why it is none of ours."""
    if content is None:
        return Record(boot_id, {})
    version = content.get("version")
    if isinstance(version, bool) or version not in (_FIRST_VERSION, _VERSION):
        raise ParseError(f"its version is {version!r}, but this release knows only {_FIRST_VERSION} and {_VERSION}")
    if set(content) != (_KEYS if version == _VERSION else _FIRST_KEYS):
        raise ParseError("it does not have the keys of a record")
    if not isinstance(content["boot_id"], str):
        raise ParseError("its boot_id is not a string")
    processes = dict(_process(row, version) for row in _rows(content, "processes"))
    record = Record(boot_id, processes if content["boot_id"] == boot_id else {})
    if version == _FIRST_VERSION:
        return record._replace(folders=tuple(_folder(name) for name in _rows(content, "folders")))
    return record._replace(files=tuple(_file(row) for row in _rows(content, "files")))


def render(record: Record) -> Optional[Dict]:
    """The object to keep, or None where there is nothing to remember."""
    if not record.processes and not record.files:
        return None
    processes = [
        dict(entry._asdict(), pid=pid, starttime=starttime)
        for (pid, starttime), entry in sorted(record.processes.items())
    ]
    files = [{"written": written.to_row(file.written), "value": file.value} for file in record.files]
    return {"version": _VERSION, "boot_id": record.boot_id, "processes": processes, "files": files}


def with_set(
    record: Record,
    found: Iterable[Found],
    value: int,
    started: Optional[Started] = None,
    earlier: Optional[Record] = None,
) -> Record:
    """The record while processes are set to `value`.

    The first value before stays, however often a process is set, unless somebody else has set it in between. A value
    that a process has from us is none that it had before: it may have inherited it, as this record or `earlier` (the
    one that this run began with) tells, or it was `started` with it. Who has `value` already and got it in neither way
    is not set, and so not remembered.
    """
    processes = dict(record.processes)
    for process in found:
        known = processes.pop(process.key, None)
        if known is not None and process.adj in (known.before, known.set, known.earlier):
            before = known.before
        else:
            before = _before(process, value, started, (record, earlier or record))
        if before is not None:
            passing = None if process.adj in (before, value) else process.adj
            processes[process.key] = Entry(before, value, passing, process.comm)
    return record._replace(processes=processes)


def ended(record: Record, keys: Iterable[Key]) -> Record:
    """The record at the end of a run in which these processes got what was set."""
    set_now = {key: record.processes[key]._replace(earlier=None) for key in keys if key in record.processes}
    return record._replace(processes={**record.processes, **set_now})


def of_living(record: Record, alive: Iterable[Key]) -> Record:
    """The record without the processes that are gone."""
    living = set(alive)
    return record._replace(processes={key: entry for key, entry in record.processes.items() if key in living})


def without(record: Record, keys: Iterable[Key]) -> Record:
    """The record after the processes got back what they had."""
    gone = set(keys)
    return record._replace(processes={key: entry for key, entry in record.processes.items() if key not in gone})


def value_before(record: Record, key: Key, ancestors: Iterable[Key], current: Optional[int]) -> Optional[int]:
    """What the process had before it was set; None where nobody set it, or where somebody else has set it since.

    A process born afterwards inherited the value of its nearest ancestor in the record, and gets that one's back.
    """
    for known in (key, *ancestors):
        entry = record.processes.get(known)
        if entry is not None:
            return entry.before if current is not None and current in (entry.set, entry.earlier) else None
    return None


def is_place(path: str) -> bool:
    """Whether a drop-in of this module may be at the path, be it the system's, all users' or one user's."""
    folder, _slash, name = path.rpartition("/")
    return name == drop_in_text.NAME and bool(re.match(f"(?:{_places()})/[^/]+\\.d$", folder))


def _before(process, value, started, records):
    for known in records:
        inherited = value_before(known, process.key, process.ancestors, process.adj)
        if inherited is not None:
            return inherited
    if process.adj == value:
        return None
    return started.otherwise if started is not None and process.adj == started.value else process.adj


def _rows(content, name):
    if not isinstance(content[name], list):
        raise ParseError(f"its {name} is not a list")
    return content[name]


def _process(row, version):
    numbers = {"pid": (1, _MOST), "starttime": (0, _MOST)}
    adj = (selection.LOWEST, selection.HIGHEST)
    numbers.update(before=adj, set=adj)
    more = {"earlier", "comm"} if version == _VERSION else set()
    if not isinstance(row, dict) or set(row) != set(numbers) | more:
        raise ParseError("one of its processes does not have the keys of a process")
    for name, (lowest, highest) in numbers.items():
        _check_number(row, name, lowest, highest)
    if row.get("earlier") is not None:
        _check_number(row, "earlier", *adj)
    if not isinstance(row.get("comm", ""), str):
        raise ParseError("the name of one of its processes is not a string")
    entry = Entry(row["before"], row["set"], row.get("earlier"), row.get("comm", ""))
    return (row["pid"], row["starttime"]), entry


def _check_number(row, name, lowest, highest):
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ParseError(f"{name} of one of its processes is {value!r}")


def _file(row):
    if not isinstance(row, dict) or set(row) != {"written", "value"}:
        raise ParseError("one of its files does not have the keys of a file")
    file = written.from_row(row["written"], is_place)
    if row["value"] is not None:
        _check_number(row, "value", selection.LOWEST, selection.HIGHEST)
    if file.before is not None:
        raise ParseError(f"it has an earlier text of {file.path!r}, which is never written over another file")
    if drop_in_text.is_in_home(file.path) != (file.owner is not None):
        raise ParseError(f"it names {file.path!r} as the file of {file.owner or 'root'}")
    return File(file, row["value"])


def _folder(name):
    """A folder of version 1: a unit's, or one that it made above that."""
    tops = f"(?:{_places()})(?:/[^/]+\\.d)?|/.+/\\.config(?:/systemd)?"
    if not isinstance(name, str) or "\0" in name or "/../" in name or not re.match(f"(?:{tops})$", name):
        raise ParseError(f"it names {name!r}, which is not a folder that this module makes")
    return name


def _places():
    folders = (drop_in_text.SYSTEM_FOLDER, drop_in_text.USERS_FOLDER)
    return "|".join([*map(re.escape, folders), _HOME])
