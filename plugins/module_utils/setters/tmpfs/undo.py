# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The way back to what was there before the first plan. It goes by the record, and leaves what differs from it."""

from typing import List, Optional

from ...memcore.errors import MemfactsError
from ...memcore.models.size import human
from ...memcore.sources import unit_file
from . import before as tmpfs_before
from . import limits
from .amount import Amount, mounted, written
from .drop_in import LOGIND_KEYS
from .parts import Kept, Limits, Live, Plan, Remount, Situation
from .place import FSTAB, LOGIND, NONE, SYSTEMD
from .plan import changed, take_back
from .record import LOGIND_DROP_IN, Entry, FstabLine, LiveBefore

_LOGIND_DEFAULT = Amount(None, 10)  # logind.conf(5)


class _Stays(MemfactsError):
    """Why a mount keeps its limits."""


def absent(situation: Situation, entry: Optional[Entry]) -> Plan:
    """The way back. The entry of the plan has what a later run can still take back."""
    if entry is None:
        return Plan(NONE, [], [], None)
    outcomes = [take_back(situation, file) for file in entry.files]
    kept = [Kept(situation.path, reason) for _change, reason in outcomes if reason]
    remounts, rest = _remounts(situation, entry, kept)
    return Plan(
        _place_of(entry),
        changed(change for change, _reason in outcomes if change),
        remounts,
        Entry((), rest) if rest else None,
        tuple(kept),
    )


def _place_of(entry):
    for file in entry.files:
        if isinstance(file, FstabLine):
            return FSTAB
        return LOGIND if file.path == LOGIND_DROP_IN else SYSTEMD
    return NONE


def _remounts(situation, entry, kept):
    """The remounts, and the rows of mounts that are too full for theirs; reasons go to `kept`."""
    remounts: List[Remount] = []
    rest = {}
    for live in situation.mounts:
        point = live.mount.mount_point
        row = entry.live.get(point)
        try:
            remount = _of_a_new_user(situation, live, entry) if row is None else _restored(situation, live, entry, row)
        except _Stays as error:
            kept.append(Kept(point, str(error)))
            continue
        if remount is None:
            continue
        try:
            limits.check(remount, None)
        except MemfactsError as error:
            kept.append(Kept(point, f"its limits stay: {error}"))
            if row is not None:
                rest[point] = row
            continue
        remounts.append(remount)
    return remounts, rest


def _restored(situation, live, entry, row) -> Optional[Remount]:
    memory = limits.memory_of(situation)
    back = Limits(tmpfs_before.size_now(row, memory), tmpfs_before.inodes_now(row, memory))
    if row.identity is None:  # version 1 of the record: which mount it was, and with which limits, is not known
        return limits.remount(live, back)
    if not row.identity.is_same(live.identity):
        if _logind_file(entry):
            return _of_a_new_user(situation, live, entry)
        if row.identity.boot_id == live.identity.boot_id:
            raise _Stays("another tmpfs has been mounted there since")
        if not entry.files:
            return None  # the reboot has taken it back
    remount = limits.remount(live, back)
    if remount is None:
        return None
    _check_as_set(situation, live, row, remount.after)
    return remount


def _check_as_set(situation: Situation, live: Live, row: LiveBefore, after: Limits) -> None:
    """Limits that somebody else has set since are theirs."""
    size, have = limits.size_bytes(situation, tmpfs_before.set_size(row)), live.space
    as_set = limits.near(have.size_bytes, size, situation.page_bytes) or have.size_bytes == row.from_size
    if after.size_bytes is not None and not as_set:
        raise _Stays(f"its size is {_human(have.size_bytes)} and not the {_human(size)} that was set")
    if after.inodes is not None and have.inodes not in (row.set_inodes, row.from_inodes):
        raise _Stays(f"it may have {have.inodes} inodes and not the {row.set_inodes} that were set")


def _human(size):
    return "without limit" if size is None else human(size)


def _logind_file(entry):
    return next((file for file in entry.files if file.path == LOGIND_DROP_IN), None)


def _of_a_new_user(situation, live, entry) -> Optional[Remount]:
    """A user who logged in since gets what new ones get from now on; a share systemd rounds in its own way."""
    if _logind_file(entry) is None:
        return None
    own = written(unit_file.last_value([situation.logind.own or ""], "Login", LOGIND_KEYS["size"]) or "")
    if own is None:
        return None
    if not limits.near(live.space.size_bytes, limits.size_bytes(situation, own), situation.page_bytes):
        raise _Stays(f"its size is {_human(live.space.size_bytes)} and not the {own.text} that was set for logind")
    amount = written(situation.logind.values.get(LOGIND_KEYS["size"], "")) or _LOGIND_DEFAULT
    size = mounted(amount, situation.total_bytes, situation.page_bytes)
    return limits.remount(live, Limits(size, None), situation.page_bytes)
