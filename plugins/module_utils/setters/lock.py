# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a setter at a time on a host: a lock on a file that only root can open, and that is never removed.

A lock file that is removed lets a third run lock a new one beside the second, which still waits for the old one.
Anybody may lock a file or folder that anybody may read (flock(2)), so this one has mode 0600.
"""

import contextlib
import fcntl
import os
import stat
import time

from ..memcore.errors import MemfactsError
from ..memcore.sources.printable import printable_bytes

PATH = "/run/memfacts.lock"
_PAUSE_SECONDS = 0.1


@contextlib.contextmanager
def held(seconds):
    """Hold the lock; MemfactsError that names the holder where another run still has it after so many seconds."""
    descriptor = _opened()
    try:
        _wait(descriptor, time.monotonic() + seconds, seconds)
        yield
    finally:
        os.close(descriptor)


def _opened():
    try:
        descriptor = os.open(PATH, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise MemfactsError(f"the lock file {PATH} cannot be opened ({error.strerror}); move it away.") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        os.close(descriptor)
        raise MemfactsError(f"the lock file {PATH} is not a file that only root can open; move it away.")
    return descriptor


def _wait(descriptor, end, seconds):
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= end:
                raise MemfactsError(
                    f"another run has held {PATH} for more than {seconds} seconds ({_holder(descriptor)}); wait for it "
                    "to end, or give a longer lock_timeout."
                ) from None
        time.sleep(_PAUSE_SECONDS)


def _holder(descriptor):
    """Who has the lock, as /proc/locks says."""
    inode = str(os.fstat(descriptor).st_ino)
    with open("/proc/locks", encoding="ascii", errors="replace") as stream:
        rows = [line.split() for line in stream]
    for row in rows:
        # "1: FLOCK ADVISORY WRITE 812 00:19:1043 0 EOF"; one that waits has "->" in second place.
        if row[1] == "FLOCK" and row[5].rpartition(":")[2] == inode:
            return f"process {row[4]}{_name(row[4])}"
    return "its holder is not shown in /proc/locks"


def _name(pid):
    try:
        with open(f"/proc/{pid}/comm", "rb") as stream:
            return ", " + printable_bytes(stream.read().rstrip(b"\n"))
    except OSError:
        return ""
