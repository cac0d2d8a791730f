# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot a kernel of the table, run one Python script of the checkout in it as root, bring back what it left."""

import contextlib
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from tests import CHECKOUT
from tests.lab import cache, debian, guestroot, kernels, machines

# A network, pids and mounts of its own: whatever ends first takes all processes of the guest with it, also those that a
# user-mode kernel traces, and its helpers. Only root may; without it no guest has a network interface either.
APART = "unshare --net --pid --fork --kill-child --mount-proc".split() + ["sh", "-c", '"$@"; exit $?', "guest"]
ISOLATED = [] if os.geteuid() else APART
PYTHON_PATH = ("plugins/module_utils", "")
# A panic with its stack takes up to 50 lines.
LOGS, LAST_LINES = ("boot.txt", "console.txt"), 60
# A killed process has ended long before; without root what a user-mode kernel traced may stay for ever.
END_SECONDS = 60
clock = time.monotonic


class GuestDied(Exception):
    """The guest ended without what it was booted for: a panic, or it was killed at the timeout, or its script gave up.

    The first line says how; the ends of its logs follow.
    """

    def __init__(self, sentence, out_dir):
        super().__init__("\n".join([sentence, *_ends_of_logs(out_dir)]))


def run(
    kernel_name, script, out_dir, args=(), mem_mb=512, timeout=None, cgroup="v2", swap_mb=0, files=(), words=(), nodes=1
):
    """Exit status of `python3 script args…` in a guest; all that it leaves in $MEMFACTS_OUT lands in `out_dir`.

    There too: console.txt with what the script printed, boot.txt with what the kernel did. `files` of this machine,
    programs for one, are in the guest below /out/.lab. `words` are added to the kernel's command line;
    `nodes` are those of NUMA, which only an emulated machine has more than one of.
    Raises kernels.Unavailable when the kernel cannot be had here, GuestDied when it did not live to tell.
    """
    kernel = kernels.find(kernel_name)
    if cgroup not in kernel.cgroups:
        raise kernels.Unavailable(kernel.name, f"it has no memory controller of cgroup {cgroup}")
    if re.search(r"[\s,]", tempfile.gettempdir()):  # they end a word of a kernel's command line, or of qemu's
        place = tempfile.gettempdir()
        raise kernels.Unavailable(kernel.name, f"the folder {place} has a blank or a comma in its name: set TMPDIR")
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
        settings = [f"LAB_CGROUP={cgroup}", f"LAB_SWAP_MB={swap_mb}", *words]
        command = machine.command(stage, parts, mem_mb, settings) + machine.nodes(mem_mb, nodes)
        boot_log = os.path.join(out_dir, "boot.txt")
        ended = boot(command, boot_log, timeout or machine.timeout, stage, machines.environment(mem_mb))
        machine.collect(stage)
        status = _status(f"{stage}/out/.lab/status")
        shutil.rmtree(f"{stage}/out/.lab")
        shutil.copytree(f"{stage}/out", out_dir, dirs_exist_ok=True)
    if status is None:
        how = how_it_ended(ended) if ended is not None else f"was killed after {timeout or machine.timeout} s"
        raise GuestDied(f"{kernel.name} {how} before {os.path.basename(script)} ended: see {boot_log}", out_dir)
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


def boot(command, boot_log, timeout, folder, variables):
    """Exit status of the guest's process, None when it was killed at the timeout.

    Nothing of it is left behind, not even if this process is killed, and no core, which is as large as its memory.
    """
    alive, of_the_guest = os.pipe()
    with open(boot_log, "wb") as log, open(alive, "rb") as held:
        guest = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "prlimit", "--core=0", *ISOLATED, *command],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[of_the_guest],
        )
        os.close(of_the_guest)
        try:
            end = clock() + timeout
            while guest.poll() is None and clock() < end:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    guest.wait(1)
            return guest.returncode
        finally:
            _end(guest, held)


def _end(guest, held):
    """Kill what is left, and wait for the end of all: each process of the guest holds the other end of that pipe."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(guest.pid, signal.SIGKILL)
    guest.wait()
    select.select([held], [], [], END_SECONDS)


def _status(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return int(stream.read())
    except (FileNotFoundError, ValueError):
        return None


def how_it_ended(returncode):
    """The way a process ended, in words; of a signal subprocess tells less than 0, and a shell in between 128 more."""
    number = -returncode if returncode < 0 else returncode - 128
    if number in set(signal.Signals):
        return f"died of {signal.Signals(number).name}"
    return f"died with status {returncode}"


def _ends_of_logs(out_dir):
    """The last lines of what the kernel and the script said, each log with a heading."""
    for name in LOGS:
        path = os.path.join(out_dir, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as stream:
                yield f"The end of {name}:"
                yield from (f"  {line}" for line in stream.read().splitlines()[-LAST_LINES:])
