# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which folders may be given an age: what is written here is handed to a program that deletes files as root.

A path is taken only as it is: whatever systemd-tmpfiles would read as more than one plain folder is refused.
"""

import re
import stat
from typing import Callable, List, NamedTuple, Optional

from ...memcore.errors import OptionError
from ...memcore.models import owner
from ...memcore.models.mounts import Walk
from .tmpfiles_conf import is_below, parse_age

# systemd-tmpfiles-clean.timer runs 15 minutes after boot and then once a day, so less than an hour brings nothing but
# the loss of files that a program has only not touched for a moment. A bare number is seconds, and m is minutes.
LEAST_SECONDS = 3600
_MOST_SECONDS = 10 * 366 * 86400
_PLAIN = re.compile(r"/[0-9A-Za-z._+@:,=/-]*", re.ASCII)
_AGE = re.compile(r"~?(?:[0-9]{1,9}(?:us|ms|s|min|m|h|d|w) ?)+", re.ASCII)
# The runtime folders below /run are those whose files others look for: sockets, locks, pids, logs, mounts, secrets.
_SYSTEM = (
    "/bin /boot /dev /efi /etc /gnu /lib /lib32 /lib64 /libx32 /nix /ostree /proc /sbin /snap /sys /sysroot /usr "
    "/run/NetworkManager /run/containerd /run/containers /run/credentials /run/crio /run/dbus /run/docker "
    "/run/initramfs /run/lock /run/log /run/mount /run/netns /run/secrets /run/systemd /run/udev /run/user "
    "/var/lib/containerd /var/lib/containers /var/lib/docker /var/lib/dpkg /var/lib/kubelet /var/lib/memfacts "
    "/var/lib/pacman /var/lib/rpm /var/lib/systemd /var/log/journal"
).split()
# These have the folders of many others in them, which may be given an age one by one.
_SHARED = (
    "/ /media /mnt /opt /run /srv /var /var/cache /var/lib /var/local /var/log /var/mail /var/opt /var/spool".split()
)
_ALLOWED_IN_SYSTEM = ("/dev/shm",)
_HOMES = ("/home", "/root")
_NO_HOMES = ("/dev/shm", "/tmp", "/var/tmp")
_LEAST_UID_OF_A_PERSON = 1000
_NOBODY = 65534


class Home(NamedTuple):
    """A home folder of passwd(5), with links resolved."""

    user: str
    uid: int
    folder: str


class Step(NamedTuple):
    """What stands at a path: kind is folder, link or other."""

    kind: str
    uid: int
    mode: int


class Place(NamedTuple):
    """Where an age counts: on a tmpfs or not."""

    path: str
    on_tmpfs: bool


def plain(path: object) -> str:
    """The path of an age as one plain folder; OptionError where systemd-tmpfiles could read it as anything else."""
    if not isinstance(path, str) or not path.startswith("/"):
        raise OptionError(f"ages has the path {_shown(path)}, which does not start with a slash; give a full path.")
    if not _PLAIN.fullmatch(path):
        raise OptionError(
            f"ages has the path {_shown(path)}; give one folder with letters, digits and ._+@:,=- only: blanks, "
            "quotes, wildcards and specifiers such as %h would change what is deleted."
        )
    short = path.rstrip("/") or "/"
    if any(step in ("", ".", "..") for step in short.split("/")[1:] if short != "/"):
        raise OptionError(f"ages has the path {_shown(path)}; give it without .. and . and empty steps.")
    _refuse_system(short)
    return short


def age(given: object, path: str) -> str:
    """The age as it is written, without blanks; OptionError where it is none or too short to be meant."""
    text = given if isinstance(given, str) else str(given)
    if not _AGE.fullmatch(text):
        raise OptionError(
            f"ages has the age {_shown(given)} for {path}; give a number with min, h, d or w such as 10d or 12h."
        )
    seconds = parse_age(text).seconds
    if seconds < LEAST_SECONDS:
        raise OptionError(
            f"ages has the age {text} for {path}, which is {seconds:g} seconds; give at least 1h, since less would "
            "remove files that are still in use."
        )
    if seconds > _MOST_SECONDS:
        raise OptionError(f"ages has the age {text} for {path}, which is more than ten years; leave the age out.")
    return text.replace(" ", "")


def place(
    path: str, mounts: List, homes: List[Home], step_at: Callable[[str], Optional[Step]], not_tmpfs: bool
) -> Place:
    """The place of a path that `plain` has passed; OptionError where its files must not go by their age.

    step_at: what stands at a path, None for nothing; never called behind a mount that may hang.
    """
    walk = Walk(mounts, trust_root=True)
    mount = walk.owner_of(path)
    obstacle = walk.obstacle(mount) if mount else "nothing is mounted above it"
    if obstacle:
        raise OptionError(
            f"ages has the path {path}, which cannot be reached safely, because {obstacle}; leave it out."
        )
    steps = path.split("/")
    for count in range(2, len(steps) + 1):
        _check_step(path, "/".join(steps[:count]), step_at)
    _refuse_home(path, homes)
    whose = owner.of_mount(mount.mount_point)
    if whose is not None and whose.kind != "host":
        raise OptionError(f"ages has the path {path} on a mount that belongs to a {whose.kind}; leave it out.")
    if mount.fstype != "tmpfs" and not not_tmpfs:
        raise OptionError(
            f"ages has the path {path}, which is on {mount.fstype} and not on a tmpfs, where files are kept on "
            "purpose; leave it out, or give it not_tmpfs: true to have files on disk deleted."
        )
    return Place(path, mount.fstype == "tmpfs")


class Missing(OptionError):
    """There is no such folder."""


def _check_step(path, name, step_at):
    step = step_at(name)
    if step is None:
        raise Missing(f"ages has the path {path}, but there is no {name}; leave it out or give it missing: ignore.")
    if step.kind == "link":
        raise OptionError(f"ages has the path {path}, but {name} is a symbolic link; give the path of the real folder.")
    if step.kind != "folder":
        raise OptionError(f"ages has the path {path}, but {name} is not a folder; give the path of a folder.")
    # systemd-tmpfiles follows links on the way, so whoever may replace a folder there may choose what it deletes.
    if name != path and (step.uid != 0 or step.mode & 0o022 and not step.mode & stat.S_ISVTX):
        raise OptionError(
            f"ages has the path {path}, but users other than root can replace folders in {name} or {name} itself; "
            "leave it out."
        )


def _refuse_system(path):
    if any(is_below(path, allowed) for allowed in _ALLOWED_IN_SYSTEM):
        return
    if path in _SHARED or any(is_below(path, folder) for folder in _SYSTEM):
        raise OptionError(f"ages has the path {path}, which is a system folder; an age is never allowed there.")
    if any(is_below(path, folder) for folder in _HOMES):
        raise OptionError(f"ages has the path {path}, which contains home folders; an age is never allowed there.")


def _refuse_home(path, homes):
    if any(is_below(path, folder) for folder in _NO_HOMES):
        return
    for home in homes:
        personal = home.uid == 0 or home.uid >= _LEAST_UID_OF_A_PERSON and home.uid != _NOBODY
        inside = personal and home.folder != "/" and is_below(path, home.folder)
        if inside or is_below(home.folder, path):
            raise OptionError(
                f"ages has the path {path}, but {home.folder} is the home of {home.user}; an age is never allowed "
                "there."
            )


def _shown(given):
    text = repr(given)
    return text if len(text) <= 80 else text[:80] + "..."
