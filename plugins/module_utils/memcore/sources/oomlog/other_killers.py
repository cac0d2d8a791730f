# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Kills by programs in user space out of a log: one pass, the lines of one decision put together.

systemd-oomd, earlyoom, nohang, Android's lowmemorykiller (of old a part of the kernel, with a killer of its own) and
lmkd, Talos's OOM controller, the kubelet's evictions for memory. Each is known by the form of its lines and by its tag:
what another program quotes of them is not theirs. The kernel's own reports are oom_report.py's.
"""

import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

from .. import saved_state
from ..printable import printable
from . import eviction_lines, killer_lines, killer_records, tagged_line
from .kernel_log import decoded
from .killer_records import Decision, Part
from .tagged_line import Tagged

# So many lines of the log, whoever wrote them, may stand between two of one decision.
_LINES_BETWEEN = 64
# earlyoom says every hour what is left: that is of a kill only where it stands right before it.
_OWN_LINES_BETWEEN = 12
_MOST_LINES, _MOST_STATE = 64, 64
# A line of a killer has one of these, or follows one that has.
_WORDS = ("oom", "emory", "vict", " SIG", "OOM")


class _Killer(NamedTuple):
    """name: a killer's; starts: where its text begins; tags: what may stand before it, "" is no tag at all.

    words: one of them is in each of its lines; to look for them costs less than the pattern.
    """

    name: str
    words: Tuple[str, ...]
    starts: Any
    tags: Any
    read: Callable[[str], Optional[Part]]


_ALL = (
    _Killer(
        killer_records.SYSTEMD_OOMD,
        ("due to memory ", "due to swap ", "systemd-oomd killed"),
        re.compile(
            r"(?:Killed|Marked) (?:/[^ ]*|-\.slice)(?: for killing)? due to (?:memory|swap) |"
            r"(?<![^\s:])[^\s:]{1,300}: systemd-oomd killed "
        ),
        re.compile(r"(?:systemd-oomd|systemd)?$"),
        killer_lines.systemd_oomd,
    ),
    _Killer(
        killer_records.EARLYOOM,
        ("sending SIG", "emory! ", "mem avail: ", "escalating to SIG", "dryrun, not"),
        re.compile(
            r"sending SIG|[lL]ow [mM]emory! [aA]t or below|mem avail: |escalating to SIGKILL|dryrun, not actually"
        ),
        re.compile(r"(?:earlyoom)?$"),
        killer_lines.earlyoom,
    ),
    _Killer(
        killer_records.NOHANG,
        (
            *("Sending SIG", "MemAvailable [", "SwapFree [", "PSI avg ", "Memory status that", "PID: "),
            *("New victim is", "VmRSS: ", "EUID: ", "Cannot send a sig"),
        ),
        re.compile(
            r"(?:Implementing a corrective action: *)?Sending SIG[A-Z]+ to |MemAvailable \[|SwapFree \[|PSI avg |"
            r"Memory status that requires|PID: [0-9]|New victim is cached|VmRSS: |EUID: |Cannot send a signal"
        ),
        re.compile(r"nohang(?:-desktop)?$"),
        killer_lines.nohang,
    ),
    _Killer(
        killer_records.LMKD,
        ("lowmemorykiller", "Kill '", "Killing '", "send sigkill to ", "to free ", "is below limit", "' ("),
        re.compile(
            r"(?:lowmemorykiller: )?(?:Kill|Killing|send sigkill to) '?[^\n]{0,200}'? \([0-9]+\)|to free [0-9]+ ?kB|"
            r"cache [0-9]+kB is below limit"
        ),
        re.compile(r"(?:lowmemorykiller|lmkd|kernel)$"),
        killer_lines.lmkd,
    ),
    _Killer(
        killer_records.TALOS,
        ("SIGKILL to cgroup", "victim processes:"),
        re.compile(r"Sending SIGKILL to cgroup|victim processes:"),
        re.compile(r"talos$"),
        killer_lines.talos,
    ),
    _Killer(
        killer_records.KUBELET,
        ("viction manager: ", "victing pod"),
        re.compile(r"\"?[Ee]viction manager: |\"?Evicting pod\"? "),
        re.compile(
            r"(?:|.*kubelet|.*kubelite|k3s(?:-agent|-server)?|rke2(?:-agent|-server)?|k0s.*|hyperkube|.*microk8s.*)$"
        ),
        eviction_lines.kubelet,
    ),
)
_OF_TALOS = '"runtime.OOMController"'


class KillerReader:
    """For a log that still grows: feed() it, take() what is ready, flush() when nothing more is expected soon."""

    def __init__(self, reports_begun: Callable[[], int] = int) -> None:
        """reports_begun: how many reports of the kernel have begun in the same log."""
        self._reports_begun = reports_begun
        self.is_busy = False  # whether the next line has to be read whatever it is
        self._ready: List[Tuple[Decision, List[Tagged]]] = []
        self._unpacker = tagged_line.Unpacker()
        self._open: Dict[str, Decision] = {}
        self._left = 0  # lines until the open decisions are taken to be whole
        self._known: Dict[str, List[Tuple[int, Dict[str, Any]]]] = {}  # of a decision that may come: line, fields
        self._own_lines: Dict[str, int] = {}  # how many each killer has had
        self._resource: Optional[str] = None  # that the kubelet reclaims
        self._lines: Dict[str, List[Tagged]] = {}  # by killer: from which the open decision and what is known come

    @property
    def is_waiting(self) -> bool:
        """Whether a decision is open."""
        return bool(self._open)

    @property
    def is_ready(self) -> bool:
        """Whether take() has something, where the reports before it were given out."""
        return bool(self._ready)

    def take(self, reports: Optional[int] = None) -> List[Decision]:
        """The decisions that are ready, each once; of those only that have at most so many reports before them."""
        ready = [one for one, _lines in self._ready if reports is None or one.after <= reports]
        self._ready = [pair for pair in self._ready if reports is not None and pair[0].after > reports]
        return ready

    def feed(self, raw: Union[bytes, str]) -> bool:
        """Read one line; whether it is one of a killer."""
        return self.feed_text(decoded(raw))

    def feed_text(self, line: str) -> bool:
        """The same of a line that is decoded."""
        if self._left:
            self._left -= 1
            if not self._left:
                self.flush()
        if not self._left and not self._unpacker.needs_every_line:
            if line[:1] != "_" and not any(word in line for word in _WORDS):
                return False
        taken = [self._take(one) for one in self._tagged(line)]
        self.is_busy = self._left > 0 or self._unpacker.needs_every_line
        return any(taken)

    def flush(self) -> None:
        """Take the open decisions for whole."""
        for killer in list(self._open):
            self._finish(killer)
        self._left = 0
        self.is_busy = self._unpacker.needs_every_line

    def state(self) -> List[List[Any]]:
        """The lines that are not used up, as rows for resume(); no command line is in them.

        A row: 1 where it ends a decision, else 0; identifier, text, stamp, boot's id, microseconds.
        """
        rows = []
        for _decision, lines in self._ready[-_MOST_STATE:]:
            rows += [_row(line, line is lines[-1]) for line in lines]
        for name in self._lines:
            rows += [_row(line, False) for line in self._lines[name]]
        return rows

    def resume(self, rows: List[List[Any]]) -> None:
        """Go on where another reader's state() was. Only for a reader that is new."""
        for is_last, identifier, text, stamp, boot_id, usec in rows:
            values = [saved_state.text_saved(value, "killers") for value in (identifier, text, stamp, boot_id)]
            self._take(Tagged(values[0], values[1] or "", int(usec) if usec.isdigit() else None, values[2], values[3]))
            if is_last:
                self.flush()
        self.is_busy = self._left > 0

    def _tagged(self, line: str) -> List[Tagged]:
        fields = self._unpacker.fields(line)
        if fields is None:
            if self._unpacker.needs_every_line or line[:1] == "{":
                return []
            return [Tagged(None, line)]
        found = tagged_line.of_fields(fields)
        if found is None:
            return []
        identifier, text, rest = found
        return [rest._replace(identifier=identifier, text=one) for one in text.split("\n")[:_LINES_BETWEEN] if one]

    def _take(self, given: Tagged) -> bool:
        """Whether it is a line of a killer."""
        for killer in _ALL:
            if not any(word in given.text for word in killer.words):
                continue
            start = killer.starts.search(given.text)
            if start is None:
                continue
            line = _own(given, start.start())
            if line is None or not self._is_of(killer, line):
                continue
            text = killer_lines.without_command_line(line.text)
            part = killer.read(text)
            if part is not None:
                self._own_lines[killer.name] = self._own_lines.get(killer.name, 0) + 1
                self._add(killer.name, part, line)
                if part.kind not in (killer_records.CANCEL, killer_records.END):
                    kept = self._lines.setdefault(killer.name, [])
                    kept.append(line._replace(text=text, identifier=line.identifier or killer.name))
                    del kept[:-_MOST_LINES]
                return True
        return False

    def _is_of(self, killer: _Killer, line: Tagged) -> bool:
        name = line.identifier or ""
        if killer.name == killer_records.TALOS:
            return name == killer_records.TALOS or _OF_TALOS in line.text
        if killer.name == killer_records.LMKD and not name:
            # The driver prints several lines, of which only the first has its name.
            return line.text.startswith("lowmemorykiller: ") or killer.name in self._open
        if killer.name == killer_records.SYSTEMD_OOMD and name == "systemd":
            return "systemd-oomd killed " in line.text
        return killer.tags.match(name) is not None

    def _add(self, name: str, part: Part, line: Tagged) -> None:
        fields = dict(part.fields)
        if name == killer_records.KUBELET and not self._is_for_memory(part, fields):
            self._finish(name)
            return
        known = self._known_of(name)
        if part.kind == killer_records.BEFORE:
            if name == killer_records.KUBELET and name in self._open and not fields:
                self._finish(name)
            self._known.setdefault(name, []).append((self._own_lines[name], fields))
            self._left = _LINES_BETWEEN
        elif part.kind in (killer_records.KILL, killer_records.PLAN):
            self._kill(name, part.kind == killer_records.KILL, dict(known, **fields), line)
        elif part.kind == killer_records.AFTER:
            self._more(name, fields, line)
        elif part.kind == killer_records.CANCEL:
            self._known.pop(name, None)
            self._open.pop(name, None)
            self._lines.pop(name, None)
        else:
            self._finish(name)

    def _is_for_memory(self, part: Part, fields: Dict[str, Any]) -> bool:
        """Of the kubelet: the newest resource that it named is the one its evictions are for."""
        self._resource = fields.pop("resource", self._resource)
        return self._resource in (None, eviction_lines.MEMORY)

    def _known_of(self, name: str) -> Dict[str, Any]:
        """What the killer's last lines said, as one."""
        first = self._own_lines[name] - _OWN_LINES_BETWEEN
        self._known[name] = [pair for pair in self._known.get(name, []) if pair[0] >= first]
        found: Dict[str, Any] = {}
        for _line, fields in self._known[name]:
            found.update(fields)
        return found

    def _kill(self, name: str, is_done: bool, fields: Dict[str, Any], line: Tagged) -> None:
        before = self._open.get(name)
        new = Decision(
            name, is_done=is_done, time_usec=line.time_usec, stamp=line.stamp, boot_id=line.boot_id, **fields
        )
        if name == killer_records.KUBELET and new.reason == killer_records.UNKNOWN and self._resource is not None:
            new = new._replace(reason=killer_records.AVAILABLE)
        if before is not None and _is_same(before, new):
            new = _joined(before, new)
        else:
            if before is not None:
                self._finish(name)
            new = new._replace(after=self._reports_begun())
        self._open[name] = new
        self._left = _LINES_BETWEEN
        self._known.pop(name, None)

    def _more(self, name: str, fields: Dict[str, Any], line: Tagged) -> None:
        """More of the open decision; systemd may count the processes before systemd-oomd says why."""
        before = self._open.get(name)
        unit = fields.get("unit")
        if unit is not None and (before is None or not _has_unit(before, unit)):
            self._kill(name, True, fields, line)
        elif before is not None:
            self._open[name] = _joined(before, before._replace(**fields))

    def _finish(self, name: str) -> None:
        decision, lines = self._open.pop(name, None), self._lines.pop(name, [])
        if decision is not None:
            stamp = None if decision.stamp is None else printable(decision.stamp)
            self._ready.append((decision._replace(stamp=stamp), lines))


