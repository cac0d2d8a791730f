# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What processes had before they were set: the record that lets `state: absent` give it back.

It is valid for one boot, since afterwards no process of it exists; the folders that were made for drop-ins stay in it.
"""

import json
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ...memcore.errors import ParseError

_VERSION = 1
Key = Tuple[int, int]


class Entry(NamedTuple):
    """A process that was set from `before` to `set`."""

    before: int
    set: int


class Found(NamedTuple):
    """A process that is to be set: the value it has now, and the keys of its ancestors, the nearest first."""

    key: Key
    adj: int
    ancestors: Sequence[Key] = ()


class Started(NamedTuple):
    """What our drop-in starts processes with, and what they would have otherwise; None where nobody can tell."""

    value: int
    otherwise: Optional[int]


class Record(NamedTuple):
    """processes by (pid, start time). folders: made for a drop-in, to be removed with it; the innermost first."""

    boot_id: str
    processes: Dict[Key, Entry]
    folders: List[str]


def parse(text: Optional[str], boot_id: str) -> Record:
    """The record as far as it is of this boot; ParseError where the file is not one of ours."""
    if text is None:
        return Record(boot_id, {}, [])
    try:
        read = json.loads(text)
        folders = [str(name) for name in read["folders"]]
        known = {
            (int(row["pid"]), int(row["starttime"])): Entry(int(row["before"]), int(row["set"]))
            for row in read["processes"]
        }
    except (KeyError, TypeError, ValueError):
        raise ParseError("it is no record of what processes had before") from None
    return Record(boot_id, known if read.get("boot_id") == boot_id else {}, folders)


def render(record: Record) -> Optional[str]:
    """The file's content, or None where there is nothing to remember."""
    if not record.processes and not record.folders:
        return None
    rows = [
        {"pid": pid, "starttime": starttime, "before": entry.before, "set": entry.set}
        for (pid, starttime), entry in sorted(record.processes.items())
    ]
    whole = {"version": _VERSION, "boot_id": record.boot_id, "folders": record.folders, "processes": rows}
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def with_set(
    record: Record,
    found: Iterable[Found],
    value: int,
    alive: Iterable[Key],
    started: Optional[Started] = None,
    earlier: Optional[Record] = None,
) -> Record:
    """The record after processes are set to `value`; what is not in `alive` is forgotten.

    The first value before stays, however often a process is set. A value that a process has from us is none that it
    had before: it may have inherited it, as this record or `earlier` (the one that this run began with) tells, or it
    was `started` with it. Who has `value` already and got it in neither way is not set, and so not remembered.
    """
    living = set(alive)
    processes = {key: entry for key, entry in record.processes.items() if key in living}
    for process in found:
        known = processes.get(process.key)
        before = known.before if known is not None else _before(process, value, started, (record, earlier or record))
        if before is not None:
            processes[process.key] = Entry(before, value)
    return record._replace(processes=processes)


def without(record: Record, keys: Iterable[Key], alive: Iterable[Key]) -> Record:
    """The record after the processes got back what they had."""
    gone, living = set(keys), set(alive)
    return record._replace(
        processes={key: entry for key, entry in record.processes.items() if key in living and key not in gone}
    )


def value_before(record: Record, key: Key, ancestors: Iterable[Key], current: int) -> Optional[int]:
    """What the process had before it was set; None where nobody set it, or where somebody else has set it since.

    A process born afterwards inherited the value of its nearest ancestor in the record, and gets that one's back.
    """
    for known in (key, *ancestors):
        entry = record.processes.get(known)
        if entry is not None:
            return entry.before if entry.set == current else None
    return None


def _before(process, value, started, records):
    for known in records:
        inherited = value_before(known, process.key, process.ancestors, process.adj)
        if inherited is not None:
            return inherited
    if process.adj == value:
        return None
    return started.otherwise if started is not None and process.adj == started.value else process.adj
