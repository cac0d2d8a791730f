# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of OOM that are no matter of chance, each played once in this guest: python3 oom_kinds.py SCENE…

Leaves /out/kinds.jsonl, a line for each scene: who is who, what memfacts said before, who died of which signal, what
the kernel said. The sizes make one process, and only one, the right one by the kernel's rule.
"""

import fcntl
import json
import os
import subprocess
import sys
import time

from tests.lab.guest import oom_stage
from tests.lab.guest.kinds_stage import KILL, MIB, NOBODY, Scene, mebibytes
from tests.lab.guest.oom_stage import ANSWER_SECONDS, PAGE, write

_LAB = "/out/.lab"
_F_SETPIPE_SZ = 1031
_PIPE = 1 << 20
_SERIES_SECONDS = 20  # a kernel that goes on without a kill says it a few times only


def main(names):
    oom_stage.become_unkillable()
    write("/proc/sys/vm/overcommit_memory", 1)
    with open(os.path.join(os.environ["MEMFACTS_OUT"], "kinds.jsonl"), "w") as results:
        for name in names:
            print(json.dumps(play(name)), file=results, flush=True)


def play(name):
    """One line of the results."""
    begun = time.monotonic()
    scene = Scene(name)
    try:
        SCENES[name](scene)
        result = scene.result()
    except oom_stage.Broken as error:
        result = dict(scene.result(), broken=str(error))
    scene.clear()
    result["seconds"] = round(time.monotonic() - begun, 1)
    return result


def swap_limit(scene):
    """64 MiB of memory and as much swap, Docker's default: the swap counts only where the host has some.

    Without swap the larger process has more points, with 32 MiB of it the one with the larger adjustment.
    """
    scene.group("box", max=mebibytes(64), swap__max=mebibytes(64))
    scene.worker("large", "box", pages=40 * MIB)
    scene.worker("raised", "box", adj=450, pages=8 * MIB)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.fill("trigger", "box", free=MIB)
    scene.grow("trigger")


def memsw(scene):
    """v1: the limit of memory and swap together, 8 MiB above that of memory, is the one that is hit."""
    scene.group("box", limit_in_bytes=mebibytes(32), memsw__limit_in_bytes=mebibytes(40))
    scene.worker("large", "box", pages=20 * MIB)
    scene.worker("small", "box", pages=4 * MIB)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.fill("trigger", "box", free=9 * MIB)
    scene.grow("trigger")


def vfork(scene):
    """A child in vfork(2) has its parent's memory and a higher adjustment: not chosen, it dies with its parent."""
    scene.group("box", max=mebibytes(64))
    parent = scene.worker("parent", "box", pages=30 * MIB)
    scene.worker("other", "box", pages=20 * MIB)
    scene.child("in-vfork", parent.ask("v 0"), adj=500)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.grow("trigger")
    scene.await_end("in-vfork")


def sharer(scene):
    """A process in another cgroup shares the victim's memory (CLONE_VM): it dies too, and no line says so."""
    scene.group("box", max=mebibytes(64))
    scene.group("elsewhere")
    owner = scene.worker("owner", "box", pages=30 * MIB)
    scene.child("sharer", owner.ask("x 0"))
    scene.move("sharer", "elsewhere")
    scene.worker("other", "box", pages=20 * MIB)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.fill("trigger", "box", free=MIB)
    scene.grow("trigger")
    scene.await_end("sharer")


def shared_anonymous(scene):
    """Four processes of one program share 40 MiB of anonymous memory, as PostgreSQL's; a kill frees next to nothing."""
    scene.group("box", max=mebibytes(64))
    postmaster = scene.worker("postmaster", "box")
    postmaster.ask(f"s {40 * MIB}")
    for index in range(1, 4):
        scene.child(f"backend-{index}", postmaster.ask(f"p {index * MIB}"))
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.grow("trigger", kills=2)


def locked(scene):
    """One process has 48 MiB locked, another leaks until the host is out of memory."""
    locker = scene.worker("locker")
    locker.ask(f"l {48 * MIB}")
    scene.worker("leak", pages=64 * MIB)
    scene.predict("before")
    scene.grow("leak", step=64)


