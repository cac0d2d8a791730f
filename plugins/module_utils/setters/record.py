# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a setter keeps what it needs to take its changes back: one JSON object in a file of root's, for each module.

The file outlives the run and the next run trusts it, so only root may have written it.
"""

import json
import os
import stat

from ..memcore.errors import MemfactsError
from . import text_file

FOLDER = "/var/lib/memfacts"
_MODE = 0o600


def path_of(name):
    """The path of a record."""
    return os.path.join(FOLDER, name)


def load(name):
    """The object in the file, None where there is no file; MemfactsError where it is damaged or not root's alone."""
    path = path_of(name)
    text = text_file.read(path)
    if text is None:
        return None
    status = os.stat(path)
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise MemfactsError(f"{path} can be written by users other than root, so it is not trusted; move it away.")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise damaged(name, "it is not a JSON object")
    return found


def damaged(name, why):
    """The error for a record that cannot be used."""
    return MemfactsError(
        f"{path_of(name)}, which records what was there before earlier changes, is damaged: {why}; repair it or "
        "move it away, and then the current values can no longer be undone."
    )


def save(module, name, content):
    """Replace the file at once. None removes it, and its folder if nothing else is in it."""
    if content is not None:
        text_file.write(module, path_of(name), json.dumps(content, indent=1, sort_keys=True) + "\n", _MODE)
    elif os.path.lexists(path_of(name)):
        text_file.remove(path_of(name), [FOLDER])


def check_writable(name):
    """MemfactsError where it could not be written, before anything was changed."""
    text_file.check_writable(path_of(name))
