# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot a kernel of the table, run one Python script of the checkout in it as root, bring back what it left."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile

from tests import CHECKOUT
from tests.lab import cache, debian, guestroot, kernels, machines

# A network, pids and mounts of its own: whatever ends first takes all processes of the guest with it, also those that a
# user-mode kernel traces, and its helpers. Only root may; without it no guest has a network interface either.
APART = "unshare --net --pid --fork --kill-child --mount-proc".split() + ["sh", "-c", '"$@"; exit $?', "guest"]
ISOLATED = [] if os.geteuid() else APART
PYTHON_PATH = ("plugins/module_utils", "")


class GuestDied(Exception):
    """The guest ended without an exit status of the script: a panic, or it was killed at the timeout."""


def run(kernel_name, script, out_dir, args=(), mem_mb=512, timeout=None, cgroup="v2", swap_mb=0, files=()):
    """Exit status of `python3 script args…` in a guest; all that it leaves in $MEMFACTS_OUT lands in `out_dir`.

    There too: console.txt with what the script printed, boot.txt with what the kernel did. `files` of this machine,
    programs for one, are in the guest below /out/.lab.
    Raises kernels.Unavailable when the kernel cannot be had here, GuestDied when it did not live to tell.
    """
    kernel = kernels.find(kernel_name)
    if cgroup not in kernel.cgroups:
        raise kernels.Unavailable(kernel.name, f"it has no memory controller of cgroup {cgroup}")
    machine = machines.MACHINES[kernel.machine]
    try:
        debian.require(*machine.needs)
    except debian.PackageError as error:
        raise kernels.Unavailable(kernel.name, error) from error
    root = cache.folder(guestroot.name(), guestroot.build)
    parts = machines.Parts(root, kernels.folder(kernel), CHECKOUT)
    os.makedirs(out_dir, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-") as stage:
        os.makedirs(f"{stage}/out/.lab")
        with open(f"{stage}/out/.lab/run", "w", encoding="utf-8") as stream:
            stream.write(_commands(script, args))
        for path in files:
            shutil.copy2(path, f"{stage}/out/.lab/")
        if swap_mb:
            _sparse(f"{stage}/swap", swap_mb)
        machine.prepare(stage, parts)
        command = machine.command(stage, parts, mem_mb, [f"LAB_CGROUP={cgroup}", f"LAB_SWAP_MB={swap_mb}"])
        boot_log = os.path.join(out_dir, "boot.txt")
        in_time = _boot(command, boot_log, timeout or machine.timeout)
        machine.collect(stage)
        status = _status(f"{stage}/out/.lab/status")
        shutil.rmtree(f"{stage}/out/.lab")
        shutil.copytree(f"{stage}/out", out_dir, dirs_exist_ok=True)
    if status is None:
        reason = "died" if in_time else f"was killed after {timeout or machine.timeout} s"
        raise GuestDied(f"{kernel.name} {reason} before {os.path.basename(script)} ended: see {boot_log}")
    return status


def _commands(script, args):
    inside = os.path.relpath(os.path.realpath(script), CHECKOUT)
    if inside.startswith(".."):
        raise ValueError(f"{script} is not below {CHECKOUT}, and a guest sees nothing else")
    path = ":".join(f"/work-tree/{name}" for name in PYTHON_PATH)
    call = " ".join(shlex.quote(word) for word in ("python3", f"/work-tree/{inside}", *args))
    return f"export MEMFACTS_OUT=/out PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={path}\ncd /tmp\nexec {call}\n"


def _sparse(path, size_mb):
    with open(path, "wb") as stream:
        stream.truncate(size_mb << 20)


def _boot(command, boot_log, timeout):
    """True when the guest ended by itself. Nothing of it is left behind, not even if this process is killed."""
    with open(boot_log, "wb") as log:
        guest = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *ISOLATED, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            guest.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(guest)


def _end(guest):
    try:
        os.killpg(guest.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    guest.wait()


def _status(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return int(stream.read())
    except (FileNotFoundError, ValueError):
        return None
