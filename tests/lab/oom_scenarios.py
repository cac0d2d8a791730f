# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random OOM scenes on a kernel of the lab: what memfacts predicted, whom the kernel took, what the replay says.

    python3 -m tests.lab.oom_scenarios KERNEL SEED [NUMBER]

plays the scenes of that seed, or the one of that number, and shows a row for each choice of the kernel. Exit status:
0 all agree, 1 some do not, 70 the guest died, 77 the kernel cannot be had.
"""

import argparse
import collections
import json
import os
import sys
import tempfile
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from tests.lab import debian, kernels, lab, oom_judge, oom_plan, program

HERE = os.path.dirname(os.path.abspath(__file__))
PLAY = os.path.join(HERE, "guest", "oom_play.py")
WORKER = (
    "worker",
    "guest/worker.c",
    "-static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pic -no-pie -s".split()
    + ["-Wl,--build-id=none", "-Wl,-z,noseparate-code"],
)
MEM_MB = 256
SWAP_MB = 32
SECONDS = 1800  # of a boot with many scenes, to end it when it hangs; a tenth of it where nothing else runs


class Boot(NamedTuple):
    """One guest and the scenes that are played in it. plan: makes each of a seed, its number and the guest."""

    kernel: str
    cgroup: str
    swap_mb: int
    seed: int
    numbers: Tuple[int, ...]
    plan: Callable[[int, int, oom_plan.Guest], oom_plan.Plan] = oom_plan.plan


class Judged(NamedTuple):
    """A scene that was played. complaints: what is wrong beside single rows. deaths: processes that the kernel killed.

    lost: whether the kernel's log ran over at its end; it is judged up to there.
    """

    rows: List[oom_judge.Row]
    complaints: List[str]
    deaths: int
    lost: bool

    def wrong(self) -> List[str]:
        """A line for everything that does not agree."""
        return [f"kill {row.kill}: {told(row)}" for row in self.rows if row.is_wrong] + self.complaints


class Played(NamedTuple):
    """What a boot brought: its scenes by number, and a line for all that did not agree and did not come again."""

    boot: Boot
    scenes: Dict[int, Judged]
    not_again: List[str]
    seconds: float

    @property
    def rows(self) -> List[oom_judge.Row]:
        """The rows of all scenes."""
        return [row for scene in self.scenes.values() for row in scene.rows]

    @property
    def lost(self) -> int:
        """In how many scenes the kernel's log ran over."""
        return sum(scene.lost for scene in self.scenes.values())

    def wrong(self) -> List[str]:
        """A line for everything that does not agree."""
        return [f"scene {number}, {line}" for number, scene in self.scenes.items() for line in scene.wrong()]

    def counts(self) -> collections.Counter:
        """How many rows there are of each class of prediction."""
        return collections.Counter(row.prediction for row in self.rows)


def play(boot: Boot, folder: str) -> Played:
    """Play the boot's scenes and judge what was left in `folder`.

    A scene that does not agree is played twice more, alone: what its seed does not bring again was a race of the
    play itself (a program that a loaded machine held up), and is told apart from what memfacts got wrong.
    """
    begun = time.monotonic()
    played = judged(boot, boot.numbers, folder)
    not_again = []
    for number, scene in played.items():
        if scene.wrong():
            again = [judged(boot, (number,), os.path.join(folder, f"scene-{number}-{turn}")) for turn in ("b", "c")]
            if not any(turn[number].wrong() for turn in again):
                not_again += [f"scene {number}, {line}" for line in scene.wrong()]
                played[number] = again[0][number]
    return Played(boot, played, not_again, time.monotonic() - begun)


def judged(boot: Boot, numbers: Tuple[int, ...], folder: str) -> Dict[int, Judged]:
    """Play the scenes of those numbers in one guest, and judge them."""
    plans = [boot.plan(boot.seed, number, guest_of(boot)) for number in numbers]
    return {scene["number"]: _judged(scene) for scene in scenes(boot, plans, folder, SECONDS)}


def _judged(scene):
    if scene["prediction"] is None:
        return Judged([], ["memfacts does not know the cgroup that runs out"], 0, False)
    return Judged(oom_judge.judge(scene), oom_judge.complaints(scene), len(scene["died"]), bool(scene["lost"]))


