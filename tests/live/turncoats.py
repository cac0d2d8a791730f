# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let many processes be born under one name and turn into another, and print as JSON which values they had.

usage: turncoats.py COUNT WANTED CONTROL SHELL

Each is called WANTED for a moment. Then it calls itself CONTROL, or becomes the program SHELL, a shell of that name.
It tells its oom_score_adj at that moment and once more at its end, if need be after some time: who is set in the very
moment of the turn is set back. Births go on, also beyond COUNT, until stdin is closed.
"""

import collections
import ctypes
import json
import os
import random
import sys
import time

from tests.live.births import PR_SET_NAME, closed, readable

AT_ONCE = 60
LONGEST_LIFE = 0.25  # seconds under one name
PATIENCE = 100  # looks at a value that is to go back
SCRIPT = """
read first </proc/self/oom_score_adj
sleep $1
read last </proc/self/oom_score_adj
looks=0
while [ "$first $last $looks" = "0 700 $looks" ] && [ $looks -lt $2 ]; do
    sleep 0.05; read last </proc/self/oom_score_adj; looks=$((looks + 1))
done
echo "exec=$first $last"
"""


def main(count, wanted, control, shell):
    """Print {"name": {"FIRST LAST": how many}, "exec": {…}}."""
    reader, writer = os.pipe()
    alive, born, told = 0, 0, b""
    while born < count or not closed(sys.stdin):
        if alive == AT_ONCE:
            os.wait()
            alive -= 1
        if os.fork() == 0:
            turn(born % 2, wanted, control, shell, writer)
        born, alive = born + 1, alive + 1
        if readable(reader):
            told += os.read(reader, 1 << 16)
    for _dummy in range(alive):
        os.wait()
    os.close(writer)
    told += b"".join(iter(lambda: os.read(reader, 1 << 16), b""))
    values = {"name": collections.Counter(), "exec": collections.Counter()}
    for line in told.decode().splitlines():
        way, pair = line.split("=")
        values[way][pair] += 1
    print(json.dumps(values))


def turn(by_exec, wanted, control, shell, writer):
    """The life of a child, which ends here."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, wanted.encode())
    time.sleep(random.random() * LONGEST_LIFE)
    if by_exec:
        os.dup2(writer, 1)
        os.execv(shell, [shell, "-c", SCRIPT, control, str(random.random() * LONGEST_LIFE), str(PATIENCE)])
    ctypes.CDLL(None).prctl(PR_SET_NAME, control.encode())
    first = value()
    time.sleep(random.random() * LONGEST_LIFE)
    last, looks = value(), 0
    while (first, last) == ("0", "700") and looks < PATIENCE:
        time.sleep(0.05)
        last, looks = value(), looks + 1
    os.write(writer, f"name={first} {last}\n".encode())
    os._exit(0)


def value():
    """The oom_score_adj of this process, as text."""
    with open("/proc/self/oom_score_adj") as stream:
        return stream.read().strip()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
