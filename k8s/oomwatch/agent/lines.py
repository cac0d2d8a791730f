# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Lines for standard output, written by a thread, so that a reader who takes nothing never stalls the agent."""

import collections
import errno
import os
import threading
import time
from typing import Callable, Deque, Optional

from memcore.sources.host import reason
from oomwatch.agent.tallies import Tallies

MOST_BYTES = 1 << 20  # that wait
_GONE = (errno.EPIPE, errno.EBADF, errno.ECONNRESET)
_PAUSE = 1.0  # seconds after a failure such as a full disk


def dropped_note(count: int) -> Optional[str]:
    """The line that takes the place of those that were dropped."""
    what = "1 message is" if count == 1 else f"{count} messages are"
    return f"oomwatch: {what} missing here, because standard output was blocked or full."


class Lines:
    """A bounded queue before a descriptor. What does not fit is dropped and counted, in oomwatch_spool_dropped_total.

    note: makes the line that says how many were dropped, at the place where they are missing; None for no line, such as
    where the output is JSON for a machine.
    dropped: how many texts so far; is_closed: the reader has gone for good; trouble: why writing failed last, or None.
    """

    def __init__(
        self,
        descriptor: int,
        tallies: Optional[Tallies] = None,
        note: Callable[[int], Optional[str]] = dropped_note,
    ) -> None:
        self.dropped = 0
        self.is_closed = False
        self.trouble: Optional[str] = None
        self._descriptor = descriptor
        self._tallies = tallies
        self._note = note
        self._queue: Deque[bytes] = collections.deque()
        self._bytes = 0  # in the queue and in the hands of the thread
        self._untold = 0  # dropped since the last note
        self._is_ending = False
        self._is_torn = False  # the last line could not be written to its end
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Have a text of one or more lines written. Never waits for the reader."""
        data = text.encode("utf-8", "backslashreplace") + b"\n"
        with self._changed:
            if self.is_closed or self._is_ending:
                return
            if self._bytes + len(data) > MOST_BYTES:
                self._drop()
                return
            self._tell()
            self._append(data)
            self._changed.notify()

    def close(self, seconds: float) -> bool:
        """Write what waits, for at most so long; whether all of it was written."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self._thread.join(seconds)
        return not (self._thread.is_alive() or self._bytes or self._untold)

    def _drop(self):
        self.dropped += 1
        self._untold += 1
        if self._tallies is not None:
            self._tallies.add("oomwatch_spool_dropped_total", kind="line")

    def _tell(self):
        if self._untold:
            note = self._note(self._untold)
            self._untold = 0
            if note is not None:
                self._append(note.encode("utf-8", "backslashreplace") + b"\n")

    def _append(self, data):
        self._queue.append(data)
        self._bytes += len(data)

    def _run(self):
        while True:
            with self._changed:
                if not self._queue:
                    self._tell()  # nothing was put since, so nothing else would say it
                while not self._queue and not self._is_ending:
                    self._changed.wait()
                if not self._queue:
                    return
                data = self._queue.popleft()
            is_written = self._write(data)
            with self._changed:
                self._bytes -= len(data)
                if self.is_closed:
                    self._queue.clear()
                    self._bytes = 0
                    return
                if not is_written:
                    self._drop()
                    if self._is_ending:
                        return
                    self._changed.wait_for(lambda: self._is_ending, _PAUSE)

    def _write(self, data) -> bool:
        """Whether all of it was written."""
        left = memoryview(b"\n" + data if self._is_torn else data)
        total = len(left)
        try:
            while left:
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:  # whoever shares the terminal made it non-blocking
                    time.sleep(0.05)
            self._is_torn = False
            self.trouble = None
        except OSError as error:
            self._is_torn = self._is_torn or len(left) < total
            self.is_closed = error.errno in _GONE
            self.trouble = f"Cannot write to standard output: {reason(error)}"
            return False
        return True
