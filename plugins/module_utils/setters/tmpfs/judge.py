# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Decide about all entries before the first write: each plan sees what those before it are about to change."""

import itertools
import os
from typing import Dict, List, NamedTuple, Optional, Tuple

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.models.size import human
from ...memcore.sources.host import Host
from . import fstab_line, limits, place, plan, situation, undo
from .asked import Asked
from .parts import FileChange, Kept, Plan, Remount, Situation, TooSmall, Wanted
from .record import LOGIND_DROP_IN, Entry, FstabLine, Record, drop_in_of


class Refused(MemfactsError):
    """Why an entry cannot be, with its path."""

    def __init__(self, path: str, why: str):
        super().__init__(why)
        self.path = path


class Judged(NamedTuple):
    """An entry with its plan. skipped: why nothing is done. place_reason: why it is declared nowhere."""

    asked: Asked
    situation: Optional[Situation]
    plan: Plan
    skipped: Optional[str] = None
    place_reason: Optional[str] = None
    warning: Optional[str] = None


class Work(NamedTuple):
    """All plans as one. Of each file there is one change; the record is that after the work."""

    judged: List[Judged]
    files: List[FileChange]
    remounts: List[Remount]
    mounts: Dict[str, Entry]


class _Ahead:
    """What the plans so far are about to change."""

    def __init__(self):
        self.files: Dict[str, FileChange] = {}
        self.remounts: List[Remount] = []

    def add(self, one: Plan):
        for change in one.files:
            first = self.files.get(change.path, change)
            folders = tuple(dict.fromkeys(first.folders + change.folders))
            self.files[change.path] = FileChange(change.path, first.before, change.after, folders)
        self.remounts += one.remounts

    def seen(self, found: Situation) -> Situation:
        """The situation as it will be."""
        texts = {path: change.after for path, change in self.files.items()}
        unit, logind = found.unit, found.logind
        return found._replace(
            fstab=texts.get(found.fstab_path, found.fstab),
            unit=unit._replace(own=texts.get(drop_in_of(found.path), unit.own)),
            logind=logind._replace(own=texts.get(LOGIND_DROP_IN, logind.own)),
            mounts=[self._live(live) for live in found.mounts],
        )

    def _live(self, live):
        for remount in self.remounts:
            if remount.live.mount.device == live.mount.device:
                size = remount.after.size_bytes or live.space.size_bytes
                inodes = remount.after.inodes or live.space.inodes
                live = live._replace(space=live.space._replace(size_bytes=size, inodes=inodes))
        return live


def present(host: Host, entries: List[Asked], record: Record, fstab: str) -> Work:
    """Plans for what is asked; Refused or TooSmall where one of them cannot be."""
    found = [(one, *_found(host, one, fstab)) for one in entries]
    _check_contradictions([(one, seen) for one, seen, _reason in found if seen])
    systemd, ahead, judged = situation.runs_systemd(host), _Ahead(), []
    mounts = dict(record.mounts)
    for one, seen, reason in found:
        if seen is None:
            judged.append(Judged(one, None, Plan(place.NONE, [], [], None), reason))
            continue
        with_plan = _judged(one, ahead.seen(seen), mounts, systemd)
        _keep(mounts, seen.path, with_plan.plan.entry)
        ahead.add(with_plan.plan)
        judged.append(with_plan)
    return _work(judged, ahead, mounts)


def absent(host: Host, entries: Optional[List[Asked]], record: Record, fstab: str) -> Work:
    """Plans for the way back, of the whole record where no entries are given."""
    if entries is None:
        pending = [Asked(path, path, Wanted()) for path in record.mounts]
    else:
        pending = [one._replace(path=_recorded(record, one.path)) for one in entries]
    ahead, judged, mounts = _Ahead(), {}, dict(record.mounts)
    # A limit that a later change of the same tmpfs stands over can go back once that one has.
    for last in (False, True):
        for one in pending:
            if one.path in judged:
                continue
            with_plan = _undone(host, one, mounts, ahead, fstab)
            if last or not with_plan.plan.kept:
                _keep(mounts, one.path, with_plan.plan.entry)
                ahead.add(with_plan.plan)
                judged[one.path] = with_plan
    return _work([judged[path] for path in dict.fromkeys(one.path for one in pending)], ahead, mounts)


