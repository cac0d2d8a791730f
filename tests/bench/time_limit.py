# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break off what takes too long, by a signal: SIGALRM is left to those who run the bench under a time-out of theirs."""

import contextlib
import math
import os
import signal
import threading
from typing import Iterator


class TimeIsUp(Exception):
    """Raised in the main thread in the middle of whatever it does."""


@contextlib.contextmanager
def broken_off_after(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp inside once so many seconds have passed; an endless time sets no limit."""
    if math.isinf(seconds):
        yield
        return
    armed = threading.Event()
    armed.set()

    def ring(_number, _frame):
        if armed.is_set():
            armed.clear()
            raise TimeIsUp

    # It stays in place: a signal that is late finds nothing armed, where the default would end the process.
    signal.signal(signal.SIGUSR1, ring)
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        armed.clear()
        timer.cancel()
