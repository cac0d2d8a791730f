# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The end of a command that runs until it is told to stop: by SIGINT (Ctrl-C) or SIGTERM."""

import os
import signal
import sys

from memcore.sources.oomlog.log_source import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Between enter and exit a first signal makes `stop.wake` readable, and a second one ends the program at once.

    So what is being written is written whole, but nobody waits for ever for a reader that takes nothing.
    """

    def __init__(self) -> None:
        self.is_told = False
        self._before = {}
        self._waker_before = -1
        self._wake, self._told_by = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._told_by, False)
        # Nobody is left to tell where the output's reader has gone.
        self.stop = Stop(self._wake, None if sys.stdout is None else sys.stdout.fileno())

    def __enter__(self) -> "Stopping":
        # A shell starts what is in its background with SIGINT ignored, which is to stay so.
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}
        # Python's handler runs after the system call that is next, and that may be a wait without end for a log. So the
        # byte is written by the handler of the interpreter, which runs at once.
        self._waker_before = signal.set_wakeup_fd(self._told_by, warn_on_full_buffer=False)
        for number in _SIGNALS:
            if self._before[number] is not signal.SIG_IGN:
                signal.signal(number, self._tell)
        return self

    def __exit__(self, *_error) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._waker_before)
        os.close(self._wake)
        os.close(self._told_by)

    def _tell(self, number, _frame) -> None:
        if self.is_told:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.is_told = True
