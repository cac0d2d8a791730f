# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other files than ours say of a unit of the system, also those that systemd has not read yet."""

import os

from ...memcore.gather.declared_adj import UnitFiles
from ...memcore.sources.host import Host
from . import drop_in_text
from .persistence import Declared


def declared(unit, own, read):
    """What the unit starts with without our drop-in `own`, by files that systemd has read; None where they say nothing.

    `read(path)` gives a file's text, None where there is none.
    """
    drop_ins = sorted((path for path in unit.drop_ins if path != own), key=os.path.basename)
    files = [(path, read(path)) for path in (unit.fragment, *drop_ins) if path]
    value = drop_in_text.value_of(unit.name, [text for dummy, text in files])
    if value is None or (own not in unit.drop_ins and unit.oom_score_adjust != value):
        return None  # in the second case somebody has changed a file since, and systemd starts with the old value
    last = [path for path, text in files if drop_in_text.value_of(unit.name, [text]) == value][-1]
    return Declared(value, last)


def with_unread(unit, root="/"):
    """The unit with the drop-ins, too, that are on disk and that systemd will read at the next reload."""
    found = UnitFiles(Host(root)).drop_ins(unit.name)
    return unit._replace(drop_ins=tuple(dict.fromkeys([*unit.drop_ins, *found])))
