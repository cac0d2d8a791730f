# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running kernel is the judge: its oom_score of every process, and whom it kills when a cgroup is full."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import victims
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import badness
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from tests.live import adj, procfs

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="cgroups and other users' processes take root"),
]

MIB = 1 << 20
LIMIT = 96 * MIB
# Holds so many MiB and sleeps; joins the cgroup first, so that all of it is charged there.
HOLDER = """
import os, sys, time
with open(sys.argv[1] + "/cgroup.procs", "w") as stream:
    stream.write(str(os.getpid()))
with open("/proc/self/oom_score_adj", "w") as stream:
    stream.write(sys.argv[3])
held = b"x" * (int(sys.argv[2]) << 20)
print("ready", flush=True)
time.sleep(600)
"""
# Fills the cgroup with shared memory, which is nobody's resident set, until the kernel has to kill, and says "killed".
# It looks at the kernel's own count, which goes up before the reaper gives anything back: what a victim had is gone
# before the victim has run again, and who goes on filling until it has would have the next one killed, too. The count
# is that of this cgroup and those below: other memory cgroups of the host have their kills as well.
FILLER = """
import os, sys
def kills():
    total = 0
    for folder, _folders, files in os.walk(sys.argv[1]):
        for name in {"memory.oom_control", "memory.events"} & set(files):
            with open(folder + "/" + name) as stream:
                total += int(dict(line.split() for line in stream)["oom_kill"])
    return total
with open(sys.argv[1] + "/cgroup.procs", "w") as stream:
    stream.write(str(os.getpid()))
descriptor = os.memfd_create("filler")
before = kills()
for _written in range(int(sys.argv[2]) * 16):
    os.write(descriptor, b"x" * (1 << 16))
    if kills() != before:
        print("killed", flush=True)
        break
"""


def test_every_oom_score_is_what_the_kernel_shows():
    """What the engine read stands between two looks at the scores.

    A score may go up and down again between the looks; who was wrong is looked at again, until it was right or is gone.
    """
    wrong = None
    with adj.running("sleep", "600") as pid:
        for _attempt in range(20):
            looks = looked_at()
            assert pid in looks
            again = set(looks) if wrong is None else set(wrong) & set(looks)
            wrong = {one: looks[one] for one in again if not fits(*looks[one])}
            if not wrong:
                return
            time.sleep(0.2)
    pytest.fail(f"by pid, the computed and the shown (least, most): {wrong}")


def looked_at():
    """{pid: (computed, shown)} of this moment."""
    before = scores()
    found = victims.predict(host.at("/"))
    after = scores()
    return {pid: bounds for pid, *bounds in compared(found, before, after)}


def scores():
    shown = ((pid, procfs.text(f"/proc/{pid}/oom_score")) for pid in os.listdir("/proc") if pid.isdigit())
    return {int(pid): int(text) for pid, text in shown if text}


def compared(found, before, after):
    """(pid, computed, shown) of each process that is still there, both as (least, most)."""
    total, model = found.host.domain.total, found.rules.model
    for pid in set(found.tasks.by_pid) & set(before) & set(after):
        task = found.tasks.by_pid[pid]
        points = badness.points(task, total, model)
        offs = (0,) if points is None else (-found.tasks.drift(task), found.tasks.drift(task))
        computed = [badness.oom_score(None if points is None else points + off, total, model) for off in offs]
        yield pid, (min(computed), max(computed)), (min(before[pid], after[pid]), max(before[pid], after[pid]))


def fits(computed, shown):
    return computed[0] <= shown[1] and shown[0] <= computed[1]


