# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What takes the space of one tmpfs: its biggest files, deleted ones among them, and the processes that hold them."""

from typing import Dict, List

from ...memcore.gather import tmpfs_files
from ...memcore.gather.options import Options
from ...memcore.gather.survey import Survey
from ...memcore.models.size import human
from ...memcore.sources.host import Deadline, Host
from ...memcore.sources.printable import printable

_SECONDS = 3.0
_TOP = 5


def find(host: Host, device: str) -> List[Dict]:
    """At most five rows {path, bytes, deleted, holders: [{pid, comm}]}, the biggest first."""
    survey = Survey(host, Options(top=_TOP, scan_seconds=_SECONDS))
    rows = _named(survey, device) + _deleted(survey, device)
    return sorted(rows, key=lambda row: -row["bytes"])[:_TOP]


def sentence(rows: List[Dict]) -> str:
    """The rows as part of a sentence: `/run/a (1.0 MiB, held by dd pid 7) and …`."""
    return ", ".join(map(_phrase, rows))


def _phrase(row):
    name = ("deleted " if row["deleted"] else "") + row["path"]
    holders = ", ".join(f"{holder['comm']} pid {holder['pid']}" for holder in row["holders"])
    return f"{name} ({human(row['bytes'])}{', held by ' + holders if holders else ''})"


def _named(survey, device):
    block = next((block for block in survey.superblocks if block.device == device and block.path), None)
    if block is None:
        return []
    space, mount = block.via
    skip = {space.prefix + point if space.prefix else point.lstrip("/") for point in space.walk.below(mount)}
    root = "" if block.path == "." else block.path
    scan = tmpfs_files.search(survey.host, root, skip, Deadline(_SECONDS), _TOP)
    pids = {file.inode: file.pids for file in survey.held.files if file.device == device}
    prefix = len(space.prefix)
    return [
        _row(survey, "/" + entry.path[prefix:].lstrip("/"), entry.bytes, False, pids.get(entry.inode, ()))
        for entry in scan.biggest
    ]


def _deleted(survey, device):
    return [
        _row(survey, file.name, file.bytes, True, file.pids)
        for file in survey.held.files
        if file.device == device and file.kind == "deleted" and file.bytes
    ]


def _row(survey, path, size, deleted, pids):
    holders = [{"pid": pid, "comm": survey.comm_of(pid)} for pid in list(pids)[:_TOP]]
    return {"path": printable(path), "bytes": size, "deleted": deleted, "holders": holders}
