# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""OOM reports out of a kernel log: one pass, whatever stands between and inside them.

A report begins at "invoked oom-killer", or with its first line that survived. It is given out when newer ones have come
(the reaper's lines come late), when the log ends, or at flush().
"""

import re
from typing import Iterable, Iterator, List, Optional, Union

from . import failed_allocation, kill_lines, oom_lines
from .kernel_log import LogLine, PrefixStripper, decoded
from .oom_assembly import Assembly
from .oom_records import Kill, Report

# How many finished reports wait for lines of the reaper, and how many rows they may have together.
HELD = 8
_MOST_HELD_ROWS = 1 << 16
# Lines of others, and microseconds, after which a report that does not go on is taken to be cut.
_MOST_BETWEEN = 5000
_LONGEST_PAUSE_USEC = 60 * 1000 * 1000
# A group is killed in one loop; how long after the kill every line is looked at.
_LINES_OF_THE_END = 64
_GROUP_PAUSE_USEC = 10 * 1000 * 1000
# The clock of a CPU may be a little behind another's; further back is another boot.
_BOOT_USEC = 2 * 1000 * 1000
_FRAGMENT_LINES = 8
# A log may begin inside a report, as that of a full ring buffer does. In so many lines something of it comes.
_LINES_OF_A_REST = 200
_MOST_LOSSES = 16
# Where two write to one console, a line with its time stands inside another, whose rest comes as a line of its own.
_SPLICE = re.compile(r"\[ *[0-9]{1,10}\.[0-9]{6}\] ")
_DROPPED = re.compile(r"(?:.{0,20}\*\* )?([0-9]{1,20}) printk messages dropped")
_MISSED = re.compile(r"Missed ([0-9]{1,20}) kernel messages")
_SUPPRESSED = re.compile(
    r"(?:oom_kill_process|out_of_memory|dump_header|oom_[a-z_]{1,40}): ([0-9]{1,20}) callbacks suppressed"
)
# journalctl -o json writes a text that is not all printable as an array of bytes.
_BYTES_OF_MESSAGE = re.compile(r'"MESSAGE" ?: ?\[')
# Between boots in the output of journalctl.
_NEW_BOOT = ("-- Reboot --", "-- Boot ")
_PANIC = "Kernel panic - not syncing: "


def read(lines: Iterable[Union[bytes, str]]) -> Iterator[Report]:
    """All reports of a log, in its order; lines as bytes or text, with or without their ends."""
    reader = Reader()
    for line in lines:
        reader.feed(line)
        if reader.ready:
            yield from reader.take()
    reader.flush()
    yield from reader.take()


class Reader:
    """For a log that still grows: feed() it, take() what is ready, flush() when nothing more is expected soon."""

    def __init__(self, held: int = HELD, rest: int = _LINES_OF_A_REST) -> None:
        """rest: how many lines at the beginning of the log are looked at for the rest of a report."""
        self._rest = rest
        self.ready: List[Report] = []
        self.kill_lines = 0  # all "Killed process" lines: as many as `oom_kill` of /proc/vmstat rose by
        self._stripper = PrefixStripper()
        self._most_held = held
        self._held: List[Assembly] = []
        self._open: Optional[Assembly] = None
        self._between = 0  # lines of others since the last line of the open report
        self._last_usec: Optional[int] = None
        self._acted_usec: Optional[int] = None  # time of the open report's last kill
        self._boot_id: Optional[str] = None
        self._sequence: Optional[int] = None
        self._next = 0  # the number of the next record, with those counted that were passed over
        self._lost: List[str] = []  # said of the log where no report was open
        self._fragment: Optional[LogLine] = None
        self._waiting: List[LogLine] = []  # lines after the fragment
        self._spliced: Optional[LogLine] = None
        self._suppressed_failures = 0

    @property
    def has_begun(self) -> bool:
        """Whether a report has begun that is neither ready nor taken."""
        is_open = self._open is not None and not self._open.given and self._open.shows_oom
        return bool(self._held) or is_open

    def take(self) -> List[Report]:
        """The reports that are ready, each once."""
        ready, self.ready = self.ready, []
        return ready

    def feed(self, raw: Union[bytes, str]) -> bool:
        """Read one line; whether it has more than a quick look shows to be of no report."""
        return self.feed_text(decoded(raw))

    def feed_text(self, line: str) -> bool:
        """The same of a line that is decoded."""
        report = self._open
        if self._fragment is not None or self._spliced is not None:
            pass  # any line may be the rest
        elif report is None or (not report.goes_on and self._between >= _LINES_OF_THE_END):
            if not self._rest and not self._is_wanted(line):
                self._next += line[:1] != " "
                return False
        elif report.skips_indented and self._is_indented(line):
            self._next += 1
            self._between += 1
            return False
        self._read(line)
        return True

    def _read(self, line: str) -> None:
        """Read a line that may matter."""
        found = self._stripper.strip(line)
        if found is None:
            self._next += line[:1] != " "
            return
        text, sequence = found[:2]
        if sequence is not None:
            if sequence != self._next:
                self._count(sequence)
            self._sequence = sequence
            self._next = sequence + 1
        if found.bare and text.startswith(_NEW_BOOT):
            self._new_boot()
            return
        if self._spliced is None and self._fragment is None and not oom_lines.may_be_special(text):
            if text[:1] == " " or text.find("[", 1) < 0:
                self._look_at_time(found)
                self._take_body(found)
                return
        self._unsplice(found)

    def flush(self) -> None:
        """Give out all there is, the report that has no end as well."""
        self._unsplice(None)
        self._tell_of_losses()
        self._close()
        self._give_out(0)

    def _tell_of_losses(self) -> None:
        """What was lost after the last report may have been a part of it."""
        newest = self._open or (self._held[-1] if self._held else None)
        if newest is not None:
            for why in self._lost:
                newest.miss("log", why)
            self._lost = []

    def _is_wanted(self, line: str) -> bool:
        """Whether the line can matter where no report is open: those with a word of one do."""
        if oom_lines.may_be_special(line) or self._stripper.needs_every_line or line[:3] == "-- ":
            return True
        if line[:1] == "{":
            return _BYTES_OF_MESSAGE.search(line) is not None
        return line[:1] == "_" and line.startswith("__CURSOR=")

    def _is_indented(self, line: str) -> bool:
        """Whether it surely is a line of a stack, which is indented; a third of a report is."""
        if line[:1] == "[":
            end = line.find("]", 0, 24)
            return line[end + 1 : end + 3] == "  " and end > 8 and line[end - 7] == "."
        if self._sequence is None:
            return False
        end = line.find(";", 0, 48)
        return line[end - 1 : end + 2] == "-; " and "\\" not in line

    def _count(self, sequence: int) -> None:
        """A record has not the number of the next one."""
        if self._sequence is None:
            return
        if sequence > self._next:
            self._lose("records that are not in the log, by their numbers: {0}".format(sequence - self._next))
        elif sequence < self._sequence:
            self._turn_back()

    def _lose(self, why: str) -> None:
        if self._open is not None and not self._open.done:
            self._open.miss("log", why)
        elif len(self._lost) < _MOST_LOSSES:
            self._lost.append(why)

    def _unsplice(self, line: Optional[LogLine]) -> None:
        """Put a line together again that another was written into; everything else passes."""
        before, self._spliced = self._spliced, None
        if before is not None:
            if line is not None and line.bare:
                self._mend(before._replace(text=before.text + line.text))
                return
            if self._open is not None:
                self._open.miss("console", "a line has another in it, and its rest is lost")
            self._mend(before)
        if line is None:
            self._mend(None)
            return
        if self._open is not None and line.text[:1] != " " and line.text.find("[", 1) > 0:
            other = _SPLICE.search(line.text, 1)
            if other:
                self._spliced = line._replace(text=line.text[: other.start()])
                return
        self._mend(line)

    def _mend(self, line: Optional[LogLine]) -> None:
        """Join the parts of a line that was cut at a newline in a name, or between its pieces by another CPU."""
        part = self._fragment
        if part is None:
            if line is None:
                return
            if oom_lines.is_whole(line.text) and not oom_lines.may_go_on(line):
                self._step(line)
            else:
                self._fragment = line
            return
        if line is not None:
            joined = oom_lines.joined(part, line)
            if joined is not None:
                if oom_lines.is_whole(joined) and not oom_lines.may_go_on(part._replace(text=joined)):
                    self._settle(part._replace(text=joined))
                else:
                    self._fragment = part._replace(text=joined)
                return
            self._waiting.append(line)
        if line is None or len(self._waiting) > _FRAGMENT_LINES or oom_lines.is_event(line.text):
            self._settle(part)
            if line is None:
                self._mend(None)

    def _settle(self, part: LogLine) -> None:
        """Take the part as it is now, and then what came after it."""
        waiting, self._waiting = self._waiting, []
        self._fragment = None
        self._step(part)
        for line in waiting:
            self._mend(line)

    def _step(self, line: LogLine) -> None:
        self._look_at_time(line)
        text = line.text.lstrip() if line.bare else line.text
        if self._event(text, line):
            self._between = 0
        else:
            self._take_body(line)

    def _take_body(self, line: LogLine) -> None:
        report = self._open
        if report is None:
            if self._rest:
                self._rest -= 1
                self._open = Assembly.of_rest(line)
                self._between = 0
            return
        if report.goes_on and report.take(line):
            self._between = 0
            return
        self._between += 1
        if self._between > _LINES_OF_THE_END and not report.shows_oom:
            self._close()
        elif self._between > _MOST_BETWEEN and not report.done:
            report.miss("end", "no line of the report in {0} lines".format(_MOST_BETWEEN))
            self._close()

    def _look_at_time(self, line: LogLine) -> None:
        if line.boot_id is not None and line.boot_id != self._boot_id:
            if self._boot_id is not None:
                self._new_boot()
            self._boot_id = line.boot_id
        usec, last = line.time_usec, self._last_usec
        if usec is None:
            return
        self._last_usec = usec
        if last is None or last - _BOOT_USEC <= usec <= last + _LONGEST_PAUSE_USEC:
            return
        if usec < last:
            self._turn_back()
            self._last_usec = usec
        elif self._open is not None and not self._open.done:
            self._open.miss("end", "no line of the report in {0} s".format(_LONGEST_PAUSE_USEC // 1000000))
            self._close()

    def _turn_back(self) -> None:
        """Numbers or times begin again."""
        self._new_boot()

    def _new_boot(self) -> None:
        self._close()
        self._give_out(0)
        self._last_usec = None

    def _event(self, text: str, line: LogLine) -> bool:
        """Take a line that begins, decides or ends a report."""
        for word, take in _EVENTS:
            if word in text and take(self, text, line):
                if self._open is not None:
                    self._open.note_end(line)
                return True
        return False

    def _begin(self, line: LogLine) -> Assembly:
        self._close()
        self._rest = 0
        self._open = Assembly(line)
        for why in self._lost:
            self._open.miss("log", why)
        self._lost = []
        return self._open

    def _undone(self, line: LogLine) -> Assembly:
        """The open report that has no kill yet, else a new one."""
        return self._open if self._open is not None and not self._open.done else self._begin(line)

    def _invoked(self, text: str, line: LogLine) -> bool:
        found = oom_lines.invoked(text)
        if found:
            self._begin(line).take_invoked(found)
        return found is not None

    def _choice(self, text: str, line: LogLine) -> bool:
        found = oom_lines.choice(text)
        if found:
            report = self._undone(line)
            if report.choice is not None:
                report = self._begin(line)
            report.take_choice(found)
        return found is not None

    def _selected(self, text: str, line: LogLine) -> bool:
        found = kill_lines.selected(text)
        if found:
            report = self._undone(line)
            if report.selected is not None:
                report = self._begin(line)
            report.take_selected(found)
        return found is not None

    def _killed(self, text: str, line: LogLine) -> bool:
        found = kill_lines.killed(text)
        if found is None:
            return False
        self.kill_lines += 1
        report = self._open
        if report is None or not report.shows_oom or not self._is_of(report, found.kill.pid, line, found.kill):
            report = self._begin(line)
        report.take_killed(found)
        self._acted_usec = line.time_usec
        return True

    def _is_of(self, report: Assembly, pid: int, line: LogLine, kill: Optional[Kill] = None) -> bool:
        """Whether a kill belongs to the open report: its first, or one of its group. Bare kills follow too."""
        if not report.done:
            return not report.is_about_another(pid)
        if line.time_usec is not None and self._acted_usec is not None:
            if line.time_usec > self._acted_usec + _GROUP_PAUSE_USEC:
                return False
        return report.is_member(pid, kill)

    def _exiting(self, text: str, line: LogLine) -> bool:
        found = oom_lines.exiting(text)
        if found:
            if self._open is not None and self._open.done and self._is_of(self._open, found[0], line):
                return True
            self._undone(line).take_exiting(found)
        return found is not None

    def _group(self, text: str, line: LogLine) -> bool:
        found = oom_lines.group(text)
        if found:
            report = self._open
            if report is None or report.group is not None or report.failed is not None:
                report = self._begin(line)
            report.group = found
        return found is not None

    def _reaped(self, text: str, line: LogLine) -> bool:
        found = oom_lines.reaped(text)
        if found is None:
            return False
        newest_first = ([self._open] if self._open is not None else []) + self._held[::-1]
        for report in newest_first:
            if report.has_killed(found.pid):
                if len(report.reaped) < len(report.kills):
                    report.reaped.append(found)
                break
        return True

    def _nobody(self, text: str, line: LogLine) -> bool:
        if not text.startswith("Out of memory and no killable processes"):
            return False
        self._undone(line).take_nobody()
        return True

    def _panic(self, text: str, line: LogLine) -> bool:
        if not text.startswith(_PANIC):
            return False
        why = text[len(_PANIC) :]
        if "ut of memory" in why or "deadlocked on memory" in why or (self._open is not None and self._open.nobody):
            report = self._open
            if report is None or report.kills or report.failed is not None:
                report = self._begin(line)
            report.take_panic(why)
        return True

    def _failed_allocation(self, text: str, line: LogLine) -> bool:
        """An allocation that failed, which is an event; inside a report it is another task's."""
        found = failed_allocation.read(text)
        if found is None:
            return False
        report = self._open
        if report is not None and not report.done and report.shows_oom:
            report.miss("meminfo", "a failed allocation printed its own memory block in the middle of the report")
            inner = Assembly(line)
            inner.take_failed(found)
            inner.miss("meminfo", "its memory block stands inside a report of the OOM killer")
            inner.note_end(line)
            self.ready.append(inner.report())
            return True
        is_second_line = report is not None and report.failed is not None and not self._between
        if report is None or not (is_second_line and report.failed.gfp_mask is None and found.gfp_mask is not None):
            report = self._begin(line)
            report.repeats, self._suppressed_failures = self._suppressed_failures, 0
        report.take_failed(found)
        return True

    def _suppressed_allocations(self, text: str, line: LogLine) -> bool:
        """Failed allocations that were not printed: they are counted with the one that is open, else with the next."""
        count = failed_allocation.suppressed(text)
        if count is None:
            return False
        if self._open is not None and self._open.failed is not None and not self._open.given:
            self._open.repeats += count
        else:
            self._suppressed_failures += count
        return True

    def _sharing(self, text: str, line: LogLine) -> bool:
        found = oom_lines.sharing(text)
        if found and self._open is not None:
            self._open.take_sharing(*found)
        return found is not None

    def _header(self, text: str, line: LogLine) -> bool:
        """The head of a task table whose report has lost its beginning."""
        if text[:1] != "[" or (self._open is not None and not self._open.done) or text[-4:] != "name":
            return False
        return self._begin(line).take(line)

    def _limit_of(self, text: str, line: LogLine) -> bool:
        """Whose limit it was, where the lines before it are lost."""
        if self._open is not None and not self._open.done:
            return False
        return oom_lines.limit_of(text) is not None and self._begin(line).take(line)

    def _usage(self, text: str, line: LogLine) -> bool:
        """A cgroup's usage in a quotation that leaves out what stood before it."""
        if not text.startswith("memory: usage ") or (self._open is not None and not self._open.done):
            return False
        return self._begin(line).take(line)

    def _suppressed(self, text: str, line: LogLine) -> bool:
        match = _SUPPRESSED.match(text)
        if match and len(self._lost) < _MOST_LOSSES:
            self._lost.append("the kernel left out {0} reports (its limit is 10 in 5 seconds)".format(match[1]))
        return match is not None

    def _dropped(self, text: str, line: LogLine) -> bool:
        match = _DROPPED.match(text)
        if match:
            self._lose("the console was too slow: {0} messages dropped".format(match[1]))
        return match is not None

    def _missed(self, text: str, line: LogLine) -> bool:
        match = _MISSED.match(text)
        if match:
            self._lose("the journal missed {0} messages".format(match[1]))
        return match is not None

    def _overrun(self, text: str, line: LogLine) -> bool:
        self._lose("the kernel's log was overwritten before it was read")
        return True

    def _boot(self, text: str, line: LogLine) -> bool:
        if not text.startswith("Linux version "):
            return False
        self._new_boot()
        return True

    def _close(self) -> None:
        """The open report is over; it waits for the reaper."""
        if self._open is None:
            return
        if self._open.shows_oom:
            self._held.append(self._open)
        self._open = None
        self._between = 0
        self._give_out(self._most_held)

    def _give_out(self, most: int) -> None:
        rows = sum(len(report.rows) for report in self._held)
        while self._held and (len(self._held) > most or rows > _MOST_HELD_ROWS):
            report = self._held.pop(0)
            rows -= len(report.rows)
            if not report.given:
                self.ready.append(report.report())


_EVENTS = [
    ("oom-killer: ", Reader._invoked),
    ("oom-kill:", Reader._choice),
    ("Killed process ", Reader._killed),
    ("ill process ", Reader._selected),
    ("sharing same memory", Reader._sharing),
    ("oom_reaper: ", Reader._reaped),
    ("total_vm ", Reader._header),
    ("as a result of limit of", Reader._limit_of),
    ("memory: usage ", Reader._usage),
    ("memory.oom.group set", Reader._group),
    ("is already exiting", Reader._exiting),
    ("no killable processes", Reader._nobody),
    (_PANIC, Reader._panic),
    ("allocation failure", Reader._failed_allocation),
    ("vmalloc error: ", Reader._failed_allocation),
    ("vmap allocation for size ", Reader._failed_allocation),
    ("warn_alloc", Reader._suppressed_allocations),
    ("callbacks suppressed", Reader._suppressed),
    ("messages dropped", Reader._dropped),
    ("kernel messages", Reader._missed),
    ("kmsg buffer overrun", Reader._overrun),
    ("Linux version ", Reader._boot),
]
