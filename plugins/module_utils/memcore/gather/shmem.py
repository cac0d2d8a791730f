# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset shmem: Shmem taken apart, with the segments and memfds that nobody's resident set shows."""

from typing import Dict, List, NamedTuple, Optional

from ..models import gpu, reasons
from ..models import shmem as model
from ..sources import sysvipc
from ..sources.host import decode, reason
from ..sources.printable import printable
from .rows import owner_row
from .survey import Survey


class _Placed(NamedTuple):
    """A segment, and a process in whose IPC namespace it is, None for the own: ids are of a namespace."""

    pid: Optional[int]
    segment: sysvipc.Segment


def gather(survey: Survey) -> Dict:
    """The tree in bytes, then its System V segments, memfds, deleted files and anonymous shared mappings."""
    segments = _segments(survey)
    tree = _tree(survey, segments)
    for name, value in tree._asdict().items():
        if value is None and name in ("deleted", "memfd", "anonymous_shared", "gpu"):
            survey.host.lacks(f"shmem {name}_bytes", reasons.SHMEM_NOT_MEASURED)
    holders = {file.inode: file.pids for file in survey.held.files if file.kind == "sysv"}
    rows = {
        "sysv": [_segment_row(survey, one, holders.get(one.segment.shmid, ())) for one in segments or []],
        **{kind: _file_rows(survey, kind) for kind in ("memfd", "deleted", "anonymous_shared")},
    }
    facts = {f"{name}_bytes": value for name, value in tree._asdict().items()}
    facts["sysv_orphan_bytes"] = (
        None if segments is None else sum(row["bytes"] or 0 for row in rows["sysv"] if row["orphan"])
    )
    for name, found in rows.items():
        found.sort(key=lambda row: -(row["bytes"] or 0))
        facts[name] = found if name == "sysv" else survey.capped(f"shmem.{name}", found)
    facts["processes_refused"] = survey.held.refused
    facts["processes"] = len(survey.table.user)
    return facts


def _tree(survey, segments):
    info = survey.meminfo
    sizes = [block.space.used_bytes for block in survey.superblocks if block.space]
    known = [size for size in sizes if size is not None]
    return model.reconcile(
        total=info.get("Shmem"),
        tmpfs_used=sum(known) if known else None,
        sysv=None if segments is None else sum(map(_held_bytes, segments)),
        gpu=_gpu(survey),
        swapped=model.swapped_out(
            info.get("SwapTotal"), info.get("SwapFree"), info.get("SwapCached", 0), _anon_swapped(survey)
        ),
        held=model.held_bytes(survey.held.files, survey.held.complete),
    )


def _gpu(survey) -> Optional[int]:
    """What the drivers say, or what processes have mapped of buffers whose driver says nothing."""
    mapped = sum(file.bytes or 0 for file in survey.held.files if file.kind == "gpu")
    told = max(gpu.shmem_bytes(survey.held.gpu), mapped)
    return told if told or survey.held.complete else None


def _anon_swapped(survey) -> Optional[int]:
    sizes = [process.status.swap_bytes for process in survey.table.user]
    return sum(sizes) if survey.table.complete and None not in sizes else None


def _held_bytes(placed):
    return (placed.segment.resident_bytes or 0) + (placed.segment.swapped_bytes or 0)


def _segments(survey) -> Optional[List[_Placed]]:
    text = survey.host.text("proc/sysvipc/shm")
    if text is None:
        return None
    segments = [_Placed(None, segment) for segment in sysvipc.parse(text)]
    if survey.options.namespaces and survey.host.live:
        for pid in _other_ipc_namespaces(survey):
            try:
                found = sysvipc.parse(decode(survey.host.whole_in_ipc(pid, "proc/sysvipc/shm")))
                segments += [_Placed(pid, segment) for segment in found]
            except OSError as error:
                survey.host.lacks("/proc/PID/ns/ipc", reasons.ipc_namespaces_refused(reason(error)))
    return segments


def _other_ipc_namespaces(survey):
    pids = {}
    for process in survey.table.user:
        try:
            pids.setdefault(survey.host.link(f"proc/{process.pid}/ns/ipc"), process.pid)
        except OSError:
            continue
    try:
        pids.pop(survey.host.link("proc/self/ns/ipc"), None)
    except OSError:
        return []
    return list(pids.values())


def _segment_row(survey, placed, holders):
    segment = placed.segment
    alive = _is_alive(survey, segment.creator_pid)
    owner = holders[:1] or ((segment.creator_pid,) if alive else ())
    known = segment.resident_bytes is not None
    return {
        "shmid": segment.shmid,
        "pid": placed.pid,
        "key": segment.key,
        "bytes": segment.resident_bytes + (segment.swapped_bytes or 0) if known else None,
        "size_bytes": segment.size_bytes,
        "swapped_bytes": segment.swapped_bytes,
        "uid": segment.uid,
        "attached": segment.attached,
        "holders": survey.capped("shmem.sysv.holders", list(holders)),
        "owner": owner_row(survey.owner_of(owner[0])) if owner else None,
        "creator_pid": segment.creator_pid,
        "creator_alive": alive,
        "orphan": segment.attached == 0 and alive is False,
    }


def _is_alive(survey, pid) -> Optional[bool]:
    """None where the creator is of another pid namespace (the kernel then writes 0) or processes hide."""
    if pid in survey.by_pid:
        return True
    return False if pid and survey.table.complete else None


def _file_rows(survey, kind):
    return [
        {
            "name": printable(file.name),
            "bytes": file.bytes,
            "holders": survey.capped(f"shmem.{kind}.holders", list(file.pids)),
            "comm": survey.comm_of(file.pids[0]),
            "owner": owner_row(survey.owner_of(file.pids[0])),
        }
        for file in survey.held.files
        if file.kind == kind
    ]