@pytest.fixture
def cgroup():
    """A memory cgroup of this host's own hierarchy with a limit and no swap."""
    base = next((path for path in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup") if _has_memory(path)), None)
    if base is None:
        pytest.skip("no memory controller to make a cgroup in")
    folder = tempfile.mkdtemp(prefix="memfacts-test-", dir=base)
    try:
        name = "memory.limit_in_bytes" if os.path.exists(folder + "/memory.limit_in_bytes") else "memory.max"
        if not os.path.exists(f"{folder}/{name}"):
            pytest.skip("the memory controller is not given to cgroups below the root")
        procfs.write(f"{folder}/{name}", LIMIT)
        for files in ("memory.memsw.limit_in_bytes", "memory.swap.max"):
            if os.path.exists(f"{folder}/{files}"):
                procfs.write(f"{folder}/{files}", LIMIT if "memsw" in files else 0)
        yield folder
    finally:
        _remove(folder)


def _has_memory(path):
    controllers = procfs.text(path + "/cgroup.controllers")
    return os.path.exists(path + "/memory.limit_in_bytes") or "memory" in (controllers or "").split()


def _remove(folder):
    for name in [name for name in os.listdir(folder) if os.path.isdir(f"{folder}/{name}")]:
        _remove(f"{folder}/{name}")
    procfs.wait_until(lambda: not procfs.text(folder + "/cgroup.procs"))
    os.rmdir(folder)


@pytest.fixture
def hold():
    """hold(cgroup folder, MiB, adj) -> the process, which lives until the test ends or the kernel kills it."""
    with contextlib.ExitStack() as stack:

        def start(folder, size, adj=0):
            os.makedirs(folder, exist_ok=True)
            command = [sys.executable, "-S", "-c", HOLDER, folder, str(size), str(adj)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout.readline() == b"ready\n"
            return process

        yield start


def answer_for(folder):
    found = victims.predict(host.at("/"))
    answers = [answer for answer in found.cgroups if folder.endswith(answer.domain.path)]
    assert len(answers) == 1, folder
    return answers[0]


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([("a", 30, 0), ("a", 12, 0), ("b", 8, 0)], id="the-biggest"),
        # 300/1000 of 96 MiB is more than the 22 MiB by which the other is larger.
        pytest.param([("a", 34, 0), ("b", 12, 300)], id="the-one-with-the-higher-adj"),
        pytest.param([("a/deep/er", 25, 100), ("b", 30, 0)], id="in-a-cgroup-below"),
    ],
)
def test_the_kernel_kills_whom_was_said(cgroup, hold, sizes):
    processes = [hold(f"{cgroup}/{name}", size, adj) for name, size, adj in sizes]
    answer = answer_for(cgroup)
    assert {task.pid for task in answer.domain.tasks} == {process.pid for process in processes}
    assert answer.ranking.sure, answer.ranking
    command = [sys.executable, "-S", "-c", FILLER, cgroup, str(LIMIT // MIB)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as filler:
        try:
            assert filler.stdout.readline() == b"killed\n"
            assert procfs.wait_until(lambda: any(one.poll() is not None for one in processes))
        finally:
            filler.kill()
    dead = [process.pid for process in processes if process.poll() is not None]
    assert dead == [task.pid for task in answer.ranking.victims]
    assert [process.returncode for process in processes if process.pid in dead] == [-signal.SIGKILL]


def test_scan_order_is_order_of_creation(cgroup, hold):
    first, second, third = hold(cgroup + "/z", 1), hold(cgroup + "/a", 1), hold(cgroup + "/z/y", 1)
    order = [task.pid for task in answer_for(cgroup).domain.tasks]
    assert order == [first.pid, third.pid, second.pid]


HEADLESS = """
import ctypes, threading, time
held = b"x" * (40 << 20)
threading.Thread(target=time.sleep, args=(600,)).start()
print("ready", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_whose_first_thread_has_ended_is_seen():
    """The kernel finds its memory through another thread, though its status shows none."""
    command = [sys.executable, "-S", "-c", HEADLESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            ended = procfs.wait_until(lambda: "VmRSS" not in procfs.text(f"/proc/{process.pid}/status"))
            task = victims.predict(host.at("/")).tasks.by_pid[process.pid]
        finally:
            process.kill()
    assert ended and task.rss * procfs.PAGE > 40 * MIB
