# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Read what a plan for the size of a tmpfs is made from: its mounts, and what fstab, units and logind say of it."""

import os
from typing import Dict, List

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.models.mounts import Walk
from ...memcore.sources import meminfo, mountinfo, unit_file
from ...memcore.sources.host import PAGE_SIZE, Host, decode, reason
from .. import conf_files
from . import fstab_text, identity, place
from .parts import Live, Logind, Situation
from .place import Unit
from .record import DROP_IN, FSTAB_PATH, LOGIND_DROP_IN, drop_in_of

# The folders of units that win over what systemd makes of fstab, then those that do not (systemd.unit(5), table 1).
_OF_FSTAB = unit_file.FOLDERS.index("run/systemd/generator")
_ABOVE_FSTAB = unit_file.FOLDERS[:_OF_FSTAB]
_BELOW_FSTAB = tuple(name for name in unit_file.FOLDERS[_OF_FSTAB + 1 :] if "generator" not in name)
_MOST_LINKS = 40  # as the kernel (MAXSYMLINKS)
_FOR_ALL_OTHERS = "give the mount point of a tmpfs, such as /run, or missing: ignore."


class NotMounted(MemfactsError):
    """No tmpfs is mounted at the path, which may be just so."""


class AnotherType(OptionError):
    """What is mounted at the path is no tmpfs."""


def read(host: Host, path: str, fstab: str = FSTAB_PATH) -> Situation:
    """The situation of the tmpfs at an absolute path; NotMounted, or OptionError where something else is there."""
    mounts = _mounts(host)
    if place.is_users(path):
        found = _of_users(mounts)
        if path != place.ALL_USERS and path not in [mount.mount_point for mount in found]:
            raise NotMounted(f"no tmpfs is mounted at {path}; {_FOR_ALL_OTHERS}")
        path = place.ALL_USERS
    else:
        found = [_at(mounts, path)]
    return _situation(host, path, mounts, [_live(host, mounts, mount) for mount in found], fstab)


def unmounted(host: Host, path: str, fstab: str = FSTAB_PATH) -> Situation:
    """The situation where no tmpfs is mounted, which is enough to take back what files say."""
    return _situation(host, path, _mounts(host), [], fstab)


def runs_systemd(host: Host) -> bool:
    """What sd_booted(3) asks."""
    return "systemd" in host.names("run") and "system" in host.names("run/systemd")


def _mounts(host):
    return mountinfo.parse(decode(host.whole("proc/self/mountinfo")))


def _situation(host, path, mounts, live, fstab_path):
    total = meminfo.parse(host.whole("proc/meminfo").decode("utf-8", "replace"))["MemTotal"]
    fstab = _fstab(host, fstab_path)
    walk = Walk(mounts, trust_root=True)
    spelled = [name for name in fstab_text.mount_points(fstab or "") if name.startswith("/") and name != path]
    spellings = tuple(name for name in spelled if _real(host, walk, name) == path)
    unit, logind = _unit(host, path), _logind(host)
    return Situation(path, live, fstab, unit, logind, total, PAGE_SIZE, spellings, fstab_path)


def _real(host, walk, path):
    """Where the path leads, which need not exist; None where links run in circles or a mount on the way may hang."""
    real, ahead, links = "", path.split("/")[::-1], 0
    while ahead and links <= _MOST_LINKS:
        name = ahead.pop()
        step = f"{real}/{name}"
        mount = walk.owner_of(step)
        if name == "..":
            real = real.rpartition("/")[0]
        elif name in ("", "."):
            continue
        elif mount and mount.mount_point == step:  # which is no link
            real = step
        elif mount is None or walk.obstacle(mount):
            return None
        else:
            try:
                target = host.link(step.lstrip("/"))
            except (OSError, ValueError):  # a plain folder, nothing, or a path with a NUL
                real = step
                continue
            links += 1
            real = "" if target.startswith("/") else real
            ahead += target.split("/")[::-1]
    return None if ahead else real or "/"


def _of_users(mounts):
    walk = Walk(mounts, trust_root=True)
    return [
        mount
        for mount in mounts
        if mount.fstype == "tmpfs" and place.is_users(mount.mount_point) and not walk.is_covered(mount)
    ]


