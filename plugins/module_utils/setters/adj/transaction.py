# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: whatever ends the block early, the steps that were taken are taken back, the last one first."""

from ...memcore.errors import MemfactsError


class Transaction:
    """A context manager; its error says that all has been put back, or what could not be."""

    def __init__(self):
        self._ways_back = []

    def add(self, back, *arguments):
        """Have `back` called with the arguments if the block ends early."""
        self._ways_back.append((back, arguments))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        # Also where the module ends (SystemExit), as ansible-core before 2.17 does when a file cannot be moved.
        if kind is None or not self._ways_back:
            return
        left = self._taken_back()
        if isinstance(error, (OSError, MemfactsError)):
            outcome = f"these could not be restored: {'; '.join(left)}" if left else "all old values were restored"
            raise MemfactsError(f"{str(error).rstrip('.')}; {outcome}.") from None

    def _taken_back(self):
        left = []
        for back, arguments in reversed(self._ways_back):
            try:
                back(*arguments)
            except (OSError, MemfactsError) as error:
                left.append(str(error).rstrip("."))
        return left
