# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An audit as workflow commands of GitHub Actions, which show each finding at its line."""

from typing import Dict, List

_COMMANDS = {"info": "notice", "warning": "warning", "critical": "error"}
_TEXT = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_TEXT, (":", "%3A"), (",", "%2C"))


def lines(found: Dict) -> List[str]:
    """`::warning file=web.yaml,line=12,title=burstable-unbounded-memory::…`, one a finding."""
    return [_line(row) for row in found["findings"]]


def _line(row):
    given = {"file": row["file"], "line": row["line"], "title": row["id"]}
    properties = ",".join(
        f"{key}={_escaped(str(value), _PROPERTY)}" for key, value in given.items() if value is not None
    )
    one = row["object"]
    text = f"{one['kind']} {one['name']}: {row['summary']}. {row['remedy']}"
    return f"::{_COMMANDS[row['severity']]} {properties}::{_escaped(text, _TEXT)}"


def _escaped(text, table):
    for char, code in table:
        text = text.replace(char, code)
    return text
