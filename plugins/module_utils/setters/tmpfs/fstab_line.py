# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The line of fstab that declares a tmpfs: what it is to say, and the way back to what it said before."""

from typing import List, Optional, Tuple

from . import before as tmpfs_before
from . import fstab_text, mount_options
from .amount import shortened, written
from .parts import FileChange, Situation, Wanted
from .place import EARLY
from .record import FstabLine


def declared(situation: Situation) -> List[fstab_text.Line]:
    """The lines of fstab that mount something at the path."""
    return fstab_text.lines_for(situation.fstab or "", situation.path, situation.spellings)


def limits(wanted: Wanted):
    """The options to write, by name."""
    found = {"size": wanted.size and wanted.size.text, "nr_inodes": wanted.inodes and shortened(wanted.inodes.bytes)}
    return {name: value for name, value in found.items() if value is not None}


def says(options: List[str], wanted: Wanted) -> bool:
    """Whether the options already set what is wanted, however it is spelled."""
    asked = {"size": wanted.size, "nr_inodes": wanted.inodes}
    return all(
        amount is None or written(mount_options.value_of(options, name) or "") == amount
        for name, amount in asked.items()
    )


def declare(situation: Situation, wanted: Wanted, known: Optional[FstabLine]) -> Tuple[FileChange, Optional[FstabLine]]:
    """The change to fstab, and what to keep for the way back; `known` is what an earlier run kept."""
    path, text = situation.fstab_path, situation.fstab or ""
    lines = declared(situation)
    if not lines:
        line = _new_line(situation, wanted)
        known = FstabLine(path, None, line, None, situation.fstab is not None)
        return FileChange(path, situation.fstab, fstab_text.added(text, line)), known
    current = lines[0]
    if says(current.options, wanted):
        return FileChange(path, situation.fstab, situation.fstab), known
    line = fstab_text.rewritten(current.text, lambda options: mount_options.with_limits(options, limits(wanted)))
    # A line of ours that somebody has changed is theirs from then on.
    original = _original(current.text, known) if known and _is_known(current, known) else current.text
    kept = FstabLine(path, original, line, current.text, known.existed if known else True)
    return FileChange(path, situation.fstab, fstab_text.replaced(text, current.number, line)), kept


def take_back(situation: Situation, known: FstabLine) -> Tuple[Optional[FileChange], Optional[str]]:
    """The change that takes the line back, and why it is left as it is; None for what there is not."""
    lines, text = declared(situation), situation.fstab
    line = _noted_in(lines, known)
    if line is None:
        return None, f"its line in {known.path} is not the one that was written" if lines else None
    if line.text not in (known.written, known.replaced) and _limits_of(line.text) != _limits_of(known.written):
        return None, f"the limits in its line in {known.path} have been changed since"
    after = fstab_text.replaced(text, line.number, _original(line.text, known))
    return FileChange(known.path, text, after if after or known.existed else None), None


def _new_line(situation, wanted):
    mount, _via, space, _identity = situation.mounts[0]
    options = mount_options.to_declare(mount.options, mount.super_options)
    if situation.path not in EARLY:
        options.append("nofail")  # a boot must not end in the emergency shell for a mount that was made by hand
    memory = tmpfs_before.Memory(situation.total_bytes, situation.page_bytes)
    size = tmpfs_before.size_to_declare(space, mount.super_options, memory)
    values = dict({"size": size}, **limits(wanted))
    return fstab_text.composed(mount.source, situation.path, mount_options.with_limits(options, values))


def _is_known(line, known):
    """Whether we wrote the line, or it may be the one we wrote into that others have changed since."""
    return known.original is not None or line.text in (known.written, known.replaced)


def _noted_in(lines, known):
    """That line which the record is about; None where none is for certain."""
    for text in (known.written, known.replaced):
        # A new line was put at the end, so of two alike the last is ours.
        same = [line for line in lines if line.text == text]
        if same:
            return same[-1]
    only = lines[0] if len(lines) == 1 else None
    return only if only and only.fstype == "tmpfs" and _is_known(only, known) else None


def _original(current, known):
    """What the line was before us, with what others have changed in it since."""
    original = known.original
    if original is None or current in (original, known.written, known.replaced):
        return original
    return fstab_text.rewritten(current, lambda options: mount_options.with_limits_of(options, _options_of(original)))


def _limits_of(line):
    return mount_options.limits_of(_options_of(line))


def _options_of(line):
    fields = line.split()
    return fields[3].split(",") if len(fields) > 3 else []
