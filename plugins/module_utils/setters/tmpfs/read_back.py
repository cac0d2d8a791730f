# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See that what was declared is what systemd and logind go by: files of somebody else may win over ours."""

import time

from ...memcore.errors import MemfactsError
from ...memcore.sources import host, unit_file
from ..unit_properties import drop_in_paths
from . import fstab_text, mount_options, programs
from .amount import written
from .drop_in import LOGIND_KEYS
from .place import FSTAB, LOGIND, SYSTEMD
from .record import FSTAB_PATH, LOGIND_DROP_IN, drop_in_of

LOGIND_UNIT = "systemd-logind.service"
_LOGIND_SECONDS = 10
_GENERATED = "/run/systemd/generator"


def units(manager, judged):
    """Each entry that declares its mount in fstab or a unit; MemfactsError where systemd goes by something else."""
    for one in judged:
        for change in one.plan.files:
            if change.path == drop_in_of(one.situation.path) and one.plan.place == SYSTEMD:
                _see_drop_in(manager, one.situation.unit.name, change)
            elif change.path == FSTAB_PATH and one.plan.place == FSTAB and change.after is not None:
                _see_line(manager, one.situation, change.after)


def _see_drop_in(manager, unit, change):
    paths, options = _effective(manager, unit)
    if (change.path in paths) != (change.after is not None):
        name = change.path.rpartition("/")[2]
        raise MemfactsError(f"systemd does not read {name} of {unit}; look for the reason with systemctl cat {unit}.")
    if change.after is not None and options != unit_file.last_value([change.after], "Mount", "Options"):
        raise MemfactsError(
            f"systemd uses Options={options} for {unit} instead; look for the reason with systemctl cat {unit}."
        )


def _see_line(manager, situation, text):
    unit = unit_file.mount_unit(situation.path)
    paths, options = _effective(manager, unit)
    if options is None:
        return  # systemd makes no unit for what it mounts itself, and none of a line with another fstype
    lines = fstab_text.lines_for(text, situation.path, situation.spellings)
    wanted = _limits(lines[0].options) if lines else None
    if wanted is None or wanted == _limits(options.replace("%%", "%").split(",")):
        return
    winner = next((path for path in reversed(paths) if not path.startswith(_GENERATED)), paths[0])
    raise MemfactsError(
        f"systemd uses {winner} and not the line for {situation.path} in {FSTAB_PATH}; remove one of them."
    )


def _limits(options):
    return {name: written(mount_options.value_of(options, name) or "") for name in LOGIND_KEYS}


def _effective(manager, unit):
    """(the files of the unit as systemd reads them, what they leave of Options=)"""
    shown = manager.properties(unit, "FragmentPath", "DropInPaths")
    paths = [path for path in (shown.get("FragmentPath"), *drop_in_paths(shown.get("DropInPaths", ""))) if path]
    tree = host.Host("/")
    texts = [tree.optional(path.lstrip("/")) or "" for path in paths]
    return paths, unit_file.last_value(texts, "Mount", "Options")


def logind(module, judged):
    """Wait until logind shows what our drop-in says; a share of RAM it rounds in its own way."""
    for one in judged:
        for change in one.plan.files if one.plan.place == LOGIND else ():
            if change.path == LOGIND_DROP_IN and change.after is not None:
                _see_settings(module, change.after)


def _see_settings(module, text):
    for key in LOGIND_KEYS.values():
        amount = written(unit_file.last_value([text], "Login", key) or "")
        if amount is not None and amount.bytes is not None:
            _see_setting(module, key, amount.bytes)


def _see_setting(module, key, number):
    end = time.monotonic() + _LOGIND_SECONDS
    shown = ""
    while time.monotonic() < end:
        shown = programs.logind_setting(module, key)
        if shown in (None, "", str(number)):
            return  # releases before 240 do not show the size
        time.sleep(0.1)
    raise MemfactsError(f"systemd-logind still has a {key} of {shown} instead of {number}.")
