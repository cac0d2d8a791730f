# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of real OOMs, damaged in the ways that logs are damaged, and what must hold of each whatever was done to it.

`python3 -m tests.support.mutated_logs --seed 1 --count 1000000` tries as many as one likes; `make test` a few hundred,
`make test-all` 20,000. A seed and a number give the same log everywhere.
"""

import argparse
import pathlib
import random
import re
import sys
import time

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "unit" / "fixtures"
MOST_LINES = 400  # of a log; the long ones are storms
_LONG = 1 << 20
_PAGES = (4096, 8192, 16384, 32768, 65536, 262144)
_SPLICE = re.compile(r"(?<!\n)\[ *[0-9]{1,10}\.[0-9]{6}\] [^\n]*\n")
_WORD = re.compile(r"[A-Za-z0-9]{3,}")


def logs():
    """Each captured log as lines of bytes, by name."""
    found = {}
    for folder in ("oomlogs", "public-ooms"):
        for path in sorted((FIXTURES / folder).glob("*.txt")):
            found[path.name] = path.read_bytes().splitlines(True)[:MOST_LINES]
    return found


def _cut(lines, chance):
    start, end = sorted(chance.sample(range(len(lines) + 1), 2))
    return chance.choice([lines[start:], lines[:end], lines[start:end], lines[:start] + lines[end:]])


def _cut_line(lines, chance):
    at = chance.randrange(len(lines))
    place = chance.randrange(len(lines[at]) + 1)
    return lines[:at] + [lines[at][:place] + b"\n"] + lines[at + 1 :]


def _doubled(lines, chance):
    start, end = sorted(chance.sample(range(len(lines) + 1), 2))
    return lines[:end] + lines[start:end] + lines[end:]


def _swapped(lines, chance):
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    changed = list(lines)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def _interleaved(lines, chance):
    """Lines of two CPUs: the second half begins before the first has ended."""
    middle = chance.randrange(len(lines) + 1)
    return _woven(lines[:middle], lines[middle:], chance)


def _woven(some, others, chance):
    found, left, right = [], list(some), list(others)
    while left or right:
        source = left if left and (not right or chance.random() < 0.5) else right
        found.append(source.pop(0))
    return found


def _flipped(lines, chance):
    changed = list(lines)
    for _number in range(chance.randrange(1, 20)):
        at = chance.randrange(len(changed))
        line = bytearray(changed[at])
        if line:
            line[chance.randrange(len(line))] = chance.randrange(256)
        changed[at] = bytes(line)
    return changed


def _spliced(lines, chance):
    """A line inside another, as on a console that two write to."""
    at = chance.randrange(len(lines))
    place = chance.randrange(len(lines[at]) + 1)
    other = lines[chance.randrange(len(lines))].rstrip(b"\n")
    return lines[:at] + [lines[at][:place] + other + b"\n", lines[at][place:]] + lines[at + 1 :]


def _long(lines, chance):
    at = chance.randrange(len(lines))
    piece = chance.choice([lines[at].rstrip(b"\n"), b" ", b"[", b"Killed process 1 (", b"1*4kB ", b":1kB"]) or b"x"
    return lines[:at] + [piece * (_LONG // len(piece)) + b"\n"] + lines[at:]


_WAYS = (_cut, _cut, _cut_line, _doubled, _swapped, _interleaved, _flipped, _spliced)


def mutant(captured, seed, number):
    """(name, lines) of the log that this seed and number stand for."""
    chance = random.Random(f"{seed}:{number}")
    names = sorted(captured)
    name = chance.choice(names)
    lines = captured[name]
    if chance.random() < 0.1:
        other = chance.choice(names)
        name, lines = f"{name} woven with {other}", _woven(lines, captured[other], chance)
    if chance.random() < 0.01:
        lines = _long(lines, chance)
    for _number in range(chance.randrange(1, 5)):
        if lines:
            lines = chance.choice(_WAYS)(lines, chance)
    return name, lines


def complaint(found, lines):
    """What was invented in these events, None where nothing was: ids, names and sizes must stand in the log."""
    text = b"".join(lines).decode("utf-8", "replace")
    text += _SPLICE.sub("", text)  # a line that has another inside may be put together again
    return next((problem for event in found for problem in _complaints(event, text)), None)


def _complaints(event, text):
    rows = [*event["victims"], *event["candidates"], *([event["victim"]] if event["victim"] else [])]
    names = [row["comm"] for row in rows] + [row["cgroup"] for row in event["victims"]] + [event["group_cgroup"]]
    names += [event["trigger"] and event["trigger"]["comm"], event["limit_owner"] and event["limit_owner"]["cgroup"]]
    for row in rows:
        if row["pid"] is not None and str(row["pid"]) not in text:
            yield f"pid {row['pid']} is not in the log"
        for field in ("rss_bytes", "anon_bytes", "file_bytes", "shmem_bytes"):
            if not _is_size_of(row.get(field), text):
                yield f"{field} of pid {row['pid']}, {row[field]}, is not in the log"
    for name in names:
        # Bytes that are no text are escaped.
        for word in _WORD.findall(name or "") if "\\" not in (name or "") else ():
            if word not in text:
                yield f"the name {name!r} is not in the log"
    share = event["cause"]["evidence"]["share_percent"]
    if share is not None and share > 100:
        yield f"a part has {share} percent of the whole"


def _is_size_of(size, text):
    """Whether the log has it in kB or in pages."""
    return size is None or any(str(size // unit) in text for unit in (1024, *_PAGES))


def main():
    """Try many, and print what is wrong with each that fails."""
    from memcore.answers import events

    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    captured, wrong, began = logs(), 0, time.monotonic()
    for number in range(asked.first, asked.first + asked.count):
        name, lines = mutant(captured, asked.seed, number)
        try:
            problem = complaint(list(events.read(lines)), lines)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem is not None:
            wrong += 1
            print(f"--seed {asked.seed} --first {number} --count 1: {name}: {problem}", flush=True)
    print(f"{asked.count} logs with seed {asked.seed}, {wrong} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.path.insert(0, str(FIXTURES.parents[2] / "plugins" / "module_utils"))
    sys.exit(main())
