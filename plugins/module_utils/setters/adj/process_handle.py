# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that writes below /proc: one process's oom_score_adj, through its open folder.

The open folder stays with the process it was opened for: once that one is gone the kernel answers ESRCH, also when
another process has got its pid since. So what is checked and what is written are the same process.
"""

import errno
import os

from ...memcore.errors import MemfactsError
from . import candidates

_NAME = "oom_score_adj"
_CHUNK = 1 << 16
_CAP_SYS_RESOURCE = 24
_WHOLE_USER_NAMESPACE = ["0", "0", "4294967295"]


class Refused(MemfactsError):
    """The kernel did not take a value."""


class Vanished(Exception):
    """The process is gone, or is another one by now."""


class Handle:
    """An open folder of /proc; a context manager. Vanished where there is no such process."""

    def __init__(self, pid):
        try:
            self._folder = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, ProcessLookupError):
            raise Vanished() from None

    def __enter__(self):
        return self

    def __exit__(self, *dummy):
        os.close(self._folder)

    def candidate(self):
        """The process as it is now; Vanished where it exits."""
        found = candidates.read(self._brief, lambda name: os.readlink(name, dir_fd=self._folder))
        if found is None:
            raise Vanished()
        return found

    def set(self, value):
        """Write the value and read it back; Refused with the reason, Vanished."""
        try:
            self._write(str(value).encode("ascii"))
            taken = int(self._brief(_NAME))
        except (FileNotFoundError, ProcessLookupError):
            raise Vanished() from None
        except OSError as error:
            raise Refused(_explained(error)) from None
        if taken != value:
            raise Refused(f"the kernel accepted it but then shows {taken}")

    def _write(self, text):
        # Buffered writing would lose the error, which the kernel raises at write(2).
        descriptor = os.open(_NAME, os.O_WRONLY, dir_fd=self._folder)
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)

    def _brief(self, name):
        descriptor = os.open(name, os.O_RDONLY, dir_fd=self._folder)
        try:
            return os.read(descriptor, _CHUNK)
        finally:
            os.close(descriptor)


def _explained(error):
    if error.errno not in (errno.EACCES, errno.EPERM):
        return f"{error.strerror} (errno {error.errno})"
    minimum = (
        "a value may only be lowered to the process's oom_score_adj_min, which is what a privileged writer set last, "
        "or 0"
    )
    if _in_user_namespace():
        return (
            f"this run is in a user namespace (a rootless container), where even root has no CAP_SYS_RESOURCE for the "
            f"host, and without it {minimum}"
        )
    if not _has_capability():
        return f"this run lacks CAP_SYS_RESOURCE (usual in a container), and without it {minimum}"
    return "the run has CAP_SYS_RESOURCE, so a security module (SELinux, AppArmor) must have denied it"


def _has_capability():
    for line in _lines("/proc/self/status"):
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1)
    return True


def _in_user_namespace():
    lines = _lines("/proc/self/uid_map")
    return bool(lines) and lines[0].split() != _WHOLE_USER_NAMESPACE


def _lines(path):
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read().splitlines()
    except OSError:
        return []
