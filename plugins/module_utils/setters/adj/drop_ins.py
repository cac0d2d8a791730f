# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All drop-ins of a run: written or removed together, then read by each manager once, and read back from it."""

from ...memcore.errors import MemfactsError


class DropIns:
    """users: [{user, error}] of the users' managers that could not be asked, which is no failure of the run."""

    def __init__(self):
        self._by_path = {}
        self.users = []

    def add(self, drop_in):
        """Take the drop-in along; MemfactsError where another entry wants something else of the same file.

        Returns the one that stands for the file.
        """
        known = self._by_path.setdefault(drop_in.path, drop_in)
        if known.value != drop_in.value:
            said = ["no value" if one.value is None else one.value for one in (known, drop_in)]
            raise MemfactsError(
                f"one entry gives {drop_in.path} {said[0]} and another one gives it {said[1]}; let only one entry name "
                "the unit, or give both the same value and persist."
            )
        return known

    def check(self):
        """MemfactsError for whatever would stop one of them, before anything is changed."""
        for drop_in in self._by_path.values():
            drop_in.check()

    def pending(self, record):
        """The record while files are replaced."""
        for drop_in in self._by_path.values():
            record = drop_in.pending(record)
        return record

    def done(self, record):
        """The record once all is as it shall be."""
        for drop_in in self._by_path.values():
            record = drop_in.done(record)
        return record

    def apply(self, transaction):
        """Write and remove, let systemd read, read back. Returns whether there was anything to do."""
        at_work = [one for one in self._by_path.values() if one.changed or one.stale]
        managers = _managers(at_work)
        if at_work:
            transaction.add(self._reload, managers)  # after the files were put back
        for drop_in in at_work:
            if drop_in.changed:
                transaction.add(drop_in.restore)
                drop_in.apply()
        for drop_in in self._by_path.values():
            drop_in.remove_left_folders()
        self._reload(managers)
        for drop_in in at_work:
            self._verify(drop_in)
        return bool(at_work)

    def _reload(self, managers):
        for manager in managers:
            self._ask(manager, manager.reload)

    def _verify(self, drop_in):
        unanswered = {row["user"] for row in self.users}
        for manager in drop_in.managers:
            if _name(manager) in unanswered:
                continue
            unit = self._ask(manager, lambda manager=manager: manager.show(drop_in.unit))
            if unit is not None and len(drop_in.managers) == 1:
                drop_in.verify(unit)
            elif unit is not None:
                # Of all users one may have another setting, and the others' value still holds.
                self._ask(manager, lambda unit=unit: drop_in.verify(unit))

    def _ask(self, manager, question):
        """Its answer, None where a user's manager gave none."""
        try:
            return question()
        except MemfactsError as error:
            if _name(manager) is None:
                raise
            self.users.append({"user": _name(manager), "error": str(error)})
            return None


def _managers(drop_ins):
    """Each manager once, whichever entries found it."""
    return list({_name(manager): manager for one in drop_ins for manager in one.managers}.values())


def _name(manager):
    """The user whose manager it is; None for the system's."""
    user = getattr(manager, "user", None)
    return None if user is None else user.pw_name
