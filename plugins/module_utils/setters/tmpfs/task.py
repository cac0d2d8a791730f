# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module tmpfs_size: judge all, change all or nothing, and say what came of it."""

from ...memcore.models.size import human
from ...memcore.sources import host
from .. import gate, lock
from . import asked, change, extras, holders, judge, record, shown


def run(module):
    """What the module returns; MemfactsError."""
    params = module.params
    fstab = asked.checked_path("fstab", params["fstab"])
    if params["state"] == "listed":
        return shown.listed(extras.checked(record.load(fstab)))
    undoes_all = params["state"] == "absent" and params["path"] is None and params["entries"] is None
    entries = None if undoes_all else asked.entries(params)
    wanted = extras.wanted(params, undoes_all)
    if module.check_mode:
        return _run(module, entries, wanted, fstab)
    with lock.held(params["lock_timeout"]):
        return _run(module, entries, wanted, fstab)


def too_small(error):
    """(the message, details) for a size that would not hold what is in use: what holds it."""
    live = error.live
    rows = holders.find(host.Host("/"), live.mount.device)
    most = f", most by {holders.sentence(rows[:3])}" if rows else ""
    message = (
        f"Cannot set the size of {live.mount.mount_point} to {human(error.size_bytes)}: "
        f"{human(live.space.used_bytes)} are in use{most}; free space there or give a size of at least "
        f"{error.least} bytes."
    )
    return message, {"used_bytes": live.space.used_bytes, "least_size_bytes": error.least, "held_by": rows}


def _run(module, entries, wanted, fstab):
    kept = extras.checked(record.load(fstab))
    if module.params["state"] == "present":
        work = judge.present(host.Host("/"), entries, kept, fstab)
    else:
        work = judge.absent(host.Host("/"), entries, kept, fstab)
    parts = extras.planned(module, wanted, kept)
    change.check(module, work, parts)
    if module.check_mode:
        done = change.Done([], [], extras.due(parts), False)
    elif parts or work.files or work.remounts or work.mounts != kept.mounts:
        done = change.apply(module, kept, work, parts)
    else:
        done = change.Done([], [], [], False)
    for text in shown.warnings(work, parts, done):
        module.warn(gate.shown(text))  # a warning is part of the reply, but does not go through the gate
    return shown.of_run(work, parts, done, module)
