# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a plan for the size of a tmpfs, step by step, and read back what came of it."""

import contextlib
import os
import time

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.sources import host, mountinfo
from ...memcore.sources.unit_properties import drop_in_paths
from .. import record as kept
from .. import text_file, unit_text
from . import mount_options
from . import situation as tmpfs_situation
from .amount import written
from .place import LOGIND, SYSTEMD
from .plan import LOGIND_DROP_IN, LOGIND_KEYS

RECORD = "tmpfs_size.json"
_LOGIND_SECONDS = 10
_ENGLISH = {"LC_ALL": "C"}


def check(module, plan, wanted):
    """Refuse what cannot be written or would have no effect before anything is changed."""
    if plan.place == LOGIND and wanted.inodes:
        _check_inodes_of_users(module)
    for change in plan.files:
        text_file.check_writable(os.path.realpath(change.path))
    if plan.files or plan.remounts:
        text_file.check_writable(os.path.join(kept.FOLDER, RECORD))


def _check_inodes_of_users(module):
    """Releases before 246 only log that they ignore the setting, and show no such property."""
    key = LOGIND_KEYS["nr_inodes"]
    active = _is_active(module, module.get_bin_path("systemctl", required=True), "systemd-logind.service")
    if active and _shown_by_logind(module, key) == "":
        raise OptionError(
            f"inodes is given, but systemd-logind of this host does not know {key}=; leave inodes out or give "
            "persist none."
        )


def apply(module, path, plan):
    """Make the changes; what fails half-way is taken back, and what is interrupted the next run completes."""
    before = kept.load(RECORD)
    entries = {key: entry for key, entry in before.items() if key != path}
    after = dict(entries, **{path: _with_folders(plan.entry, before.get(path))}) if plan.entry else entries
    folders = _folders_of(before.get(path)) or _folders_of(after.get(path))
    undo = contextlib.ExitStack()
    try:
        if plan.entry and after != before:
            kept.save(module, RECORD, after)
            undo.callback(kept.save, module, RECORD, before)
        for remount in plan.remounts:
            undo.callback(_set_limits, module, remount, remount.before)
            _set_limits(module, remount, remount.after)
        _write(module, plan, folders, undo)
        if not plan.entry and after != before:
            kept.save(module, RECORD, after)
    # SystemExit is how Ansible's own helpers report a failure.
    except BaseException:
        with contextlib.suppress(OSError, MemfactsError):  # what went wrong first is what a person has to know
            undo.close()
        raise


def _with_folders(entry, known):
    """The entry, with the folders that are made for a new file of ours and so can go again."""
    if not entry["file"]:
        return entry
    path = entry["file"]["path"]
    folders = _folders_of(known) if known and known["file"] and known["file"]["path"] == path else None
    return dict(entry, file=dict(entry["file"], folders=folders or text_file.missing_folders(path)))


def _folders_of(entry):
    return (entry["file"] or {}).get("folders", []) if entry else []


def _write(module, plan, folders, undo):
    if not plan.files:
        return
    undo.callback(_reload, module, plan, False)
    for change in plan.files:
        undo.callback(_put, module, change.path, change.before, folders)
        _put(module, change.path, change.after, folders)
    _reload(module, plan, True)


def _put(module, path, text, folders):
    target = os.path.realpath(path)  # a link stays one
    if text is None:
        text_file.remove(target, [folder for folder in folders if target.startswith(folder + "/")])
    else:
        text_file.write(module, target, text)


def _set_limits(module, remount, limits):
    """Remount with these limits and see that they are the only thing that has changed."""
    live = remount.live
    wanted = {"size": limits.size_bytes, "nr_inodes": limits.inodes}
    via = live.via
    options = ["remount"] + mount_options.to_repeat(via.options, via.super_options)
    options += [f"{name}={value}" for name, value in wanted.items() if value is not None]
    # With a source and a folder mount(8) leaves fstab alone, whose options would replace those of the mount.
    command = [module.get_bin_path("mount", required=True), "-t", "tmpfs", "-o", ",".join(options)]
    status, dummy, errors = module.run_command(
        command + ["tmpfs", via.mount_point], environ_update=_ENGLISH, encoding=None
    )
    if status != 0:
        said = " ".join(errors.decode("utf-8", "replace").split()).rstrip(".")
        raise MemfactsError(f"the kernel refused to remount {via.mount_point}, and mount(8) said '{said}'.")
    _read_back(live, limits)


