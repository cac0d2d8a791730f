# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of the journal in /run: written where journald reads them last, read back, and taken back.

journald cannot be asked what it uses, so what counts is computed from its files in its own order, before anything is
written and afterwards. What cannot be taken back (old entries go) is done last, by `finish`.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from ...memcore.errors import MemfactsError, OptionError, ParseError
from ...memcore.models.size import human
from ...memcore.sources.host import Host
from .. import conf_files
from . import journal_conf, journald, own_file, situation
from .journal_conf import FILE, KEYS, Setting

OPTIONS = {name: {"type": "str"} for name in KEYS}
_ASKED = re.compile(r"[0-9]{1,15}[KMGT]?", re.ASCII)


class Plan(NamedTuple):
    """settings: what counts of each key once the plan is carried out. entry: what the record keeps then.

    restart: whether journald has still to read the file. max_use: the limit to enforce at once, as written.
    """

    file: Optional[own_file.Change] = None
    entry: Optional[Dict] = None
    wanted: Optional[Dict[str, str]] = None
    settings: Tuple[Setting, ...] = ()
    restart: bool = False
    max_use: Optional[str] = None
    warnings: Tuple[str, ...] = ()
    skipped_reason: Optional[str] = None

    @property
    def changed(self) -> bool:
        return self.restart or bool(self.file and self.file.changes)

    @property
    def files(self) -> List[own_file.Change]:
        """What changes, with a path and its text before and after, as a diff needs it."""
        return [self.file] if self.file and self.file.changes else []

    @property
    def kept(self) -> List[Dict[str, str]]:
        """What was to be taken back and stays."""
        return [{"what": FILE, "reason": self.file.left}] if self.file and self.file.left else []


def checked(options: Optional[Dict]) -> Dict[str, str]:
    """Value by key of journald.conf, empty where no limit is wanted; OptionError for what journald would misread."""
    given = {name: str(value) for name, value in (options or {}).items() if value not in (None, "")}
    for name, value in given.items():
        _check(name, value)
    sizes = {name: journal_conf.size_of(value) for name, value in given.items()}
    if "max_use" in sizes and 2 * sizes.get("max_file_size", 0) > sizes["max_use"]:
        raise OptionError(
            f"max_use is {given['max_use']}, which journald raises to twice max_file_size ({given['max_file_size']}); "
            "give a max_file_size of at most half of it."
        )
    return {KEYS[name]: value for name, value in given.items()}


def checked_entry(entry: object) -> Dict:
    """What the record keeps of the journal; ParseError where it is damaged."""
    if not isinstance(entry, dict) or set(entry) != {"file", "unread_by"}:
        raise ParseError("its part about the journal does not have the right keys")
    if not (entry["unread_by"] is None or isinstance(entry["unread_by"], str)):
        raise ParseError("its part about the journal does not name a process")
    return dict(entry, file=own_file.checked_row(entry["file"], FILE))


def plan(_module, wanted: Dict[str, str], entry: Optional[Dict]) -> Plan:
    """What is to be done; OptionError where another file would win, so that the limits would not count.

    An empty `wanted` takes back what the entry names, or what release 0.1.0 wrote, which kept no record of it.
    """
    host = Host("/")
    if not situation.runs_systemd(host):
        return Plan(entry=entry, skipped_reason="this host does not run systemd")
    main, drop_ins = _main(host), _drop_ins(host)
    is_there = drop_ins.pop(FILE, None) is not None
    row = entry["file"] if entry else None
    found = journal_conf.effective(dict(main, **drop_ins))
    if not wanted:
        return _way_back(found, entry, own_file.absent(FILE, row, journal_conf.is_of_0_1_0))
    if not is_there and entry is None and not journal_conf.differing(wanted, found):
        return Plan(wanted=wanted, settings=tuple(found.values()), max_use=_max_use(wanted))
    change = own_file.present(FILE, journal_conf.written(wanted), row, journal_conf.is_of_0_1_0)
    found = journal_conf.effective(dict(main, **conf_files.in_order(dict(drop_ins, **{FILE: change.after}))))
    _refuse_what_loses(wanted, found)
    who = journald.identity(host)
    if change.changes:
        entry = {"file": change.row, "unread_by": who}
    return Plan(change, entry, wanted, tuple(found.values()), needs_restart(change, entry, who), _max_use(wanted))


