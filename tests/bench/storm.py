# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real OOM kills at a given pace: `python -m tests.bench.storm FOLDER KILLS SECONDS`, in a new memory cgroup.

A child is forked that takes more than the cgroup's limit, until the kernel kills it; so one after the other.
"""

import contextlib
import os
import signal
import sys
import time

_LIMIT, _CONTENT = 1 << 20, b"x" * (8 << 20)


def main(folder: str, kills: int, seconds: float) -> int:
    """Make the cgroup, and remove it at the end; print how many died. The exit status is 1 if not all did."""
    os.mkdir(folder)
    for name, value in (("memory.limit_in_bytes", _LIMIT), ("memory.max", _LIMIT), ("memory.swap.max", 0)):
        if os.path.exists(f"{folder}/{name}"):
            _write(f"{folder}/{name}", value)
    begun, died = time.monotonic(), 0
    try:
        for number in range(kills):
            time.sleep(max(0.0, begun + number * seconds / kills - time.monotonic()))
            died += _killed(folder)
    finally:
        print(f"{died} in {time.monotonic() - begun:.1f} s", flush=True)
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    return 0 if died == kills else 1


def _killed(folder) -> bool:
    pid = os.fork()
    if pid == 0:
        _write(f"{folder}/cgroup.procs", os.getpid())
        bytearray(_CONTENT)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _write(path, value):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(str(value))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
