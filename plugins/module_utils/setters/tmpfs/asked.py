# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the module tmpfs_size is asked for, checked before anything of the host is read."""

import os
from typing import Dict, List, NamedTuple

from ...memcore.errors import OptionError
from . import amount
from .parts import Wanted

_LIMITS = ("size", "inodes", "min_free")


class Asked(NamedTuple):
    """One entry. `given` is the path as it was spelled."""

    given: str
    path: str
    wanted: Wanted
    persist: str = "auto"
    missing: str = "fail"


def entries(params: Dict) -> List[Asked]:
    """The entries of the module's options, of which those without a list are one; OptionError."""
    if params["entries"] is not None:
        given = [name for name in _LIMITS if params[name] is not None]
        if given:
            raise OptionError(f"{given[0]} is given together with entries; give it in each entry.")
        rows = params["entries"]
    else:
        rows = [params] if params["path"] is not None else []
    if not rows and params["state"] == "present" and params["journal"] is None and params["ages"] is None:
        raise OptionError("nothing is given to set; give path, entries, journal or ages.")
    return [_entry(row, params["state"]) for row in rows]


def checked_path(name: str, given: str) -> str:
    """The path without what says nothing, or an OptionError."""
    if not given.startswith("/"):
        raise OptionError(f"{name} is {given!r}, which does not start with a slash; give the full path.")
    if "\0" in given:
        raise OptionError(f"{name} is {given!r}, which contains a NUL byte; give a path that exists.")
    return "/" + os.path.normpath(given).lstrip("/")


def _entry(row, state):
    path = checked_path("path", row["path"])
    wanted = Wanted() if state == "absent" else _wanted(row, path)
    return Asked(row["path"], path, wanted, row["persist"], row["missing"])


def _wanted(row, path):
    if row["size"] is None and row["inodes"] is None:
        raise OptionError(f"neither size nor inodes is given for {path}; give one of them, or state: absent.")
    wanted = Wanted(
        *(
            amount.asked(name, row[name], percent) if row[name] is not None else None
            for name, percent in (("size", True), ("inodes", False), ("min_free", True))
        )
    )
    if wanted.min_free and (wanted.min_free.percent or 0) >= 100:
        raise OptionError(f"min_free is {row['min_free']!r}, which leaves nothing to use; give less than 100%.")
    return wanted
