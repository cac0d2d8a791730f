# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A long look at the host in a child process: it holds up nothing, and the memory that it takes goes with it.

The child is forked and not started anew, since the code is there already. Other threads do not exist in it, and what
they had locked stays locked: it may read files and count, and touch neither the API server nor what threads share.
"""

import contextlib
import ctypes
import json
import os
import signal
import time
from typing import Any, Callable, Optional

_LONGEST = 120.0  # seconds, after which the child is ended
_MOST_BYTES = 16 << 20  # the findings of 500 pods, each with its evidence
_PR_SET_PDEATHSIG = 1


class Apart:
    """One call at a time. trouble: why the last one gave no answer, in one sentence; None where it gave one."""

    def __init__(self) -> None:
        self.trouble: Optional[str] = None
        self._pid: Optional[int] = None
        self._descriptor = -1
        self._data = b""
        self._end = 0.0

    @property
    def is_running(self) -> bool:
        return self._pid is not None

    def start(self, call: Callable[[], Any]) -> None:
        """Begin call() in a child. Its answer has to be JSON; None stands for no answer."""
        descriptor, written = os.pipe()
        os.set_blocking(descriptor, False)
        try:
            pid = os.fork()
        except OSError as error:
            os.close(descriptor)
            os.close(written)
            self.trouble = f"The host is not judged this time, because no process can be started: {error.strerror}"
            return
        if pid == 0:
            _live(call, written)
        os.close(written)
        self._pid, self._descriptor, self._data = pid, descriptor, b""
        self._end = time.monotonic() + _LONGEST

    def take(self) -> Optional[Any]:
        """The answer, once, when there is one; to be asked now and then while is_running."""
        if self._pid is None or not self._has_ended():
            return None
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._descriptor)
        self._pid = None
        try:
            answer = json.loads(self._data)
        except ValueError:
            answer = None
        self.trouble = None if answer is not None else "The host could not be judged this time"
        return answer

    def close(self) -> None:
        """End what runs."""
        self._end = 0.0
        self.take()

    def _has_ended(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            while len(self._data) <= _MOST_BYTES:
                more = os.read(self._descriptor, 1 << 16)
                if not more:
                    return True
                self._data += more
            return True
        return time.monotonic() >= self._end


def _live(call, written) -> None:
    """The child's whole life."""
    try:
        signal.set_wakeup_fd(-1)  # the parent's
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # Among the parent's open files is the lock of its state, which the next agent waits for.
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != written:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        data = json.dumps(call()).encode()
        while data:
            data = data[os.write(written, data) :]
    finally:
        os._exit(0)