def _at(mounts, path):
    mount = Walk(mounts, trust_root=True).owner_of(path)
    if mount is None or mount.mount_point != path:
        inside = f"; it is a folder of the tmpfs at {mount.mount_point}" if mount and mount.fstype == "tmpfs" else ""
        raise NotMounted(f"nothing is mounted at {path}{inside}; {_FOR_ALL_OTHERS}")
    if mount.fstype != "tmpfs":
        raise AnotherType(f"{path} is not a tmpfs but has the type {mount.fstype}; give the mount point of a tmpfs.")
    if mount.root != "/":
        whole = next((m.mount_point for m in mounts if m.device == mount.device and m.root == "/"), None)
        raise OptionError(
            f"{path} shows only {mount.root} of a tmpfs; give the path of the whole" + (f", {whole}." if whole else ".")
        )
    return mount


def _live(host, mounts, mount):
    walk = Walk(mounts, trust_root=True)
    obstacle = walk.obstacle(mount)
    if obstacle:
        raise OptionError(f"{mount.mount_point} cannot be reached, because {obstacle}; unmount that first.")
    path = mount.mount_point.lstrip("/") or "."
    if host.entry(path).device != mount.device:
        raise OptionError(
            f"{mount.mount_point} does not lead to the tmpfs that is mounted there; find out which mount covers it."
        )
    return Live(mount, _harmless(mounts, mount, walk), host.space(path), identity.of(host, mount))


def _harmless(mounts, mount, walk):
    """A mount of the same tmpfs that is read-only just when the tmpfs is: a remount sets both to the same."""
    same = [m for m in mounts if m.device == mount.device and (m is mount or not walk.is_covered(m))]
    for candidate in [mount] + same:
        if ("ro" in candidate.options.split(",")) == ("ro" in candidate.super_options.split(",")):
            return candidate
    raise OptionError(
        f"{mount.mount_point} is a read-only mount of a writable tmpfs, so a remount would make all of it read-only; "
        "mount it writable somewhere first."
    )


def _fstab(host, path):
    """The text, None only where there is no such file: whoever took a refusal for that would replace the real one."""
    try:
        return decode(host.whole(path.lstrip("/")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MemfactsError(f"{path} cannot be read: {reason(error)}; repair it first.") from error


def _unit(host, path):
    if path == place.ALL_USERS or not runs_systemd(host):
        return Unit("")
    name = unit_file.mount_unit(path)
    fragment, text, above = _fragment(host, name)
    drop_ins = _drop_ins(host, list(_ABOVE_FSTAB + _BELOW_FSTAB), unit_file.drop_in_folders(name))
    own_path = drop_in_of(path)
    own = drop_ins.pop(own_path, None)
    missing = _missing_folders(host, own_path)
    if text is not None and not text.strip():  # a link to /dev/null, or an empty file
        # Ours has no effect then, but can still be taken back.
        return Unit(name, masked=True, own=own, folders=missing)
    sets = [where for where, content in drop_ins.items() if _options_in([content]) is not None]
    options = _options_in([text or "", *drop_ins.values()])
    return Unit(name, fragment, above, False, options, sets[-1] if sets else None, own, missing)


def _missing_folders(host, path):
    missing, folder = [], os.path.dirname(path)
    while not os.path.isdir(host.full(folder.lstrip("/"))):
        missing.append(folder)
        folder = os.path.dirname(folder)
    return tuple(missing)


def _options_in(texts):
    return unit_file.last_value(texts, "Mount", "Options")


def _fragment(host, name):
    for folder in _ABOVE_FSTAB + _BELOW_FSTAB:
        text = host.optional(f"{folder}/{name}")
        if text is not None:
            return f"/{folder}/{name}", text, folder in _ABOVE_FSTAB
    return None, None, False


def _drop_ins(host: Host, folders: List[str], names: List[str]) -> Dict[str, str]:
    """Path to text in the order of reading, which is that of file names; of one name the first folder's counts."""
    found: Dict[str, str] = {}
    for name in names:
        for folder in folders:
            for file in host.names(f"{folder}/{name}"):
                if file.endswith(".conf"):
                    found.setdefault(file, f"{folder}/{name}/{file}")
    texts = {"/" + found[file]: host.optional(found[file]) for file in sorted(found)}
    return {path: text for path, text in texts.items() if text is not None}


def _logind(host: Host) -> Logind:
    drop_ins = conf_files.drop_ins(host, "systemd/logind.conf.d")
    own = drop_ins.pop(LOGIND_DROP_IN, None)
    values: Dict[str, str] = {}
    later: Dict[str, str] = {}
    for path, text in [*conf_files.main_file(host, "systemd/logind.conf").items(), *drop_ins.items()]:
        for setting in unit_file.settings(text):
            if setting.section == "Login":
                values[setting.key] = setting.value
                if path.rpartition("/")[2] > DROP_IN:
                    later[setting.key] = path
    return Logind(values, own, later, _missing_folders(host, LOGIND_DROP_IN))
