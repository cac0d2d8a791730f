# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the kinds of OOM of guest/oom_kinds.py on a kernel of the lab, and reads the kernel's log as memfacts does.

    python3 -m tests.lab.oom_kinds BOOT [SCENE…]

shows of each scene what memfacts said before, what the kernel did and what memfacts says of that.
"""

import argparse
import json
import os
import sys
import tempfile
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from memcore.answers import events
from tests.lab import cache, debian, kernels, lab, oom_scenarios, program
from tests.lab.guest import oom_stage
from tests.lab.guest.kinds_stage import KILL, NOBODY

PLAY = os.path.join(oom_scenarios.HERE, "guest", "oom_kinds.py")
SWAP_MB = 32


class Boot(NamedTuple):
    """One guest and the scenes that are played in it. words: of the kernel's command line; nodes: of NUMA."""

    kernel: str
    cgroup: str
    scenes: Tuple[str, ...]
    swap_mb: int = 0
    mem_mb: int = 256
    words: Tuple[str, ...] = ()
    nodes: int = 1


ANYWHERE = ("swap-limit", "vfork", "sharer", "shared-anonymous", "overtaken", "left-charge", "locked")
OF_V1 = ("memsw", "moved-charge")
BOOTS = {
    "6.1": Boot("6.1-uml", "v2", (*ANYWHERE, "nobody", "earlyoom")),
    "6.1-swap": Boot("6.1-uml", "v2", ("swap-limit-with-swap",), SWAP_MB),
    "6.1-v1": Boot("6.1-uml", "v1", OF_V1, SWAP_MB),
    "5.10": Boot("5.10-uml", "v2", (*ANYWHERE, "nobody")),
    "5.10-v1": Boot("5.10-uml", "v1", OF_V1, SWAP_MB),
    "floored-first": Boot("6.1-floored-first", "v2", (*ANYWHERE, "nobody", "tie", "no-controller")),
    "floored-last": Boot("6.1-floored-last", "v2", ("tie", "no-controller")),
    "nodes": Boot("6.12", "v2", ("cpuset", "huge-pages", "zram", "swap-limit"), mem_mb=512, nodes=2),
    "movable": Boot("6.12", "v2", ("movable", "vfork", "sharer"), mem_mb=512, words=("movablecore=256M",)),
}
PANICS = ("5.10-uml", "6.1-uml")


def play(boot: Boot, folder: str) -> Dict[str, Dict]:
    """The line of each scene, by its name. A scene that breaks is a guest that died."""
    status = _run(boot, folder)
    with open(os.path.join(folder, "kinds.jsonl"), encoding="utf-8") as stream:
        found = [json.loads(line) for line in stream]
    broken = [f"{scene['name']}: {scene['broken']}" for scene in found if "broken" in scene]
    if status or broken:
        what = broken[0] if broken else f"the player ended with status {status}"
        raise lab.GuestDied(f"{boot.kernel} could not play to the end: {what}", folder)
    return {scene["name"]: scene for scene in found}


def play_panic(kernel: str, folder: str) -> List[str]:
    """The console of a guest that ran out of memory with vm.panic_on_oom."""
    try:
        _run(Boot(kernel, "v2", ("panic",)), folder)
    except lab.GuestDied:
        with open(os.path.join(folder, "boot.txt"), encoding="utf-8", errors="replace") as stream:
            return stream.read().splitlines()
    raise AssertionError(f"{kernel} lives on although vm.panic_on_oom is 1")


def _run(boot, folder):
    try:
        files = [program.compiled(*oom_scenarios.WORKER)]
        if "earlyoom" in boot.scenes:
            files.append(os.path.join(cache.folder("earlyoom-bookworm", _earlyoom), "usr/bin/earlyoom"))
    except debian.PackageError as error:
        raise kernels.Unavailable(boot.kernel, error) from error
    return lab.run(
        boot.kernel,
        PLAY,
        folder,
        boot.scenes,
        mem_mb=boot.mem_mb,
        cgroup=boot.cgroup,
        swap_mb=boot.swap_mb,
        files=files,
        words=boot.words,
        nodes=boot.nodes,
    )


