# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh interpreter that collects and prints what that cost, as JSON: a module runs once, in a cold process."""

import argparse
import json
import subprocess
import sys
import time
from typing import Sequence

from memcore.answers import asked, facts
from memcore.sources.host import Host
from tests.bench import places


def main():
    """Read the command line and collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subsets", default="all")
    parser.add_argument("--seconds", type=float, default=0, help="collect again for so long, at least once")
    arguments = parser.parse_args()
    options = asked.checked(arguments.subsets.split(","), 10, True, 60.0, True)
    print(json.dumps(cost(options, arguments.seconds)))


def cost(options, seconds):
    """Milliseconds of each collection: `wall_ms` as the module tells it, `cpu_ms` of this process."""
    cpu_ms, wall_ms = [], []
    end = time.monotonic() + seconds
    while not wall_ms or time.monotonic() < end:
        begun = time.process_time()
        wall_ms.append(facts.collect(Host("/"), options)["duration_ms"])
        cpu_ms.append((time.process_time() - begun) * 1000)
    return {"cpu_ms": cpu_ms, "wall_ms": wall_ms}


def run(*arguments: str, inside: Sequence[str] = ()) -> dict:
    """Start one and return what it printed; `inside` is the start of a command that takes it elsewhere."""
    command = [*inside, sys.executable, "-m", "tests.bench.probe", *arguments]
    return json.loads(subprocess.run(command, cwd=places.CHECKOUT, stdout=subprocess.PIPE, check=True).stdout)


if __name__ == "__main__":
    main()
