# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plant memory of each kind on the running kernel, as root, and see whether the facts find it under its own name.

usage: python3 planted.py [--json FILE] [KIND...]      exits 0: all found or skipped, 1: not, 2: wrong usage
"""

import argparse
import collections
import json
import os
import signal
import sys
import time

from tests.live import plants, procfs

MIB = plants.MIB
# What grows elsewhere is missing here; they are the other pan of the scales, not something that moved by itself.
FREE = {"ledger.free", "ledger.pcp_free"}
# Other processes of a busy host move memory too; what the collector gets wrong stays wrong at every attempt.
ATTEMPTS = 8
# So often a quieter moment is waited for than one in which only the noise allows to say "ok".
PATIENCE = 4
HEALTHY_PERCENT = 0.3

Result = collections.namedtuple("Result", "kind planted found moved noise complaints skipped attempts")


def collect():
    """The facts of this host."""
    from memcore.gather import facts
    from memcore.sources.host import Host

    procfs.fold_counters()
    return facts.collect(Host("/"), facts.Options())


def sums(facts):
    """Every part of the ledger and of shared memory, {name: bytes}, without parts this kernel does not tell."""
    parts = {f"ledger.{name}": size for name, size in facts["memory"]["ledger"].items()}
    parts["ledger.unaccounted"] = facts["memory"]["unaccounted_bytes"]
    parts.update(
        {
            f"shmem.{name[: -len('_bytes')]}": size
            for name, size in facts["shmem"].items()
            if name.endswith("_bytes") and name not in ("total_bytes", "swapped_bytes")
        }
    )
    return {name: size for name, size in parts.items() if size is not None}


def moved(before, after):
    """How much each sum moved."""
    return {name: after.get(name, 0) - before.get(name, 0) for name in set(before) | set(after)}


def balance_complaints(facts):
    """What is wrong with the books by themselves."""
    parts = [size for name, size in sums(facts).items() if name.startswith("ledger.")]
    difference = sum(parts) - facts["memory"]["total_bytes"]
    return {"ledger": f"with unaccounted it is {difference:+} bytes off total"} if difference else {}


def health_complaints(facts):
    """What must not be said of a healthy host."""
    share = 100.0 * facts["memory"]["unaccounted_bytes"] / facts["memory"]["total_bytes"]
    excess = {"unaccounted": f"is {share:.3f} % of RAM"} if abs(share) > HEALTHY_PERCENT else {}
    return {**balance_complaints(facts), **excess}


class _Readings:
    """The facts before and while the memory is planted, each read twice: two equal situations show the host's noise."""

    def __init__(self, read):
        self._read = read
        self.before = []
        self.during = []

    def baseline(self):
        self.before = self._twice()

    def planted(self):
        self.during = self._twice()

    def _twice(self):
        first = self._read()
        time.sleep(0.1)
        return [first, self._read()]

    def moved(self):
        return moved(sums(self.before[1]), sums(self.during[0]))

    def noise(self):
        spans = [moved(sums(first), sums(second)) for first, second in (self.before, self.during)]
        return {name: max(abs(span.get(name, 0)) for span in spans) for name in self.moved()}


def _figure(trace, facts):
    try:
        return trace(facts)
    except (KeyError, TypeError, IndexError) as error:
        return f"{type(error).__name__} {error}"


def _found(plant, readings):
    """{trace: bytes that appeared}, or the text of what kept it from being read."""
    found = {}
    for name, trace in plant.traces.items():
        before, during = _figure(trace, readings.before[1]), _figure(trace, readings.during[0])
        # None before: nothing of the kind was seen, and not every process would be looked at (a sandbox's supervisor).
        numbers = isinstance(before, (int, type(None))) and isinstance(during, int)
        found[name] = during - (before or 0) if numbers else f"before {before}, then {during}"
    return found


def _trace_complaints(plant, found, noise):
    """(name, complaint) pairs, as the other two."""
    for name, size in found.items():
        if not isinstance(size, int):
            yield name, size
        elif abs(size - plant.bytes) > plants.margin(plant.bytes) + noise.get(name, 0):
            yield name, f"found {size / MIB:.2f} MiB of {plant.bytes / MIB:.2f}"


def _holder_complaints(plant, facts):
    for name, true in plant.holders.items():
        answer = _figure(true, facts)
        if answer is not True:
            yield name, str(answer)


def _stray_complaints(plant, deltas, noise):
    for name, delta in sorted(deltas.items()):
        if name in plant.traces or name in FREE:
            continue
        allowed = max(plants.margin(plant.bytes), plant.also.get(name, 0)) + noise[name]
        if abs(delta) > allowed:
            yield name, f"moved {delta / MIB:+.2f} MiB (allowed {allowed / MIB:.2f})"


def _judge(plant, readings, attempt):
    found, deltas, noise = _found(plant, readings), readings.moved(), readings.noise()
    complaints = dict(_trace_complaints(plant, found, noise))
    complaints.update(_holder_complaints(plant, readings.during[0]))
    complaints.update(_stray_complaints(plant, deltas, noise))
    complaints.update(balance_complaints(readings.during[0]))
    return Result(plant.kind, plant.bytes, found, deltas, noise, complaints, None, attempt)


def _attempt(kind, attempt, read):
    readings = _Readings(read)
    with plants.KINDS[kind](readings.baseline) as plant:
        readings.planted()
        return _judge(plant, readings, attempt)


def check(kind, read=collect):
    """Plant one kind until a moment passes without complaint; else what every attempt complains of counts."""
    attempts = []
    for number in range(1, ATTEMPTS + 1):
        try:
            attempts.append(_attempt(kind, number, read))
        except plants.Refused as reason:
            return Result(kind, None, {}, {}, {}, {}, str(reason), number)
        except plants.NotSettled as reason:
            attempts.append(Result(kind, None, {}, {}, {}, {"plant": str(reason)}, None, number))
        if not attempts[-1].complaints and (_is_quiet(attempts[-1]) or number >= PATIENCE):
            return attempts[-1]
        time.sleep(0.5)
    return _agreed(attempts)


def _is_quiet(result):
    return all(size <= plants.margin(result.planted) for name, size in result.noise.items() if name not in FREE)


def _agreed(attempts):
    """The attempt with the fewest complaints, and of those the ones that no attempt is without."""
    best = min(attempts, key=lambda result: (len(result.complaints), result.planted is None))
    common = set.intersection(*[set(result.complaints) for result in attempts])
    return best._replace(complaints={name: text for name, text in best.complaints.items() if name in common})


def check_health(read=collect):
    """The books of the host as it is."""
    facts = read()
    total, rest = facts["memory"]["total_bytes"], facts["memory"]["unaccounted_bytes"]
    return Result("healthy", total, {"unaccounted": rest}, {}, {}, health_complaints(facts), None, 1)


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
        f"{name} {delta / MIB:+.2f} (noise {result.noise[name] / MIB:.2f})"
        for name, delta in sorted(result.moved.items())
        if abs(delta) > 100 * 1024 and name not in FREE and name not in result.found
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
