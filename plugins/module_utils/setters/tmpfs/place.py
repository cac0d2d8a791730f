# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where the size of a tmpfs is declared, so that it is there after a reboot: one place for each mount."""

import re
from typing import List, NamedTuple, Optional, Tuple

from ...memcore.errors import OptionError
from ...memcore.models import owner
from .fstab_text import Line

FSTAB, SYSTEMD, LOGIND, NONE = "fstab", "systemd", "logind", "none"
PERSIST = ("auto", FSTAB, SYSTEMD, LOGIND, NONE)
ALL_USERS = "/run/user/*"
# What systemd mounts before it reads fstab, and remounts by it (mount-setup.c, systemd-remount-fs(8)); other init
# systems do the same from fstab.
EARLY = ("/run", "/run/lock", "/dev/shm", "/sys/fs/cgroup")
_OF_A_USER = re.compile(r"/run/user/([0-9]+|\*)$", re.ASCII)


class Choice(NamedTuple):
    """The place, and why it is none although auto was asked."""

    place: str
    reason: Optional[str] = None


class Unit(NamedTuple):
    """The mount unit of a path, as its files say; our own drop-in is kept apart from all others.

    fragment: the unit's file, None where there is none or where systemd made it of fstab.
    above_fstab: it stands where it wins over what systemd makes of fstab.
    options: Options= without our drop-in, with its specifiers.  drop_in: the other drop-in that sets Options=.
    folders: those above our drop-in that do not exist, the innermost first.
    """

    name: str
    fragment: Optional[str] = None
    above_fstab: bool = False
    masked: bool = False
    options: Optional[str] = None
    drop_in: Optional[str] = None
    own: Optional[str] = None
    folders: Tuple[str, ...] = ()


def is_users(path: str) -> bool:
    """Whether systemd-logind makes this tmpfs when a user logs in."""
    return _OF_A_USER.match(path) is not None


def choose(persist: str, path: str, lines: List[Line], unit: Unit, systemd: bool) -> Choice:
    """The place; OptionError where the one that is asked for is not the mount's, or where two places claim it."""
    if persist == NONE:
        return Choice(NONE)
    if is_users(path):
        return Choice(_for_users(persist, path, systemd))
    if persist == LOGIND:
        raise OptionError(
            f"persist is logind, which sets the size of {ALL_USERS} only, not of {path}; give persist auto."
        )
    if persist == SYSTEMD and not systemd:
        raise OptionError("persist is systemd, but this host does not run systemd; give persist auto or fstab.")
    if unit.masked:
        raise OptionError(
            f"{path} is mounted although {unit.name} is masked, so a declaration would have no effect; "
            "unmask it or give persist none."
        )
    return _declared(persist, path, lines, unit)


def _for_users(persist, path, systemd):
    if persist not in ("auto", LOGIND):
        raise OptionError(f"persist is {persist}, but systemd-logind makes {path}; give persist auto, logind or none.")
    if not systemd:
        raise OptionError(
            f"{path} gets its size from systemd-logind, but this host does not run systemd; give persist none."
        )
    return LOGIND


def _declared(persist, path, lines, unit):
    by_unit = unit.drop_in or (unit.fragment if unit.above_fstab else None)
    if len(lines) > 1:
        raise OptionError(f"/etc/fstab has {len(lines)} lines for {path}; keep only one of them.")
    if lines and lines[0].fstype != "tmpfs":
        raise OptionError(
            f"/etc/fstab declares {path} as {lines[0].fstype}, but a tmpfs is mounted there; correct the line first."
        )
    if lines and by_unit:
        raise OptionError(
            f"{path} is declared in /etc/fstab and in {by_unit}, and the latter takes precedence; remove one of them."
        )
    if lines and persist == SYSTEMD:
        raise OptionError(f"persist is systemd, but {path} is declared in /etc/fstab; give persist auto or fstab.")
    if lines:
        return Choice(FSTAB)
    return _undeclared_in_fstab(persist, path, unit, by_unit)


def _undeclared_in_fstab(persist, path, unit, by_unit):
    if persist == FSTAB and by_unit:
        raise OptionError(
            f"persist is fstab, but {path} is declared in {by_unit}, which takes precedence; give persist auto."
        )
    if persist == SYSTEMD and not unit.fragment:
        raise OptionError(f"persist is systemd, but there is no unit file {unit.name}; give persist auto or fstab.")
    if unit.fragment and persist != FSTAB:
        return Choice(SYSTEMD)
    found = owner.of_mount(path)
    if found is not None and found.kind != "host":
        raise OptionError(
            f"{path} belongs to {_called(found)}, which makes it anew at each start; change its size there "
            "or give persist none."
        )
    if persist == FSTAB or path in EARLY:
        return Choice(FSTAB)
    # A line would mount at each boot what somebody mounted once.
    return Choice(
        NONE,
        f"{path} was mounted by hand: neither fstab nor a mount unit declares it; give persist: fstab to "
        "mount it at boot",
    )


def _called(found):
    name = found.pod_uid or found.container or found.unit
    return f"the {found.kind} {name}"
