# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `systemd-tmpfiles --clean` would delete, by the rules of tmpfiles.d(5): it can say so itself only since 256.

Nothing that is looked at changes: folders are listed with O_NOATIME, since their atime decides as well.
"""

import functools
import glob
import os
import stat
import struct
import time
from typing import FrozenSet, Iterable, List, NamedTuple, Optional, Tuple

from ...memcore.sources.host import Deadline
from .tmpfiles_conf import CLEANING, Line, is_below

_MAX_DEPTH = 512  # MAX_DEPTH of tmpfiles.c
_SECONDS = 30
_NANOSECONDS = 10**9
_FNM_PATHNAME, _FNM_PERIOD = 1, 4  # fnmatch.h of glibc and of musl
_KEPT_AT_A_MOUNT = (".journal", "aquota.user", "aquota.group")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_STATX_BTIME = 0x800
_AT_SYMLINK_NOFOLLOW, _AT_NO_AUTOMOUNT = 0x100, 0x800
# Since when a young birth time keeps a folder for certain, and before when it certainly does not.
_BIRTH_COUNTS, _BIRTH_UNKNOWN = 250, 246


class System(NamedTuple):
    """What of the running system decides. locked: (major, minor, inode) of whatever has a lock of flock(2).

    version: systemd's. sockets: paths of the Unix sockets in use.
    """

    version: int
    mount_points: FrozenSet[str]
    sockets: FrozenSet[str]
    locked: FrozenSet[Tuple[int, int, int]]


class Prediction(NamedTuple):
    """removed: in the order of removal. doubts: sentences about what cannot be told."""

    removed: List[str]
    doubts: List[str]


def predict(lines: Iterable[Line], folders: Iterable[str], system: System) -> Prediction:
    """What goes from the folders when these lines, which are those that count, are used now."""
    lines = [line for line in lines if line.path is not None]
    cleaner = _Cleaner(lines, system)
    for folder in folders:
        for line in lines:
            if line.kind in CLEANING and line.age is not None and is_below(line.path, folder):
                for instance in _instances(line):
                    cleaner.clean(instance, line.age)
    return Prediction(list(dict.fromkeys(cleaner.removed)), list(dict.fromkeys(cleaner.doubts)))


def matches(pattern: str, path: str) -> bool:
    """Whether a line with a wildcard is for the path: fnmatch(3), where wildcards match no / and no leading dot."""
    return _libc().fnmatch(os.fsencode(pattern), os.fsencode(path), _FNM_PATHNAME | _FNM_PERIOD) == 0


@functools.lru_cache(maxsize=None)
def _libc():
    import ctypes  # slow to import and seldom needed

    return ctypes.CDLL(None, use_errno=True)


def _instances(line):
    return sorted(glob.glob(line.path)) if line.has_wildcard else [line.path]


class _Cleaner:
    def __init__(self, lines, system):
        self.removed = []
        self.doubts = []
        self._unlinked = set()
        self._system = system
        # A pattern without a wildcard matches its own path only.
        self._own = {line.path for line in lines if not line.has_wildcard}
        self._patterns = [line.path for line in lines if line.has_wildcard]
        self._deadline = Deadline(_SECONDS)

    def clean(self, folder, age):
        """Follow one line into one folder."""
        try:
            descriptor = _opened(folder)
        except OSError:
            return
        try:
            status = os.fstat(descriptor)
            above = os.stat("..", dir_fd=descriptor)
            is_mount = folder in self._system.mount_points or (status.st_dev, status.st_ino) == (
                above.st_dev,
                above.st_ino,
            )
            cutoff = int((time.time() - age.seconds) * _NANOSECONDS)
            task = _Task(age, cutoff, status.st_dev)
            self._empty(descriptor, folder, task, 0, age.keep_first_level, is_mount)
        finally:
            os.close(descriptor)

    def _empty(self, descriptor, folder, task, depth, keep, is_mount):
        """Whether all that is in the folder goes; adds what does to `removed`."""
        if self._deadline.passed():
            self.doubts.append(
                f"the search took more than {_SECONDS} seconds, so the files that will be deleted from {folder} "
                "are not listed"
            )
            return False
        all_gone = True
        for name in os.listdir(descriptor):
            path = f"{folder.rstrip('/')}/{name}"
            if path in self._system.mount_points:
                all_gone = False  # not even looked at, since what is mounted there may hang
                continue
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except OSError:
                continue  # it vanished between the listing and the look
            if self._is_left(path, status, task):
                gone = False
            elif stat.S_ISDIR(status.st_mode):
                gone = self._folder(descriptor, name, path, status, task, depth, keep, is_mount)
            else:
                gone = self._file(descriptor, name, path, status, task, keep, is_mount)
            all_gone = all_gone and gone
        return all_gone

    def _is_left(self, path, status, task):
        if status.st_dev != task.device or path in self._own:
            return True
        return any(matches(pattern, path) for pattern in self._patterns)

    def _folder(self, descriptor, name, path, status, task, depth, keep, is_mount):
        if is_mount and name == "lost+found" and status.st_uid == 0:
            return False
        if self._is_locked(path, status) or depth >= _MAX_DEPTH:
            return False
        try:
            inner = _opened(name, descriptor)
        except OSError:
            return False
        try:
            empty = self._empty(inner, path, task, depth + 1, False, False)
        finally:
            os.close(inner)
        if keep or not _is_old(status, task.age.of_folders, task.cutoff):
            return False
        if "b" in task.age.of_folders and self._is_young(descriptor, name, path, task):
            return False
        if empty:
            self.removed.append(path)
        return empty

    def _file(self, descriptor, name, path, status, task, keep, is_mount):
        mode = status.st_mode
        if keep or mode & stat.S_ISVTX or stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            return False
        if is_mount and stat.S_ISREG(mode) and status.st_uid == 0 and name in _KEPT_AT_A_MOUNT:
            return False
        if stat.S_ISSOCK(mode) and path in self._system.sockets:
            return False
        if not _is_old(status, task.age.of_files, task.cutoff) or self._is_locked(path, status):
            return False
        inode = (status.st_dev, status.st_ino)
        if "c" in task.age.of_files and inode in self._unlinked:
            return False  # the removal of the other name has changed its ctime
        # The kernel sets ctime at birth as well, so that birth alone keeps only what a clock set back has left.
        if "b" in task.age.of_files and "c" not in task.age.of_files:
            if self._is_young(descriptor, name, path, task):
                return False
        self._unlinked.add(inode)
        self.removed.append(path)
        return True

    def _is_locked(self, path, status):
        where = (os.major(status.st_dev), os.minor(status.st_dev), status.st_ino)
        if where not in self._system.locked:
            return False
        self.doubts.append(f"{path} is locked, and only some releases of systemd-tmpfiles then keep it")
        return True

    def _is_young(self, descriptor, name, path, task):
        birth = _birth(descriptor, name)
        if birth is None or birth < task.cutoff or self._system.version < _BIRTH_UNKNOWN:
            return False
        if self._system.version < _BIRTH_COUNTS:
            self.doubts.append(f"{path} was created recently, but systemd {self._system.version} may still delete it")
        return True


class _Task(NamedTuple):
    age: object
    cutoff: int
    device: int


def _is_old(status, times, cutoff):
    seen = {"a": status.st_atime_ns, "c": status.st_ctime_ns, "m": status.st_mtime_ns}
    return all(seen[name] < cutoff for name in times if name in seen)


def _opened(name, above: Optional[int] = None):
    try:
        return os.open(name, _FOLDER | os.O_NOATIME, dir_fd=above)
    except PermissionError:  # only the owner and root may ask for that
        return os.open(name, _FOLDER, dir_fd=above)


def _birth(descriptor, name):
    """The birth time in nanoseconds by statx(2); None where this libc, kernel or file system does not tell."""
    import ctypes

    statx = getattr(_libc(), "statx", None)
    if statx is None:
        return None
    found = ctypes.create_string_buffer(256)
    flags = _AT_SYMLINK_NOFOLLOW | _AT_NO_AUTOMOUNT
    if statx(descriptor, os.fsencode(name), flags, ctypes.c_uint(_STATX_BTIME), found) != 0:
        return None
    if not struct.unpack_from("=I", found, 0)[0] & _STATX_BTIME:
        return None
    seconds, nanoseconds = struct.unpack_from("=qI", found, 80)  # stx_btime of struct statx
    return seconds * _NANOSECONDS + nanoseconds
