# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The share of the machine's processor time that others took: /proc/stat, less our own with that of our children."""

import os
import resource
import time
from typing import NamedTuple, Tuple

# More than this share of the machine is called a disturbance. An idle machine's own chores stay far below it.
DISTURBING = 0.10
# user nice system idle iowait irq softirq steal; time of guests is part of user already.
_FIELDS = 8
_IDLE = (3, 4)


class Sample(NamedTuple):
    """Seconds of processor time since the start: all processors by state, and of this process with its children."""

    states: Tuple[float, ...]
    own: float


def share_of_others(before: Sample, after: Sample) -> float:
    """The part of the machine's processor time that was neither idle nor ours, from 0 to 1.

    Time that was stolen by other guests of one host counts as theirs. The kernel counts in ticks of 10 ms, so a
    window that is much shorter than half a second says little.
    """
    spent = [late - early for early, late in zip(before.states, after.states)]
    total = sum(spent)
    if total <= 0:
        return 0.0
    busy = total - sum(spent[state] for state in _IDLE)
    return min(1.0, max(0.0, busy - (after.own - before.own)) / total)


def sample() -> Sample:
    """What it is now. Children count once they have been waited for."""
    with open("/proc/stat", encoding="ascii") as stream:
        ticks = stream.readline().split()[1 : _FIELDS + 1]
    hertz = os.sysconf("SC_CLK_TCK")
    return Sample(tuple(int(tick) / hertz for tick in ticks), own_cpu())


def own_cpu() -> float:
    """Processor seconds of this process and of the children that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def average() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def now(seconds: float = 0.5) -> float:
    """The share of others over the next so many seconds."""
    before = sample()
    time.sleep(seconds)
    return share_of_others(before, sample())
