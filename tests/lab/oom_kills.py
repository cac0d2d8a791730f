# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random real kills on kernels of the lab, and how the predictions came out; none may be wrong while it is sure.

    python3 -m tests.lab.oom_kills --kernel 6.1-uml --kernel 5.10-uml --kills 250 --seed 13

plays scenes of that seed on each kernel, with and without swap, on cgroup v1 and v2, until so many processes were
chosen by the kernel, and prints a table. Of each prediction that was wrong while it was sure it prints the plan.
Exit status: 0 none was, 1 some were, 70 guests died so often that there are not as many kills, 77 no such kernel.
"""

import argparse
import collections
import itertools
import json
import os
import sys
import tempfile
from typing import IO, Iterator, List, NamedTuple, Optional

from tests.lab import kernels, lab, oom_judge, oom_mixed, oom_scenarios
from tests.lab.oom_scenarios import SWAP_MB, Boot, Played

SCENES = 12  # of one boot
MOST_DEATHS = 3  # of guests, on one kernel
RESULTS = os.path.join(oom_scenarios.HERE, "..", "..", "build", "random-kills.jsonl")


class Tally(NamedTuple):
    """The kills of one kernel. failures: lines about guests that died."""

    kernel: str
    boots: List[Played]
    failures: List[str]

    @property
    def rows(self) -> List[oom_judge.Row]:
        """A row for each process that the kernel chose."""
        return [row for played in self.boots for row in played.rows if row.killed]

    def counts(self) -> collections.Counter:
        """How many kills there are of each outcome."""
        return collections.Counter(row.outcome for row in self.rows)

    def wrong(self) -> List[str]:
        """A line for everything that was wrong, with what repeats it."""
        return [f"{repeated_by(played.boot)} {line}" for played in self.boots for line in played.wrong()]

    def not_again(self) -> List[str]:
        """A line for everything that was wrong once, and not when its scene was played twice more (oom_scenarios.play).

        Its rows are those of a later play; so that nobody takes them for the whole truth, these lines are shown.
        """
        return [f"{repeated_by(played.boot)} {line}" for played in self.boots for line in played.not_again]


def boots(kernel: str, seed: int) -> Iterator[Boot]:
    """Boots without end; cgroup and swap take turns."""
    ways = itertools.cycle(itertools.product(kernels.find(kernel).cgroups, (0, SWAP_MB)))
    for index, (cgroup, swap_mb) in enumerate(ways):
        numbers = tuple(range(index * SCENES, (index + 1) * SCENES))
        yield Boot(kernel, cgroup, swap_mb, seed, numbers, oom_mixed.plan)


def play(kernel: str, seed: int, kills: int, folder: str, results: Optional[IO[str]] = None) -> Tally:
    """Play until there are so many kills. results: takes the rows of each boot as JSON lines, so that none is lost."""
    tally = Tally(kernel, [], [])
    for index, boot in enumerate(boots(kernel, seed)):
        try:
            tally.boots.append(oom_scenarios.play(boot, os.path.join(folder, f"{kernel}-{index}")))
            for line in tally.boots[-1].not_again:
                print(f"{repeated_by(boot)} wrong once, not when played again: {line}", file=sys.stderr, flush=True)
            if results is not None:
                results.writelines(f"{line}\n" for line in oom_scenarios.lines_of(tally.boots[-1]))
                results.flush()
        except lab.GuestDied as error:
            tally.failures.append(f"{repeated_by(boot)}: {error}")
        counts = ", ".join(f"{count} {outcome}" for outcome, count in tally.counts().items())
        print(
            f"{repeated_by(boot)}, boot {index}: {len(tally.rows)} kills so far: {counts}", file=sys.stderr, flush=True
        )
        if len(tally.rows) >= kills or len(tally.failures) >= MOST_DEATHS:
            break
    return tally


def repeated_by(boot: Boot) -> str:
    """The boot as words of a command line."""
    return f"{boot.kernel} {boot.cgroup} swap {boot.swap_mb} seed {boot.seed}"


def plans_of(tally: Tally) -> Iterator[str]:
    """The plan of each prediction that was wrong while it was sure."""
    for played in tally.boots:
        numbers = sorted({row.number for row in played.rows if row.outcome == oom_judge.SURE_WRONG})
        for number in numbers:
            plan = played.boot.plan(played.boot.seed, number, oom_scenarios.guest_of(played.boot))
            yield f"{repeated_by(played.boot)}: {json.dumps(plan)}"


def table(tallies: List[Tally]) -> str:
    """Kernel, kills, how many of each outcome; wrong once: lines of not_again(), which no other column counts.

    by_rule: how many choices were told to be by the rule, surely or not.
    """
    head = ["kernel", "kills", *oom_judge.OUTCOMES, "wrong once", "by_rule: right, sure", "right", "unknown"]
    body = []
    for tally in tallies:
        counts, told = tally.counts(), collections.Counter((row.by_rule, row.by_rule_sure) for row in tally.rows)
        unknown = sum(count for (result, _sure), count in told.items() if result != "right")
        figures = [len(tally.rows), *(counts[name] for name in oom_judge.OUTCOMES), len(tally.not_again())]
        body.append([tally.kernel, *map(str, [*figures, told["right", True], told["right", False], unknown])])
    sums = [str(sum(int(line[column]) for line in body)) for column in range(1, len(head))]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *body, ["all", *sums]))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", action="append", required=True, help="as python3 -m tests.lab --list shows them")
    parser.add_argument("--kills", type=int, default=250, metavar="N", help="on each kernel (default 250)")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--keep", metavar="DIR", help="leave what the guests brought there")
    options = parser.parse_args(argv)
    if options.keep:
        return _show(options, options.keep)
    with tempfile.TemporaryDirectory(prefix="lab-kills-") as folder:
        return _show(options, folder)


def _show(options, folder):
    tallies = []
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w", encoding="utf-8") as stream:
        for kernel in options.kernel:
            try:
                tally = play(kernel, options.seed, options.kills, folder, stream)
            except kernels.Unavailable as error:
                print(error, file=sys.stderr)
                return 77
            tallies.append(tally)
            for line in (*tally.failures, *tally.wrong(), *tally.not_again(), *plans_of(tally)):
                print(line, flush=True)
    print(table(tallies))
    if any(tally.counts()[oom_judge.SURE_WRONG] or tally.wrong() for tally in tallies):
        return 1
    return 70 if any(len(tally.rows) < options.kills for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
