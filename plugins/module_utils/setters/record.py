# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a setter keeps on the host so that state: absent can take its changes back: one JSON file for each module."""

import contextlib
import fcntl
import json
import os

from ..memcore.errors import MemfactsError
from . import text_file

FOLDER = "/var/lib/memfacts"


def load(name):
    """{key: entry} of the file; empty where there is none."""
    path = os.path.join(FOLDER, name)
    text = text_file.read(path)
    if text is None:
        return {}
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise MemfactsError(
            f"{path}, which holds what was there before earlier changes, is damaged; repair it or move it away."
        )
    return entries


def save(module, name, entries):
    """Replace the file at once; without entries there is none, and no folder if nothing else is in it."""
    path = os.path.join(FOLDER, name)
    if entries:
        text_file.write(module, path, json.dumps(entries, indent=1, sort_keys=True) + "\n")
    else:
        text_file.remove(path)


@contextlib.contextmanager
def lock():
    """Keep other runs of setters out; the folder is there while the lock is held."""
    os.makedirs(FOLDER, mode=0o755, exist_ok=True)
    descriptor = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.makedirs(FOLDER, mode=0o755, exist_ok=True)  # whoever had the lock before may have left none
        yield
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(FOLDER)
        os.close(descriptor)
