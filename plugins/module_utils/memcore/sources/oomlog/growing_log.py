# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""OOM reports out of a kernel log that still grows: given out after a pause, and resumed after a restart.

No line of the kernel ends a report. Since 4.2 mm/oom_kill.c holds oom_lock from "invoked oom-killer" to the last
"Killed process", so that the next report ends the one before. But the kills of a group (memory.oom.group, since 4.19)
follow the victim's, up to 4.6 so do those of tasks that share its memory, and the reaper writes when it is done: 2
seconds later since 5.18, or never. So a report whose kill is read is whole when the log pauses, and lines that come
later belong to it and make no second one.
"""

import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .. import saved_state
from . import oom_lines
from .kernel_log import LONGEST_LINE, LogFormat, LogLine, PrefixStripper
from .oom_assembly import Assembly
from .oom_records import Kill
from .oom_report import Reader

# After this pause a report is given out although its kill was never read, as where the log's own times pause so long.
UNFINISHED_SECONDS = 60
# Characters of the open report's lines that are kept for the state; as many again for lines of kills after these.
MOST_KEPT = 1 << 18
_COST = 16  # characters that a line costs beside its own
_PAUSE, _END, _GIVEN_UP = 0, 1, 2  # what stands in place of a line
_NO_KILL = "no line of the report in {0} s"
_LEFT_OUT = "lines of the report were left out of the saved state, which keeps {0} KiB".format(MOST_KEPT >> 10)
_FIELDS = ["format", "last_usec", "acted_usec", "boot_id", "sequence", "next", "lost"]


class _Place(NamedTuple):
    """What the reader knows beside the open report."""

    format: LogFormat
    last_usec: Optional[int]
    acted_usec: Optional[int]
    boot_id: Optional[str]
    sequence: Optional[int]
    next: int
    lost: List[str]


# The next record's number, how many lines of others came last, and the line; None, where the first is one of the above.
_Kept = Tuple[int, int, Optional[str]]


class GrowingReader(Reader):
    """A Reader with pauses and a state.

    The state is where the reader was when it began with the oldest line that still matters, and the lines from there:
    those of the report that is open. Reading them again leads to where it is.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, is_one_boot: bool = False) -> None:
        """clock: seconds that never go back. is_one_boot: the log is one boot's, so where it begins again it is read
        again: the report that is open is forgotten, since its lines come once more."""
        super().__init__(held=0, rest=0)  # its state says nothing of it
        self._clock = clock
        self.is_one_boot = is_one_boot
        self._seen = clock()  # when the last line of a report came
        self._lines: List[_Kept] = []
        self._size = 0
        self._cut: Optional[int] = None  # how many lines were kept when the first was left out
        self._start = self._place()  # before the first of the lines
        self._skip = 0  # so many reports come out of the lines that were taken already
        # How many lines were kept before the line, or the journal's entry, that is being read; where that may begin
        # a report also the place.
        self._entry: Tuple[int, Optional[_Place]] = (0, self._start)
        # The first line that is needed once so many of `ready` are taken, and the place before it.
        self._mark: Optional[Tuple[int, _Place, int]] = None

    @property
    def is_waiting(self) -> bool:
        """Whether a pause would make something ready."""
        return self._has_parts or (self._open is not None and not self._open.given)

    def take(self):
        """The reports that are ready, each once."""
        ready = super().take()
        self._count_taken(len(ready))
        return ready

    def flush(self, after: float = 0.0) -> None:
        """Give out what has had no line for so many seconds; with 0 all.

        A report whose kill is not read waits for UNFINISHED_SECONDS at least.
        """
        quiet = self._clock() - self._seen
        if after > 0 and quiet < after:
            return
        if self._has_parts or (self._open is not None and self._open.done and not self._open.given):
            self._stop(_PAUSE)
        if self._open is not None and not self._open.done:
            if after <= 0:
                self._stop(_END)
            elif quiet >= UNFINISHED_SECONDS:
                self._stop(_GIVEN_UP)

    def state(self) -> Dict[str, Any]:
        """What resume() needs: numbers, texts and lists of them; at most twice MOST_KEPT characters of lines."""
        start = self._start if self._lines else self._place()
        return {
            "start": dict(
                start._asdict(),
                format=dict(start.format._asdict(), host=saved_state.saved_text(start.format.host)),
                boot_id=saved_state.saved_text(start.boot_id),
                lost=[[why] for why in start.lost],
            ),
            "lines": [[number, between, saved_state.saved_text(text)] for number, between, text in self._lines],
            "is_cut": self._cut is not None,
            "is_one_boot": self.is_one_boot,
            "skip": self._skip,
            "next": self._next,
            "between": self._between,
        }

    def resume(self, state: Any) -> None:
        """Go on where another reader's state() was; ParseError where it is none. Only for a reader that is new."""
        fields = saved_state.Fields(state, ["start", "lines", "is_cut", "is_one_boot", "skip", "next", "between"])
        start = _place_of(fields.object("start", _FIELDS))
        most = 2 * MOST_KEPT // _COST
        lines = [
            (number, between, saved_state.text_saved(text, "lines"))
            for number, between, text in fields.rows("lines", most, "nno")
        ]
        skip, is_cut = fields.number("skip"), fields.flag("is_cut")
        after = fields.number("next"), fields.number("between")
        self._go_to(start)
        is_one_boot, self.is_one_boot = self.is_one_boot, fields.flag("is_one_boot")
        for number, between, text in lines:
            if text is None:
                self._stop(number)
            else:
                self._next, self._between = number, between
                self._read(text)
        if is_cut:
            self._cut = len(self._lines)
            if self._open is not None:
                self._open.miss("log", _LEFT_OUT)
        self._next, self._between = after
        self.is_one_boot = is_one_boot
        del self.ready[:skip]
        self._count_taken(skip)
        self.kill_lines = 0  # the other reader counted those

    @property
    def _has_parts(self) -> bool:
        return self._fragment is not None or self._spliced is not None

    def _read(self, line: str) -> None:
        before, had_parts = self._open, self._has_parts
        if not self._stripper.is_in_entry:
            # Where a report still lacks its end, its lines are needed whatever comes.
            may_be_first = not self._lines or before is None or before.done
            self._entry = (len(self._lines), self._place() if may_be_first else None)
        self._keep((self._next, self._between, line))
        super()._read(line)
        has_parts, report = self._has_parts, self._open
        if has_parts or self._between == 0:
            self._seen = self._clock()
        if report is None:
            if not has_parts and not self._stripper.is_in_entry:
                self._need_only_from(len(self._lines), self._place())
        elif report is not before and not had_parts and not has_parts and (before is None or before.done):
            line_number, place = self._entry
            if place is not None:
                self._need_only_from(line_number, place)

    def _stop(self, kind: int) -> None:
        """The log pauses or ends, or a report that lacks its kill is given up."""
        if self._lines:
            self._keep((kind, 0, None))
        self._unsplice(None)
        report = self._open
        if report is None:
            return
        if report.done:
            if not report.given:
                report.given = True
                self.ready.append(report.report())
        elif kind != _PAUSE:
            if kind == _GIVEN_UP:
                report.miss("end", _NO_KILL.format(UNFINISHED_SECONDS))
            self._tell_of_losses()
            self._close()

    def _turn_back(self) -> None:
        if not self.is_one_boot:
            self._new_boot()
            return
        self._open = self._fragment = self._spliced = self._last_usec = self._sequence = None
        self._waiting = []
        self._between = 0

    def _begin(self, line: LogLine) -> Assembly:
        if self._is_read_again(line, 1):
            self._open = None
        return super()._begin(line)

    def _is_of(self, report: Assembly, pid: int, line: LogLine, kill: Optional[Kill] = None) -> bool:
        return not self._is_read_again(line, 0) and super()._is_of(report, pid, line, kill)

    def _is_read_again(self, line: LogLine, usec: int) -> bool:
        """Whether the line is older than the report that is open, by times so near that no log begins again there.

        Only for lines that one CPU at a time can write, under oom_lock. usec: 1 where it may be the report's first.
        """
        report = self._open
        if not self.is_one_boot or report is None or report.done:
            return False
        began = report.line.time_usec
        return began is not None and line.time_usec is not None and line.time_usec < began + usec

    def _place(self) -> _Place:
        return _Place(
            self._stripper.format,
            self._last_usec,
            self._acted_usec,
            self._boot_id,
            self._sequence,
            self._next,
            list(self._lost) if self._lost else [],
        )

    def _go_to(self, place: _Place) -> None:
        self._stripper = PrefixStripper(place.format)
        self._last_usec, self._acted_usec = place.last_usec, place.acted_usec
        self._boot_id, self._sequence, self._next = place.boot_id, place.sequence, place.next
        self._lost = list(place.lost)
        self._start = self._place()

    def _keep(self, kept: _Kept) -> None:
        if not self._lines:
            self._start = self._entry[1] or self._start
        text = kept[2]
        size = _cost(kept)
        if self._size + size > MOST_KEPT:
            is_special = text is None or oom_lines.may_be_special(text)
            if not is_special or self._size + size > 2 * MOST_KEPT:
                self._cut = len(self._lines) if self._cut is None else self._cut
                return
        self._lines.append(kept)
        self._size += size

    def _need_only_from(self, line: int, place: _Place) -> None:
        """The lines before this one are of no use once the reports that are ready are taken."""
        if self.ready:
            self._mark = (line, place, len(self.ready))
        else:
            self._forget(line, place)

    def _count_taken(self, reports: int) -> None:
        if self._mark is None:
            self._skip += reports
            return
        line, place, before = self._mark
        if reports < before:
            self._mark = (line, place, before - reports)
            self._skip += reports
        else:
            self._forget(line, place)
            self._skip = reports - before

    def _forget(self, line: int, place: _Place) -> None:
        self._mark = None
        self._skip = 0
        if line >= len(self._lines):
            self._lines = []
            self._size, self._cut = 0, None
        else:
            self._size -= sum(map(_cost, self._lines[:line]))
            del self._lines[:line]
            self._cut = None if self._cut is None or self._cut < line else self._cut - line
        self._entry = (max(0, self._entry[0] - line), self._entry[1])
        self._start = place


def _cost(kept: _Kept) -> int:
    return _COST + (0 if kept[2] is None else len(kept[2]))


def _place_of(fields: saved_state.Fields) -> _Place:
    form = fields.object("format", list(LogFormat._fields))
    return _Place(
        LogFormat(
            form.flag("prefixed"),
            form.flag("foreign"),
            form.flag("is_plain"),
            form.flag("is_export"),
            saved_state.text_saved(form.text_or_none("host", LONGEST_LINE), "host"),
            form.flag("is_odd"),
        ),
        fields.number_or_none("last_usec"),
        fields.number_or_none("acted_usec"),
        saved_state.text_saved(fields.text_or_none("boot_id", LONGEST_LINE), "boot_id"),
        fields.number_or_none("sequence"),
        fields.number("next"),
        [why for (why,) in fields.rows("lost", 64, "t")],
    )
