# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module oom_score_adj as Ansible does on a host, without the seconds that a whole ansible call takes."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

from tests import CHECKOUT
from tests.live import forks, procfs

MODULE = os.path.join(CHECKOUT, "plugins", "modules", "oom_score_adj.py")
# The second is for an interpreter that was copied out of its environment.
PATHS = [os.path.join(CHECKOUT, ".venv", "collections"), *filter(None, sys.path[1:])]
RECORD = "/var/lib/memfacts/oom_score_adj.json"
TIMEOUT = 600  # only what hangs lasts so long
MARKS = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.usefixtures("own_adj_record"),
    pytest.mark.skipif(os.geteuid() != 0, reason="setting other processes' values takes root"),
]
# Of this run alone: tests of another checkout on this host call theirs otherwise.
PREFIX = f"adj-{os.getpid()}-"
NAME = (PREFIX + "sleeper")[:15]  # as much as the kernel keeps of a name
# A process with two children.
TREE = "import os, time\nfor dummy in range(2):\n    if os.fork() == 0:\n        break\ntime.sleep(600)\n"
_CAP_SYS_RESOURCE = 24


def run(*before, **options):
    """The module's result; the arguments are those of `finished`."""
    done = finished(*before, **options)
    lines = done.stdout.decode().splitlines()
    assert lines, done.stderr.decode()
    return json.loads(lines[-1])


def finished(*before, check=False, python=sys.executable, **options):
    """The module's process at its end; `before` is a command to run it under, such as strace and its options."""
    folder = tempfile.mkdtemp()
    try:
        settings = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": folder}
        arguments = os.path.join(folder, "arguments")
        with open(arguments, "w") as stream:
            json.dump({"ANSIBLE_MODULE_ARGS": dict(options, **settings)}, stream)
        if before or python != sys.executable:
            return _started(*before, python, "-B", MODULE, arguments)
        return forks.run(MODULE, arguments)
    finally:
        shutil.rmtree(folder)


def _started(*command):
    return subprocess.run(
        command,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(PATHS)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        check=False,
    )


def of(pid):
    """The value that the kernel shows for a process."""
    with open(f"/proc/{pid}/oom_score_adj") as stream:
        return int(stream.read())


def record_text():
    """The record as it is on the host, None where there is none."""
    try:
        with open(RECORD) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def boot_id():
    """The name of this boot of the kernel."""
    with open("/proc/sys/kernel/random/boot_id") as stream:
        return stream.read().strip()


def changes(result):
    """{pid: (before, after)} of what the module says it set."""
    rows = [(row["pid"], (row["before"], row["after"])) for row in result["processes"]]
    return {pid: values for pid, values in rows if values[0] != values[1]}


@contextlib.contextmanager
def cgroup(path, pid):
    """The process is in a cgroup of this path, in the hierarchy of the memory controller, and leaves it at the end."""
    top, home = _memory_top()[0], home_of(pid)
    folder = f"{top}/{path}"
    parents = [name for name in (os.path.dirname(folder), folder) if not os.path.isdir(name)]
    for name in parents:
        os.mkdir(name)
    try:
        join(folder, pid)
        yield
    finally:
        join(home, pid)
        for name in reversed(parents):
            os.rmdir(name)


def home_of(pid):
    """The folder of the process's cgroup in the hierarchy of the memory controller."""
    top, mark = _memory_top()
    with open(f"/proc/{pid}/cgroup") as stream:
        line = [line for line in stream if mark in line][0]
    return top + line.rstrip("\n").split(":", 2)[2]


def _memory_top():
    """Where the hierarchy is mounted, and what marks its line in /proc/PID/cgroup."""
    with open("/proc/mounts") as stream:
        mounts = [line.split() for line in stream]
    v1 = [mount for mount in mounts if mount[2] == "cgroup" and "memory" in mount[3].split(",")]
    top = (v1 or [mount for mount in mounts if mount[2] == "cgroup2"])[0][1]
    return top, ":memory:" if v1 else "0::"


def join(folder, pid):
    """Move the process into the cgroup."""
    with open(f"{folder}/cgroup.procs", "w") as stream:
        stream.write(str(pid))


@contextlib.contextmanager
def own_record():
    """No record is there before, and none is left."""
    # Another checkout's tests may run on this host; theirs goes away with each test.
    gone = procfs.wait_until(lambda: not os.path.exists(RECORD), 300)
    assert gone, f"{RECORD} exists, so somebody uses the module on this host; run it with state: absent first"
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(RECORD)
            os.rmdir(os.path.dirname(RECORD))


def wait_for(what, seconds=300):
    """The first true answer of `what`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


@contextlib.contextmanager
def running(*command):
    """A process that lives while the block runs; it has called execve(2)."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        program = os.path.realpath(shutil.which(command[0]))
        wait_for(lambda: os.readlink(f"/proc/{child.pid}/exe") == program)
        yield child.pid
    finally:
        child.kill()
        child.wait()


def two_children(pid):
    """The pids of the children of a TREE, when both are born."""

    def born():
        found = [int(word) for word in procfs.text(f"/proc/{pid}/task/{pid}/children").split()]
        return found if len(found) == 2 else None

    return wait_for(born)


def may_lower():
    """Whether this run may set a value below the one that a process was born with."""
    capabilities = re.search(r"CapEff:\t([0-9a-f]+)", procfs.text("/proc/self/status"))[1]
    return bool(int(capabilities, 16) >> _CAP_SYS_RESOURCE & 1)
