# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop-ins of release 0.1.0, whose record named the folders that it made and no file.

A file at our place that no record names is ours only if its text is exactly what was written.
"""

import glob
import os
import pwd

from ...memcore.errors import MemfactsError
from .. import as_user, text_file, written
from . import drop_in_text
from . import record as adj_record


def completed(record):
    """The record with a file for each unit's folder that it names, and without folders."""
    units = [name for name in record.folders if name.endswith(".d")]
    for folder in units:
        path = f"{folder}/{drop_in_text.NAME}"
        made = tuple(name for name in record.folders if path.startswith(name + "/"))
        owner = _owner_of(folder) if drop_in_text.is_in_home(path) else None
        if owner is not None or not drop_in_text.is_in_home(path):
            record = record.with_files(path, [_file(path, _text(owner, path), made, owner)])
    return record._replace(folders=())


def unlisted(record):
    """The drop-ins on this host with exactly the text of this module that the record does not name.

    Returns the files, and [{what, reason}] of the folders that could not be looked at.
    """
    known = {file.written.path for file in record.files}
    found, unread = [], []
    for folder, owner in [(drop_in_text.SYSTEM_FOLDER, None), (drop_in_text.USERS_FOLDER, None), *_homes()]:
        try:
            texts = as_user.call(owner, _made_below, folder)
        except (OSError, MemfactsError) as error:
            unread.append({"what": folder, "reason": str(error)})
            continue
        found += [_file(path, text, (), owner) for path, text in texts if path not in known]
    return found, unread


def _made_below(folder):
    """[(path, text)] of the drop-ins with our text, also where the unit's folder is a symbolic link."""
    paths = sorted(glob.glob(f"{glob.escape(folder)}/*.d/{drop_in_text.NAME}"))
    found = [(path, _text(None, path)) for path in paths]
    return [(path, text) for path, text in found if text is not None and drop_in_text.is_made(path, text)]


def _file(path, text, folders, owner):
    # A text that is not ours gets a digest that it does not have, so that the file is named and left.
    known = text if text is not None and drop_in_text.is_made(path, text) else ""
    name = None if owner is None else owner.pw_name
    value = drop_in_text.value_of(drop_in_text.unit_of(path), [known])
    return adj_record.File(written.Written(path, written.digest(known), None, folders, name), value)


def _text(owner, path):
    try:
        return as_user.call(owner, text_file.read, path)
    except (OSError, MemfactsError):
        return None


def _homes():
    """[(folder, user)] of all users of /etc/passwd and the like who have units of their own."""
    found = {}
    for user in pwd.getpwall():
        folder = os.path.join(os.path.realpath(user.pw_dir), drop_in_text.HOME_FOLDER)
        try:
            if os.stat(folder).st_uid == user.pw_uid:
                found.setdefault(folder, user)
        except OSError:
            continue
    return list(found.items())


def _owner_of(folder):
    """The user in whose home it is, None where that user is gone."""
    for home, user in _homes():
        if folder.startswith(home + "/"):
            return user
    return None
