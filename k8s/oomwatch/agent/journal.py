# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's messages in the journal, read by a journalctl that runs as a child.

This is for hosts where the kernel's own log may not be read. journald keeps no count of what it missed, so nothing is
known of lost records.
"""

import os
import re
from typing import Dict, Iterator, List, Optional, Tuple

from memcore.sources.oomlog.line_splitter import LineSplitter
from memcore.sources.printable import printable

_CHUNK = 1 << 16
_LINES = 2000  # a read
_MOST_SAID = 4096  # bytes kept of what journalctl says on standard error
_LONGEST_CURSOR = 512
_PATIENCE = 10.0  # seconds for an answer of journalctl that is asked once
# Quotes within a message are escaped in JSON, so nothing that a message says looks like this.
_CURSOR = re.compile(rb'"__CURSOR"\s*:\s*"([^"\\]{1,512})"')


class Journal:
    """`journalctl --dmesg --follow`, as entries in JSON."""

    name = "journal"
    every = 1.0

    def __init__(self, cursor: Optional[str] = None, skips: bool = False, program: str = "journalctl") -> None:
        """cursor: of the last entry that was read before; without it skips tells whether to leave out what is there.

        Raises OSError where there is no journalctl.
        """
        self.lost = 0
        self.is_caught_up = False
        self._cursor = cursor if cursor is not None and len(cursor) <= _LONGEST_CURSOR else None
        self._splitter = LineSplitter()
        self._said = b""
        place = ["--no-tail"] if not skips else ["--lines=0"]
        if self._cursor is not None:
            place = ["--no-tail", "--after-cursor=" + self._cursor]
        self._child = _started([program, "--dmesg", "--boot", "--follow", "--output=json", "--quiet", *place])
        for stream in (self._child.stdout, self._child.stderr):
            os.set_blocking(stream.fileno(), False)

    def fileno(self) -> Optional[int]:
        return self._child.stdout.fileno()

    def hurry(self) -> None:
        """The descriptor tells when there is something."""

    def close(self) -> None:
        """End the child."""
        _end(self._child)

    def state(self) -> Dict:
        return {"cursor": self._cursor}

    def read(self) -> List[bytes]:
        """At most about 2,000 lines. Raises OSError where journalctl has ended."""
        lines: List[bytes] = []
        self.is_caught_up = False
        while len(lines) < _LINES:
            data = _some(self._child.stdout.fileno())
            if data is None:
                self.is_caught_up = True
                break
            if not data:
                if lines:
                    break  # what it said before it ended comes first
                raise OSError(0, self._why_it_ended())
            lines += self._splitter.push(data)
        self._listen()
        self._remember(lines)
        return lines

    def _remember(self, lines: List[bytes]) -> None:
        for line in reversed(lines):
            match = _CURSOR.search(line)
            if match:
                self._cursor = match[1].decode("ascii", "replace")
                return

    def _listen(self) -> None:
        said = _some(self._child.stderr.fileno())
        if said:
            self._said = (self._said + said)[-_MOST_SAID:]

    def _why_it_ended(self) -> str:
        self._listen()
        return _reason(self._child.wait(), self._said)


def has_kernel_messages(program: str = "journalctl") -> bool:
    """Whether the journal shows this user any message of the kernel of this boot.

    Without the right to read the system's journal journalctl succeeds and shows nothing.
    """
    try:
        return next(entries(["--boot", "--lines=1"], program), None) is not None
    except OSError:
        return False


def entries(options: List[str], program: str = "journalctl") -> Iterator[bytes]:
    """The entries that journalctl has now, as lines of JSON. Raises OSError, also where it takes over 10 seconds."""
    import select
    import time

    end = time.monotonic() + _PATIENCE
    child = _started([program, "--dmesg", "--output=json", "--quiet", "--no-pager", *options])
    splitter = LineSplitter()
    try:
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
                raise OSError(0, f"journalctl had not answered after {_PATIENCE:.0f} seconds")
            data = os.read(child.stdout.fileno(), _CHUNK)
            if not data:
                break
            yield from splitter.push(data)
        yield from splitter.end()
        os.set_blocking(child.stderr.fileno(), False)
        said = _some(child.stderr.fileno()) or b""
        status = child.wait()
        if status:
            raise OSError(0, _reason(status, said))
    finally:
        _end(child)


def _started(command: List[str]):
    """The child, which ends when its parent does."""
    import ctypes
    import signal
    import subprocess  # takes a MiB, which those who read /dev/kmsg do not pay

    prctl = ctypes.CDLL(None).prctl
    death_signal, term = 1, int(signal.SIGTERM)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        preexec_fn=lambda: prctl(death_signal, term, 0, 0, 0),
    )


def _end(child) -> None:
    if child.poll() is None:
        child.kill()
    child.wait()
    child.stdout.close()
    child.stderr.close()


def _some(descriptor: int) -> Optional[bytes]:
    """Empty at the end, None where there is nothing yet."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _reason(status: int, said: bytes) -> str:
    lines: Tuple[bytes, ...] = tuple(filter(None, said.strip().splitlines()))
    if lines:
        return "journalctl says: " + printable(lines[-1].decode("utf-8", "replace"))[:200]
    return f"journalctl ended with status {status}"
