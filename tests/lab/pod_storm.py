# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random real kills in pods on kernels of the lab, each held against the agent's own forecast before it.

    python3 -m tests.lab.pod_storm --kernel 6.1-uml --kernel 6.1-floored-first --kills 60 --seed 14

plays pods of that seed on each kernel until so many processes were killed, and prints a table: what the metric
oomwatch_predictions_total would count, and how often the forecast was sure. Exit status: 0 no forecast was wrong while
it was sure, 1 some were, 70 guests died so often that there are not as many kills, 77 no such kernel.
"""

import argparse
import collections
import itertools
import json
import os
import sys
import tempfile
from typing import Iterator, List, NamedTuple

from tests.lab import debian, kernels, lab, oom_plan, oom_scenarios, pod_plan, program

PLAY = os.path.join(oom_scenarios.HERE, "guest", "pod_play.py")
PODS = 15  # of one boot
MOST_DEATHS = 3  # of guests, on one kernel
RESULTS = ("right", "tied", "wrong", "none")


class Kill(NamedTuple):
    """scene: what repeats it. result: one of RESULTS. order: which kill of its scene, from 0."""

    scene: str
    order: int
    result: str
    was_sure: bool
    comm: str


class Tally(NamedTuple):
    """The kills of one kernel. failures: lines about guests that died and scenes that broke."""

    kernel: str
    kills: List[Kill]
    failures: List[str]

    def count(self, result: str, was_sure: bool) -> int:
        """How many kills there are of a result."""
        return sum(kill.result == result and kill.was_sure == was_sure for kill in self.kills)

    def wrong(self) -> List[str]:
        """A line for each forecast that was wrong while it was sure."""
        found = [kill for kill in self.kills if kill.result == "wrong" and kill.was_sure]
        return [f"{kill.scene}, kill {kill.order}: {kill.comm} died" for kill in found]


def play(kernel: str, seed: int, kills: int, folder: str) -> Tally:
    """Play until there are so many kills."""
    tally = Tally(kernel, [], [])
    for index, cgroup in enumerate(itertools.cycle(kernels.find(kernel).cgroups)):
        numbers = range(index * PODS, (index + 1) * PODS)
        told = f"{kernel} {cgroup} seed {seed}"
        try:
            scenes = list(_scenes(kernel, cgroup, seed, numbers, os.path.join(folder, f"{kernel}-{index}")))
        except lab.GuestDied as error:
            tally.failures.append(f"{told}: {error}")
            scenes = []
        for scene in scenes:
            name = f"{told} pod {scene['number']}"
            tally.failures.extend([f"{name}: {scene['broken']}"] if "broken" in scene else [])
            tally.kills.extend(
                Kill(name, order, row["result"], row["was_sure"], row["comm"])
                for order, row in enumerate(scene["kills"])
            )
        counts = collections.Counter(kill.result for kill in tally.kills)
        print(f"{told}, boot {index}: {len(tally.kills)} kills so far: {dict(counts)}", file=sys.stderr, flush=True)
        if len(tally.kills) >= kills or len(tally.failures) >= MOST_DEATHS * PODS:
            return tally
    return tally


def _scenes(kernel, cgroup, seed, numbers, folder) -> Iterator[dict]:
    guest = oom_plan.Guest(cgroup, 0, oom_scenarios.MEM_MB, kernels.find(kernel).machine == "uml")
    plans = [pod_plan.plan(seed, number, guest) for number in numbers]
    try:
        worker = program.compiled(*oom_scenarios.WORKER)
    except debian.PackageError as error:
        raise kernels.Unavailable(kernel, error) from error
    with tempfile.TemporaryDirectory(prefix="lab-plans-") as private:
        path = os.path.join(private, "plans.json")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(plans, stream)
        options = {"mem_mb": oom_scenarios.MEM_MB, "timeout": oom_scenarios.SECONDS, "cgroup": cgroup}
        status = lab.run(kernel, PLAY, folder, files=[worker, path], **options)
    if status:
        raise lab.GuestDied(f"{kernel} could not play to the end: the player ended with status {status}", folder)
    with open(os.path.join(folder, "scenes.jsonl"), encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def table(tallies: List[Tally]) -> str:
    """Kernel, kills, and for each result how many while the forecast was sure and while it was not."""
    head = ["kernel", "kills", *(f"{result}, {how}" for result in RESULTS for how in ("sure", "not sure"))]
    body = []
    for tally in tallies:
        figures = [tally.count(result, was_sure) for result in RESULTS for was_sure in (True, False)]
        body.append([tally.kernel, *map(str, [len(tally.kills), *figures])])
    sums = [str(sum(int(line[column]) for line in body)) for column in range(1, len(head))]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *body, ["all", *sums]))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", action="append", required=True, help="as python3 -m tests.lab --list shows them")
    parser.add_argument("--kills", type=int, default=60, metavar="N", help="on each kernel (default 60)")
    parser.add_argument("--seed", type=int, default=14)
    options = parser.parse_args(argv)
    tallies = []
    with tempfile.TemporaryDirectory(prefix="lab-pods-") as folder:
        for kernel in options.kernel:
            try:
                tally = play(kernel, options.seed, options.kills, folder)
            except kernels.Unavailable as error:
                print(error, file=sys.stderr)
                return 77
            tallies.append(tally)
            for line in (*tally.failures, *tally.wrong()):
                print(line, flush=True)
            print(table(tallies), flush=True)
    if any(tally.wrong() for tally in tallies):
        return 1
    return 70 if any(len(tally.kills) < options.kills for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
