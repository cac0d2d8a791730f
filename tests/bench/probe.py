# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh interpreter that collects and prints what that cost, as JSON: a module runs once, in a cold process."""

import argparse
import json
import os
import subprocess
import sys
import time

from memcore.gather import facts, options
from memcore.sources.host import Host
from tests.bench import places


def main():
    """Read the command line, lay out the scene step by step, collect at each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subsets", default="all")
    parser.add_argument("--seconds", type=float, default=0, help="collect again for so long, at least once")
    parser.add_argument("--scene", choices=("none", "mounts", "files"), default="none", help="what there is more of")
    parser.add_argument("--sizes", default="0", help="steps of the scene")
    arguments = parser.parse_args()
    asked = options.checked(arguments.subsets.split(","), 10, {}, True, 60.0, True)
    steps = []
    for size in scene(arguments.scene, [int(size) for size in arguments.sizes.split(",")]):
        steps.append(dict(cost(asked, arguments.seconds), size=size))
    print(json.dumps(steps))


def cost(asked, seconds):
    """Milliseconds of each collection: `wall_ms` as the module tells it, `cpu_ms` of this process."""
    cpu_ms, wall_ms = [], []
    end = time.monotonic() + seconds
    while not wall_ms or time.monotonic() < end:
        begun = time.process_time()
        wall_ms.append(facts.collect(Host("/"), asked)["duration_ms"])
        cpu_ms.append((time.process_time() - begun) * 1000)
    return {"cpu_ms": cpu_ms, "wall_ms": wall_ms}


def scene(kind, sizes):
    """Yield each size once so much of the kind is there; it goes with this process's mount namespace."""
    there = 0
    if kind != "none":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=0", "bench", "/mnt"], check=True)
    for size in sizes:
        for number in range(there, size):
            {"mounts": _mount, "files": _file}[kind](number)
        there = size
        yield size


def _mount(number):
    os.mkdir(f"/mnt/{number}")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "bench", f"/mnt/{number}"], check=True)
    with open(f"/mnt/{number}/file", "w") as stream:
        stream.write("x")  # an empty tmpfs is not searched for files


def _file(number):
    # 200 files a folder: neither one huge folder nor as many folders as files.
    folder = f"/mnt/{number // 200}"
    if number % 200 == 0:
        os.mkdir(folder)
    with open(f"{folder}/{number}", "w") as stream:
        stream.write("x")


def run(*arguments, private_mounts=False):
    """Start one and return what it printed."""
    isolated = ["unshare", "--mount"] if private_mounts else []
    command = [*isolated, sys.executable, "-m", "tests.bench.probe", *arguments]
    return json.loads(subprocess.run(command, cwd=places.CHECKOUT, stdout=subprocess.PIPE, check=True).stdout)


if __name__ == "__main__":
    main()