def _row(line: Tagged, is_last: bool) -> List[Any]:
    texts = [saved_state.saved_text(value) for value in (line.identifier, line.text, line.stamp, line.boot_id)]
    return [int(is_last), *texts, "" if line.time_usec is None else str(line.time_usec)]


def _own(given: Tagged, start: int) -> Optional[Tagged]:
    """The line from where the killer's text begins. A line of JSON has its tag in a field, or none but in its text."""
    if given.identifier is not None:
        # What the program itself puts before its text: klog's header, Talos's name.
        inner = tagged_line.of_text(given.text, start)
        if inner is None:
            return None
        is_talos = inner.identifier == killer_records.TALOS
        return given._replace(text=inner.text, identifier=inner.identifier if is_talos else given.identifier)
    found = tagged_line.of_text(given.text, start)
    if found is None:
        return None
    return found._replace(
        stamp=found.stamp or given.stamp,
        time_usec=given.time_usec if found.time_usec is None else found.time_usec,
        boot_id=given.boot_id,
    )


def _is_same(before: Decision, new: Decision) -> bool:
    """Whether two lines tell of one kill: a signal after the other, a plan and its end, unit and cgroup."""
    if before.pid is not None or new.pid is not None:
        return before.pid == new.pid
    if before.killer == killer_records.KUBELET:
        return not before.pods or not new.pods or bool(set(_names(before)) & set(_names(new)))
    if before.cgroup is None:
        return before.unit is not None and new.cgroup is not None and _has_unit(new, before.unit)
    return before.cgroup == new.cgroup and (new.said is None or before.said is None or not before.processes)


def _names(decision: Decision) -> List:
    return [(pod.namespace, pod.name) for pod in decision.pods]


def _has_unit(decision: Decision, unit: str) -> bool:
    if decision.cgroup is None:
        return decision.unit == unit
    return unit in decision.cgroup.split("/")


def _joined(before: Decision, new: Decision) -> Decision:
    """The fields of both; of two counts of processes the larger, since a unit's parent counts its own again."""
    empty = Decision(before.killer)
    merged = {
        name: value for name, value in new._asdict().items() if value != getattr(empty, name) and name != "is_done"
    }
    merged.update(
        after=before.after,
        time_usec=before.time_usec,
        stamp=before.stamp,
        boot_id=before.boot_id,
        is_done=before.is_done or new.is_done,
        unit=before.unit or new.unit,
    )
    if before.processes is not None and new.processes is not None:
        merged["processes"] = max(before.processes, new.processes)
    if before.pods and new.pods:
        merged["pods"] = max(before.pods, new.pods, key=len)
    return before._replace(**merged)
