# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The records that a change of a tmpfs's limits is planned with."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from ...memcore.errors import MemfactsError
from ...memcore.models.size import human
from ...memcore.sources.host import Space
from ...memcore.sources.mountinfo import Mount
from .amount import Amount
from .identity import Identity
from .place import Unit
from .record import FSTAB_PATH, Entry


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
    identity: Identity


class Logind(NamedTuple):
    """logind's settings by key without our drop-in, our drop-in, and other drop-ins that would win over ours.

    folders: those above our drop-in that do not exist, the innermost first.
    """

    values: Dict[str, str]
    own: Optional[str]
    later: Dict[str, str]
    folders: Tuple[str, ...] = ()


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
    fstab_path: str = FSTAB_PATH


class FileChange(NamedTuple):
    """A file's text before and after; None is no file. folders: those that go with it when they are empty."""

    path: str
    before: Optional[str]
    after: Optional[str]
    folders: Tuple[str, ...] = ()


class Limits(NamedTuple):
    """Of a mounted tmpfs; None is no limit, or where it is wanted, none to set."""

    size_bytes: Optional[int]
    inodes: Optional[int]


class Remount(NamedTuple):
    """A mount and the limits it gets; those that stay are None in `after`."""

    live: Live
    before: Limits
    after: Limits


class Kept(NamedTuple):
    """What is left as it is although it was to be taken back, and why."""

    what: str
    reason: str


class Plan(NamedTuple):
    """What to change, and the entry to keep for the way back (None: there is nothing to take back any more)."""

    place: str
    files: List[FileChange]
    remounts: List[Remount]
    entry: Optional[Entry]
    kept: Tuple[Kept, ...] = ()


class TooSmall(MemfactsError):
    """The new size would not hold what is in the tmpfs."""

    def __init__(self, live: Live, size_bytes: int, least: int):
        super().__init__(
            f"{human(live.space.used_bytes)} of {live.mount.mount_point} are in use, so a size of "
            f"{human(size_bytes)} is too small; free space there and run this again."
        )
        self.live = live
        self.size_bytes = size_bytes
        self.least = least
