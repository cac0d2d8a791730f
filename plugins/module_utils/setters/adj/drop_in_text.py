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
_HEADER = "# Made by memfacts.linux.oom_score_adj; it removes this file with state: absent."
_UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,255}$")


def path(folder: str, unit: str) -> str:
    """Where the drop-in of the unit is."""
    return f"{folder}/{unit}.d/{NAME}"


def text(unit: str, value: int) -> str:
    """The file's content. The section has the name of the kind of unit."""
    return f"{_HEADER}\n[{section(unit)}]\nOOMScoreAdjust={value}\n"


def unit_of(path: str) -> str:
    """The unit whose drop-in is at a path: the name of its folder less the .d at the end."""
    return path.split("/")[-2][: -len(".d")]


def is_in_home(path: str) -> bool:
    """Whether the path of a drop-in is in a user's home, and so that user's file."""
    return not path.startswith((SYSTEM_FOLDER + "/", USERS_FOLDER + "/"))


def is_made(path: str, content: str) -> bool:
    """Whether the content of a drop-in is exactly what this module writes at the path, for some value."""
    head = re.escape(f"{_HEADER}\n[{section(unit_of(path))}]\nOOMScoreAdjust=")
    return bool(re.match(head + r"(?:-?[0-9]{1,4}|True|False)\n\Z", content))  # release 0.1.0 took booleans


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
    """The unit's name with its kind, as systemctl completes it, or a template's; None where no unit has such a name."""
    name = unit if "." in unit and kind(unit) in _KINDS else unit + ".service"
    return name if _UNIT_NAME.match(name) and not name.startswith("@") else None


def is_template(unit: str) -> bool:
    """Whether it is the name of a template, as foo@.service is, of which only instances run."""
    return unit_file.is_template(unit)


def hiding(own: str, others: Iterable[str]) -> Optional[str]:
    """The drop-in of `others` (paths) for which systemd never reads `own`, as both have one name; None where none is.

    Of files of one name systemd reads that in the first folder: what `systemctl set-property` and what makes units at
    run time write comes before what administrators do, and the drop-ins of an instance before those of its template.
    """
    for path in others:
        folder, dummy, name = path.rpartition("/")
        if path != own and (is_read_instead(path) or name == NAME and _is_of_instance(folder, own)):
            return path
    return None


def is_read_instead(path: str) -> bool:
    """Whether systemd reads the drop-in at the path instead of ours: it has the same name in a stronger folder."""
    folder, dummy, name = path.rpartition("/")
    return name == NAME and folder.rpartition("/")[0].rpartition("/")[2] in _STRONGER


def _is_of_instance(folder, own):
    base, dummy, unit = own.rpartition("/")[0].rpartition("/")
    template = unit[: -len(".d")]
    its_base, dummy, its_unit = folder.rpartition("/")
    return base == its_base and unit_file.template_of(its_unit[: -len(".d")]) == template


def overriding(unit: str, value: int, others: Iterable[Tuple[str, Optional[str]]]) -> Optional[str]:
    """The drop-in of `others` (path, content) that systemd reads after ours and that sets another value, or None."""
    later = [(name, content) for name, content in others if name.rpartition("/")[2] > NAME]
    for name, content in sorted(later, key=lambda other: other[0].rpartition("/")[2], reverse=True):
        if value_of(unit, [text(unit, value), content]) != value:
            return name
    return None


_KINDS = STARTS_PROCESSES + ("scope", "slice", "target", "timer", "path", "device", "automount")
# Where systemd looks before it looks where this module writes (systemd.unit(5), "Unit File Load Path").
_STRONGER = ("system.control", "user.control", "transient", "generator.early")
