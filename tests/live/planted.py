# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plant memory of each kind on the running kernel, as root, and see whether the facts find it under its own name.

usage: python3 planted.py [--json FILE] [KIND...]      exits 0: all found or skipped, 1: not, 2: wrong usage
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import time

from tests.live import judgement, plants, procfs
from tests.live.judgement import MIB, Result, balance_complaints

# On a quiet host one attempt is enough. What the collector gets wrong stays wrong at every attempt.
ATTEMPTS = 24
LONGEST_PAUSE = 2.0
HEALTHY_PERCENT = 0.3
# All that the claims are about; the rest would make each attempt longer, and more would move meanwhile.
SUBSETS = ("memory", "tmpfs", "shmem", "kernel")
# For the search through files, in seconds, where it must find one; other tmpfs of the host may have many files.
SEARCH = {"tmpfs_file": 60.0}


def collect(search=1.0):
    """The facts of this host, no list of which is cut short."""
    from memcore.answers import facts
    from memcore.sources.host import Host

    procfs.fold_counters()
    return facts.collect(Host("/"), facts.Options(subsets=SUBSETS, top=100000, scan_seconds=search))


def health_complaints(facts):
    """What must not be said of a healthy host."""
    share = 100.0 * facts["memory"]["unaccounted_bytes"] / facts["memory"]["total_bytes"]
    excess = {"unaccounted": f"is {share:.3f} % of RAM"} if abs(share) > HEALTHY_PERCENT else {}
    return {**balance_complaints(facts), **excess}


def _attempt(kind, attempt):
    readings = judgement.Readings(lambda: collect(SEARCH.get(kind, 1.0)))
    try:
        with plants.KINDS[kind](readings.baseline) as plant:
            readings.planted()
            return judgement.judged(plant, readings, attempt)
    except plants.NotSettled as reason:
        return judgement.unplanted(kind, str(reason), attempt)


def check(kind):
    """Plant one kind until each claim about it was seen in a quiet moment."""
    attempts, result = [], None
    while result is None:
        _pause(len(attempts))
        try:
            attempts.append(_attempt(kind, len(attempts) + 1))
        except plants.Refused as reason:
            return Result(kind, None, {}, {}, {}, {}, {}, str(reason), len(attempts) + 1)
        result = judgement.together(attempts, len(attempts) == ATTEMPTS)
    return result


def _pause(number):
    """The host's noise comes in bursts, so the longer it lasts, the longer is the pause."""
    time.sleep(min(0.25 * number, LONGEST_PAUSE))


def check_health():
    """The books of the host as it is; sums that are read one after the other differ for a moment on a busy one."""
    for number in range(1, ATTEMPTS + 1):
        facts = collect()
        complaints = health_complaints(facts)
        if not complaints:
            break
        _pause(number)
    total, rest = facts["memory"]["total_bytes"], facts["memory"]["unaccounted_bytes"]
    return Result("healthy", total, {"unaccounted": rest}, {}, {}, {}, complaints, None, number)


def line(result):
    """What a person reads of one kind."""
    if result.skipped:
        return f"{result.kind:17} SKIP {result.skipped}"
    if result.kind == "healthy":
        figures = f"total {result.planted / MIB:.0f} MiB, unaccounted {result.found['unaccounted'] / MIB:+.2f} MiB"
    else:
        figures = _figures(result)
    complaints = "; ".join(f"{name} {text}" for name, text in sorted(result.complaints.items()))
    return f"{result.kind:17} {figures}  " + (f"FAILED {complaints}" if complaints else "ok")


def _figures(result):
    if result.planted is None:
        return "nothing planted"
    sizes = [size for size in result.found.values() if isinstance(size, int)]
    worst = max(sizes, key=lambda size: abs(size - result.planted), default=0)
    error = (worst - result.planted) / MIB
    return (
        f"planted {result.planted / MIB:6.2f} found {worst / MIB:6.2f} error {error:+5.2f} MiB in {len(sizes)} places,"
        f" else moved: {_others(result) or 'nothing'}, attempt {result.attempts};"
    )


def _others(result):
    """What moved beside the planted kind by more than 100 KiB, with the noise of the host."""
    return ", ".join(
        f"{name} {delta / MIB:+.2f} (noise {result.noise.get(name, 0) / MIB:.2f})"
        for name, delta in sorted(result.moved.items())
        if abs(delta) > 100 * 1024 and name not in judgement.FREE and name not in result.found
    )


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="also write the results there")
    parser.add_argument("kinds", metavar="KIND", nargs="*", help="default: healthy " + " ".join(plants.KINDS))
    arguments = parser.parse_args()
    unknown = [kind for kind in arguments.kinds if kind not in plants.KINDS and kind != "healthy"]
    if unknown:
        parser.error(f"no kind {unknown[0]!r}; there are healthy, {', '.join(plants.KINDS)}")
    return arguments


def main():
    """Run the kinds of the command line; the exit status."""
    arguments = _arguments()
    if os.geteuid() != 0:
        sys.exit("planted.py plants memory as root; run it as root")
    # A kill must also run the clean-up of what is planted at that moment.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # The shorter an attempt lasts, the less others move meanwhile. What it runs beside gets its turn in the pauses.
    with contextlib.suppress(OSError):
        os.nice(-20)
    # The first reading loads the collector; its memory shall not count as moved.
    collect()
    results = []
    for kind in arguments.kinds or ["healthy"] + list(plants.KINDS):
        results.append(check_health() if kind == "healthy" else check(kind))
        print(line(results[-1]), flush=True)
    if arguments.json:
        with open(arguments.json, "w") as stream:
            json.dump([result._asdict() for result in results], stream, indent=1)
    return 1 if any(result.complaints for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
