# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The only file that opens files: a live host below any root. captured.py gives a captured tree the same few verbs."""

import mmap
import os
import stat
import time
from typing import Dict, Iterator, List, NamedTuple, Optional

from ..errors import RootError
from . import namespaces, tiny_task

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
_CHUNK = 1 << 16
_SCANDIR_TAKES_A_DESCRIPTOR = os.scandir in os.supports_fd  # since Python 3.7


class Entry(NamedTuple):
    """A directory entry; sizes in bytes, mtime in seconds since the epoch."""

    path: str
    device: str
    inode: int
    bytes: int
    mtime: float
    uid: int
    is_directory: bool
    links: int


class Space(NamedTuple):
    """What statvfs(3) says, in bytes and inodes; size_bytes is None where the mount has no limit (tmpfs size=0)."""

    size_bytes: Optional[int]
    used_bytes: Optional[int]
    available_bytes: Optional[int]
    inodes: Optional[int]
    inodes_used: Optional[int]


def at(root: str) -> "Host":
    """The live host below `root`, or the captured tree there; RootError where it is neither."""
    if _is_procfs(os.path.join(root, "proc")):
        return Host(root)
    place = os.path.join(root, "proc", "meminfo")
    if _is_file(place):
        from . import captured

        return captured.CapturedTree(root)
    raise RootError(
        f"root {root!r} holds no host: {place if place.isprintable() else repr(place)} is missing; "
        "give / or a folder that has proc/ and sys/ in it, such as an unpacked sosreport."
    )