def scenes(boot: Boot, plans: List[oom_plan.Plan], folder: str, timeout: Optional[int] = None) -> List[dict]:
    """Play those plans in a guest: lines of scenes.jsonl. A scene that breaks is a guest that died."""
    try:
        worker = program.compiled(*WORKER)
    except debian.PackageError as error:
        raise kernels.Unavailable(boot.kernel, error) from error
    with tempfile.TemporaryDirectory(prefix="lab-plans-") as private:
        path = os.path.join(private, "plans.json")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(plans, stream)
        status = lab.run(
            boot.kernel,
            PLAY,
            folder,
            mem_mb=MEM_MB,
            timeout=timeout,
            cgroup=boot.cgroup,
            swap_mb=boot.swap_mb,
            files=[worker, path],
        )
    with open(os.path.join(folder, "scenes.jsonl"), encoding="utf-8") as stream:
        found = [json.loads(line) for line in stream]
    broken = [f"scene {scene['number']}: {scene['broken']}" for scene in found if "broken" in scene]
    if status or broken:
        what = broken[0] if broken else f"the player ended with status {status}"
        raise lab.GuestDied(f"{boot.kernel} could not play to the end: {what}", folder)
    return found


def guest_of(boot: Boot) -> oom_plan.Guest:
    """What the plans have to know of it: a user-mode kernel has one CPU, whose counters hide nothing."""
    is_exact = kernels.find(boot.kernel).machine == "uml"
    return oom_plan.Guest(boot.cgroup, boot.swap_mb, MEM_MB, is_exact)


def told(row: oom_judge.Row) -> str:
    """The row in one line."""
    parts = [f"predicted {row.predicted or 'nobody'}, taken {row.taken}, margin {row.margin}, drift {row.drift} pages"]
    parts.append(f"prediction {row.prediction}, replay {row.replayed} ({', '.join(row.why)})")
    return "; ".join(parts + row.wrong)


def lines_of(played: Played) -> List[str]:
    """The rows as JSON lines, each with what repeats it."""
    boot = {name: value for name, value in played.boot._asdict().items() if name not in ("numbers", "plan")}
    return [json.dumps({**boot, **row._asdict()}) for row in played.rows]


def line_of(played: Played) -> str:
    """The boot in one line."""
    boot, counts = played.boot, played.counts()
    classes = " ".join(
        f"{name} {counts[name]}"
        for name in (oom_judge.YES, oom_judge.TIE, oom_judge.CLOSE, oom_judge.GROWN, oom_judge.NO)
    )
    return (
        f"{boot.kernel:17} {boot.cgroup} swap {boot.swap_mb:2}  seed {boot.seed}: {len(boot.numbers)} scenes, "
        f"{len(played.rows)} choices, {sum(scene.deaths for scene in played.scenes.values())} killed: {classes}; "
        f"{played.lost} logs ran over; {played.seconds:.0f} s"
    )


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel", metavar="KERNEL", help="a name that python3 -m tests.lab --list shows")
    parser.add_argument("seed", metavar="SEED", type=int)
    parser.add_argument("number", metavar="NUMBER", type=int, nargs="?", help="only this scene")
    parser.add_argument("--count", type=int, default=12, metavar="N", help="scenes (default 12)")
    parser.add_argument("--cgroup", choices=("v1", "v2"), default="v2")
    parser.add_argument("--swap", type=int, default=0, metavar="MIB", help="swap of the guest (default none)")
    parser.add_argument("--keep", metavar="DIR", help="leave scenes.jsonl, rows.jsonl, boot.txt and console.txt there")
    options = parser.parse_args(argv)
    numbers = range(options.count) if options.number is None else [options.number]
    boot = Boot(options.kernel, options.cgroup, options.swap, options.seed, tuple(numbers))
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        return _show(boot, options.keep)
    with tempfile.TemporaryDirectory(prefix="lab-oom-") as folder:
        return _show(boot, folder)


def _show(boot, folder) -> Optional[int]:
    try:
        played = play(boot, folder)
    except kernels.Unavailable as error:
        print(error, file=sys.stderr)
        return 77
    except lab.GuestDied as error:
        print(error, file=sys.stderr)
        return 70
    for row in played.rows:
        print(f"{row.number:3}.{row.kill} {row.domain:28.28} {told(row)}")
    with open(os.path.join(folder, "rows.jsonl"), "w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines_of(played))
    for line in played.not_again:
        print(f"not when played again: {line}")
    for number, scene in played.scenes.items():
        for complaint in scene.complaints:
            print(f"scene {number}: {complaint}")
    print(line_of(played))
    return 1 if played.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
