# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of idle processes that cannot be left behind.

They live in a PID namespace whose first process reads a pipe from us: when we end, however we end, the pipe closes,
the first process exits, and the kernel kills all the others and forgets their mounts.
"""

import subprocess
import time
from typing import List, Tuple

SLEEPER = "echo; exec sleep infinity >/dev/null 2>&1"
# What a container has at least: a mount namespace with a tmpfs of its own.
IN_OWN_MOUNT_NAMESPACE = f"exec unshare --mount sh -c 'mount -t tmpfs bench /mnt; {SLEEPER}'"

# Each says that it is there by a line; the first process then waits for its input to end.
_KEEPER = "n={count}; while [ $n -gt 0 ]; do {{ {command}; }} & n=$((n - 1)); done; read the_end"


class Crowd:
    """A context manager; `resize` adds or ends processes, leaving it ends them all."""

    def __init__(self, command: str = SLEEPER):
        self.command = command
        self._keepers: List[Tuple[subprocess.Popen, int]] = []  # with how many processes each keeps

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._end_last(len(self._keepers))

    @property
    def size(self) -> int:
        """How many there are, the keepers apart."""
        return sum(count for _keeper, count in self._keepers)

    def resize(self, size: int) -> None:
        """Return when there are `size` of them and the machine has calmed down."""
        before = self.size
        while self.size > size:
            self._end_last(1)
        if size > self.size:
            self._add(size - self.size)
        if size != before:
            time.sleep(0.2 + size / 10000)

    def _add(self, count):
        script = _KEEPER.format(count=count, command=self.command)
        isolated = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", script]
        keeper = subprocess.Popen(isolated, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._keepers.append((keeper, count))
        for _dummy in range(count):
            if not keeper.stdout.readline():
                raise OSError(f"only a part of {count} processes could be started; see the message above")

    def _end_last(self, keepers):
        ending = [self._keepers.pop()[0] for _dummy in range(keepers)]
        for keeper in ending:
            keeper.stdin.close()
        for keeper in ending:
            keeper.wait()
            keeper.stdout.close()
