# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What has to change so that a tmpfs has its size, now and after a reboot, and what takes all of that back."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.models.size import human
from ...memcore.sources.host import Space
from ...memcore.sources.mountinfo import Mount
from .. import unit_text
from . import before as tmpfs_before
from . import fstab_text, mount_options
from .amount import Amount, mounted, shortened, written
from .place import FSTAB, LOGIND, NONE, SYSTEMD, Unit

FSTAB_PATH = "/etc/fstab"
DROP_IN = "zz-memfacts.conf"
LOGIND_DROP_IN = f"/etc/systemd/logind.conf.d/{DROP_IN}"
LOGIND_KEYS = {"size": "RuntimeDirectorySize", "nr_inodes": "RuntimeDirectoryInodesMax"}
_LOGIND_DEFAULT = Amount(None, 10)
_NOTHING_KEPT = dict.fromkeys(("size_bytes", "size_share", "inodes", "inodes_share"))


class Wanted(NamedTuple):
    """What was asked for; None is not asked for. `min_free` in percent is a share of the new size."""

    size: Optional[Amount] = None
    inodes: Optional[Amount] = None
    min_free: Optional[Amount] = None


class Live(NamedTuple):
    """A mounted tmpfs; `via` is a mount of it whose remount changes no flag of any other."""

    mount: Mount
    via: Mount
    space: Space


class Logind(NamedTuple):
    """logind's settings by key without our drop-in, our drop-in, and other drop-ins that would win over ours."""

    values: Dict[str, str]
    own: Optional[str]
    later: Dict[str, str]


class Situation(NamedTuple):
    """All that a plan is made from. Texts are None where the file is missing.

    spellings: other paths in fstab that lead to `path` through links.
    """

    path: str
    mounts: List[Live]
    fstab: Optional[str]
    unit: Unit
    logind: Logind
    total_bytes: int
    page_bytes: int
    spellings: Tuple[str, ...] = ()


class FileChange(NamedTuple):
    """A file's text before and after; None is no file."""

    path: str
    before: Optional[str]
    after: Optional[str]


class Limits(NamedTuple):
    """Of a mounted tmpfs; None is no limit, or where it is wanted, none to set."""

    size_bytes: Optional[int]
    inodes: Optional[int]


class Remount(NamedTuple):
    """A mount and the limits it gets; those that stay are None in `after`."""

    live: Live
    before: Limits
    after: Limits


class Plan(NamedTuple):
    """What to change, and the entry to keep for the way back (None: there is nothing to take back any more)."""

    place: str
    files: List[FileChange]
    remounts: List[Remount]
    entry: Optional[Dict]


class TooSmall(MemfactsError):
    """The new size would not hold what is in the tmpfs."""

    def __init__(self, live: Live, size_bytes: int, least: int):
        super().__init__(f"{human(live.space.used_bytes)} of {live.mount.mount_point} are in use")
        self.live = live
        self.size_bytes = size_bytes
        self.least = least


def declared(situation: Situation) -> List[fstab_text.Line]:
    """The lines of fstab that mount something at the path."""
    return fstab_text.lines_for(situation.fstab or "", situation.path, situation.spellings)


def present(situation: Situation, wanted: Wanted, place: str, entry: Optional[Dict]) -> Plan:
    """The change to what is wanted; `entry` is what an earlier plan asked to keep."""
    noted = (entry or {}).get("file")
    changes, kept = [], noted
    if noted and noted["path"] != _path_of(place, situation):
        changes.append(_undone(situation, noted))
        kept = noted = None
    if place != NONE:
        change, kept = _DECLARE[place](situation, wanted, noted)
        changes.append(change)
    if place == FSTAB and situation.unit.own is not None:
        changes.append(FileChange(_path_of(SYSTEMD, situation), situation.unit.own, None))
    remounts = _remounts(situation, wanted, place)
    files = list(dict.fromkeys(change for change in changes if change.before != change.after))
    if not files and not remounts:
        return Plan(place, [], [], entry)
    return Plan(place, files, remounts, {"file": kept, "live": _live_before(situation, remounts, entry)})


def absent(situation: Situation, entry: Optional[Dict]) -> Plan:
    """The way back to what was there before the first plan."""
    if entry is None:
        return Plan(NONE, [], [], None)
    noted = entry["file"]
    changes = [_undone(situation, noted)] if noted else []
    remounts = [_restored(situation, live, entry) for live in situation.mounts]
    place = NONE
    if noted:
        place = {FSTAB_PATH: FSTAB, LOGIND_DROP_IN: LOGIND}.get(noted["path"], SYSTEMD)
    return Plan(
        place,
        [change for change in changes if change.before != change.after],
        [remount for remount in remounts if remount],
        None,
    )


def _path_of(place, situation):
    return {
        FSTAB: FSTAB_PATH,
        SYSTEMD: f"/etc/systemd/system/{situation.unit.name}.d/{DROP_IN}",
        LOGIND: LOGIND_DROP_IN,
        NONE: None,
    }[place]


