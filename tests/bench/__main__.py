# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: what memfacts costs, as ratios to simpler tools. A missed budget is said, and fails nothing."""

import os
import sys
import time

from tests.bench import adhoc, figures, growth, module_time, oom_log, payload, peak, peers, scan
from tests.bench.crowd import Crowd

PROCESSES = (0, 500, 2000, 5000)


def main():
    """The host as it is first, then with more and more on it; all the figures at the end, in one table."""
    if os.geteuid() != 0:
        sys.exit("bench: run it as root; thousands of processes and private mounts are made, and others' files read")
    begun = time.monotonic()
    about = f"Python {sys.version.split()[0]}, Linux {os.uname().release}, {os.cpu_count()} cores"
    print(f"{time.strftime('%Y-%m-%d')}, {about}, load {os.getloadavg()[0]:.1f}", flush=True)
    found = [*module_time.measure(), *adhoc.measure(), *payload.measure()]
    say("host as it is: done; now with more processes")
    per_process, many = with_processes()
    say("processes: done; now mounts, files and namespaces")
    grown = [per_process, growth.with_mounts(), growth.with_namespaces(), growth.with_files()]
    print("", *figures.lines(found + many), "", "How CPU time grows, all subsets", *growth.lines(grown), sep="\n")
    print("", "OOM reports out of a kernel log", *oom_log.measure(), "", sep="\n")
    if peers.ps_mem() is None:
        print("ps_mem: not to be had")
    print(f"{time.monotonic() - begun:.0f} s in all")


def with_processes():
    """Figures at some sizes of one crowd, and how the cost grew."""
    costs, found = [], []
    with Crowd() as crowd:
        for size in PROCESSES:
            costs.append((size, growth.cost_with(crowd, size)))
            if size in (0, 500, 5000):
                found += [*scan.measure(size), *peak.measure(size)]
    return growth.growth("processes", costs), found


def say(text):
    """What is going on, for those who wait."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
