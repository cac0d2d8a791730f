# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In a guest, where root really is root: lower values, make a lifeline unkillable, be refused in a user namespace.

Writes lower.json and contained.json: for each step what changed, or the sentence it fails with, and the value then.
"""

import json
import os
import shutil
import signal
import subprocess
import sys

from tests.live import syscalls

# The guest's root cannot be written, so it gets one with the folders that a host has; the rest is bound into it.
ROOT, BOUND, MADE = "/tmp/root", ("dev", "out", "proc", "usr", "work-tree"), ("run", "sbin", "tmp", "var/lib")
MS_BIND = 4096
CLONE_NEWUSER = 0x10000000
CONTAINED = "contained"
DEFAULTS = {"scope": "system", "children": False, "allow_unkillable": False, "persist": "auto", "state": "present"}


class Module:
    """As much of AnsibleModule as the task uses; a guest has no Ansible."""

    check_mode, tmpdir = False, "/tmp"

    def __init__(self, options):
        names = ("pid", "name", "pattern", "user", "unit", "cgroup", "container", "value", "entries")
        self.params = dict.fromkeys(names)
        self.params.update(DEFAULTS, missing="fail", lock_timeout=60, unsafe_writes=False, **options)

    def warn(self, text):
        print(text)

    def add_cleanup_file(self, path):
        pass

    def atomic_move(self, source, target, **dummy):
        shutil.copy(source, target + ".new")
        os.rename(target + ".new", target)


def main():
    if sys.argv[1:] == [CONTAINED]:
        # Root of a namespace of its own, which nobody in a chroot may make, so the chroot comes second.
        syscalls.unshare(CLONE_NEWUSER)
        with open("/proc/self/uid_map", "w") as stream:
            stream.write("0 0 1")
        os.chroot(ROOT)
        write(CONTAINED, in_a_user_namespace())
        return
    make_root()
    subprocess.run([sys.executable, os.path.abspath(__file__), CONTAINED], check=True)
    os.chroot(ROOT)
    write("lower", as_root())


def make_root():
    for folder in (*BOUND, *MADE):
        os.makedirs(os.path.join(ROOT, folder))
    for folder in BOUND:
        syscalls.mount("/" + folder, os.path.join(ROOT, folder), None, MS_BIND)
    for name in ("bin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(ROOT, name))
    os.makedirs(ROOT + "/tmp/ansible_collections/memfacts")
    os.symlink("/work-tree", ROOT + "/tmp/ansible_collections/memfacts/linux")


def as_root():
    victim, sshd = sleeping("/tmp/worker"), sleeping("/sbin/sshd")
    steps = {
        "lowered": step(victim, pid=victim, value=-500),
        "lowered more": step(victim, pid=victim, value=-900),
        "given back": step(victim, pid=victim, state="absent"),
        "unkillable": step(victim, pid=victim, value=-1000),
        "unkillable on purpose": step(victim, pid=victim, value=-1000, allow_unkillable=True),
        "killable again": step(victim, pid=victim, state="absent"),
        "lifeline": step(sshd, name="sshd", value=-1000),
        "all given back": step(sshd, state="absent"),
    }
    for pid in (victim, sshd):
        os.kill(pid, signal.SIGKILL)
    return steps


def in_a_user_namespace():
    pid = sleeping("/tmp/contained")
    told = step(pid, pid=pid, value=-1)
    os.kill(pid, signal.SIGKILL)
    return told


def sleeping(path):
    """The pid of a program at this path that sleeps."""
    shutil.copy("/bin/busybox", path)
    pid = os.fork()
    if pid == 0:
        os.execv(path, ["sleep", "600"])
    while os.readlink(f"/proc/{pid}/exe") != path:
        pass
    return pid


def step(process, **options):
    """{changed or failed, value}: what the task says, and what the kernel shows for the process."""
    sys.path.insert(0, "/tmp")
    from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
    from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import task

    try:
        told = {"changed": task.run(Module(options))["changed"]}
    except MemfactsError as error:
        told = {"failed": str(error)}
    with open(f"/proc/{process}/oom_score_adj") as stream:
        return dict(told, value=int(stream.read()))


def write(name, record):
    with open(os.path.join(os.environ["MEMFACTS_OUT"], name + ".json"), "w") as stream:
        json.dump(record, stream)


if __name__ == "__main__":
    main()
