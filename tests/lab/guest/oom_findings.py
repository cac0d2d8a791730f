# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In a guest: a full cgroup of three processes at -998, what memfacts says of it before, and who dies then.

Beside it stands all that is a finding of the OOM killer's. Writes /out/findings.json: the facts before and after, the
pids by name and the names in the order in which the kernel killed them.
"""

import json
import os
import re
import subprocess
import time

from memcore.answers import facts
from memcore.gather.options import Options
from memcore.sources.host import Host

MIB = 1 << 20
CGROUPS = "/sys/fs/cgroup"
POD = CGROUPS + "/pod"
ADJ = -998
LIMIT = 60
KILLED = re.compile(r"Killed process (\d+) \(")
PATIENCE = 300  # seconds; a kill that has not come by then will not come
BUSYBOX = "/bin/busybox"


def main():
    os.mkdir(POD)
    write(f"{POD}/memory.max", LIMIT * MIB)
    pids = {"pause": start("pause", 0), "hog": start("hog", 30), "writer": start("writer", 4)}
    pids.update(wrong())
    # pid 1 is the guest's init; whoever runs this must outlive what it provokes.
    write("/proc/self/oom_score_adj", -1000)
    found = facts.collect(Host("/"), Options(subsets=("oom",)))
    os.write(GO[1], b"x")
    names = {pid: name for name, pid in pids.items()}
    killed = [names.get(pid, str(pid)) for pid in wait_for_a_kill()]
    after = facts.collect(Host("/"), Options(subsets=("oom",)))
    with open(os.path.join(os.environ["MEMFACTS_OUT"], "findings.json"), "w") as stream:
        json.dump({"facts": found, "after": after, "pids": pids, "killed": killed}, stream)


def wrong():
    """An sshd at 0, a database at -1000, a service that declares another value than it has, two sysctls; their pids."""
    write("/proc/sys/vm/panic_on_oom", 1)  # the host's OOMs only, and there will be none
    write("/proc/sys/vm/oom_kill_allocating_task", 1)
    os.makedirs("/run/systemd/system/declared.service.d")
    write("/run/systemd/system/declared.service", "[Service]\nOOMScoreAdjust=-100\n")
    write("/run/systemd/system/declared.service.d/oom.conf", "[Service]\nOOMScoreAdjust=-500\n")
    return {
        "sshd": adopted("sshd", "/system.slice/ssh.service", 0),
        "database": adopted("database", "/system.slice/database.service", -1000),
        "declared": adopted("declared", "/system.slice/declared.service", 100),
    }


def adopted(name, cgroup, adj):
    """A sleeping program of that name which pid 1 has taken over, as it would have a service; its pid."""
    os.makedirs(CGROUPS + cgroup, exist_ok=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            write(f"{CGROUPS}{cgroup}/cgroup.procs", os.getpid())
            write("/proc/self/oom_score_adj", adj)
            os.symlink(BUSYBOX, f"/tmp/{name}")
            os.write(writer, b"%d" % os.getpid())
            os.execv(f"/tmp/{name}", ["sleep", "3600"])
        os._exit(0)
    os.waitpid(child, 0)
    pid = int(os.read(reader, 16))
    while comm_of(pid) != name:  # until it has become the program
        time.sleep(0.01)
    return pid


def comm_of(pid):
    with open(f"/proc/{pid}/comm") as stream:
        return stream.read().strip()


def start(name, size):
    """Fork a process of so many MiB into the pod; returns its pid when it has them."""
    ready, taken = os.pipe()
    pid = os.fork()
    if pid:
        os.close(taken)
        os.read(ready, 1)
        os.close(ready)
        return pid
    write("/proc/self/comm", name)
    write("/proc/self/oom_score_adj", ADJ)
    write(f"{POD}/cgroup.procs", os.getpid())
    if name == "pause":
        # A program of a few pages, as the real one is, under that name; the pipe's end closes with the exec.
        os.symlink(BUSYBOX, "/tmp/pause")
        os.execv("/tmp/pause", ["sleep", "3600"])
    kept = [bytearray(b"x") * (size * MIB)]
    os.write(taken, b"x")
    if name == "writer":
        os.read(GO[0], 1)
        while True:
            kept.append(bytearray(b"x") * MIB)
    while True:
        time.sleep(3600)


def wait_for_a_kill():
    """The pids of the killed in the kernel log's order, as soon as it names one; none when nobody is killed."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        log = subprocess.run([BUSYBOX, "dmesg"], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8", "replace")
        pids = [int(pid) for pid in KILLED.findall(log)]
        if pids:
            return pids
        time.sleep(0.1)
    return []


def write(path, value):
    with open(path, "w") as stream:
        stream.write(str(value))


GO = os.pipe()
if __name__ == "__main__":
    main()
