# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small text files that are replaced whole: never half written, and keeping mode, owner and SELinux context."""

import os
import stat
import tempfile

from ..memcore.errors import MemfactsError


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
            raise MemfactsError(f"{path} is no regular file; move it away.")
        with open(descriptor, encoding="utf-8", errors="surrogateescape", newline="", closefd=False) as stream:
            return stream.read()
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
        raise MemfactsError(f"{path} cannot be written, since {folder} is no folder; move that away.")
    if not os.access(folder, os.W_OK):
        raise MemfactsError(f"{path} cannot be written: {folder} is read-only; remount it, or set what is live only.")
    if os.path.isdir(path):
        raise MemfactsError(f"{path} cannot be written, since it is a folder; move it away.")


def write(module, path, text):
    """Replace the file, making its folders. Returns the folders made."""
    folders = _make_folders(path)
    new = not os.path.exists(path)
    temporary = _temporary(module.tmpdir, text)
    module.add_cleanup_file(temporary)
    module.atomic_move(temporary, path)
    if new:
        os.chmod(path, 0o644)
    return folders


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
