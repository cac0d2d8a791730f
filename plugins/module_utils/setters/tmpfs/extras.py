# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tmpfs_size limits beside mounts: the journal and ages, each by a file of its own with functions of one shape."""

from typing import Dict, List, NamedTuple

from ...memcore.errors import OptionError, ParseError
from .. import record as store
from . import ages, journal
from .record import NAME, Record

PARTS = {"journal": journal, "ages": ages}


class Extra(NamedTuple):
    """A part with its plan. name: of the option, of the key in the record and of the key in the answer."""

    name: str
    plan: NamedTuple

    @property
    def part(self):
        """The file that carries it out."""
        return PARTS[self.name]


def wanted(params: Dict, undoes_all: bool) -> Dict:
    """What is asked of each part, of none but those that are to change; OptionError."""
    if undoes_all:
        return {"journal": journal.checked({}), "ages": ages.checked([])}
    if params["state"] != "present":
        return {}
    if params["clean_now"] and params["ages"] is None:
        raise OptionError("clean_now is given without ages; give ages, which decide what is deleted.")
    asked = {}
    if params["journal"] is not None:
        asked["journal"] = journal.checked(params["journal"])
    if params["ages"] is not None:
        asked["ages"] = ages.checked(params["ages"], params["clean_now"])
    return asked


def checked(kept: Record) -> Record:
    """The record; MemfactsError where what it says of the parts is damaged."""
    for name, part in PARTS.items():
        if getattr(kept, name) is not None:
            try:
                part.checked_entry(getattr(kept, name))
            except ParseError as error:
                raise store.damaged(NAME, str(error)) from None
    return kept


def planned(module, asked: Dict, kept: Record) -> List[Extra]:
    """The plans; MemfactsError where one of them cannot be carried out, before anything is changed."""
    found = [Extra(name, PARTS[name].plan(module, value, getattr(kept, name))) for name, value in asked.items()]
    for extra in found:
        extra.part.check(extra.plan)
    return found


def due(extras: List[Extra]) -> List[str]:
    """What clean_now is about to remove."""
    return [path for extra in extras if extra.name == "ages" and extra.plan.cleans for path in extra.plan.due or ()]
