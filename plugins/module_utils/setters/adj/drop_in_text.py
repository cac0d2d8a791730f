# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The drop-in that gives a unit its OOMScoreAdjust at every start (systemd.unit(5), systemd.exec(5))."""

import re
from typing import Iterable, Optional, Tuple

from ...memcore.sources import unit_file

NAME = "90-memfacts-oom-score-adj.conf"
SYSTEM_FOLDER = "/etc/systemd/system"
USERS_FOLDER = "/etc/systemd/user"
HOME_FOLDER = ".config/systemd/user"  # below the user's home
STARTS_PROCESSES = ("service", "socket", "mount", "swap")  # the kinds of unit that know OOMScoreAdjust
_UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,255}$")


def path(folder: str, unit: str) -> str:
    """Where the drop-in of the unit is."""
    return f"{folder}/{unit}.d/{NAME}"


def text(unit: str, value: int) -> str:
    """The file's content. The section has the name of the kind of unit."""
    header = "# Made by memfacts.linux.oom_score_adj; it removes this file with state: absent."
    return f"{header}\n[{section(unit)}]\nOOMScoreAdjust={value}\n"


def value_of(unit: str, contents: Iterable[Optional[str]]) -> Optional[int]:
    """The value that files of the unit leave, in the order systemd reads them; None where none of them says one."""
    texts = [content for content in contents if content is not None]
    return unit_file.oom_score_adjust(texts, section(unit))


def kind(unit: str) -> str:
    """service, scope, slice …"""
    return unit.rpartition(".")[2]


def section(unit: str) -> str:
    """The section of its files that has the setting."""
    return kind(unit).title()


def full_name(unit: str) -> Optional[str]:
    """The unit's name with its kind, as systemctl completes it; None where it is no name of a unit that can run."""
    name = unit if "." in unit and kind(unit) in _KINDS else unit + ".service"
    return name if _UNIT_NAME.match(name) and "@." not in name else None


def overriding(unit: str, value: int, others: Iterable[Tuple[str, Optional[str]]]) -> Optional[str]:
    """The drop-in of `others` (path, content) that systemd reads after ours and that sets another value, or None."""
    later = [(name, content) for name, content in others if name.rpartition("/")[2] > NAME]
    for name, content in sorted(later, key=lambda other: other[0].rpartition("/")[2], reverse=True):
        if value_of(unit, [text(unit, value), content]) != value:
            return name
    return None


_KINDS = STARTS_PROCESSES + ("scope", "slice", "target", "timer", "path", "device", "automount")
