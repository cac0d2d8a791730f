# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out plans as one transaction, and read back what came of them."""

import contextlib
import os
from typing import List, NamedTuple

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.sources import host, mountinfo
from .. import record as store
from .. import systemd, text_file
from . import mount_options, programs, read_back, record
from .drop_in import LOGIND_KEYS
from .place import LOGIND
from .record import FSTAB_PATH, LOGIND_DROP_IN


class Done(NamedTuple):
    """backups: paths. removed: what clean_now has deleted. shrunk: whether old entries of the journal went."""

    backups: List[str]
    warnings: List[str]
    removed: List[str]
    shrunk: bool


def check(module, work, extras):
    """Refuse what cannot be written or would have no effect before anything is changed."""
    for one in work.judged:
        if one.plan.place == LOGIND and one.asked.wanted.inodes:
            _check_inodes_of_users(module)
    for change in work.files:
        text_file.check_writable(os.path.realpath(change.path))
    if work.files or work.remounts or any(extra.plan.files for extra in extras):
        store.check_writable(record.NAME)


def _check_inodes_of_users(module):
    """Releases before 246 only log that they ignore the setting, and show no such property."""
    key = LOGIND_KEYS["nr_inodes"]
    active = systemd.is_running() and systemd.Manager(module).is_active(read_back.LOGIND_UNIT)
    if active and programs.logind_setting(module, key) == "":
        raise OptionError(
            f"inodes is given, but systemd-logind on this host does not know {key}=; leave inodes out or give "
            "persist none."
        )


def apply(module, before, work, extras) -> Done:
    """Make the changes; what fails half-way is taken back, and what is interrupted the next run completes."""
    during = before._replace(
        mounts=_both(before.mounts, work.mounts),
        **{extra.name: extra.plan.entry or getattr(before, extra.name) for extra in extras},
    )
    after = before._replace(
        mounts={path: record.settled(entry) for path, entry in work.mounts.items()},
        **{extra.name: extra.plan.entry for extra in extras},
    )
    undo = contextlib.ExitStack()
    try:
        if during != before:
            undo.callback(record.save, module, before)
            record.save(module, during)
        for remount in work.remounts:
            _remount(module, remount, remount.after)
            undo.callback(_set_limits, module, remount, remount.before)
            _read_back(remount.live, remount.after)
        backups = _write(module, work, undo)
        warnings = _apply_extras(module, extras, undo)
        if after != during:
            undo.callback(record.save, module, during)
            record.save(module, after)
        # What is deleted cannot be taken back, so it comes last.
        results = {extra.name: extra.part.finish(module, extra.plan) for extra in extras}
    # SystemExit is how Ansible's own helpers report a failure.
    except BaseException as error:
        _roll_back(undo, error)
        raise
    return Done(backups, warnings, results.get("ages", []), results.get("journal", False))


def _apply_extras(module, extras, undo):
    warnings = []
    for extra in extras:
        extra.part.apply(module, extra.plan, undo)
    for extra in extras:
        warnings += extra.part.verify(module, extra.plan)
    return warnings


def _both(before, after):
    """Entries by which either state can be taken back."""
    both = dict(before, **after)
    for path in set(before) & set(after):
        known = [file.path for file in after[path].files]
        old = tuple(file for file in before[path].files if file.path not in known)
        live = dict(before[path].live, **after[path].live)
        both[path] = record.Entry(after[path].files + old, live)
    return both


def _roll_back(undo, error):
    """What went wrong first is what a person has to know, and what is left of it."""
    try:
        undo.close()
    except (OSError, MemfactsError) as second:
        if isinstance(error, (OSError, MemfactsError)):
            raise MemfactsError(
                f"{str(error).rstrip('.')}, and some changes could not be taken back: {second}"
            ) from error


def _write(module, work, undo):
    if not work.files:
        return []
    backups = _backups(module, work.files, undo)
    undo.callback(_reload, module, work.files)
    for change in work.files:
        folders = list(change.folders) or text_file.missing_folders(os.path.realpath(change.path))
        undo.callback(_put, module, change.path, change.before, folders)
        _put(module, change.path, change.after, folders)
    _reload(module, work.files)
    if systemd.is_running():
        manager = systemd.Manager(module)
        read_back.units(manager, work.judged)
        if _is_logind(work.files) and manager.is_active(read_back.LOGIND_UNIT):
            read_back.logind(module, work.judged)
    return backups


def _backups(module, files, undo):
    backups = []
    for change in files if module.params["backup"] else ():
        if change.before is not None:
            backups.append(module.backup_local(os.path.realpath(change.path)))
            undo.callback(os.unlink, backups[-1])
    return backups


def _put(module, path, text, folders):
    target = os.path.realpath(path)  # a link stays one
    if text is None:
        text_file.remove(target, [folder for folder in folders if target.startswith(folder + "/")])
    else:
        text_file.write(module, target, text)


def _set_limits(module, remount, limits):
    """Remount with these limits and see that they are the only thing that has changed."""
    _remount(module, remount, limits)
    _read_back(remount.live, limits)


def _remount(module, remount, limits):
    wanted = {"size": limits.size_bytes, "nr_inodes": limits.inodes}
    via = remount.live.via
    options = ["remount"] + mount_options.to_repeat(via.options, via.super_options)
    options += [f"{name}={value}" for name, value in wanted.items() if value is not None]
    programs.remount(module, via.mount_point, options)


def _read_back(live, limits):
    tree = host.Host("/")
    text = tree.whole("proc/self/mountinfo").decode("utf-8", "surrogateescape")
    found = {mount.mount_id: mount for mount in mountinfo.parse(text)}
    for old in sorted({live.mount, live.via}):
        new = found.get(old.mount_id)
        if new is None:
            raise MemfactsError(f"{old.mount_point} was unmounted by somebody else during the run; run this again.")
        had = mount_options.beside_limits(old.options, old.super_options)
        has = mount_options.beside_limits(new.options, new.super_options)
        if had != has:
            lost = ", ".join(sorted(set(had) ^ set(has)))
            raise MemfactsError(f"the remount of {old.mount_point} also changed {lost}, so it was taken back.")
    space = tree.space(live.mount.mount_point.lstrip("/") or ".")
    for name, want, have in (("size", limits.size_bytes, space.size_bytes), ("inodes", limits.inodes, space.inodes)):
        if want is not None and have != want:
            raise MemfactsError(f"the kernel set the {name} of {live.mount.mount_point} to {have} instead of {want}.")


def _reload(module, files):
    """Let systemd and logind read the files again, each once."""
    if not systemd.is_running():
        return
    manager = systemd.Manager(module)
    units = [change.path for change in files if change.path == FSTAB_PATH or change.path.endswith(_OF_UNITS)]
    if units:
        manager.reload()
    if _is_logind(files) and manager.is_active(read_back.LOGIND_UNIT):
        # Not every release has a `systemctl reload` for it, but all read their files again on this signal.
        manager.hang_up(read_back.LOGIND_UNIT)


_OF_UNITS = ".mount.d/" + record.DROP_IN


def _is_logind(files):
    return any(change.path == LOGIND_DROP_IN for change in files)
