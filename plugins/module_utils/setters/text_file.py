# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small text files that are replaced whole: never half written, and keeping mode, owner and SELinux context."""

import os
import stat
import tempfile

from ..memcore.errors import MemfactsError

_MOST = 1 << 24  # characters; what a user may have made as large as the disk is none of these files


def read(path):
    """The file's text (any bytes kept), or None where there is none; MemfactsError where it is no regular file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)  # a FIFO would wait for a writer
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        mode, device = os.fstat(descriptor).st_mode, os.fstat(descriptor).st_rdev
        if stat.S_ISCHR(mode) and device == os.stat(os.devnull).st_rdev:
            return ""  # how systemd's files are masked
        if not stat.S_ISREG(mode):
            raise MemfactsError(f"{path} is not a regular file; move it away.")
        with open(descriptor, encoding="utf-8", errors="surrogateescape", newline="", closefd=False) as stream:
            text = stream.read(_MOST + 1)
        if len(text) > _MOST:
            raise MemfactsError(
                f"{path} has more than {_MOST >> 20} MiB, so it cannot be a configuration file; move it away."
            )
        return text
    finally:
        os.close(descriptor)


def missing_folders(path):
    """The folders above the file that do not exist yet, the innermost first."""
    missing, folder = [], os.path.dirname(path)
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    return missing


def check_writable(path):
    """MemfactsError where the file could not be made or replaced, before anything was changed."""
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise MemfactsError(f"{path} cannot be written, because {folder} is not a folder; move {folder} away.")
    if not os.access(folder, os.W_OK):
        raise MemfactsError(
            f"{path} cannot be written: {folder} is read-only; remount it writable, or change only what is live "
            "(persist: none)."
        )
    if os.path.isdir(path):
        raise MemfactsError(f"{path} cannot be written, because it is a folder; move it away.")


def write(module, path, text, mode=0o644):
    """Replace the file, making its folders. Returns the folders made; MemfactsError where it cannot be replaced.

    A new file gets the mode. With the module's option unsafe_writes, where it has one, a file that can only be written
    in place (a bind mount) is.
    """
    try:
        folders = _make_folders(path)
        new = not os.path.exists(path)
        temporary = _temporary(module.tmpdir, text)
        module.add_cleanup_file(temporary)
        _move(module, temporary, path)
        if new:
            os.chmod(path, mode)
    except OSError as error:
        raise MemfactsError(f"{path} cannot be written ({error.strerror}); the file is unchanged.") from None
    return folders


def _move(module, temporary, path):
    # A plain Exception where the file is immutable or a mount point, or the disk is full; ansible-core 2.16 and older
    # end the module instead (SystemExit), after saying so.
    try:
        module.atomic_move(temporary, path, unsafe_writes=bool(module.params.get("unsafe_writes")))
    except OSError:
        raise
    except Exception as error:
        raise MemfactsError(f"{path} cannot be replaced ({error}); free space there or make it replaceable.") from None


def write_plainly(path, text):
    """The same for a user's own file, with that user's rights: without Ansible's help, which is root's."""
    folders = _make_folders(path)
    temporary = _temporary(os.path.dirname(path), text)
    try:
        os.chmod(temporary, 0o644)
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    return folders


def remove(path, folders=()):
    """Remove the file, and of `folders` (the innermost first) those that are empty then. Returns the removed ones."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    removed = []
    for folder in folders:
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            removed.append(folder)
        except OSError:
            continue  # somebody else's file is in it
        else:
            removed.append(folder)
    return removed


def _make_folders(path):
    folders = missing_folders(path)
    for folder in reversed(folders):
        os.mkdir(folder, 0o755)
    return folders


def _temporary(folder, text):
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return temporary