class Host:
    """A live host. What could not be read is None and stands in `incomplete`, once for each source."""

    live = True
    machine: Optional[str] = os.uname().machine

    def __init__(self, root: str = "/"):
        self.root = root if root.endswith("/") else root + "/"
        self.incomplete: Dict[str, str] = {}

    def lacks(self, source: str, reason: str) -> None:
        """Remember that `source` could not be told; the first reason stays."""
        self.incomplete.setdefault(source, reason)

    def text(self, path: str) -> Optional[str]:
        """The file below the root as text (bytes that are not UTF-8 kept as surrogates); None is noted."""
        data = self.data(path)
        return None if data is None else decode(data)

    def data(self, path: str) -> Optional[bytes]:
        """The file's bytes; None is noted with its reason."""
        try:
            return self.whole(path)
        except OSError as error:
            self.lacks("/" + path, reason(error))
            return None

    def optional(self, path: str) -> Optional[str]:
        """As `text`, but a file this kernel does not have is no loss and is not noted."""
        try:
            return decode(self.whole(path))
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            return None
        except OSError as error:
            self.lacks("/" + path, reason(error))
            return None

    def brief(self, path: str) -> bytes:
        """One read(2) of a file whose text the kernel makes in one piece (/proc/PID/*); raises OSError."""
        descriptor = os.open(self.root + path, os.O_RDONLY)
        try:
            piece = data = os.read(descriptor, _CHUNK)
            while len(piece) == _CHUNK:  # thousands of supplementary groups
                piece = os.read(descriptor, _CHUNK)
                data += piece
            return data
        finally:
            os.close(descriptor)

    def whole(self, path: str) -> bytes:
        """The file's bytes; raises OSError."""
        return slurp(self.full(path))

    def whole_in_ipc(self, pid: int, path: str) -> bytes:
        """The file's bytes as a process in the IPC namespace of `pid` reads them; raises OSError."""
        own = os.open("/proc/self/ns/ipc", os.O_RDONLY)
        try:
            other = os.open(self.full(f"proc/{pid}/ns/ipc"), os.O_RDONLY)
            try:
                namespaces.enter_ipc(other)
            finally:
                os.close(other)
            try:
                return slurp(self.full(path))
            finally:
                namespaces.enter_ipc(own)
        finally:
            os.close(own)

    def own_shared_mapping(self) -> bytes:
        """/proc/self/maps while an anonymous shared mapping is in it."""
        with mmap.mmap(-1, mmap.PAGESIZE):
            return slurp("/proc/self/maps")

    def tiny_task(self, adj: int) -> List[bytes]:
        """oom_score_adj, oom_score and status of a child that lives only for that, with at least that adj; OSError."""
        return tiny_task.ask(self.full("proc/self"), adj)

    def names(self, path: str) -> List[str]:
        """What the folder holds, or nothing where it is missing; a refusal is noted."""
        try:
            return os.listdir(self.full(path))
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            return []
        except OSError as error:
            self.lacks("/" + path, reason(error))
            return []

    def folders(self, path: str) -> List[str]:
        """The names of the folders in a folder by inode number, links left out; nothing where it vanished."""
        try:
            with os.scandir(self.full(path)) as entries:
                found = [(item.inode(), item.name) for item in entries if item.is_dir(follow_symlinks=False)]
            return [name for _inode, name in sorted(found)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.lacks("/" + path, reason(error))
            return []

    def listing(self, path: str) -> List[str]:
        """As `names`, but raises OSError."""
        return os.listdir(self.full(path))

    def link(self, path: str) -> str:
        """The target of a symbolic link; raises OSError."""
        return os.readlink(self.root + path)

    def entry(self, path: str) -> Entry:
        """What the path leads to, links followed; raises OSError. Never call it on a mount that may hang."""
        return _entry(path, os.stat(self.full(path)))

    def space(self, path: str) -> Space:
        """The space of the file system that is mounted at the path; raises OSError."""
        status = os.statvfs(self.full(path))
        if status.f_blocks == 0:
            return Space(None, None, None, *_inodes(status))
        return Space(
            status.f_blocks * status.f_frsize,
            (status.f_blocks - status.f_bfree) * status.f_frsize,
            status.f_bavail * status.f_frsize,
            *_inodes(status),
        )

    def children(self, path: str, skip) -> Iterator[Entry]:
        """The entries of a folder, links not followed; paths in `skip` (mount points) are never looked at. OSError.

        The folder's access time stays as it is where the kernel allows that: systemd-tmpfiles keeps what was accessed.
        """
        folder = _open_folder(self.full(path))
        try:
            for name in _names_in(folder):
                child = f"{path}/{name}" if path else name
                if child in skip:
                    continue
                try:
                    entry = _entry(child, os.stat(name, dir_fd=folder, follow_symlinks=False))
                except OSError:
                    continue  # it vanished between the listing and the look
                yield entry
        finally:
            os.close(folder)

    def pids(self) -> List[int]:
        """The process ids of the host's pid namespace, in the kernel's order."""
        # As bytes only the ten ASCII digits are digits.
        return [int(name) for name in self.names("proc") if os.fsencode(name).isdigit()]

    def full(self, path: str) -> str:
        """The path as the operating system needs it."""
        return self.root + path


class NotCaptured(OSError):
    """Only a live host could have answered."""

    def __init__(self):
        super().__init__(0, "not part of a captured tree")


class Deadline:
    """A budget of wall time in seconds."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    def passed(self) -> bool:
        return time.monotonic() >= self._end


def reason(error: OSError) -> str:
    """The error in the words a person knows from the shell, without the path."""
    return (error.strerror or str(error)).lower()


def decode(data: bytes) -> str:
    """Text that can be encoded back to the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def device_name(number: int) -> str:
    """A device number as mountinfo writes it: major:minor."""
    return f"{os.major(number)}:{os.minor(number)}"


def _is_procfs(folder):
    # The root of a procfs has inode 1 (PROC_ROOT_INO) and a link to the reader; a sosreport may have a proc/self too.
    try:
        return os.stat(folder).st_ino == 1 and os.path.islink(os.path.join(folder, "self"))
    except (OSError, ValueError):  # ValueError: a NUL, or half a character
        return False


def _is_file(path):
    try:
        return os.path.isfile(path)
    except ValueError:  # up to Python 3.7
        return False


def _inodes(status):
    # A tmpfs with nr_inodes=0 has no limit and counts none.
    return (status.f_files, status.f_files - status.f_ffree) if status.f_files else (None, None)


def _open_folder(full):
    flags = os.O_RDONLY | os.O_DIRECTORY
    try:
        return os.open(full, flags | os.O_NOATIME)
    except PermissionError:  # EPERM: only the owner and CAP_FOWNER may use O_NOATIME (may_open in fs/namei.c)
        return os.open(full, flags)


def _names_in(folder):
    if not _SCANDIR_TAKES_A_DESCRIPTOR:
        yield from os.listdir(folder)  # all names at once: 100 bytes of memory for each file
        return
    with os.scandir(folder) as entries:
        for item in entries:
            yield item.name


def _entry(path, status):
    return Entry(
        path,
        device_name(status.st_dev),
        status.st_ino,
        status.st_blocks * 512,
        status.st_mtime,
        status.st_uid,
        stat.S_ISDIR(status.st_mode),
        status.st_nlink,
    )


def slurp(full: str) -> bytes:
    """The bytes of the file at a path of the operating system; raises OSError."""
    # seq_file answers in pieces, so only an empty read means the end.
    descriptor = os.open(full, os.O_RDONLY | os.O_NONBLOCK)
    try:
        pieces = []
        while True:
            piece = os.read(descriptor, _CHUNK)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
    finally:
        os.close(descriptor)
