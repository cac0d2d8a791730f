# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of `systemctl show --property=…`: one unit of systemd."""

import re
import shlex
from typing import List, NamedTuple, Optional, Tuple

NAMES = (
    "Id",
    "LoadState",
    "ActiveState",
    "ControlGroup",
    "MainPID",
    "OOMScoreAdjust",
    "DropInPaths",
    "FragmentPath",
    "ExecStart",
)
_PROGRAM = re.compile(r"\{ path=(?P<path>[^;]*?) ;")


class Unit(NamedTuple):
    """oom_score_adjust is None where the kind of unit starts no processes (a slice, a scope, a target).

    control_group and main_pid are None while nothing runs. programs: what ExecStart names.
    """

    name: str
    load_state: str
    active_state: str
    control_group: Optional[str]
    main_pid: Optional[int]
    oom_score_adjust: Optional[int]
    drop_ins: Tuple[str, ...]
    fragment: Optional[str]
    programs: Tuple[str, ...]

    @property
    def exists(self) -> bool:
        """Whether systemd found a file of the unit, or runs it without one."""
        return self.load_state not in ("not-found", "masked", "error", "bad-setting", "")


def parse(text: str) -> Unit:
    """The unit; what the text does not say is None or empty."""
    found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return Unit(
        found.get("Id", ""),
        found.get("LoadState", ""),
        found.get("ActiveState", ""),
        found.get("ControlGroup") or None,
        _number(found.get("MainPID")) or None,
        _number(found.get("OOMScoreAdjust")),
        drop_in_paths(found.get("DropInPaths", "")),
        found.get("FragmentPath") or None,
        tuple(_PROGRAM.findall(found.get("ExecStart", ""))),
    )


def parse_all(text: str) -> List[Unit]:
    """The units of an answer about several, which blank lines part."""
    return [parse(block) for block in text.split("\n\n") if block.strip()]


def drop_in_paths(text: str) -> Tuple[str, ...]:
    """The paths that the value of DropInPaths names.

    Newer systemd quotes those with special characters as a shell does, and older prints all as they are: there a
    backslash, as in the name of most mounts, is only itself.
    """
    if '"' not in text:
        return tuple(text.split())
    try:
        return tuple(shlex.split(text))
    except ValueError:  # a name with one quotation mark in it, printed as it is
        return tuple(text.split())


def default_adj(text: str) -> Optional[int]:
    """The manager's own answer: what it gives to units that say nothing, None where it does not tell."""
    return _number(text.strip().partition("=")[2])


def _number(text):
    return int(text) if text and re.match(r"-?[0-9]{1,10}$", text) else None