def _text_of(path, situation):
    if path == FSTAB_PATH:
        return situation.fstab
    return situation.logind.own if path == LOGIND_DROP_IN else situation.unit.own


def _limits(wanted):
    """The options to write, by name."""
    limits = {"size": wanted.size and wanted.size.text, "nr_inodes": wanted.inodes and shortened(wanted.inodes.bytes)}
    return {name: value for name, value in limits.items() if value is not None}


def _says(options, wanted):
    """Whether the options already set what is wanted, however it is spelled."""
    asked = {"size": wanted.size, "nr_inodes": wanted.inodes}
    return all(
        amount is None or written(mount_options.value_of(options, name) or "") == amount
        for name, amount in asked.items()
    )


def _in_fstab(situation, wanted, noted):
    text = situation.fstab or ""
    lines = declared(situation)
    if not lines:
        mount, _via, space = situation.mounts[0]
        options = mount_options.to_declare(mount.options, mount.super_options)
        size = tmpfs_before.size_to_declare(space, mount.super_options, _memory(situation))
        limits = dict({"size": size}, **_limits(wanted))
        line = fstab_text.composed(mount.source, situation.path, mount_options.with_limits(options, limits))
        noted = _noted_line(None, line, None, situation.fstab is not None)
        return FileChange(FSTAB_PATH, situation.fstab, fstab_text.added(text, line)), noted
    current = lines[0]
    if _says(current.options, wanted):
        return FileChange(FSTAB_PATH, situation.fstab, situation.fstab), noted
    line = fstab_text.rewritten(current.text, lambda options: mount_options.with_limits(options, _limits(wanted)))
    # A line of ours that somebody has changed is theirs from then on.
    original = _original_line(current.text, noted) if noted and _is_known(current, noted) else current.text
    noted = _noted_line(original, line, current.text, noted["existed"] if noted else True)
    return FileChange(FSTAB_PATH, situation.fstab, fstab_text.replaced(text, current.number, line)), noted


def _noted_line(original, line, replaced, existed):
    """`replaced` is what stands there still where a run is interrupted before it has written the line."""
    return {"path": FSTAB_PATH, "original": original, "written": line, "replaced": replaced, "existed": existed}


def _is_known(line, noted):
    """Whether we wrote the line, or it may be the one we wrote into that others have changed since."""
    return noted["original"] is not None or line.text in (noted["written"], noted.get("replaced"))


def _noted_in(lines, noted):
    """That line which the entry is about; None where none is for certain."""
    for text in (noted["written"], noted.get("replaced")):
        # A new line was put at the end, so of two alike the last is ours.
        same = [line for line in lines if line.text == text]
        if same:
            return same[-1]
    only = lines[0] if len(lines) == 1 else None
    return only if only and only.fstype == "tmpfs" and _is_known(only, noted) else None


def _original_line(current, noted):
    """What the line was before us, with what others have changed in it since."""
    original = noted["original"]
    if original is None or current in (original, noted["written"]):
        return original
    return fstab_text.rewritten(current, lambda options: mount_options.with_limits_of(options, _options_of(original)))


def _options_of(line):
    fields = line.split()
    return fields[3].split(",") if len(fields) > 3 else []


def _in_unit(situation, wanted, noted):
    unit, path = situation.unit, _path_of(SYSTEMD, situation)
    if unit.drop_in and unit.drop_in.rpartition("/")[2] > DROP_IN:
        raise OptionError(
            f"{unit.drop_in} sets Options= and is read after {DROP_IN}; rename it, so that this one can win."
        )
    base = _unescaped(unit.options)
    if unit.own is None and _says(base, wanted):
        return FileChange(path, None, None), noted
    own = _unescaped(unit_text.last_value([unit.own or ""], "Mount", "Options"))
    limits = dict(_given(own, mount_options.value_of), **_limits(wanted))
    text = unit_text.mount_drop_in([_escaped(option) for option in mount_options.with_limits(base, limits)])
    return FileChange(path, unit.own, text), _noted_file(path, unit.own, text, noted)


def _unescaped(options):
    """Only of limits: other options keep their specifiers as they are."""
    names = [option.strip() for option in (options or "").split(",")]
    return [name.replace("%%", "%") if mount_options.limits_of([name]) else name for name in names if name]


def _escaped(option):
    return option.replace("%", "%%") if mount_options.limits_of([option]) else option


def _given(source, read):
    values = {name: read(source, name) for name in LOGIND_KEYS}
    return {name: value for name, value in values.items() if value is not None}


def _in_logind(situation, wanted, noted):
    logind = situation.logind
    if wanted.size and wanted.size.percent and wanted.size.percent > 100:
        raise OptionError(f"size is {wanted.size.text}, but systemd-logind takes at most 100%.")
    asked = {"size": wanted.size, "nr_inodes": wanted.inodes}
    for name, key in LOGIND_KEYS.items():
        if asked[name] and key in logind.later:
            raise OptionError(
                f"{logind.later[key]} sets {key}= and is read after {DROP_IN}; rename it, so that this one can win."
            )
    says = all(
        amount is None or written(logind.values.get(LOGIND_KEYS[name], "")) == amount for name, amount in asked.items()
    )
    if logind.own is None and says:
        return FileChange(LOGIND_DROP_IN, None, None), noted
    own = _given(logind.own or "", lambda text, name: unit_text.last_value([text], "Login", LOGIND_KEYS[name]))
    limits = dict(own, **_limits(wanted))
    text = unit_text.logind_drop_in(limits.get("size"), limits.get("nr_inodes"))
    return FileChange(LOGIND_DROP_IN, logind.own, text), _noted_file(LOGIND_DROP_IN, logind.own, text, noted)