def needs_restart(change: own_file.Change, entry: Optional[Dict], who: Optional[str]) -> bool:
    """Whether the running journald (None: not known) has not read the file: a run was killed before the restart."""
    return change.changes or (entry is not None and who is not None and entry["unread_by"] == who)


def check(plan: Plan) -> None:
    """MemfactsError where the plan could not be carried out, before anything is changed."""
    if plan.file:
        own_file.check_writable(plan.file)


def apply(module, plan: Plan, undo) -> None:
    """Write the file and let journald read it; the way back of both goes onto the ExitStack `undo`."""
    if plan.file is None:
        return
    if plan.restart:
        undo.callback(journald.restart, module)  # run after the file is as it was
    own_file.put(module, plan.file, undo)
    if plan.restart:
        journald.restart(module)


def verify(module, plan: Plan) -> List[str]:
    """MemfactsError unless the limits count now. Returns warnings: where journald's own log says another limit."""
    host = Host("/")
    if not plan.wanted or plan.skipped_reason:
        return []
    found = journal_conf.effective(dict(_main(host), **_drop_ins(host)))
    _refuse_what_loses(plan.wanted, found)
    key = KEYS["max_use"]
    said = journald.said_limit(module, host) if key in plan.wanted and plan.restart else None
    expected = journal_conf.raised(found) if said is not None else None
    if said is None or expected is None or abs(said - expected) < journal_conf.LARGEST_PAGE:
        return []
    return [f"journald was given {key}={plan.wanted[key]}, but logged a limit of {human(said)}; look at its log."]


def finish(module, plan: Plan) -> bool:
    """Remove what is above the limit in /run at once, which cannot be taken back. Whether anything was removed."""
    if plan.max_use is None or plan.skipped_reason:
        return False
    if not plan.restart and journald.held_bytes() <= (journal_conf.size_of(plan.max_use) or 0):
        return False
    return journald.shrink(module, plan.max_use)


def result(plan: Plan) -> Dict:
    """What the module returns of the journal."""
    own = plan.wanted or {}
    return {
        "changed": plan.changed,
        "file": FILE if plan.file else None,
        "restarted": plan.restart,
        "settings": [dict(setting._asdict(), wanted=own.get(setting.key)) for setting in plan.settings],
        "skipped_reason": plan.skipped_reason,
    }


def _way_back(others, entry, change):
    # A run that was killed between the file and the restart has left the entry, so an entry always means a restart.
    restart = change.changes or (entry is not None and change.left is None)
    return Plan(change, None, None, tuple(others.values()), restart)


def _main(host):
    return conf_files.main_file(host, "systemd/journald.conf")


def _drop_ins(host):
    return conf_files.drop_ins(host, "systemd/journald.conf.d")


def _refuse_what_loses(wanted, found):
    for key in journal_conf.differing(wanted, found):
        if key not in found:
            raise MemfactsError(
                f"{FILE} does not set {key}, so somebody else has changed it meanwhile; run this again."
            )
        raise OptionError(
            f"{found[key].file} sets {key}={found[key].value} and is read after {FILE}, so {wanted[key]} would have no "
            "effect; remove the line there or give that file a name that sorts before it."
        )
    key, one = KEYS["max_use"], found.get(KEYS["max_file_size"])
    if key in wanted and journal_conf.raised(found) > found[key].bytes:
        raise OptionError(
            f"{one.file} sets {one.key}={one.value}, and journald raises {key}={wanted[key]} to twice that; give a "
            "max_file_size of at most half of max_use."
        )


def _max_use(wanted):
    return wanted.get(KEYS["max_use"])


def _check(name, value):
    size = journal_conf.size_of(value)
    if not _ASKED.fullmatch(value):
        raise OptionError(
            f"journal.{name} is {value[:40]!r}, which journald does not understand; give bytes, or a number with K, M, "
            "G or T such as 64M."
        )
    if name == "keep_free":
        return
    if size == 0:
        raise OptionError(f"journal.{name} is {value}, which journald reads as no limit; leave it out or give a size.")
    least = journal_conf.LEAST_FILE_BYTES * (2 if name == "max_use" else 1)
    if size < least:
        raise OptionError(
            f"journal.{name} is {value}, which journald would raise to {human(least)}; give at least {human(least)}."
        )
