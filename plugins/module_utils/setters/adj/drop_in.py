# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drop-in of one unit: what it is, what it shall be, and whether systemd has taken it."""

import os

from ...memcore.errors import MemfactsError
from .. import as_user, text_file
from . import drop_in_text


class DropIn:
    """path, and its text before and after; None where there is no file. `value` None means that there shall be none."""

    def __init__(self, module, target, value):
        self._module = module
        self._target = target
        self.path = target.drop_in
        self.value = value
        self.before = self._owned(text_file.read, self.path)
        self.after = None if value is None else drop_in_text.text(target.unit.name, value)

    @property
    def changed(self):
        """Whether the file is not what it shall be."""
        return self.before != self.after

    @property
    def stale(self):
        """Whether a manager has not read what is written: an earlier run was interrupted, or somebody forgot to."""
        known = self._target.unit
        if self.value is None:
            return self.before is None and self.path in known.drop_ins
        return bool(self._target.managers) and known.exists and known.oom_score_adjust != self.value

    @property
    def value_before(self):
        """What the file set until now, or None."""
        return drop_in_text.value_of(self._target.unit.name, [self.before])

    def check(self):
        """MemfactsError for whatever would stop `apply`, before anything is changed."""
        if self.changed:
            self._owned(text_file.check_writable, self.path)
        if self.value is None:
            return
        unit = self._target.unit
        later = drop_in_text.overriding(unit.name, self.value, [(name, self._read(name)) for name in unit.drop_ins])
        if later is not None:
            raise MemfactsError(
                f"{later} sets OOMScoreAdjust after {self.path} would, so that {self.value} would have no effect; "
                "remove the line there, or use persist: none."
            )

    def value_without(self):
        """What systemd starts the unit with when the drop-in is gone; None where no file of the unit says so."""
        unit = self._target.unit
        later = sorted((name for name in unit.drop_ins if name != self.path), key=os.path.basename)
        return drop_in_text.value_of(unit.name, [self._read(name) for name in (unit.fragment, *later) if name])

    def folders(self):
        """The folders that writing the file would make, the innermost first."""
        return [] if self.after is None else self._owned(text_file.missing_folders, self.path)

    def apply(self, made_folders):
        """Write or remove the file and let systemd read it; nothing is restarted. Returns the folders removed."""
        removed = []
        if self.changed and self.after is not None:
            if self._target.file_owner is None:
                text_file.write(self._module, self.path, self.after)
            else:
                self._owned(text_file.write_plainly, self.path, self.after)
        elif self.changed:
            removed = self._owned(text_file.remove, self.path, made_folders)
        for manager in self._target.managers:
            manager.reload()
        return removed

    def verify(self):
        """MemfactsError where systemd shows another value than the file."""
        for manager in self._target.managers:
            unit = manager.show(self._target.unit.name)
            if unit.exists and unit.oom_score_adjust != self.value:
                raise MemfactsError(
                    f"{self.path} says OOMScoreAdjust={self.value}, but systemd shows {unit.oom_score_adjust} for "
                    f"{unit.name}; look for another setting with `systemctl cat {unit.name}`."
                )

    def _owned(self, function, *arguments):
        """On the drop-in itself, which may be below a user's home."""
        return as_user.call(self._target.file_owner, function, *arguments)

    def _read(self, name):
        """A file that the manager names; a user's manager may name what only root may read."""
        return as_user.call(self._target.told_by, text_file.read, name)
