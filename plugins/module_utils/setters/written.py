# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the setters' own, as the record keeps it: what was written, what stood there before, and the way back.

What differs from what was written belongs to somebody else from then on: it is named and left as it is.
"""

import hashlib
import os
from typing import Dict, List, NamedTuple, Optional, Tuple

from ..memcore.errors import MemfactsError, ParseError
from . import text_file

_KEYS = {"path": str, "sha256": str, "before": (str, type(None)), "folders": list, "owner": (str, type(None))}
_DIGITS = 64
CHANGED = "somebody has changed it since it was written"


class Written(NamedTuple):
    """before: the text that stood there, None where there was no file. folders: made for it, the innermost first.

    owner: the name of the user with whose rights it was written, None for root. sha256: of what was written, in hex.
    """

    path: str
    sha256: str
    before: Optional[str] = None
    folders: Tuple[str, ...] = ()
    owner: Optional[str] = None


def digest(text: str) -> str:
    """SHA-256 of a file's text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def is_digest(value: object) -> bool:
    """Whether the value of a record can be what digest() returns."""
    return isinstance(value, str) and len(value) == _DIGITS


def to_row(file: Written) -> Dict:
    """The file as JSON of the record."""
    return dict(file._asdict(), folders=list(file.folders))


def from_row(row: object, places) -> Written:
    """The file of a row; ParseError where it is none, or its path is not where `places(path)` says a setter writes."""
    if not isinstance(row, dict) or set(row) != set(_KEYS):
        raise ParseError("one of its files does not have the keys of a file")
    if not all(isinstance(row[key], kind) for key, kind in _KEYS.items()):
        raise ParseError("one of its files has a value of a wrong type")
    path, folders = row["path"], row["folders"]
    if not is_digest(row["sha256"]) or "\0" in path or os.path.normpath(path) != path or not places(path):
        raise ParseError(f"it names {path!r}, which is not a file that this collection writes")
    if not all(isinstance(name, str) and path.startswith(name + "/") for name in folders):
        raise ParseError(f"it names folders of {path!r} that do not contain the file")
    return Written(path, row["sha256"], row["before"], tuple(folders), row["owner"])


def is_as_written(file: Written, text: Optional[str]) -> bool:
    """Whether the file's text (None: no file) is still what the setter wrote."""
    return text is not None and digest(text) == file.sha256


def take_back(module, file: Written) -> Tuple[List[str], Optional[str]]:
    """Put back what stood there before. Returns the folders removed, and why it was left as it is, None where not.

    The caller runs it as the file's owner (as_user.call) where there is one.
    """
    try:
        text = text_file.read(file.path)
    except (OSError, MemfactsError) as error:
        return [], str(error)
    if text is None:
        return text_file.remove(file.path, list(file.folders)), None
    if not is_as_written(file, text):
        return [], CHANGED
    if file.before is None:
        return text_file.remove(file.path, list(file.folders)), None
    text_file.write(module, file.path, file.before)
    return [], None
