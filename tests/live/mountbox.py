# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mount namespace of its own in which the module may change /etc, /run and /var/lib without the host noticing.

Run as a program it is the process that keeps the namespace, or (`run PID MODULE`) one run of a module in it.
"""

import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys

from tests import CHECKOUT
from tests.live import forks, syscalls

ITSELF = (sys.executable, "-B", "-m", "tests.live.mountbox")
# What stands for systemctl and loginctl: it writes down how it was called and answers from files.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >> /run/calls
case "$*" in
    *--property=ActiveState*) echo ActiveState=active ;;
    *--property=FragmentPath,DropInPaths*)
        echo "FragmentPath=$(ls /etc/systemd/system/"$5" /run/systemd/generator/"$5" 2>/dev/null | head -n 1)"
        echo "DropInPaths=$(ls -d /etc/systemd/system/"$5".d/*.conf 2>/dev/null | tr '\\n' ' ')" ;;
    "show-session -p "*) grep "^$3=" /run/logind-says ;;
esac
exit 0
"""


class Box:
    """The namespace. Paths are as seen inside."""

    def __init__(self, process):
        self.pid = process.pid
        self._process = process

    def outside(self, path):
        """The path through which this process reaches a file of the namespace."""
        return f"/proc/{self.pid}/root{path}"

    def read(self, path):
        """The bytes of a file, None where it is missing."""
        try:
            with open(self.outside(path), "rb") as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    def write(self, path, content):
        """Write a file, making its folders."""
        os.makedirs(os.path.dirname(self.outside(path)), exist_ok=True)
        with open(self.outside(path), "wb") as stream:
            stream.write(content)

    def sh(self, script):
        """Run a shell script inside; its output."""
        command = ["nsenter", f"--mount=/proc/{self.pid}/ns/mnt", "sh", "-ec", script]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()

    def mounted(self, path):
        """(flags, options of the superblock) of what is mounted there last."""
        with open(f"/proc/{self.pid}/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
            rows = [line.split() for line in stream]
        row = [row for row in rows if row[4] == path][-1]
        return row[5].split(","), row[row.index("-") + 3].split(",")

    def space(self, path):
        """(size in bytes, inodes) by statvfs."""
        status = os.statvfs(self.outside(path))
        return status.f_blocks * status.f_frsize, status.f_files

    def command(self, module, uid=0, **arguments):
        """How to run a module here, as that user."""
        return [*ITSELF, "run", str(self.pid), module, str(uid), json.dumps(arguments)]

    def run(self, module, *wrapper, **arguments):
        """The result of a module; `wrapper` is a command that runs it, such as strace."""
        command = [*wrapper, *self.command(module, **arguments)]
        if wrapper:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT, check=False)
        else:
            done = forks.run(__file__, *command[len(ITSELF) :])
        lines = [line for line in done.stdout.decode().splitlines() if line.startswith("{")]
        if not lines:
            raise AssertionError((done.stdout, done.stderr))
        return json.loads(lines[0])


@contextlib.contextmanager
def box():
    """A box with a copy of /etc, an empty /var/lib and a /run of 64 MiB."""
    process = subprocess.Popen([*ITSELF, "keep"], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if process.stdout.readline() != b"ready\n":
            raise AssertionError("the namespace could not be made")
        yield Box(process)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def _keep():
    syscalls.unshare(syscalls.CLONE_NEWNS)
    for path in ("/run", "/dev/shm"):  # whatever is mounted there or below is covered
        flags = syscalls.MS_NOSUID | syscalls.MS_NODEV
        syscalls.mount("tmpfs", path, "tmpfs", flags, "size=64m,mode=755")
    os.makedirs("/run/etc/systemd")
    for name in ("passwd", "group"):
        shutil.copy("/etc/" + name, "/run/etc")
    for name in ("etc", "lib"):
        os.makedirs("/run/box/" + name, exist_ok=True)
        syscalls.mount("tmpfs", "/run/box/" + name, "tmpfs", 0, "size=32m,mode=755")
    shutil.copytree("/run/etc", "/run/box/etc", dirs_exist_ok=True)
    shutil.rmtree("/run/etc")
    os.makedirs("/run/bin")
    for name in ("systemctl", "loginctl"):
        with open("/run/bin/" + name, "w") as stream:
            stream.write(STUB)
        os.chmod("/run/bin/" + name, 0o755)
    syscalls.mount("/run/box/etc", "/etc", None, 4096)  # MS_BIND
    syscalls.mount("/run/box/lib", "/var/lib", None, 4096)
    os.write(1, b"ready\n")
    sys.stdin.read()


def _run(pid, module, uid, arguments):
    from ansible.module_utils import basic

    # Imported before the change of user, who may not be allowed into the checkout.
    program = importlib.import_module(f"ansible_collections.memfacts.linux.plugins.modules.{module}")
    syscalls.enter_mounts_of(pid)
    os.setuid(int(uid))
    os.environ["PATH"] = "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    given = {"ANSIBLE_MODULE_ARGS": dict({"_ansible_remote_tmp": "/run/ansible"}, **json.loads(arguments))}
    basic._ANSIBLE_ARGS = json.dumps(given).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    program.main()


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        _keep()
    else:
        sys.path.insert(0, os.path.join(CHECKOUT, ".venv", "collections"))
        _run(int(sys.argv[2]), *sys.argv[3:])