def _read_back(live, limits):
    tree = host.Host("/")
    text = tree.whole("proc/self/mountinfo").decode("utf-8", "surrogateescape")
    found = {mount.mount_id: mount for mount in mountinfo.parse(text)}
    for old in sorted({live.mount, live.via}):
        new = found.get(old.mount_id)
        if new is None:
            raise MemfactsError(f"{old.mount_point} was unmounted by somebody meanwhile; run this again.")
        had = mount_options.beside_limits(old.options, old.super_options)
        has = mount_options.beside_limits(new.options, new.super_options)
        if had != has:
            lost = ", ".join(sorted(set(had) ^ set(has)))
            raise MemfactsError(f"the remount of {old.mount_point} also changed {lost}, so it was taken back.")
    space = tree.space(live.mount.mount_point.lstrip("/") or ".")
    for name, want, have in (("size", limits.size_bytes, space.size_bytes), ("inodes", limits.inodes, space.inodes)):
        if want is not None and have != want:
            raise MemfactsError(f"the kernel gave {live.mount.mount_point} a {name} of {have} instead of {want}.")


def _reload(module, plan, verify):
    """Let systemd or logind read the files anew, and see that it took them."""
    tree = host.Host("/")
    if not tmpfs_situation.runs_systemd(tree):
        return
    systemctl = module.get_bin_path("systemctl", required=True)
    paths = [change.path for change in plan.files]
    if any(path != LOGIND_DROP_IN for path in paths):
        _run(module, [systemctl, "daemon-reload"])
    if verify and plan.place == SYSTEMD:
        _see_drop_in(module, systemctl, plan)
    if LOGIND_DROP_IN in paths and _is_active(module, systemctl, "systemd-logind.service"):
        # Not every release has a `systemctl reload` for it, but all read their files anew on this signal.
        _run(module, [systemctl, "kill", "-s", "HUP", "--kill-who=main", "systemd-logind.service"])
        if verify and plan.place == LOGIND:
            _see_logind(module, plan)


def _see_drop_in(module, systemctl, plan):
    for change in plan.files:
        folder, dummy, name = change.path.rpartition("/")
        unit = folder.rpartition("/")[2][: -len(".d")]
        shown = _run(module, [systemctl, "show", "-p", "DropInPaths", unit])
        paths = drop_in_paths(shown.strip().partition("=")[2])
        if unit.endswith(".mount") and (change.path in paths) != (change.after is not None):
            raise MemfactsError(
                f"systemd does not read {name} of {unit}; look for the reason with systemctl cat {unit}."
            )


def _see_logind(module, plan):
    """Wait until logind shows what our drop-in says; a share of RAM it rounds in its own way."""
    text = next(change.after for change in plan.files if change.path == LOGIND_DROP_IN)
    for key in LOGIND_KEYS.values():
        amount = written(unit_text.last_value([text or ""], "Login", key) or "")
        if amount is not None and amount.bytes is not None:
            _see_setting(module, key, amount.bytes)


def _see_setting(module, key, number):
    end = time.monotonic() + _LOGIND_SECONDS
    shown = ""
    while time.monotonic() < end:
        shown = _shown_by_logind(module, key)
        if shown in (None, "", str(number)):
            return  # releases before 240 do not show the size
        time.sleep(0.1)
    raise MemfactsError(f"systemd-logind still has a {key} of {shown} instead of {number}.")


def _shown_by_logind(module, key):
    """The value of a setting, empty where this release does not know it, None where logind cannot be asked."""
    loginctl = module.get_bin_path("loginctl")
    if loginctl is None:
        return None
    status, output, dummy = module.run_command([loginctl, "show-session", "-p", key])
    return output.strip().rpartition("=")[2] if status == 0 else None


def _is_active(module, systemctl, unit):
    return module.run_command([systemctl, "is-active", "--quiet", unit])[0] == 0


def _run(module, command):
    status, output, errors = module.run_command(command, environ_update=_ENGLISH)
    if status != 0:
        said = " ".join((errors or output).split()).rstrip(".")
        raise MemfactsError(f"{' '.join(map(os.path.basename, command))} failed with '{said}'.")
    return output
