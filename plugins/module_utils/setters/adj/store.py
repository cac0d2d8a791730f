# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of oom_score_adj on this host, as one run reads and replaces it."""

from ...memcore.errors import ParseError
from .. import record as kept
from . import record as adj_record
from . import release_1

NAME = "oom_score_adj.json"


class Store:
    """record: what is known now; earlier: what the run began with."""

    def __init__(self, module, host):
        self._module = module
        boot_id = host.whole("proc/sys/kernel/random/boot_id").decode("ascii").strip()
        try:
            found = adj_record.parse(kept.load(NAME), boot_id)
        except ParseError as error:
            raise kept.damaged(NAME, str(error)) from None
        self.record = self.earlier = release_1.completed(found)

    def check_writable(self):
        """MemfactsError where it could not be written, before anything was changed."""
        kept.check_writable(NAME)

    def save(self, record):
        """Write the record, or remove it where there is nothing to remember."""
        content = adj_record.render(record)
        if content is None:  # also where nothing differs: what is in the file may be of an earlier boot
            kept.save(self._module, NAME, None)
        elif record != self.record:
            kept.save(self._module, NAME, content)
        self.record = record

    def restore(self):
        """Put back what the run began with."""
        self.save(self.earlier)
