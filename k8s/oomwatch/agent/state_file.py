# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What survives a restart: one JSON object in the state folder, replaced as a whole.

Nothing is forced to the disk (no fsync): kill -9 loses nothing of what the kernel has taken, and an fsync on a busy
disk stalls for seconds just when the node is short of memory. A power cut may lose the newest state, and on some file
systems leaves it empty, so the state before it is kept as well.
"""

import contextlib
import errno
import fcntl
import json
import os
import stat
from typing import Dict, Optional

from memcore.errors import OptionError
from memcore.sources.host import reason
from memcore.sources.printable import printable

MOST_BYTES = 16 << 20
_LOCK = "oomwatch.lock"


class StateFile:
    """The file `name` in `folder`, which is made if it is missing. One writer: see `Lock`.

    trouble: why the state could not be read or saved last, in one sentence without a full stop; None where it could.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.trouble: Optional[str] = None
        self._folder = folder
        self._path = os.path.join(folder, name)

    def load(self) -> Optional[Dict]:
        """The newest state that can be read; None where there is none. A damaged one is set aside as NAME.damaged."""
        self.trouble = None
        found = self._read(self._path)
        if found is None and self.trouble is not None:
            trouble = self.trouble
            found = self._read(self._path + ".before")
            self.trouble = trouble if found is None else f"{trouble}; the state before it is used"
        return found

    def save(self, state: Dict) -> bool:
        """Replace the state; whether it was."""
        new, linked = self._path + ".new", self._path + ".linked"
        data = json.dumps(state, separators=(",", ":")).encode("ascii")
        if len(data) > MOST_BYTES:
            self.trouble = f"The state is not saved, because it has {len(data)} bytes and the limit is {MOST_BYTES}"
            return False
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(data)
            with contextlib.suppress(OSError):
                os.unlink(linked)  # left by a kill between the next two
            with contextlib.suppress(OSError):  # no state yet, or a file system without hard links
                os.link(self._path, linked)
                os.replace(linked, self._path + ".before")
            os.replace(new, self._path)
        except OSError as error:
            self.trouble = f"Cannot save the state in {printable(self._path)}: {reason(error)}{_advice(error)}"
            with contextlib.suppress(OSError):
                os.unlink(new)  # on a full disk it takes the place that is needed
            return False
        self.trouble = None
        return True

    def _read(self, path):
        try:
            data = _bytes(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.trouble = f"Cannot read the state in {printable(path)}: {reason(error)}{_advice(error)}"
            return None
        try:
            state = json.loads(data) if len(data) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            state = None
        if isinstance(state, dict):
            return state
        self._set_aside(path)
        return None

    def _set_aside(self, path):
        aside = self._path + ".damaged"  # one name, so that a disk that damages every state is not filled with them
        try:
            os.replace(path, aside)
            self.trouble = f"The state in {printable(path)} is damaged; it is set aside as {printable(aside)}"
        except OSError as error:
            self.trouble = f"The state in {printable(path)} is damaged and cannot be set aside: {reason(error)}"


class Lock:
    """Holds the state folder for this process, so that a second agent does not write the same state.

    OptionError where another process holds it. trouble: why it could not be locked at all, which does not keep the
    agent from running; None where it is locked. The kernel drops the lock with the process, however that ends.
    """

    def __init__(self, folder: str) -> None:
        self.trouble: Optional[str] = None
        self._descriptor = -1
        path = os.path.join(folder, _LOCK)
        try:
            os.makedirs(folder, 0o700, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise OptionError(
                f"state_dir is {printable(folder)}, which another oomwatch uses; stop that one, or give another folder"
            ) from None
        except OSError as error:
            self.close()
            self.trouble = f"Cannot lock the state folder {printable(folder)}: {reason(error)}{_advice(error)}"

    def close(self) -> None:
        """Let another agent use the folder."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _bytes(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""  # a folder or a FIFO is no state, and is set aside as one that is damaged
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)


def _advice(error):
    return {
        errno.ENOSPC: "; free space on that file system",
        errno.EDQUOT: "; free space on that file system",
        errno.EROFS: "; give a state_dir that can be written",
        errno.EACCES: "; give a state_dir that this user can write",
        errno.EPERM: "; give a state_dir that this user can write",
        errno.ENOTDIR: "; give a state_dir that is a folder",
        errno.EEXIST: "; give a state_dir that is a folder",
    }.get(error.errno, "")
