# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole ad hoc call against the smallest there is, and against Ansible's own memory facts."""

import re
import subprocess
import sys
from typing import Iterator

from tests.bench import figures, paired, places
from tests.bench.figures import Figure
from tests.bench.module_time import FOUR

_ROUNDS = 7
_BUDGET = 1.25
_CALLS = {
    "ping": ["-m", "ping"],
    "memfacts": ["-m", "memfacts.linux.memfacts"],
    "memfacts, 4 subsets": ["-m", "memfacts.linux.memfacts", "-a", "gather_subset=" + FOUR],
    "setup, hardware": ["-m", "setup", "-a", "gather_subset=!all,!min,hardware"],
}


def measure() -> Iterator[Figure]:
    """Each call a whole `ansible localhost …`."""
    durations = {name: [] for name in _CALLS}
    subjects = {name: lambda name=name: durations[name].append(_duration_ms(_CALLS[name])) for name in _CALLS}
    times = paired.interleave(_ROUNDS, subjects)
    for name in ("memfacts, 4 subsets", "memfacts"):
        yield figures.ratio("ansible localhost -m " + name, times, name, "ping", _BUDGET if "4" in name else None)
        yield Figure(f"  of it duration_ms, {name}", durations[name], "ms")
    yield figures.ratio("ansible localhost -m memfacts", times, "memfacts", "setup, hardware")
    left = [(_BUDGET - 1) * wall for wall in paired.walls(times["ping"])]
    yield Figure(f"  what {_BUDGET} x ping leaves for all of memfacts", left, "ms")


def _duration_ms(arguments):
    call = ["ansible", "localhost", *arguments]
    done = subprocess.run(call, cwd=places.CHECKOUT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"bench: {' '.join(call)} failed:\n{done.stdout}")
    found = re.search(r'"duration_ms": ([0-9.]+)', done.stdout)
    return float(found.group(1)) if found else 0.0
