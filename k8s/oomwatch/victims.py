# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch victims: which process the OOM killer kills next on this host, and what a change would alter."""

import argparse
import shlex
import textwrap
from typing import Dict

from memcore.answers import next_victim
from memcore.render import finding as finding_page
from memcore.sources import host
from oomwatch import exits, host_options, terminal

_NUMBERS = ("pid", "value")
_KEYS = ("pid", "name", "unit", "cgroup", "value", "mount", "size")
_WHAT_IF = """\
changes for --what-if:
  oom_score_adj pid=N|name=NAME|unit=UNIT|cgroup=PATH value=N
  gone pid=N|name=NAME|unit=UNIT|cgroup=PATH
  tmpfs_emptied mount=PATH
  tmpfs_resized mount=PATH size=SIZE
  limit cgroup=PATH size=SIZE|max

Exit status: 0 without findings, 1 with findings, 2 after a usage error or if there is nothing to read."""


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "victims",
        help="predict which process the OOM killer kills next",
        description="Rank processes as the running kernel does, for the host and each memory cgroup that has a limit.",
        epilog=_WHAT_IF,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--cgroup",
        metavar="PATH",
        help="rank only the host, and this memory cgroup and those above it if they have a limit",
    )
    parser.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="CHANGE",
        help="predict the effect of a change, without making it; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line")
    host_options.add(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Rank the processes and return the exit status."""
    changes = [change(text) for text in arguments.what_if]
    asked = next_victim.checked(arguments.cgroup, arguments.top, changes)
    found = next_victim.collect(host.at(arguments.root), asked)
    if arguments.json:
        terminal.show_json({name: value for name, value in found.items() if name != "report"})
    else:
        terminal.show(_page(found, terminal.width()))
    return exits.FOUND if found["findings"] else exits.NOTHING


def change(text: str) -> Dict:
    """`oom_score_adj pid=123 value=-500` as the options of a module have it."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words:
        raise exits.InputError(f"--what-if {text!r} is not a change; give one such as 'gone pid=123'")
    found: Dict = {"change": words[0]}
    for word in words[1:]:
        key, sign, value = word.partition("=")
        if not sign or key not in _KEYS:
            raise exits.InputError(f"--what-if {text!r} has {word!r}; give KEY=VALUE, where KEY is {', '.join(_KEYS)}")
        if key in found:
            raise exits.InputError(f"--what-if {text!r} has {key} twice; give each change a --what-if of its own")
        found[key] = _number(key, value) if key in _NUMBERS else value
    return found


def _number(key, value):
    try:
        return int(value)
    except ValueError:
        raise exits.InputError(
            f"--what-if has {key}={value}, but {key} must be a whole number; give a whole number"
        ) from None


def _page(found, width):
    """The module's page with its prose wrapped. Rows of tables stay as they are, since they are short already."""
    lines = []
    for line in found["report"]:
        lines += [line] if line.startswith(" ") else textwrap.wrap(line, width, subsequent_indent="  ") or [""]
    for finding in found["findings"]:
        lines += ["", *finding_page.lines(finding, width)]
    return lines
