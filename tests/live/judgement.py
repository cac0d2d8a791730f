# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one attempt to find planted memory says, claim by claim, and what all attempts together prove.

The processes of a busy host move memory, too. So how much each sum moves by itself is measured next to each attempt,
over as long a time as the planting took. A claim holds that was right in an attempt in which the host was quiet about
it. On a host that is never quiet, the median of several attempts must be nearer to the claim than to its opposite:
memory that is counted twice, under another name or not at all is off by all of what is planted, each time.
"""

import collections
import statistics
import time

from tests.live import plants

MIB = plants.MIB
# What grows elsewhere is missing here; they are the other pan of the scales, not something that moved by itself.
FREE = {"ledger.free", "ledger.pcp_free"}
# So many attempts are made before one counts in which the host moved up to a quarter of what is planted, and so many
# before the median counts.
PATIENCE = 3
ENOUGH_FOR_A_MEDIAN = 6
# Under emulation planting takes minutes; nobody waits as long again for the noise.
LONGEST_LISTENING = 2.0

# complaints: {claim: text}; moved and noise: {name of a sum: bytes}; off: {claim: bytes by which it is wrong};
# attempts: which one it was, or how many
Result = collections.namedtuple("Result", "kind planted found moved noise off complaints skipped attempts")


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


class Readings:
    """The facts before and while the memory is planted, each read twice: two equal situations show the host's noise."""

    def __init__(self, read):
        self._read = read
        self._begun = None
        self.before = []
        self.during = []

    def baseline(self):
        self.before = self._twice(0.1)
        self._begun = time.monotonic()

    def planted(self):
        self.during = self._twice(min(time.monotonic() - self._begun, LONGEST_LISTENING))

    def _twice(self, seconds):
        first = self._read()
        time.sleep(max(seconds, 0.1))
        return [first, self._read()]

    def moved(self):
        return moved(sums(self.before[1]), sums(self.during[0]))

    def noise(self, traces):
        """{sum or trace: bytes that it moved by itself}; no trace where it could not be read."""
        spans = [_span(traces, *looks) for looks in (self.before, self.during)]
        return {name: max(abs(span.get(name, 0)) for span in spans) for name in set().union(*spans)}


def _span(traces, first, second):
    figures = {name: (_figure(trace, first), _figure(trace, second)) for name, trace in traces.items()}
    numbers = {name: two for name, two in figures.items() if all(isinstance(one, int) for one in two)}
    return {**{name: later - sooner for name, (sooner, later) in numbers.items()}, **moved(sums(first), sums(second))}


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


def _off(plant, found, deltas):
    """{claim: bytes by which it is wrong} of all that is a number."""
    off = {name: size - plant.bytes for name, size in found.items() if isinstance(size, int)}
    for name, delta in deltas.items():
        if name not in plant.traces and name not in FREE:
            also = plant.also.get(name, 0)
            off[name] = delta - max(-also, min(also, delta))
    return off


def _size_complaints(plant, found, off, noise):
    """(claim, complaint) pairs, as the next."""
    for name, size in found.items():
        if not isinstance(size, int):
            yield name, size
    for name, error in off.items():
        allowed = plants.margin(plant.bytes) + noise.get(name, 0)
        if abs(error) > allowed:
            yield name, f"is off by {error / MIB:+.2f} MiB of {plant.bytes / MIB:.2f} (allowed {allowed / MIB:.2f})"


def _holder_complaints(plant, facts):
    for name, true in plant.holders.items():
        answer = _figure(true, facts)
        if answer is not True:
            yield name, str(answer)


def judged(plant, readings, attempt):
    """The Result of one attempt."""
    found, deltas, noise = _found(plant, readings), readings.moved(), readings.noise(plant.traces)
    off = _off(plant, found, deltas)
    complaints = dict(_size_complaints(plant, found, off, noise))
    complaints.update(_holder_complaints(plant, readings.during[0]))
    complaints.update(balance_complaints(readings.during[0]))
    return Result(plant.kind, plant.bytes, found, deltas, noise, off, complaints, None, attempt)


def unplanted(kind, reason, attempt):
    """The Result of an attempt in which the plant itself failed."""
    return Result(kind, None, {}, {}, {}, {}, {"plant": reason}, None, attempt)


def together(attempts, is_last):
    """The Result of all attempts, or None while there is a claim that they do not prove and more may follow."""
    real = [result for result in attempts if result.planted is not None]
    if not real:
        return attempts[-1] if is_last else None
    claims = sorted(set().union(*(set(result.off) | set(result.complaints) for result in real)))
    unproven = [claim for claim in claims if not _is_proven(claim, real)]
    if unproven and not is_last:
        return None
    best = min(real, key=lambda result: len(result.complaints))
    return best._replace(complaints={claim: _reason(claim, real) for claim in unproven}, attempts=len(attempts))


def _is_proven(claim, results):
    quiet = [result for result in results if result.noise.get(claim, 0) <= plants.margin(result.planted)]
    if any(claim not in result.complaints for result in quiet):
        return True
    # Where the host is quiet often enough, only a quiet attempt counts.
    if len(quiet) >= PATIENCE or len(results) < PATIENCE:
        return False
    if any(_is_audible(claim, result) for result in results):
        return True
    shares = [result.off[claim] / result.planted for result in results if claim in result.off]
    return len(shares) >= ENOUGH_FOR_A_MEDIAN and abs(statistics.median(shares)) < 0.5


def _is_audible(claim, result):
    """Whether the claim is right in an attempt in which the host moved up to a quarter of what is planted."""
    return claim not in result.complaints and result.noise.get(claim, 0) <= result.planted // 4


def _reason(claim, results):
    """What the attempt with the least noise complains of, and how loud that was."""
    result = min(results, key=lambda one: one.noise.get(claim, 0))
    noise = (
        f"in the quietest of {len(results)} attempts the host itself moved {result.noise.get(claim, 0) / MIB:.2f} MiB"
    )
    return f"{result.complaints.get(claim, 'was never seen well enough')}; {noise}"
