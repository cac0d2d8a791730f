# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The drop-ins that declare a tmpfs, of a mount unit and of logind: what they are to say, and the way back."""

from typing import Callable, List, Optional, Tuple

from ...memcore.errors import OptionError
from ...memcore.sources import unit_file
from .. import unit_text
from ..written import Written, digest
from . import mount_options
from .amount import written
from .fstab_line import limits, says
from .parts import FileChange, Situation, Wanted
from .record import DROP_IN, LOGIND_DROP_IN, DropIn, drop_in_of

LOGIND_KEYS = {"size": "RuntimeDirectorySize", "nr_inodes": "RuntimeDirectoryInodesMax"}

Declared = Tuple[FileChange, Optional[DropIn]]


def declare_in_unit(situation: Situation, wanted: Wanted, known: Optional[DropIn]) -> Declared:
    """The change to the drop-in of the mount unit, and what to keep for the way back."""
    unit, path = situation.unit, drop_in_of(situation.path)
    # systemd reads only the first of two files of one name, and ours is not in the first folder.
    if unit.drop_in and unit.drop_in.rpartition("/")[2] >= DROP_IN:
        raise OptionError(
            f"{unit.drop_in} sets Options= and overrides {path}; rename it so that the latter takes effect."
        )
    _check_own(path, unit.own, known, unit_text.is_mount_drop_in)
    base = _unescaped(unit.options)
    if unit.own is None and says(base, wanted):
        return FileChange(path, None, None), known
    own = _unescaped(unit_file.last_value([unit.own or ""], "Mount", "Options"))
    values = dict(_given(lambda name: mount_options.value_of(own, name)), **limits(wanted))
    text = unit_text.mount_drop_in([_escaped(option) for option in mount_options.with_limits(base, values)])
    return FileChange(path, unit.own, text), _kept(path, unit.own, text, known, unit.folders)


def declare_in_logind(situation: Situation, wanted: Wanted, known: Optional[DropIn]) -> Declared:
    """The same for the drop-in of logind.conf."""
    logind = situation.logind
    if wanted.size and wanted.size.percent and wanted.size.percent > 100:
        raise OptionError(f"size is {wanted.size.text}, but systemd-logind accepts at most 100%; give 100% or less.")
    asked = {"size": wanted.size, "nr_inodes": wanted.inodes}
    for name, key in LOGIND_KEYS.items():
        if asked[name] and key in logind.later:
            raise OptionError(
                f"{logind.later[key]} sets {key}= and is read after {DROP_IN}; rename it so that it is read earlier."
            )
    _check_own(LOGIND_DROP_IN, logind.own, known, unit_text.is_logind_drop_in)
    declared = all(
        amount is None or written(logind.values.get(LOGIND_KEYS[name], "")) == amount for name, amount in asked.items()
    )
    if logind.own is None and declared:
        return FileChange(LOGIND_DROP_IN, None, None), known
    own = _given(lambda name: unit_file.last_value([logind.own or ""], "Login", LOGIND_KEYS[name]))
    values = dict(own, **limits(wanted))
    text = unit_text.logind_drop_in(values.get("size"), values.get("nr_inodes"))
    return FileChange(LOGIND_DROP_IN, logind.own, text), _kept(LOGIND_DROP_IN, logind.own, text, known, logind.folders)


def take_back(situation: Situation, known: DropIn) -> Tuple[Optional[FileChange], Optional[str]]:
    """The change that takes the file back, and why it is left as it is; None for what there is not."""
    path = known.path
    is_logind = path == LOGIND_DROP_IN
    text = situation.logind.own if is_logind else situation.unit.own
    missing = situation.logind.folders if is_logind else situation.unit.folders
    folders = tuple(folder for folder in known.file.folders if folder not in missing)
    if text is None:
        return FileChange(path, None, None, folders) if folders else None, None
    if digest(text) not in (known.file.sha256, known.replaced):
        return None, f"{path} was changed since it was written"
    return FileChange(path, text, known.file.before, folders), None


def stale(situation: Situation) -> List[FileChange]:
    """A drop-in of the unit that release 0.1.0 left without a record, while fstab declares the mount."""
    own = situation.unit.own
    if own is None or not unit_text.is_mount_drop_in(own):
        return []
    return [FileChange(drop_in_of(situation.path), own, None)]


def _check_own(path, text, known, is_made_here: Callable[[str], bool]):
    """Other text at our path is somebody's, whose settings would be lost; limits that differ are drift."""
    if text is None or is_made_here(text) or (known and digest(text) in (known.file.sha256, known.replaced)):
        return
    raise OptionError(f"{path} has settings that tmpfs_size did not write; move them to another file.")


def _kept(path, text, after, known, missing):
    if known and text == after:
        return known
    folders = known.file.folders if known else missing
    before = known.file.before if known else None
    return DropIn(Written(path, digest(after), before, tuple(folders)), None if text is None else digest(text))


def _unescaped(options):
    """Only of limits: other options keep their specifiers as they are."""
    names = [option.strip() for option in (options or "").split(",")]
    return [name.replace("%%", "%") if mount_options.limits_of([name]) else name for name in names if name]


def _escaped(option):
    return option.replace("%", "%%") if mount_options.limits_of([option]) else option


def _given(read):
    values = {name: read(name) for name in LOGIND_KEYS}
    return {name: value for name, value in values.items() if value is not None}
