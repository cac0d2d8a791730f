# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drop-in of one unit: what it is, whose it is, what it shall be, and whether systemd has taken it."""

import glob
import os

from ...memcore.errors import MemfactsError
from .. import as_user, text_file, written
from . import drop_in_text
from . import record as adj_record

_FOREIGN = "its text is not what this module wrote, so somebody else wrote or changed it"


class DropIn:
    """path, and its text before and after; None where there is no file. `value` None means that there shall be none.

    files: what the record has of the path. A file that is not as it was written is somebody else's and stays.
    """

    def __init__(self, module, target, value, files):
        self._module = module
        self._target = target
        self._files = files
        self.path = target.drop_in
        self.value = value
        self.before, self._unreadable = self._read_own()
        self._ours = self._is_ours()
        self.after = self._shall_be()
        self._new_folders = []
        self._left = None

    @property
    def managers(self):
        """Those that read the file."""
        return self._target.managers

    @property
    def unit(self):
        """The name of the unit."""
        return self._target.unit.name

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
        return bool(self.managers) and known.exists and known.oom_score_adjust != self.value

    @property
    def kept(self):
        """Why a file that shall not be there stays; None where none does."""
        if self.value is not None:
            return None
        if self._unreadable:
            return self._unreadable
        return self._left or (_FOREIGN if self.before is not None and not self._ours else None)

    @property
    def value_before(self):
        """What our file gave to processes until now, also where it is gone by now; None where there was none."""
        if self._ours:
            return drop_in_text.value_of(self.unit, [self.before])
        return self._files[-1].value if self._files else None

    def check(self):
        """MemfactsError for whatever would stop `apply`, before anything is changed."""
        if self.value is not None:
            self._check_own()
        if self.changed:
            self._owned(text_file.check_writable, self.path)
        if self.value is None:
            return
        others = [(name, self._read(name)) for name in self._others()]
        later = drop_in_text.overriding(self.unit, self.value, others)
        if later is not None:
            raise MemfactsError(
                f"{later} sets OOMScoreAdjust after {self.path} would, so {self.value} would have no effect; "
                "remove the line there, or use persist: none."
            )
        for name, text in others:
            if text is not None and drop_in_text.is_read_instead(name):
                raise MemfactsError(
                    f"systemd reads {name} instead of {self.path}, which has the same name in a folder of lower "
                    "precedence; move it away, or use persist: none."
                )

    def value_without(self):
        """What systemd starts the unit with when the drop-in is gone; None where no file of the unit says so."""
        names = (self._target.unit.fragment, *sorted(self._others(), key=os.path.basename))
        return drop_in_text.value_of(self.unit, [self._read(name) for name in names if name])

    def pending(self, record):
        """The record while the file is replaced: an interrupted run has left the old or the new one."""
        if self.after is None or not self.changed:
            return record
        self._new_folders = self._owned(text_file.missing_folders, self.path)
        return record.with_files(self.path, [*self._known(), self._new()])

    def done(self, record):
        """The record once the file is what it shall be. What is somebody else's is none of ours from now on."""
        if self.value is None:
            stays = self._unreadable or self._left
            return record.with_files(self.path, self._files if stays else [])
        if self.changed:
            return record.with_files(self.path, [self._new()])
        return record.with_files(self.path, self._known()[-1:] if self._ours else [])

    def apply(self):
        """Write or remove the file; systemd has not read it yet."""
        if self.after is None:
            self._remove()
        else:
            self._write(self.after)

    def remove_left_folders(self):
        """Remove the folders of a file that an earlier run removed before it was killed."""
        if self.value is None and self.before is None and not self._unreadable:
            for file in self._files:
                self._owned(written.take_back, None, file.written)

    def restore(self):
        """Put back what was there before `apply`; a full disk has kept that from changing anything."""
        if self.before is None:
            self._owned(text_file.remove, self.path, self._new_folders)
        elif self._owned(text_file.read, self.path) != self.before:
            self._write(self.before)

    def verify(self, unit):
        """MemfactsError where the unit, as a manager shows it now, has another value than the file."""
        if self.value is not None and unit.exists and unit.oom_score_adjust != self.value:
            raise MemfactsError(
                f"{self.path} says OOMScoreAdjust={self.value}, but systemd shows {unit.oom_score_adjust} for "
                f"{unit.name}; look for another setting with `systemctl cat {unit.name}`."
            )

    def _write(self, text):
        if self._target.file_owner is None:
            text_file.write(self._module, self.path, text)
        else:
            self._owned(text_file.write_plainly, self.path, text)

    def _remove(self):
        for file in self._known():
            if written.is_as_written(file.written, self.before):
                # As every path in the record, it may have been changed since it was looked at.
                self._left = self._owned(written.take_back, None, file.written)[1]
                return

    def _check_own(self):
        if self._unreadable:
            raise MemfactsError(self._unreadable)
        said = None if self.before is None else drop_in_text.value_of(self.unit, [self.before])
        if self.before is not None and not self._ours and said != self.value:
            raise MemfactsError(
                f"{self.path} should contain OOMScoreAdjust={self.value}, but {_FOREIGN}; move it away, or use "
                "persist: none."
            )

    def _read_own(self):
        try:
            return self._owned(text_file.read, self.path), None
        except OSError as error:
            return None, f"{self.path} cannot be read ({error.strerror})"
        except MemfactsError as error:
            return None, str(error)

    def _is_ours(self):
        if self.before is None:
            return False
        if self._files:
            return any(written.is_as_written(file.written, self.before) for file in self._files)
        return drop_in_text.is_made(self.path, self.before)

    def _shall_be(self):
        if self.before is not None and not self._ours:
            return self.before
        if self.value is None:
            return None
        return drop_in_text.text(self.unit, self.value)

    def _known(self):
        """What the record has of the file, or would have, had it not been written by release 0.1.0."""
        if self._files or not self._ours:
            return self._files
        value = drop_in_text.value_of(self.unit, [self.before])
        return [adj_record.File(written.Written(self.path, written.digest(self.before), owner=self._owner()), value)]

    def _new(self):
        made = [folder for file in self._files for folder in file.written.folders]
        folders = tuple(dict.fromkeys([*self._new_folders, *made]))
        file = written.Written(self.path, written.digest(self.after), None, folders, self._owner())
        return adj_record.File(file, self.value)

    def _others(self):
        """The unit's other drop-ins: what systemd names, and what it will find beside ours once it reads its files."""
        beside = self._owned(_in_folder, os.path.dirname(self.path))
        return [name for name in dict.fromkeys([*self._target.unit.drop_ins, *beside]) if name != self.path]

    def _owner(self):
        return None if self._target.file_owner is None else self._target.file_owner.pw_name

    def _owned(self, function, *arguments):
        """On the drop-in itself, which may be below a user's home."""
        return as_user.call(self._target.file_owner, function, *arguments)

    def _read(self, name):
        """A file that the manager names; a user's manager may name what only root may read."""
        return as_user.call(self._target.told_by, text_file.read, name)


def _in_folder(folder):
    """The drop-ins in a unit's folder."""
    return sorted(glob.glob(glob.escape(folder) + "/*.conf"))
