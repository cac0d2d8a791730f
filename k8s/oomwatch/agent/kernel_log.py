# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which kernel log the agent reads: /dev/kmsg, syslog(2), the journal or a followed file, or none that it may read.

A source that dies is opened again, at the place where it was, after a while that doubles from 1 to 30 seconds.
"""

import os
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from memcore.sources.host import reason
from memcore.sources.oomlog.log_source import FilePlace, is_kernel_log
from memcore.sources.printable import printable
from oomwatch.agent.kmsg import Kmsg

KMSG, SYSLOG, JOURNAL, FILE, NONE = "kmsg", "syslog", "journal", "file", "none"
_SHORTEST, _LONGEST = 1.0, 30.0  # seconds before a source that died is opened again
_PROVEN = 2.0  # seconds after which a source that was opened again is taken to work
_LARGEST = 1 << 64
_LONGEST_TEXT = 1 << 12


class Place(NamedTuple):
    """From where to read. is_boot: from the oldest record of this boot; state: what an earlier source left, or None."""

    is_boot: bool
    state: Optional[Dict]


class Log:
    """The log that was chosen. It has no source where none may be read; `trouble` says what to do then.

    source: kmsg, syslog, journal, file or none. trouble: one sentence, None while all is well. lost: records that were
    gone before they were read (of syslog(2): how often some were), as far as the source can tell.
    origin_boot: the boot id, where the log is one boot's alone. every: seconds after which to read() where there is no
    descriptor to wait for; it changes, and so does fileno() when a source is opened again.
    """

    def __init__(
        self,
        openers: List[Tuple[str, Callable]],
        advice: str,
        boot_id: Optional[str],
        place: Place,
        is_forced: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """openers: names, and functions of a Place that give the source or raise OSError; the first that works is used.

        advice: what to do where none works. is_forced: none works now, but the user named it, so it is tried again.
        """
        self.source = openers[0][0] if is_forced else NONE
        self.trouble: Optional[str] = None
        self.origin_boot: Optional[str] = None
        self._openers = openers
        self._advice = advice
        self._boot_id = boot_id
        self._clock = clock
        self._opened = None
        self._opened_at = 0.0
        self._retry_at: Optional[float] = None
        self._wait = _SHORTEST
        self._lost = 0
        self._place = place  # from where to read when it is opened
        if openers:
            self._open()
        if self._opened is None and not is_forced:
            self._retry_at = None  # what the agent may not read it cannot read later either

    @property
    def lost(self) -> int:
        return self._lost + (0 if self._opened is None else self._opened.lost)

    @property
    def is_caught_up(self) -> bool:
        """Whether all was read that was there; also where there is nothing to read."""
        return self._opened is None or self._opened.is_caught_up

    @property
    def every(self) -> float:
        return 1.0 if self._opened is None else self._opened.every

    def fileno(self) -> Optional[int]:
        return None if self._opened is None else self._opened.fileno()

    def hurry(self) -> None:
        """Say that the kernel has killed: what is only polled is polled often for a while."""
        if self._opened is not None:
            self._opened.hurry()

    def read(self) -> List[bytes]:
        """What has come since, at most about 2,000 lines; never waits and never raises."""
        if self._opened is None:
            if self._retry_at is None or self._clock() < self._retry_at:
                return []
            self._open()
            if self._opened is None:
                return []
        try:
            lines = self._opened.read()
        except OSError as error:
            self._has_died(error)
            return []
        if self._retry_at is not None and (lines or self._clock() >= self._opened_at + _PROVEN):
            self._retry_at, self._wait, self.trouble = None, _SHORTEST, None
        if self._retry_at is None and self.source == FILE:
            self.trouble = None if self._opened.trouble is None else _file_trouble(self._opened.trouble)
        return lines

    def state(self) -> Dict:
        """Where the log is read, for opened() with since="last"."""
        if self._opened is not None:
            return dict(self._opened.state(), source=self.source, boot=self._boot_id)
        return {} if self._place.state is None else self._place.state

    def close(self) -> None:
        """Close the source; a journalctl that runs is ended."""
        if self._opened is not None:
            self._leave()
        self._retry_at = None

    def _open(self) -> None:
        reasons = []
        for name, opener in self._openers:
            try:
                self._opened = opener(_place_in(name, self._place))
            except OSError as error:
                reasons.append(f"{_WORDS[name]}: {reason(error)}")
                continue
            self.source = name
            self.origin_boot = None if name == FILE else self._boot_id
            self._opened_at = self._clock()
            return
        self.trouble = f"The kernel's log cannot be read ({'; '.join(reasons)}): {self._advice}."
        self._back_off()

    def _has_died(self, error: OSError) -> None:
        self._leave()
        self._back_off()
        self.trouble = f"The kernel's log has ended ({_WORDS[self.source]}: {reason(error)}) and is opened again soon."

    def _leave(self) -> None:
        self._place = Place(False, self.state())
        self._lost += self._opened.lost
        self._opened.close()
        self._opened = None

    def _back_off(self) -> None:
        self._retry_at = self._clock() + self._wait
        self._wait = min(self._wait * 2, _LONGEST)


_WORDS = {KMSG: "/dev/kmsg", SYSLOG: "syslog(2)", JOURNAL: "the journal", FILE: "the file"}


def opened(setting: str, root: str, since: str, state: Optional[Dict], boot_id: Optional[str]) -> Log:
    """The log that --kernel-log names, from where --since says; it never raises.

    state: of an earlier Log, for since="last". boot_id: of the host below root.
    """
    place = _place(since, state, boot_id)
    known = {
        KMSG: lambda place: _kmsg(os.path.join(root, "dev/kmsg"), place),
        SYSLOG: _syslog,
        JOURNAL: lambda place: _journal(root, place),
    }
    if setting == NONE:
        return Log([], "", boot_id, place, False)
    if setting == "auto":
        here = _is_this_machine(boot_id)
        names = [KMSG] + ([SYSLOG] if here else []) + ([JOURNAL] if _is_own_root(root) else [])
        openers = [(name, known[name]) for name in names]
        if here and not _is_own_root(root):
            openers.insert(1, (KMSG, lambda place: _kmsg("/dev/kmsg", place)))
        return Log(openers, _advice(root), boot_id, place, False)
    if setting in known:
        return Log([(setting, known[setting])], _advice(root), boot_id, place, True)
    if is_kernel_log(setting):
        return Log([(KMSG, lambda place: _kmsg(setting, place))], _advice(root), boot_id, place, True)
    advice = f"let this user read {printable(setting)}, or give another file by --kernel-log"
    return Log([(FILE, lambda place: _file(setting, place))], advice, boot_id, place, True)


def _place(since: str, state: Optional[Dict], boot_id: Optional[str]) -> Place:
    """What --since means where that state was left. A state of an earlier boot: all of this boot is new."""
    usable = state if isinstance(state, dict) and state.get("source") in _WORDS else None
    if since == "boot":
        return Place(True, None)
    if since != "last" or usable is None:
        return Place(False, None)
    if usable["source"] != FILE and (boot_id is None or usable.get("boot") != boot_id):
        return Place(True, {"source": usable["source"], "is_new_boot": True})
    return Place(False, usable)


def _place_in(name: str, place: Place) -> Place:
    """The place in that source, which is its start where another source left the state.

    A kill that is told again is known by its id, and one that is left out is lost.
    """
    if place.state is None or place.state.get("source") == name:
        return place
    return Place(True, None)


def _kmsg(path: str, place: Place) -> Kmsg:
    # In some containers it is a link to a console, for programs that want a file of that name.
    if os.path.exists(path) and not is_kernel_log(path):
        raise OSError(0, "it is not the kernel's log, but another file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return Kmsg(descriptor, _after(place), skips=not place.is_boot)
    except BaseException:
        os.close(descriptor)
        raise


def _after(place: Place) -> Optional[int]:
    """The sequence number of the last record that was read; -1 where none was, though all of this boot was wanted."""
    if place.state is None:
        return None
    number = place.state.get("sequence")
    is_number = isinstance(number, int) and not isinstance(number, bool) and -1 <= number < _LARGEST
    return number if is_number else -1


def _syslog(place: Place):
    from oomwatch.agent.syslog import Syslog  # ctypes takes memory, which those who read /dev/kmsg do not pay

    kept = () if place.state is None else place.state.get("kept", ())
    is_text = isinstance(kept, (list, tuple)) and len(kept) <= 16
    is_text = is_text and all(isinstance(line, str) and len(line) <= _LONGEST_TEXT for line in kept)
    return Syslog(tuple(kept) if is_text else (), skips=not place.is_boot and place.state is None)


def _journal(root: str, place: Place):
    from oomwatch.agent import journal

    if not _is_own_root(root):
        raise OSError(0, "journalctl reads the journal of the host that it runs on, so it needs --root /")
    cursor = None if place.state is None else place.state.get("cursor")
    if cursor is None and not journal.has_kernel_messages():
        raise OSError(0, "it shows this user no message of the kernel")
    return journal.Journal(cursor if isinstance(cursor, str) else None, skips=not place.is_boot)


def _file(path: str, place: Place):
    from oomwatch.agent.followed_file import FollowedFile

    row = None if place.state is None else place.state.get("place")
    is_row = isinstance(row, list) and len(row) == 3
    is_row = is_row and all(isinstance(part, int) and 0 <= part < _LARGEST for part in row)
    return FollowedFile(path, FilePlace(*row) if is_row else None, skips=not place.is_boot and place.state is None)


def _file_trouble(why: str) -> str:
    return f"The file of --kernel-log cannot be read: {why.lower()}; it is read when it appears."


def _is_own_root(root: str) -> bool:
    return os.path.normpath(root) == "/"


def _is_this_machine(boot_id: Optional[str]) -> bool:
    """Whether the host below root is what the agent's own kernel runs, also where root is a mount in a container."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return boot_id is not None and stream.read().strip() == boot_id
    except OSError:
        return False


def _advice(root: str) -> str:
    """What would help, in the imperative."""
    advice = "run the agent as root, or give it CAP_SYSLOG"
    try:
        with open(os.path.join(root, "proc/sys/kernel/dmesg_restrict"), encoding="ascii") as stream:
            if stream.read().strip() == "1":
                return advice + ", or set the sysctl kernel.dmesg_restrict to 0"
    except (OSError, ValueError):
        pass
    return advice + ", or give a log file by --kernel-log FILE"
