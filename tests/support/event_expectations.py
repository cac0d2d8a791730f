# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of what is right for the events of a log, as a person wrote them: file, field of the event, sign, value.

A field of an event that is not there holds nothing but "differs" (!=) and "does not match" (!~).
"""

import json
import re


def read(path):
    """The rows of a table, comments left out."""
    with open(path, encoding="utf-8") as table:
        return [tuple(line.rstrip("\n").split("\t")) for line in table if not line.startswith("#")]


def field(found, path):
    """The value at a path such as `candidates.1.comm` of the first event, or how many events there are."""
    if path == "events":
        return len(found)
    value = found[0] if found else None
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def holds(value, sign, wanted):
    """Whether a value is as the row wants it."""
    return {
        "=": lambda: _as_text(value) == wanted,
        "!=": lambda: _as_text(value) != wanted,
        ">": lambda: value is not None and value > int(wanted),
        "~": lambda: value is not None and re.search(wanted, _as_text(value)) is not None,
        "!~": lambda: value is None or re.search(wanted, _as_text(value)) is None,
    }[sign]()


def wrong(found, rows, name):
    """A line for each row of that name that the events do not hold."""
    return [
        f"{path} is {field(found, path)!r}, but {sign} {wanted} is right"
        for log, path, sign, wanted in rows
        if log == name and not holds(field(found, path), sign, wanted)
    ]


def _as_text(value):
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
