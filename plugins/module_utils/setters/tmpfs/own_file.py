# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration file that is wholly the module's own: planned, written, taken back, and left to whoever changed it.

A file that somebody else has written, or has changed since, is never replaced and never removed.
"""

import os
from typing import Callable, Dict, NamedTuple, Optional, Tuple

from ...memcore.errors import MemfactsError, ParseError
from .. import text_file, written


class Change(NamedTuple):
    """The file's text before and after (None: no file), and what the record says of it afterwards.

    left: why the file stays as it is although it was to be taken back; None where it does not.
    """

    path: str
    before: Optional[str]
    after: Optional[str]
    row: Optional[Dict] = None
    folders: Tuple[str, ...] = ()
    left: Optional[str] = None

    @property
    def changes(self) -> bool:
        """Whether the file's text becomes another one."""
        return self.before != self.after


def present(path: str, text: str, row: Optional[Dict], is_earlier: Callable[[str], bool]) -> Change:
    """The change to `text`; MemfactsError where the file holds what neither the record nor `is_earlier` knows as ours.

    is_earlier: whether a release that kept no record of this file wrote this very text.
    """
    now = _own_text(path)
    if now is not None and not _is_ours(now, row) and not is_earlier(now) and now != text:
        raise MemfactsError(
            f"{path} contains lines that memfacts.linux has not written; move them to another file and remove this one."
        )
    if now == text and row is not None:
        return Change(path, now, now, row)
    folders = tuple(text_file.missing_folders(path)) + (_written(path, row).folders if row else ())
    file = written.Written(path, written.digest(text), None, folders)
    # A run that is killed before it has written the new text leaves the old one, which is ours as well.
    earlier = None if now is None else written.digest(now)
    return Change(path, now, text, {"file": written.to_row(file), "earlier": earlier}, folders)


def absent(path: str, row: Optional[Dict], is_earlier: Callable[[str], bool]) -> Change:
    """The way back: no file, unless somebody has changed it since."""
    try:
        now = _own_text(path)
    except (OSError, MemfactsError) as error:
        return Change(path, None, None, left=str(error) if row else None)
    if row is None:
        return Change(path, now, None if now is not None and is_earlier(now) else now)
    if now is not None and not _is_ours(now, row):
        return Change(path, now, now, left=written.CHANGED)
    return Change(path, now, None, folders=_written(path, row).folders)


def check_writable(change: Change) -> None:
    """MemfactsError where the change could not be made, before anything else was."""
    if change.changes:
        text_file.check_writable(change.path)


def put(module, change: Change, undo) -> None:
    """Make the change; its way back goes onto the ExitStack `undo`."""
    if change.changes:
        undo.callback(_set, module, change, change.before)
        _set(module, change, change.after)
    elif change.after is None and change.left is None:
        text_file.remove(change.path, list(change.folders))  # somebody has removed the file, and our folders are left


def checked_row(row: object, path: str) -> Dict:
    """The record's row of the file at this path; ParseError where it is none."""
    if not isinstance(row, dict) or set(row) != {"file", "earlier"}:
        raise ParseError(f"its part about {path} does not have the right keys")
    written.from_row(row["file"], lambda named: named == path)
    earlier = row["earlier"]
    if earlier is not None and not written.is_digest(earlier):
        raise ParseError(f"its part about {path} has no valid SHA-256")
    return row


def _own_text(path):
    # What a link leads to, and what a link to /dev/null masks, belongs to whoever made the link.
    if os.path.islink(path):
        raise MemfactsError(f"{path} is a link, which memfacts.linux has not made; move it away.")
    return text_file.read(path)


def _is_ours(text, row):
    return row is not None and written.digest(text) in (row["file"]["sha256"], row["earlier"])


def _written(path, row):
    return written.from_row(row["file"], lambda named: named == path)


def _set(module, change, text):
    if text is None:
        text_file.remove(change.path, list(change.folders))
    else:
        text_file.write(module, change.path, text)