def _work(judged, ahead, mounts):
    return Work(judged, plan.changed(ahead.files.values()), ahead.remounts, mounts)


def _keep(mounts, path, entry):
    mounts.pop(path, None)
    if entry is not None:
        mounts[path] = entry


def _found(host, one, fstab) -> Tuple[Optional[Situation], Optional[str]]:
    """The situation, or why there is none although that is no failure."""
    try:
        return _read(host, one.path, fstab), None
    except situation.NotMounted as error:
        if one.missing == "fail":
            raise Refused(one.given, str(error)) from None
        return None, str(error).partition(";")[0]
    except (OSError, MemfactsError) as error:
        raise Refused(one.given, str(error)) from None


def _read(host, path, fstab):
    """The situation, found through a link too."""
    try:
        return situation.read(host, path, fstab)
    except situation.NotMounted:
        real = path if place.is_users(path) else os.path.realpath(path)
        if real == path:
            raise
        return situation.read(host, real, fstab)


def _judged(one, seen, mounts, systemd):
    try:
        choice = place.choose(one.persist, seen.path, fstab_line.declared(seen), seen.unit, systemd)
        found = plan.present(seen, one.wanted, choice.place, mounts.get(seen.path))
    except TooSmall:
        raise
    except MemfactsError as error:
        raise Refused(one.given, str(error)) from None
    return Judged(one, seen, found, None, choice.reason, _above_memory(one, seen))


def _above_memory(one, seen):
    size = limits.size_bytes(seen, one.wanted.size)
    if size is None or size <= seen.total_bytes:
        return None
    return (
        f"{one.given} may grow to {human(size)}, which is more than the {human(seen.total_bytes)} of RAM; its files "
        "can use up all memory and swap."
    )


def _check_contradictions(found):
    """Two entries that would change one tmpfs by turns, run after run."""
    for (one, seen), (other, others) in itertools.combinations(found, 2):
        same_path = seen.path == others.path
        devices = {live.mount.device for live in seen.mounts} & {live.mount.device for live in others.mounts}
        if not (same_path or devices):
            continue
        for name in _differing(one, other, seen, same_path):
            raise OptionError(
                f"two entries, {one.given} and {other.given}, mean the same tmpfs but differ in {name}; remove "
                "one of them."
            )


def _differing(one, other, seen, same_path):
    for name in ("size", "inodes", "min_free"):
        mine, theirs = getattr(one.wanted, name), getattr(other.wanted, name)
        if mine is None or theirs is None or mine == theirs:
            continue
        # One place can say it in one way only; two may say one size in two ways.
        if same_path or name != "size" or limits.size_bytes(seen, mine) != limits.size_bytes(seen, theirs):
            yield name
    if same_path and one.persist != other.persist:
        yield "persist"


def _recorded(record, path):
    if place.is_users(path):
        return place.ALL_USERS
    return path if path in record.mounts else os.path.realpath(path)


def _undone(host, one, mounts, ahead, fstab):
    entry = mounts.get(one.path)
    # The file that the record names is the one to put back.
    paths = [file.path for file in entry.files if isinstance(file, FstabLine)] if entry else []
    fstab, kept = (paths or [fstab])[0], ()
    try:
        seen = situation.read(host, one.path, fstab)
    except (situation.NotMounted, situation.AnotherType):
        seen = situation.unmounted(host, one.path, fstab)
    except (OSError, OptionError) as error:
        seen = situation.unmounted(host, one.path, fstab)
        kept = (Kept(one.path, f"its limits stay: {error}"),) if entry and entry.live else ()
    found = undo.absent(ahead.seen(seen), entry)
    return Judged(one, seen, found._replace(kept=found.kept + kept))
