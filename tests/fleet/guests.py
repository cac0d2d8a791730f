# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a fleet while it runs: its kernel's process and console, commands by SSH, reboot, death, replacement."""

import base64
import os
import re
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

from tests.fleet import environment
from tests.lab import kernels, machines

MEMORY_MB = 512
# Each of these only stops what hangs. A busy machine needs many times what an idle one does: 10 s for a reboot there.
READY_SECONDS = 600
COMMAND_SECONDS = 600
ANSWER_SECONDS = 120
LOGIN_SECONDS = 30

# A user-mode kernel keeps its memory in a file that it makes in TMPDIR. In /dev/shm it would die of SIGBUS where that
# is small, would not start where that is noexec, and would be seen by tests that look at this machine's /dev/shm.
# `ip netns exec` runs it among mounts of its own, so nobody else sees this one, and it goes away with the guest.
WITH_OWN_MEMORY = 'mount -t tmpfs -o "mode=700,size=$1" memory "$2" && shift 2 && exec "$@"'
# Colours, and the line that systemd writes each second about a job that takes long, which would push out all others.
NOISE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\x1bM|\r|.*Job \S+ running \(.*")
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class GuestDied(Exception):
    """A host's kernel ended, or the host cannot be reached in time; with the end of its console."""


class CommandFailed(Exception):
    """A command on a host ended with another status than 0; with all it said."""


class Done(NamedTuple):
    """How a command on a host ended."""

    status: int
    output: str
    errors: str


class Guest:
    """One running host. `starts` counts how often it began anew, with a fresh disk; a reboot is none of them."""

    memory_mb = MEMORY_MB

    def __init__(self, fleet, host):
        self.fleet, self.host, self.name = fleet, host, host.name
        self.folder = os.path.join(fleet.scratch, host.name)
        self.address = f"{fleet.subnet}.{host.number}"
        self.console = os.path.join(self.folder, "console.txt")
        self.process = None
        self.starts = 0

    def boot(self):
        """Start its kernel; returns at once."""
        memory = os.path.join(self.folder, "memory")
        for folder in (os.path.join(self.folder, "uml"), memory):
            os.makedirs(folder)
        kernel = os.path.join(kernels.folder(kernels.find(self.host.kernel)), "kernel")
        # Of the disk only what this guest writes is in its own file. No path here may have a space or a comma in it.
        command = [
            *self.fleet.inside,
            *("sh", "-c", WITH_OWN_MEMORY, "sh", f"{self.memory_mb + 64}m", memory),
            # Where this machine puts a program at random addresses, a guest would have other RAM at each boot.
            *("setarch", "--addr-no-randomize"),
            *(kernel, f"mem={self.memory_mb}M", f"uml_dir={self.folder}/uml/", "umid=uml"),
            *(f"ubd0={self.folder}/disk,{self.fleet.scratch}/{self.host.suite}", "root=/dev/ubda", "rw"),
            *("con=null", "con0=null,fd:1", "con1=null", "ssl=null"),
            *(f"eth0=tuntap,tap{self.host.number}", f"systemd.hostname={self.name}", *self.host.boot),
            *(f"lab.address={self.address}/24", f"lab.gateway={self.fleet.subnet}.1"),
            f"lab.seed={self.fleet.scratch}/seed",
            # No /dev/watchdog: systemd 247 (Debian 11) opens it for a reboot. The kernel then starts the machine's
            # uml_watchdog, where the package uml-utilities is installed. That program lives through the reboot, hears
            # nothing from the new boot, and kills it after 60 s.
            machines.NO_WATCHDOG,
            # No unit fails because the machine was busy while it started: by itself systemd waits 90 s.
            f"systemd.default_timeout_start_sec={READY_SECONDS}",
        ]
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                command,
                env=environment.made(self.folder, TMPDIR=memory),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts += 1

    def replace(self):
        """Start it anew with a fresh disk, whatever became of it; returns when it is up."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.boot()
        self.wait()

    def end(self):
        """Kill its kernel and the processes in it, and close the connection to it."""
        if self.process is not None:
            self.hang_up()
            self._kill_all()
            self.process.wait()
            self.process = None

    def _kill_all(self):
        """What runs in a guest is a process of this machine, in the session that the guest was started as."""
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            self.process.poll()
            running = [pid for pid in _processes() if _session(pid) == self.process.pid]
            if not running:
                return
            for pid in running:
                _kill(pid)
            if time.monotonic() > end:
                raise GuestDied(f"{self.name}: processes {running} do not end after SIGKILL\n{self.tail()}")
            time.sleep(0.05)

    def sh(self, script, check=True, timeout=COMMAND_SECONDS, stdin=""):
        """Run `script` by the host's shell as root. Its standard output, or all of Done with check=False."""
        try:
            done = self._ssh([script], timeout, stdin)
        except subprocess.TimeoutExpired as error:
            self.must_live()
            raise CommandFailed(f"{self.name}: not done in {timeout} s:\n{script}\n{self.tail()}") from error
        if done.status == 255:  # ssh's own
            self.must_live(done.errors)
        if not check:
            return done
        if done.status:
            raise CommandFailed(f"{self.name}: status {done.status} of\n{script}\n{done.output}{done.errors}")
        return done.output

    def write(self, path, text):
        """Replace a file's text."""
        self.sh(f"cat >{path}", stdin=text)

    def upload(self, source, path):
        """Put a program of this machine onto the host."""
        with open(source, "rb") as stream:
            packed = base64.b64encode(stream.read()).decode()
        self.sh(f"base64 -d >{path}; chmod 755 {path}", stdin=packed)

    def read(self, path):
        """A file's text without the white space around it."""
        return self.sh(f"cat {path}").strip()

    def reboot(self):
        """As an operator does it; returns when the host is up again."""
        before = self.sh(f"cat {BOOT_ID}")
        self.sh("systemctl reboot", check=False)
        self.hang_up()
        self.wait(unlike=before)

    def wait(self, unlike=None):
        """Until systemd has started all there is, in another boot than `unlike`."""
        end = time.monotonic() + READY_SECONDS
        errors = ""
        patience = 2
        while time.monotonic() < end:
            self.must_live(errors)
            errors = self._tells_boot(unlike, patience)
            if not errors:
                self._must_be_up()
                # A login of the time before logind was up has no session, and no /run/user/0 either.
                self.hang_up()
                return
            # A host that is down lets a connection wait, a slow one answers late: be quick at first, and then patient.
            patience = min(patience + 1, LOGIN_SECONDS)
            time.sleep(0.3)
        raise GuestDied(f"{self.name} was not reached in {READY_SECONDS} s: {errors}\n{self.tail()}")

    def _must_be_up(self):
        call = f"timeout {READY_SECONDS} systemctl is-system-running --wait"
        state = self.sh(call, check=False, timeout=READY_SECONDS + ANSWER_SECONDS).output.strip()
        if state != "running":
            failed = self.sh("systemctl --failed --no-pager; systemctl list-jobs --no-pager")
            raise GuestDied(f"{self.name} is {state}:\n{failed}\n{self.tail()}")

    def _tells_boot(self, unlike, patience):
        """Empty when the host answers within `patience` and has booted again, otherwise why not."""
        try:
            done = self._ssh([f"cat {BOOT_ID}"], 4 * patience, options=["-o", f"ConnectTimeout={patience}"])
        except subprocess.TimeoutExpired:
            self.hang_up()
            return f"no answer in {4 * patience} s"
        if done.status:
            return done.errors.strip() or "no answer"
        if done.output == unlike:
            self.hang_up()
            return "it has not gone down yet"
        return ""

    def must_live(self, said=""):
        """Raise GuestDied when its kernel has ended."""
        if self.has_ended():
            raise GuestDied(f"{self.name} has ended ({self._outcome()}): {said}\n{self.tail()}")

    def must_answer(self):
        """Raise GuestDied when its kernel has ended, or when it does not answer on a new connection."""
        self.hang_up()
        end = time.monotonic() + ANSWER_SECONDS
        said = None
        while said != "":
            self.must_live(said or "")
            if time.monotonic() > end:
                raise GuestDied(f"{self.name} hangs: no answer in {ANSWER_SECONDS} s: {said}\n{self.tail()}")
            said = self._tells_boot(None, LOGIN_SECONDS)

    def has_ended(self):
        """Whether its kernel is no longer there."""
        return self.process is None or self.process.poll() is not None

    def _outcome(self):
        if self.process is None:
            return "it was not started"
        status = self.process.returncode
        return f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"

    def tail(self, lines=40):
        """The end of what its kernel and its systemd said."""
        if not os.path.exists(self.console):
            return "its console is gone"
        with open(self.console, encoding="utf-8", errors="replace") as stream:
            said = NOISE.sub("", stream.read()).splitlines()
        text = "\n".join([line for line in said if line.strip()][-lines:])
        return f"--- console of {self.name} ---\n{text}\n---"

    def hang_up(self):
        """Close the shared connection, which would outlive the host's reboot."""
        self._ssh(["-O", "exit"], ANSWER_SECONDS, before_host=True)

    def _ssh(self, words, timeout, stdin="", options=(), before_host=False):
        target = [*words, self.name] if before_host else [self.name, *words]
        process = subprocess.Popen(
            [*self.fleet.inside, "ssh", "-F", self.fleet.ssh_config, *options, *target],
            env=environment.made(self.fleet.scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        end = time.monotonic() + timeout
        try:
            while True:
                try:
                    output, errors = process.communicate(stdin, timeout=1)
                    return Done(process.returncode, output, errors)
                except subprocess.TimeoutExpired:
                    stdin = None  # is being sent
                    # ssh itself would wait for a dead host, and the shared connection holds the pipes open.
                    if time.monotonic() > end or (self.has_ended() and not before_host):
                        raise
        except BaseException:
            process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()
            process.wait()
            raise


def _processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _session(pid):
    try:
        return os.getsid(pid)
    except OSError:  # it has just ended
        return None


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
