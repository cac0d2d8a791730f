# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset tmpfs: every tmpfs with its mounts, its owner, its biggest files and who holds them."""

import time
from typing import Dict, List

from ..models import owner, reasons
from ..models.size import percent
from ..sources import fstab
from ..sources.host import Deadline
from ..sources.printable import printable
from . import tmpfs_files
from .rows import owner_row, rfc3339
from .superblocks import Superblock
from .survey import Survey


def gather(survey: Survey) -> List[Dict]:
    """One row for each superblock, the fullest first."""
    scans = _scan_all(survey)
    declared = _declared_sizes(survey)
    holders = _holders(survey)
    rows = [_row(survey, block, scans.get(block.device), declared, holders) for block in survey.superblocks]
    return sorted(rows, key=lambda row: (-(row["used_bytes"] or 0), row["mount"]))


def _row(survey, block, scan, declared, holders):
    space, mount = block.via or block.mounts[0]
    paths = sorted({m.mount_point for _dummy, m in block.mounts}, key=lambda path: (path != mount.mount_point, path))
    room = block.space
    used = room.used_bytes if room else None
    if room and used is None and scan and scan.gap is None:
        used = scan.bytes  # a tmpfs with size=0 answers statvfs with zeros, so its files are counted
    size = room.size_bytes if room else None
    inodes, inodes_used = (room.inodes, room.inodes_used) if room else (None, None)
    return {
        "mount": printable(mount.mount_point),
        "mounts": survey.capped("tmpfs.mounts", [printable(path) for path in paths]),
        "device": block.device,
        "fstype": mount.fstype,
        "pid": space.pid,
        "size_bytes": size,
        "used_bytes": used,
        "available_bytes": room.available_bytes if room else None,
        "used_percent": None if used is None or not size else percent(used, size),
        "size_percent_of_ram": percent(size, survey.meminfo["MemTotal"]) if size else None,
        "unlimited": None if room is None else size is None,
        "inodes": inodes,
        "inodes_used": inodes_used,
        "options": [
            printable(option) for option in sorted(set((mount.options + "," + mount.super_options).split(",")))
        ],
        "declared": any(path in declared for path in paths) and not space.prefix,
        "owner": _owner_row(survey, block),
        "top_files": _top_files(survey, block, scan, holders),
        "files": scan.files if scan and scan.gap is None else None,
        "newest_mtime": rfc3339(scan.newest) if scan and scan.newest is not None else None,
        "newest_age_seconds": max(int(time.time() - scan.newest), 0) if scan and scan.newest is not None else None,
        "journal_bytes": scan.journal_bytes if scan else None,
        "deleted_bytes": _deleted_bytes(survey, block.device),
        "not_read": None if block.obstacle is None else printable(block.obstacle),
    }


def _owner_row(survey, block):
    found = _owner(survey, block)
    alive = None if found.pod_uid is None or survey.alive_pods is None else found.pod_uid in survey.alive_pods
    return dict(owner_row(found), pod_alive=alive)


def _owner(survey, block: Superblock):
    own = [mount.mount_point for space, mount in block.mounts if not space.prefix]
    named = next(filter(None, map(owner.of_mount, own)), None)
    if named is not None or own:
        return named or owner.HOST
    # Only private namespaces have it: it belongs to the service or container that lives there.
    return survey.owner_of(block.mounts[0][0].pid)


def _scan_all(survey):
    if not survey.options.scan_files:
        survey.host.lacks("files in tmpfs", reasons.SCAN_OFF)
        return {}
    if not survey.host.live:
        survey.host.lacks("files in tmpfs", reasons.NOT_CAPTURED)
        return {}
    deadline = Deadline(survey.options.scan_seconds)
    blocks = sorted((block for block in survey.superblocks if block.path), key=lambda b: -(b.space.used_bytes or 0))
    return {block.device: _scan(survey, block, deadline) for block in blocks}


def _scan(survey, block, deadline):
    space, mount = block.via
    skip = {_joined(space.prefix, point) for point in space.walk.below(mount)}
    root = "" if block.path == "." else block.path
    scan = tmpfs_files.search(survey.host, root, skip, deadline, survey.options.top)
    if scan.gap is not None:
        survey.host.lacks(f"files of tmpfs {mount.mount_point}", _gap(survey, scan))
    return scan


def _gap(survey, scan):
    if scan.gap == tmpfs_files.OUT_OF_TIME:
        return reasons.scan_out_of_time(survey.options.scan_seconds, scan.files)
    return reasons.FOLDERS_REFUSED


def _joined(prefix, mount_point):
    return prefix + mount_point if prefix else mount_point.lstrip("/")


def _top_files(survey, block, scan, holders):
    if scan is None:
        return None
    prefix = len(block.via[0].prefix)
    if scan.files > len(scan.biggest):
        survey.cut("tmpfs.top_files", scan.files)
    return [
        {
            "path": printable("/" + entry.path[prefix:].lstrip("/")),
            "bytes": entry.bytes,
            "mtime": rfc3339(entry.mtime),
            "uid": entry.uid,
            "holders": survey.capped("tmpfs.top_files.holders", holders.get((block.device, entry.inode), [])),
        }
        for entry in scan.biggest
    ]


def _holders(survey):
    return {(file.device, file.inode): list(file.pids) for file in survey.held.files}


def _deleted_bytes(survey, device):
    """At least so many; None where a file could not be measured, or only refused processes might hold some."""
    sizes = survey.deleted_sizes.get(device, [])
    return None if None in sizes or not (sizes or survey.held.complete) else sum(sizes)


def _declared_sizes(survey):
    """Mount points to which fstab gives a size of their own: how full such a tmpfs may be was somebody's decision."""
    entries = fstab.parse(survey.host.optional("etc/fstab") or "")
    return {e.mount_point for e in entries if e.fstype == "tmpfs" and any(o.startswith("size=") for o in e.options)}