def overtaken(scene):
    """The one that grows is the smaller when memfacts is asked, and the larger when memory runs out."""
    scene.group("box", max=mebibytes(96))
    scene.worker("large", "box", pages=36 * MIB)
    scene.worker("grower", "box", pages=20 * MIB)
    scene.predict("before", "box")
    scene.grow("grower")


def nobody(scene):
    """All in the cgroup are at -1000; the kernel says again and again that there is nobody to kill.

    5.10 says it for a few pages only: it gives them, and the cgroup has more than its limit.
    """
    scene.group("box", max=mebibytes(16))
    scene.worker("first", "box", adj=-1000, pages=6 * MIB)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.grow("trigger", until=NOBODY)
    deadline = time.monotonic() + _SERIES_SECONDS
    while scene.said(NOBODY) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    scene.facts["usage"] = scene.read("box", "current")
    oom_stage.kill(scene.actors["trigger"].pid)
    scene.await_end("trigger")
    scene.log.read()
    scene.facts["said"] = scene.said(NOBODY)


def tie(scene):
    """Three at -998, the largest in the middle: the log tells which of those with one point a floored kernel takes."""
    scene.group("box", max=mebibytes(32))
    for name, size in (("first", 4), ("middle", 6), ("last", 5)):
        scene.worker(name, "box", adj=-998, pages=size * MIB)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.grow("trigger")


def no_controller(scene):
    """The limit is the parent's, whose children have no memory controller: in which order are they scanned?

    Made in the order of z, a, m; joined in the order of m, a, z. All are at -998 and of one size.
    """
    scene.group("box", max=mebibytes(64))
    for name in "zam":
        os.mkdir(scene.folder(f"box/{name}"))
    for name in "maz":
        scene.worker(f"in-{name}", f"box/{name}", adj=-998, pages=12 * MIB)
    scene.worker("trigger", "box", adj=-1000)
    scene.predict("before", "box")
    scene.grow("trigger")


def moved_charge(scene):
    """v1: a process moves, and its charge with it (move_charge_at_immigrate), into a cgroup that is full soon."""
    scene.group("before")
    scene.group("after", limit_in_bytes=mebibytes(48), swappiness=0, move_charge_at_immigrate=1)
    scene.worker("moved", "before", pages=30 * MIB)
    scene.move("moved", "after")
    scene.facts["usage_before"] = scene.read("before", "usage_in_bytes")
    scene.facts["usage_after"] = scene.read("after", "usage_in_bytes")
    scene.worker("small", "after", pages=2 * MIB)
    scene.worker("trigger", "after", adj=-1000)
    scene.predict("before", "after")
    scene.grow("trigger")


def left_charge(scene):
    """v2: a process moves away and its charge stays, so that a cgroup is full of what none of its processes has."""
    scene.group("before", max=mebibytes(48))
    scene.group("after")
    scene.worker("left", "before", pages=30 * MIB)
    scene.move("left", "after")
    scene.facts["usage_before"] = scene.read("before", "current")
    scene.worker("small", "before", pages=8 * MIB)
    scene.worker("trigger", "before", adj=-1000)
    scene.predict("before", "before")
    scene.grow("trigger")


def earlyoom(scene):
    """earlyoom kills before the kernel has to; the kernel's log has nothing of it."""
    output = os.path.join(os.environ["MEMFACTS_OUT"], "earlyoom.txt")
    with open(output, "wb") as stream:
        killer = subprocess.Popen(
            [f"{_LAB}/earlyoom", "-m", "30,15", "-r", "0", "-p"], stdout=stream, stderr=subprocess.STDOUT
        )
    scene.worker("small", pages=8 * MIB)
    leak = scene.worker("leak", pages=32 * MIB)
    try:
        while not leak.has_died():
            try:
                leak.ask(f"a {MIB}")
            except oom_stage.Broken:
                scene.await_end("leak")
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"exited" not in _content(output) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        killer.kill()
        killer.wait()
    scene.facts["earlyoom"] = _content(output).decode("utf-8", "replace").splitlines()


