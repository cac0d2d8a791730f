# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A log's reports of the kernel and the kills of user space, in the order in which they began."""

import time
from typing import Any, Callable, Iterable, Iterator, List, Union

from .kernel_log import decoded
from .killer_records import Decision
from .oom_records import Report
from .oom_report import Reader
from .other_killers import KillerReader

Found = Union[Report, Decision]


class AllKills:
    """Feeds each line to both readers. A kill by user space waits for the kernel's report that began before it."""

    def __init__(self, kernel: Reader, clock: Callable[[], float] = time.monotonic) -> None:
        """kernel: a new reader; clock: seconds that never go back."""
        self.kernel = kernel
        self._clock = clock
        self._others = KillerReader(self._reports_begun)
        self._taken = 0
        self._seen = clock()  # when the last line of a program in user space came

    @property
    def is_ready(self) -> bool:
        """Whether take() has something."""
        return bool(self.kernel.ready) or (self._others.is_ready and not self.kernel.has_begun)

    @property
    def is_waiting(self) -> bool:
        """Whether a kill by user space has begun that take() has not given out."""
        return self._others.is_waiting or self._others.is_ready

    def feed(self, line: Union[bytes, str]) -> None:
        """Read one line."""
        for _ready in self.feed_all((line,)):
            pass

    def feed_all(self, lines: Iterable[Union[bytes, str]]) -> Iterator[bool]:
        """Read many lines; something for each after which take() may have something."""
        kernel, others = self.kernel, self._others
        feed = kernel.feed_text
        for raw in lines:
            line = decoded(raw)
            # All first lines of a killer but those of the kubelet have a word that the kernel's reports have, too.
            if feed(line) or others.is_busy or "vict" in line:
                if others.feed_text(line):
                    self._seen = self._clock()
                if kernel.ready or others.is_ready:
                    yield True

    def take(self) -> List[Found]:
        """What is ready, each once."""
        found: List[Found] = []
        for report in self.kernel.take():
            found += self._others.take(self._taken)
            found.append(report)
            self._taken += 1
        return found + self._others.take(self._taken if self.kernel.has_begun else None)

    def flush(self, after: float = 0.0) -> None:
        """Take for whole what has had no line for so many seconds; with 0 all. The kernel's reader has its own."""
        if after <= 0 or self._clock() - self._seen >= after:
            self._others.flush()

    def state(self) -> List[List[Any]]:
        """What resume() needs of the kills by user space."""
        return self._others.state()

    def resume(self, rows: List[List[Any]]) -> None:
        """Go on where another's state() was; the kernel's reader is resumed before."""
        self._others.resume(rows)

    def _reports_begun(self) -> int:
        return self._taken + len(self.kernel.ready) + int(self.kernel.has_begun)
