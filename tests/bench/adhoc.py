# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole ad hoc call against the smallest there is, and against Ansible's own memory facts."""

import re
import subprocess
import sys
from typing import Iterator, List

from tests.bench import figures, paired, places
from tests.bench.figures import Figure
from tests.bench.module_time import FOUR
from tests.bench.row import Row, Setting

_BUDGET = 1.2
_SECONDS = 12
_CALLS = {
    "ping": ["-m", "ping"],
    "memfacts": ["-m", "memfacts.linux.memfacts"],
    "memfacts, 4 subsets": ["-m", "memfacts.linux.memfacts", "-a", "gather_subset=" + FOUR],
    "setup, hardware": ["-m", "setup", "-a", "gather_subset=!all,!min,hardware"],
}


def rows() -> Iterator[Row]:
    """Each call a whole `ansible localhost …`."""
    yield _row("adhoc-four", "memfacts, 4 subsets", "ping", _BUDGET)
    yield _row("adhoc-all", "memfacts", "ping")
    yield _row("adhoc-setup", "memfacts", "setup, hardware")


def _row(name, ours, theirs, budget=None):
    what = f"ansible localhost -m {ours} : {theirs}"

    def measure(setting: Setting) -> List[Figure]:
        times, durations = setting.tries.best(lambda: _calls(setting, ours, theirs)).value
        found = [
            figures.ratio(what, times, "wall", budget),
            Figure(f"of it duration_ms, {ours}", durations, "ms", "wall"),
        ]
        if budget:
            left = [(budget - 1) * wall for wall in paired.walls(times[theirs])]
            found.append(Figure(f"what {budget} x ping leaves for all of memfacts", left, "ms", "wall"))
        return found

    return Row(name, what, _SECONDS, measure)


def _calls(setting, ours, theirs):
    durations = []
    subjects = {ours: lambda: durations.append(_duration_ms(_CALLS[ours])), theirs: lambda: _output(_CALLS[theirs])}
    return paired.alternate(setting.rounds, subjects), durations


def _duration_ms(arguments):
    return float(re.search(r'"duration_ms": ([0-9.]+)', _output(arguments)).group(1))


def _output(arguments):
    call = ["ansible", "localhost", *arguments]
    done = subprocess.run(call, cwd=places.CHECKOUT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"bench: {' '.join(call)} failed:\n{done.stdout}")
    return done.stdout
