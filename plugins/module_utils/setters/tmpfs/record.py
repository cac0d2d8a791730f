# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The record of tmpfs_size: what it wrote and set, and what was there before. It is all that state: absent goes by.

Version 2 is written. Version 1, of release 0.1.0, is read too: it lacks which mount was changed and to what.
"""

import os
import re
from typing import Dict, NamedTuple, Optional, Tuple, Union

from ...memcore.errors import ParseError
from ...memcore.sources import unit_file
from .. import record as store
from ..written import Written, digest, from_row, to_row
from .amount import written as amount_of
from .identity import Identity

NAME = "tmpfs_size.json"
FSTAB_PATH = "/etc/fstab"
DROP_IN = "zz-memfacts.conf"
LOGIND_DROP_IN = f"/etc/systemd/logind.conf.d/{DROP_IN}"
_VERSION = 2
_TEXT, _NUMBER, _NULL = str, int, type(None)
_UUID = re.compile(r"[0-9a-f-]{0,36}$", re.ASCII)


class FstabLine(NamedTuple):
    """A line of fstab. `original` is None where it was added, `existed` False where the file was made for it.

    replaced: what stands there still where a run is interrupted before it has written the line.
    """

    path: str
    original: Optional[str]
    written: str
    replaced: Optional[str]
    existed: bool


class DropIn(NamedTuple):
    """A file of our own. replaced: the SHA-256 of what stands there still where a run is interrupted before it."""

    file: Written
    replaced: Optional[str] = None

    @property
    def path(self) -> str:
        """Where it is."""
        return self.file.path


class LiveBefore(NamedTuple):
    """The limits that a mount had before it was changed for the first time, and those it was given.

    None in size_bytes and inodes: that limit was not changed. shares: see before.py. identity is None in version 1.
    from_*: what it has still where a run is interrupted before the remount.
    """

    total_bytes: int
    identity: Optional[Identity]
    size_bytes: Optional[int] = None
    size_share: Union[None, str, int] = None
    inodes: Optional[int] = None
    inodes_share: Optional[str] = None
    set_size: Optional[str] = None
    set_inodes: Optional[int] = None
    from_size: Optional[int] = None
    from_inodes: Optional[int] = None


class Entry(NamedTuple):
    """What was changed for one path: files, of which there are two while a move between places is interrupted."""

    files: Tuple[Union[FstabLine, DropIn], ...]
    live: Dict[str, LiveBefore]


class Record(NamedTuple):
    """Entries by path; the other two belong to journal.py and ages.py."""

    mounts: Dict[str, Entry]
    journal: Optional[Dict] = None
    ages: Optional[Dict] = None


def load(fstab: str = FSTAB_PATH) -> Record:
    """The record, empty where there is none; `fstab` is a file that it may name beside /etc/fstab. MemfactsError."""
    content = store.load(NAME)
    try:
        return parse(content or {}, fstab)
    except ParseError as error:
        raise store.damaged(NAME, str(error)) from None


def save(module, record: Record) -> None:
    """Replace the record; an empty one is removed."""
    store.save(module, NAME, to_json(record) if any(record) else None)


def parse(content: Dict, fstab: str = FSTAB_PATH) -> Record:
    """The record of a JSON object; ParseError where it is none."""
    if "version" not in content:
        return Record({path: _entry_of_version_1(_checked_path(path), row) for path, row in content.items()})
    _check(content, {"version": (int,), "mounts": (dict,), "journal": (dict, _NULL), "ages": (dict, _NULL)}, "it")
    if content["version"] != _VERSION:
        raise ParseError(f"its version is {content['version']}, but this release knows only 1 and {_VERSION}")
    mounts = {path: _entry(_checked_path(path), row, fstab) for path, row in content["mounts"].items()}
    return Record(mounts, content["journal"], content["ages"])


def to_json(record: Record) -> Dict:
    """The record as a JSON object."""
    mounts = {path: _entry_row(entry) for path, entry in record.mounts.items()}
    return {"version": _VERSION, "mounts": mounts, "journal": record.journal, "ages": record.ages}


def drop_in_of(path: str) -> str:
    """Our drop-in of the mount unit of a path."""
    return f"/etc/systemd/system/{unit_file.mount_unit(path)}.d/{DROP_IN}"


def settled(entry: Optional[Entry]) -> Optional[Entry]:
    """The entry after its run has ended: what stood there meanwhile is no more what a setter wrote."""
    if entry is None:
        return None
    live = {point: row._replace(from_size=None, from_inodes=None) for point, row in entry.live.items()}
    return Entry(tuple(file._replace(replaced=None) for file in entry.files), live)


def _entry_row(entry):
    files = [
        dict(file._asdict()) if isinstance(file, FstabLine) else {"file": to_row(file.file), "replaced": file.replaced}
        for file in entry.files
    ]
    live = {
        point: dict(row._asdict(), identity=dict(row.identity._asdict()) if row.identity else None)
        for point, row in entry.live.items()
    }
    return {"files": files, "live": live}


def _checked_path(path):
    if not path.startswith("/") or "\0" in path or os.path.normpath(path) != path:
        raise ParseError(f"it names {path!r}, which is not the path of a mount")
    return path


def _check(row, kinds, what):
    """Exactly these keys with values of these types; True is no number here."""
    if not isinstance(row, dict) or set(row) != set(kinds):
        raise ParseError(f"{what} does not have exactly the keys {', '.join(sorted(kinds))}")
    for key, allowed in kinds.items():
        if type(row[key]) not in allowed:
            raise ParseError(f"{key} of {what} is {row[key]!r}")


def _entry(path, row, fstab):
    _check(row, {"files": (list,), "live": (dict,)}, path)
    files = tuple(_file(path, file, fstab) for file in row["files"])
    return Entry(files, {point: _live(_checked_path(point), known) for point, known in row["live"].items()})


def _file(path, row, fstab):
    if isinstance(row, dict) and "file" in row:
        _check(row, {"file": (dict,), "replaced": (_TEXT, _NULL)}, f"a file of {path}")
        return DropIn(from_row(row["file"], lambda name: name in (drop_in_of(path), LOGIND_DROP_IN)), row["replaced"])
    _check(row, _LINE, f"a line of fstab for {path}")
    return _checked_line(FstabLine(**row), fstab)


_LINE = {
    "path": (_TEXT,),
    "original": (_TEXT, _NULL),
    "written": (_TEXT,),
    "replaced": (_TEXT, _NULL),
    "existed": (bool,),
}


def _checked_line(line, fstab):
    if line.path not in (FSTAB_PATH, fstab):
        raise ParseError(f"it names {line.path!r} as fstab, which is neither {FSTAB_PATH} nor the option fstab")
    if any("\n" in text for text in (line.original, line.written) if text is not None):
        raise ParseError(f"it names several lines of {line.path} as one line")
    return line


_LIMITS_BEFORE = {
    "total_bytes": (_NUMBER,),
    "size_bytes": (_NUMBER, _NULL),
    "size_share": (_NUMBER, _TEXT, _NULL),
    "inodes": (_NUMBER, _NULL),
    "inodes_share": (_TEXT, _NULL),
}
_LIVE = dict(
    _LIMITS_BEFORE,
    identity=(dict, _NULL),
    set_size=(_TEXT, _NULL),
    **dict.fromkeys(("set_inodes", "from_size", "from_inodes"), (_NUMBER, _NULL)),
)
_IDENTITY = {"boot_id": (_TEXT,), "device": (_TEXT,), "mount_id": (_NUMBER,), "fsid": (_NUMBER, _NULL)}


def _live(point, row):
    _check(row, _LIVE, f"the mount {point}")
    identity = row["identity"]
    if identity is not None:
        _check(identity, _IDENTITY, f"the identity of {point}")
        if not _UUID.match(identity["boot_id"]):
            raise ParseError(f"boot_id of {point} is {identity['boot_id']!r}")
        identity = Identity(**identity)
    if row["set_size"] is not None and amount_of(row["set_size"]) is None:
        raise ParseError(f"set_size of {point} is {row['set_size']!r}")
    return _checked_limits(point, LiveBefore(**dict(row, identity=identity)))


def _checked_limits(point, row):
    if isinstance(row.size_share, str) and row.size_share != "default":
        raise ParseError(f"size_share of {point} is {row.size_share!r}")
    if row.inodes_share not in (None, "default"):
        raise ParseError(f"inodes_share of {point} is {row.inodes_share!r}")
    numbers = (row.total_bytes, row.size_bytes, row.inodes, row.set_inodes)
    if any(number is not None and number < 1 for number in numbers):
        raise ParseError(f"a limit of {point} is below 1")
    return row


def _entry_of_version_1(path, row):
    _check(row, {"file": (dict, _NULL), "live": (dict,)}, path)
    live = {}
    for point, known in row["live"].items():
        _check(known, _LIMITS_BEFORE, f"the mount {point}")
        live[_checked_path(point)] = _checked_limits(point, LiveBefore(identity=None, **known))
    return Entry((_file_of_version_1(path, row["file"]),) if row["file"] else (), live)


def _file_of_version_1(path, row):
    row = dict({"replaced": None, "folders": []}, **row)
    _check(row, dict(_LINE, folders=(list,)), f"a file of {path}")
    folders = row.pop("folders")
    if row["path"] == FSTAB_PATH:
        return _checked_line(FstabLine(**row), FSTAB_PATH)
    file = Written(row["path"], digest(row["written"]), row["original"], tuple(folders))
    return DropIn(from_row(to_row(file), lambda name: name in (drop_in_of(path), LOGIND_DROP_IN)))
