# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small text files that are replaced whole: never half written, and keeping mode, owner and SELinux context."""

import os
import tempfile

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError


def read(path):
    """The file's text (any bytes kept), or None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


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


def write(module, path, text, owner=None):
    """Replace the file, making its folders; `owner` (uid, gid) is for what is new. Returns the folders made."""
    folders = missing_folders(path)
    for folder in reversed(folders):
        os.mkdir(folder, 0o755)
        _own(folder, owner)
    new = not os.path.exists(path)
    descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    module.add_cleanup_file(temporary)
    module.atomic_move(temporary, path)
    if new:
        os.chmod(path, 0o644)
        _own(path, owner)
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


def _own(path, owner):
    if owner is not None:
        os.chown(path, *owner)