def cpuset(scene):
    """Two nodes: those that are bound to node 1 run out of it, while the larger process has only node 0."""
    write(f"{scene.root}/cgroup.subtree_control", "+cpuset")
    scene.delegate("", "+cpuset")
    for name, node in (("zero", 0), ("one", 1)):
        scene.group(name)
        write(f"{scene.folder(name)}/cpuset.mems", node)
    scene.worker("on-zero", "zero", adj=300, pages=40 * MIB)
    scene.worker("on-one", "one", pages=60 * MIB)
    scene.worker("trigger", "one", adj=-1000)
    scene.predict("before")
    scene.grow("trigger", step=64)


def huge_pages(scene):
    """120 MiB are reserved as huge pages that nobody uses; one process leaks all the rest."""
    write("/proc/sys/vm/nr_hugepages", 60)
    try:
        scene.worker("small", pages=8 * MIB)
        scene.worker("leak", pages=48 * MIB)
        scene.predict("before")
        scene.grow("leak", step=64)
    finally:
        write("/proc/sys/vm/nr_hugepages", 0)


def zram(scene):
    """The only swap is a zram of 64 MiB: it is full, and lies in memory itself."""
    write("/sys/block/zram0/disksize", mebibytes(64))
    subprocess.run(["/bin/busybox", "mkswap", "/dev/zram0"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["/bin/busybox", "swapon", "/dev/zram0"], check=True)
    try:
        scene.worker("small", pages=8 * MIB)
        scene.worker("leak", pages=48 * MIB)
        scene.predict("before")
        scene.grow("leak", step=64)
        scene.await_victims()
    finally:
        subprocess.run(["/bin/busybox", "swapoff", "/dev/zram0"], check=True)


def movable(scene):
    """The kernel's own memory may not lie in the movable zone, which is mostly free when the other is full."""
    # What its page tables take, its end gives back to the kernel; of its pages nothing helps.
    scene.worker("victim", pages=24 * MIB).ask("z 1500")
    scene.worker("small", pages=4 * MIB)
    scene.predict("before")
    pipes = []
    while not scene.said(KILL):
        pipes.append(os.pipe2(os.O_NONBLOCK))
        _fill(pipes[-1][1], scene)
    for ends in pipes:
        for end in ends:
            os.close(end)


def _fill(end, scene):
    """Pages of a pipe are the kernel's: they cannot be moved."""
    fcntl.fcntl(end, _F_SETPIPE_SZ, _PIPE)
    try:
        while not scene.said(KILL):
            os.write(end, bytes(16 * PAGE))
    except BlockingIOError:
        pass


def panic(scene):
    """vm.panic_on_oom: the kernel chooses nobody; what it says is on the console alone."""
    write("/proc/sys/kernel/printk", "8 4 1 8")
    write("/proc/sys/vm/panic_on_oom", 1)
    scene.worker("large", pages=40 * MIB)
    scene.worker("trigger", adj=-1000)
    scene.predict("before")
    with open(os.path.join(os.environ["MEMFACTS_OUT"], "panic.json"), "w") as stream:
        json.dump(scene.result(), stream)
    os.sync()
    scene.grow("trigger", step=64)


def _content(path):
    with open(path, "rb") as stream:
        return stream.read()


SCENES = {
    "swap-limit": swap_limit,
    "swap-limit-with-swap": swap_limit,
    "memsw": memsw,
    "vfork": vfork,
    "sharer": sharer,
    "shared-anonymous": shared_anonymous,
    "locked": locked,
    "overtaken": overtaken,
    "nobody": nobody,
    "tie": tie,
    "no-controller": no_controller,
    "moved-charge": moved_charge,
    "left-charge": left_charge,
    "earlyoom": earlyoom,
    "cpuset": cpuset,
    "huge-pages": huge_pages,
    "zram": zram,
    "movable": movable,
    "panic": panic,
}

if __name__ == "__main__":
    main(sys.argv[1:])