_DECLARE = {FSTAB: _in_fstab, SYSTEMD: _in_unit, LOGIND: _in_logind}


def _noted_file(path, before, after, noted):
    """An own drop-in that nothing is noted about was written by us too, so it is not what was there before."""
    return {"path": path, "original": noted["original"] if noted else None, "written": after, "existed": False}


def _undone(situation, noted):
    path = noted["path"]
    text = _text_of(path, situation)
    if path != FSTAB_PATH:
        return FileChange(path, text, noted["original"])
    line = _noted_in(declared(situation), noted)
    if line is None:
        return FileChange(path, text, text)
    after = fstab_text.replaced(text, line.number, _original_line(line.text, noted))
    return FileChange(path, text, after if after or noted["existed"] else None)


def _remounts(situation, wanted, place):
    # systemd rounds a share of RAM in its own way.
    slack = situation.page_bytes if place == LOGIND and wanted.size and wanted.size.bytes is None else 0
    size = wanted.size and mounted(wanted.size, situation.total_bytes, situation.page_bytes)
    found = []
    for live in situation.mounts:
        after = Limits(size, wanted.inodes and wanted.inodes.bytes)
        remount = _remount(live, after, slack)
        if remount:
            _check(remount, wanted.min_free)
            found.append(remount)
    return found


def _remount(live, after, slack=0):
    """None where the mount has these limits."""
    before = Limits(live.space.size_bytes, live.space.inodes)
    size = None if _near(before.size_bytes, after.size_bytes, slack) else after.size_bytes
    inodes = None if before.inodes == after.inodes else after.inodes
    return Remount(live, before, Limits(size, inodes)) if size or inodes else None


def _near(have, want, slack):
    return have is not None and want is not None and abs(have - want) <= slack


def _check(remount, min_free):
    """Refuse what the kernel would refuse, and what leaves too little room."""
    live, before, after = remount
    point = live.mount.mount_point
    for name, have, want in (("size", before.size_bytes, after.size_bytes), ("inodes", before.inodes, after.inodes)):
        if have is None and want is not None:
            raise OptionError(
                f"{point} was mounted without a limit of its {name}, and the kernel cannot give it one any more; "
                "unmount it and mount it again."
            )
    if after.size_bytes is not None and after.size_bytes < before.size_bytes:
        least = _least(live.space.used_bytes, min_free)
        if after.size_bytes < least:
            raise TooSmall(live, after.size_bytes, least)
    if after.inodes is not None and after.inodes < live.space.inodes_used:
        raise OptionError(
            f"{live.space.inodes_used} inodes of {point} are in use, which is more than {after.inodes}; "
            "remove files there or give more inodes."
        )


def _least(used, min_free):
    """The smallest size with so much free above what is used; a share (below 100 percent) is one of that size."""
    if min_free is None:
        return used
    return used + min_free.bytes if min_free.percent is None else -(-used * 100 // (100 - min_free.percent))


def _live_before(situation, remounts, entry):
    """What the mounts had before they were changed for the first time, by mount point."""
    live = dict((entry or {}).get("live") or {})
    for remount in remounts:
        mount, space = remount.live.mount, remount.live.space
        known = dict(live.get(mount.mount_point) or {"total_bytes": situation.total_bytes, **_NOTHING_KEPT})
        if known["size_bytes"] is None and remount.after.size_bytes is not None:
            known.update(tmpfs_before.size(space, mount.super_options, _memory(situation)))
        if known["inodes"] is None and remount.after.inodes is not None:
            known.update(tmpfs_before.inodes(space, mount.super_options))
        live[mount.mount_point] = known
    return live


def _memory(situation):
    return tmpfs_before.Memory(situation.total_bytes, situation.page_bytes)


def _restored(situation, live, entry):
    known = entry["live"].get(live.mount.mount_point)
    if known is not None:
        memory = _memory(situation)
        remount = _remount(live, Limits(tmpfs_before.size_now(known, memory), tmpfs_before.inodes_now(known, memory)))
    elif entry["file"] and entry["file"]["path"] == LOGIND_DROP_IN:
        # A user who logged in since gets what new ones get from now on; a share systemd rounds in its own way.
        amount = written(situation.logind.values.get(LOGIND_KEYS["size"], "")) or _LOGIND_DEFAULT
        size = mounted(amount, situation.total_bytes, situation.page_bytes)
        remount = _remount(live, Limits(size, None), situation.page_bytes)
    else:
        return None
    if remount:
        _check(remount, None)
    return remount
