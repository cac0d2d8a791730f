# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Changes to the text of fstab that leave every byte elsewhere as it was."""

import re
from typing import Callable, List, NamedTuple, Optional, Sequence

from ...memcore.sources.mountinfo import unescape

_FIELD = re.compile(r"[^ \t]+")
_OPTIONS = 3  # the number of the field


class Line(NamedTuple):
    """A line that declares a mount: its place in the file (from 0), its text and the fields that matter."""

    number: int
    text: str
    fstype: str
    options: List[str]


def lines_for(text: str, mount_point: str, spellings: Sequence[str] = ()) -> List[Line]:
    """Every line that declares something for the mount point, also by a path of `spellings`, which lead there too."""
    found = []
    for number, line, fields in _declaring(text):
        if _mount_point(fields) in (mount_point, *spellings):
            options = fields[_OPTIONS] if len(fields) > _OPTIONS else "defaults"
            found.append(Line(number, line, fields[2], options.split(",")))
    return found


def mount_points(text: str) -> List[str]:
    """Where the lines mount something, each path once and as it is spelled there but for slashes at its end."""
    return list(dict.fromkeys(_mount_point(fields) for _number, _line, fields in _declaring(text)))


def rewritten(line: str, change: Callable[[List[str]], List[str]]) -> str:
    """The line with its options put through `change`, blanks and other fields as they were."""
    spans = [match.span() for match in _FIELD.finditer(line)]
    if len(spans) > _OPTIONS:
        start, end = spans[_OPTIONS]
        return line[:start] + ",".join(change(line[start:end].split(","))) + line[end:]
    end = spans[_OPTIONS - 1][1]
    options = [option for option in change(["defaults"]) if option != "defaults"]
    return line[:end] + (" " + ",".join(options) if options else "") + line[end:]


def replaced(text: str, number: int, line: Optional[str]) -> str:
    """The text with another line in the place of that one, or without it."""
    lines = text.split("\n")
    lines[number : number + 1] = [] if line is None else [line]
    return "\n".join(lines)


def added(text: str, line: str) -> str:
    """The text with one more line at its end; a last line without a line end keeps the file's ending as it was."""
    lines = text.split("\n")
    # What follows the last line end is empty where the file ends with one.
    lines.insert(len(lines) - 1 if lines[-1] == "" else len(lines), line)
    return "\n".join(lines)


def composed(source: str, mount_point: str, options: List[str]) -> str:
    """A new line for a tmpfs."""
    # A line that begins with # is a comment.
    shown = _escaped(source).replace("#", "\\043")
    return f"{shown or 'tmpfs'} {_escaped(mount_point)} tmpfs {','.join(options)} 0 0"


def _declaring(text):
    for number, line in enumerate(text.split("\n")):
        fields = _FIELD.findall(line)
        if len(fields) >= _OPTIONS and not line.lstrip().startswith("#"):
            yield number, line, fields


def _mount_point(fields):
    """A trailing slash makes no other one."""
    return unescape(fields[1]).rstrip("/") or "/"


def _escaped(text):
    return re.sub(r"[ \t\n\\]", lambda match: f"\\{ord(match[0]):03o}", text)
