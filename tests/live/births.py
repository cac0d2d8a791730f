# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let many short-lived processes be born and die, and print as JSON which value each had when it ended.

usage: births.py COUNT WANTED CONTROL

Every second one is called WANTED, the others CONTROL. All get their pids out of one small range, so that a pid that was
one of the wanted is a moment later one of the others. Births go on, also beyond COUNT, until stdin is closed.
"""

import collections
import ctypes
import json
import os
import random
import select
import sys
import time

RANGE = 200
AT_ONCE = 60
LONGEST_LIFE = 0.25  # seconds
LAST_PID = "/proc/sys/kernel/ns_last_pid"
PR_SET_NAME = 15


def main(count, *names):
    """Print {WANTED: {value: how many}, CONTROL: {…}, "reused_pids": how many pids had both names}."""
    reader, writer = os.pipe()
    first = free_range()
    names_of, alive, born, told = collections.defaultdict(set), 0, 0, b""
    while born < count or not closed(sys.stdin):
        if alive == AT_ONCE:
            os.wait()
            alive -= 1
        name = names[born % 2]
        names_of[child(name, writer, first + random.randrange(RANGE))].add(name)
        born, alive = born + 1, alive + 1
        if readable(reader):
            told += os.read(reader, 1 << 16)
    for _dummy in range(alive):
        os.wait()
    os.close(writer)
    told += b"".join(iter(lambda: os.read(reader, 1 << 16), b""))
    values = {name: collections.Counter() for name in names}
    for line in told.decode().splitlines():
        name, value = line.split("=")
        values[name][value] += 1
    reused = sum(1 for used in names_of.values() if len(used) == 2)
    print(json.dumps(dict(values, reused_pids=reused)))


def child(name, writer, pid):
    """The pid of a new process of this name, near `pid`: it lives a moment, tells its value and is gone."""
    with open(LAST_PID, "w") as stream:
        stream.write(str(pid))
    born = os.fork()
    if born:
        return born
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode())
    time.sleep(random.random() * LONGEST_LIFE)
    with open("/proc/self/oom_score_adj") as stream:
        os.write(writer, f"{name}={stream.read().strip()}\n".encode())
    os._exit(0)


def free_range():
    """The first of RANGE pids that nobody has, far from those that the kernel gives to others next."""
    last, most = number_in(LAST_PID), number_in("/proc/sys/kernel/pid_max")
    # Behind the range there is room for those that do not find theirs free; from 300 on, since the kernel starts there.
    starts = [start for start in range(300, most - 2 * RANGE, RANGE) if not last <= start < last + 2 * RANGE]
    far_first = sorted(starts, key=lambda start: (start - last - most // 2) % most)
    return next(start for start in far_first if not any(map(is_taken, range(start, start + RANGE))))


def is_taken(pid):
    """Whether a process or a thread has this pid."""
    return os.path.exists(f"/proc/{pid}")


def number_in(path):
    """The number that a file of /proc holds."""
    with open(path) as stream:
        return int(stream.read())


def readable(stream):
    """Whether a read would not wait."""
    return bool(select.select([stream], [], [], 0)[0])


def closed(stream):
    """Whether nobody holds the other end any more; nobody ever writes to it."""
    return readable(stream)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
