# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module tmpfs_size returns."""

from ...memcore.sources import host
from . import record


def listed(kept):
    """The record itself."""
    return {"changed": False, "record": record.to_json(kept)}


def warnings(work, extras, done):
    """What a person has to know of a run that did not fail."""
    found = [f"{row.what} stays as it is: {row.reason}" for one in work.judged for row in one.plan.kept]
    found += [one.warning for one in work.judged if one.warning]
    for extra in extras:
        found += [f"{row['what']} stays as it is: {row['reason']}" for row in extra.plan.kept]
        found += extra.plan.warnings
    return found + list(done.warnings)


def of_run(work, extras, done, module):
    """The whole answer. A single path has its keys at the top, several have them in `entries`."""
    entries = [_entry(one, module.check_mode) for one in work.judged]
    mounts = {row["mount"]: row for entry in entries for row in entry["mounts"]}.values()
    files = work.files + [change for extra in extras for change in extra.plan.files]
    changed = bool(work.files or work.remounts or done.removed or done.shrunk)
    top = {
        "changed": changed or any(extra.plan.changed for extra in extras),
        "files": [change.path for change in files],
        "backup_files": done.backups,
        "diff": [_file_diff(change) for change in files] + [_mount_diff(row) for row in mounts if _differs(row)],
        "kept": [row for entry in entries for row in entry["kept"]]
        + [row for extra in extras for row in extra.plan.kept],
        "removed": done.removed,
    }
    top.update({extra.name: extra.part.result(extra.plan) for extra in extras})
    if module.params["path"] is not None:
        return dict(entries[0], **top)
    return dict(top, entries=entries)


def _entry(one, check_mode):
    after = {remount.live.mount.mount_point: remount.after for remount in one.plan.remounts}
    mounts = one.situation.mounts if one.situation else []
    rows = [_row(live, after.get(live.mount.mount_point), check_mode) for live in mounts]
    path = one.situation.path if one.situation else one.asked.given
    found = {
        "title": one.asked.given,
        "changed": bool(one.plan.files or one.plan.remounts),
        "mount_point": path,  # a key `path` would make Ansible add the folder's mode, owner, size
        "place": one.plan.place,
        "files": [change.path for change in one.plan.files],
        "mounts": rows,
        "kept": [dict(row._asdict()) for row in one.plan.kept],
    }
    reasons = {"skipped_reason": one.skipped, "place_reason": one.place_reason}
    return dict(found, **{key: reason for key, reason in reasons.items() if reason is not None})


def _row(live, after, check_mode):
    """One mount; in check mode what would come, else what the kernel says now."""
    space = live.space
    size, inodes = space.size_bytes, space.inodes
    if after is not None and check_mode:
        size, inodes = after.size_bytes or size, after.inodes or inodes
    elif after is not None:
        now = host.Host("/").space(live.mount.mount_point.lstrip("/") or ".")
        size, inodes = now.size_bytes, now.inodes
    return {
        "mount": live.mount.mount_point,
        "used_bytes": space.used_bytes,
        "inodes_used": space.inodes_used,
        "size_bytes_before": space.size_bytes,
        "size_bytes": size,
        "inodes_before": space.inodes,
        "inodes": inodes,
    }


def _differs(row):
    return row["size_bytes"] != row["size_bytes_before"] or row["inodes"] != row["inodes_before"]


def _file_diff(change):
    """A file as --diff shows it."""
    return {
        "before_header": change.path,
        "after_header": change.path,
        "before": change.before or "",
        "after": change.after or "",
    }


def _mount_diff(row):
    """A mount as --diff shows it."""
    sides = [
        f"size_bytes: {row['size_bytes' + suffix]}\ninodes: {row['inodes' + suffix]}\n" for suffix in ("_before", "")
    ]
    header = "mounted at " + row["mount"]
    return {"before_header": header, "after_header": header, "before": sides[0], "after": sides[1]}
