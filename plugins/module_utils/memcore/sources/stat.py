# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/stat (fs/proc/array.c): who a process is, so that it can be told from a later one of the same pid."""

import re
from typing import NamedTuple

from ..errors import ParseError

_KERNEL_THREAD = 0x00200000  # PF_KTHREAD
# The name may hold blanks and parentheses, so the last ") " ends it. starttime is field 22.
_LINE = re.compile(rb"(?P<pid>[0-9]{1,10}) \((?P<comm>.*)\) (?P<rest>[A-Za-z] [^)]*)$", re.DOTALL)


class Stat(NamedTuple):
    """starttime: clock ticks since boot. kernel_thread: has no program. dead: a zombie, or about to vanish."""

    pid: int
    comm: bytes
    ppid: int
    starttime: int
    kernel_thread: bool
    dead: bool


def parse(data: bytes) -> Stat:
    """ParseError where the line is cut off before the start time."""
    line = _LINE.match(data)
    fields = line["rest"].split() if line else []
    try:
        ppid, flags, starttime = int(fields[1]), int(fields[6]), int(fields[19])
    except (IndexError, ValueError):
        raise ParseError(f"/proc/PID/stat has no start time: {data[-40:]!r}") from None
    return Stat(
        int(line["pid"]), line["comm"], ppid, starttime, bool(flags & _KERNEL_THREAD), fields[0] in (b"Z", b"X", b"x")
    )
