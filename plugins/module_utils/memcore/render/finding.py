# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A finding for people: what is wrong, what to do, and the commands for that."""

import textwrap
from typing import Dict, List

# Said before the commands that do it. The others only look, or can be taken back.
_EFFECTS = {
    "restart": "Note: a command below restarts a service.",
    "data-loss": "Caution: a command below deletes data for good.",
}


def lines(finding: Dict, width: int) -> List[str]:
    """Lines of at most `width` characters, except that each command is one line, so that it can be copied."""
    text = _wrapped(f"[{finding['severity']}] {finding['id']}: {finding['summary']}", width, "")
    text += _wrapped(f"do: {finding['remedy']}", width, "    ")
    if finding["remedy_effect"] in _EFFECTS:
        text += _wrapped(_EFFECTS[finding["remedy_effect"]], width, "    ")
    text += [f"          {command}" for command in finding["remedy_commands"]]
    return text + _wrapped(f"see: {finding['ref']}", width, "    ")


def _wrapped(text, width, indent):
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + "    ", break_on_hyphens=False)