def _earlyoom(folder):
    debian.unpack("bookworm", "earlyoom", folder)


def log_of(scene: Dict) -> List[str]:
    """What memfacts has to read: the kernel's log, of earlyoom its own as systemd's journal shows it.

    Of an endless series without a report that is cut off at the end, which would be an event of its own.
    """
    if scene["name"] != "earlyoom":
        lines = scene["kmsg"]
        ends = [place for place, line in enumerate(lines) if NOBODY in line]
        return lines[: ends[-1] + 1] if ends else lines
    return [f"Dec 01 12:00:00 lab earlyoom[100]: {line}" for line in scene["facts"]["earlyoom"]]


def events_of(lines: List[str]) -> List[Dict]:
    """What memfacts says of these lines of a log."""
    return list(events.read(line.encode() for line in lines))


def first_taken(scene: Dict) -> Optional[int]:
    """The pid of the first process that the kernel says it killed."""
    return next((oom_stage.killed_pid(line) for line in scene["kmsg"] if KILL in line), None)


def killed(scene: Dict) -> Set[str]:
    """Names of those that the kernel's log says were killed."""
    pids = {oom_stage.killed_pid(line) for line in scene["kmsg"] if KILL in line}
    return {name for name, pid in scene["pids"].items() if pid in pids}


def fixture(boot: str, scene: Dict) -> str:
    """The log of a scene as a file that tests read: with a head, and of an endless series only the beginning."""
    release = BOOTS[boot].kernel
    lines = log_of(scene)
    lines = lines[: _third_end(lines)]
    who = ", ".join(f"{name} {pid}" for name, pid in scene["pids"].items())
    head = [f"# Captured: scene {scene['name']} of tests/lab/guest/oom_kinds.py on {release}. Pids: {who}."]
    return "".join(f"{line}\n" for line in head + lines)


def _third_end(lines):
    """Where the third report of an endless series ends, else None; user-mode kernels give many of them one time."""
    times = set()
    for place, line in enumerate(lines):
        if NOBODY in line:
            times.add(line.split(",")[2])
            if len(times) == 3:
                return place + 1
    return None


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boot", metavar="BOOT", choices=BOOTS, help=", ".join(BOOTS))
    parser.add_argument("scene", metavar="SCENE", nargs="*", help="only these")
    parser.add_argument("--keep", metavar="DIR", help="leave the log of each scene there, and kinds.jsonl")
    options = parser.parse_args(argv)
    boot = BOOTS[options.boot]
    if options.scene:
        boot = boot._replace(scenes=tuple(options.scene))
    if options.keep:
        return _show(options.boot, boot, options.keep)
    with tempfile.TemporaryDirectory(prefix="lab-kinds-") as folder:
        return _show(options.boot, boot, folder)


def _show(name, boot, folder):
    for scene in play(boot, folder).values():
        names = {pid: who for who, pid in scene["pids"].items()}
        print(f"== {scene['name']} on {boot.kernel} {boot.cgroup}, {scene['seconds']} s; died: {scene['died']}")
        for when, told in scene["predictions"].items():
            after = [names.get(row["pid"], row["pid"]) for row in told["next"]]
            rivals = [names.get(pid, pid) for pid in told["rivals"]]
            how = "sure" if told["sure"] else "not sure"
            print(f"   {when}: {told['choice']}, next {after}, {how}, rivals {rivals}")
        for event in events_of(log_of(scene)):
            verdict, cause = event["verdict"], event["cause"]
            print(f"   {event['summary']}")
            print(f"   by rule {verdict and verdict['by_rule']}; cause {cause and cause['class']}")
        with open(os.path.join(folder, f"{name}_{scene['name']}.log"), "w", encoding="utf-8") as stream:
            stream.write(fixture(name, scene))
    return 0


if __name__ == "__main__":
    sys.exit(main())
