# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Changes to the text of fstab that leave every byte elsewhere as it was."""

import re
from typing import Callable, List, NamedTuple, Optional

from ..sources.mountinfo import unescape

_FIELD = re.compile(r"[^ \t]+")
_OPTIONS = 3  # the number of the field


class Line(NamedTuple):
    """A line that declares a mount: its place in the file (from 0), its text and the fields that matter."""

    number: int
    text: str
    fstype: str
    options: List[str]


def lines_for(text: str, mount_point: str) -> List[Line]:
    """Every line that declares something for the mount point; a trailing slash makes no other one."""
    found = []
    for number, line in enumerate(text.split("\n")):
        fields = _FIELD.findall(line)
        if len(fields) >= _OPTIONS and not line.lstrip().startswith("#") and _is(fields[1], mount_point):
            options = fields[_OPTIONS] if len(fields) > _OPTIONS else "defaults"
            found.append(Line(number, line, fields[2], options.split(",")))
    return found


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
    return f"{_escaped(source) or 'tmpfs'} {_escaped(mount_point)} tmpfs {','.join(options)} 0 0"


def _is(field, mount_point):
    return (unescape(field).rstrip("/") or "/") == mount_point


def _escaped(text):
    return re.sub(r"[ \t\n\\]", lambda match: f"\\{ord(match[0]):03o}", text)
