# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet: every host of hosts.py a user-mode kernel on a disk of its own, in one network namespace, reached by SSH.

All there is of a fleet is its namespace with the processes in it, its scratch folder and the files for Ansible;
all three are known by the fleet's name, so a fleet can be taken down by whoever knows the checkout.
"""

import base64
import concurrent.futures
import hashlib
import os
import shutil
import signal
import subprocess
import time
from typing import NamedTuple

from tests import CHECKOUT
from tests.fleet import hosts
from tests.lab import debian, kernels

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY_MB = 512
READY_SECONDS = 180
COMMAND_SECONDS = 180
NEEDS = ("ip", "ethtool", "ssh", "mmdebstrap", "mke2fs")

SSH_CONFIG = """\
Host {names}
    User root
    IdentityFile {scratch}/id
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {scratch}/known_hosts
    GlobalKnownHostsFile none
    StrictHostKeyChecking yes
    ControlMaster auto
    ControlPath {scratch}/ssh-%n
    ControlPersist 600
    ConnectTimeout 20
    ServerAliveInterval 15
    ServerAliveCountMax 8
    LogLevel ERROR
"""


class Unavailable(Exception):
    """No fleet can be started on this machine; one sentence says why."""


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
    """One running host."""

    def __init__(self, fleet, host):
        self.fleet, self.host, self.name = fleet, host, host.name
        self.folder = os.path.join(fleet.scratch, host.name)
        self.address = f"{fleet.subnet}.{host.number}"
        self.console = os.path.join(self.folder, "console.txt")
        self.process = None

    def boot(self):
        """Start its kernel; returns at once."""
        os.makedirs(os.path.join(self.folder, "uml"))
        kernel = os.path.join(kernels.folder(kernels.find(self.host.kernel)), "kernel")
        # Of the disk only what this guest writes is in its own file. No path here may have a space or a comma in it.
        command = [
            *self.fleet.inside,
            *(kernel, f"mem={MEMORY_MB}M", f"uml_dir={self.folder}/uml/", "umid=uml"),
            *(f"ubd0={self.folder}/disk,{self.fleet.scratch}/{self.host.suite}", "root=/dev/ubda", "rw"),
            *("con=null", "con0=null,fd:1", "con1=null", "ssl=null"),
            *(f"eth0=tuntap,tap{self.host.number}", f"systemd.hostname={self.name}", *self.host.boot),
            *(f"lab.address={self.address}/24", f"lab.gateway={self.fleet.subnet}.1"),
            f"lab.seed={self.fleet.scratch}/seed",
            # No /dev/watchdog: systemd 247 (Debian 11) opens it for a reboot. The kernel then starts the machine's
            # uml_watchdog, where the package uml-utilities is installed. That program lives through the reboot, hears
            # nothing from the new boot, and kills it after 60 s.
            "initcall_blacklist=harddog_miscdev_init",
        ]
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, start_new_session=True
            )

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
        before = self._boot_id()
        self.sh("systemctl reboot", check=False)
        self.hang_up()
        self.wait(unlike=before)

    def wait(self, unlike=None):
        """Until systemd has started all there is, in another boot than `unlike`."""
        end = time.monotonic() + READY_SECONDS
        errors = ""
        while time.monotonic() < end:
            self.must_live(errors)
            errors = self._tells_boot(unlike)
            if not errors:
                state = self.sh("timeout 120 systemctl is-system-running --wait", check=False).output.strip()
                if state != "running":
                    raise GuestDied(f"{self.name} is {state}:\n{self.sh('systemctl --failed --no-pager')}")
                return
            time.sleep(0.3)
        raise GuestDied(f"{self.name} was not reached in {READY_SECONDS} s: {errors}\n{self.tail()}")

    def _tells_boot(self, unlike):
        """Empty when the host answers and has booted again, otherwise why not."""
        try:
            done = self._ssh(["cat /proc/sys/kernel/random/boot_id"], 30, options=["-o", "ConnectTimeout=2"])
        except subprocess.TimeoutExpired:
            self.hang_up()
            return "no answer in 30 s"
        if done.status:
            return done.errors.strip() or "no answer"
        if done.output == unlike:
            self.hang_up()
            return "it has not gone down yet"
        return ""

    def must_live(self, said=""):
        """Raise GuestDied when its kernel has ended."""
        if self._has_ended():
            raise GuestDied(f"{self.name} has ended: {said}\n{self.tail()}")

    def _has_ended(self):
        return self.process is None or self.process.poll() is not None

    def tail(self, lines=40):
        """The end of what its kernel and its systemd said."""
        if not os.path.exists(self.console):
            return "its console is gone"
        with open(self.console, encoding="utf-8", errors="replace") as stream:
            text = "".join(stream.readlines()[-lines:])
        return f"--- console of {self.name} ---\n{text}---"

    def hang_up(self):
        """Close the shared connection, which would outlive the host's reboot."""
        self._ssh(["-O", "exit"], 30, before_host=True)

    def _boot_id(self):
        return self.sh("cat /proc/sys/kernel/random/boot_id")

    def _ssh(self, words, timeout, stdin="", options=(), before_host=False):
        target = [*words, self.name] if before_host else [self.name, *words]
        process = subprocess.Popen(
            [*self.fleet.inside, "ssh", "-F", self.fleet.ssh_config, *options, *target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        end = time.monotonic() + timeout
        while True:
            try:
                output, errors = process.communicate(stdin, timeout=1)
                return Done(process.returncode, output, errors)
            except subprocess.TimeoutExpired:
                stdin = None  # is being sent
                # ssh itself would wait for a dead host, and the shared connection holds the pipes open.
                if self._has_ended() or time.monotonic() > end:
                    process.kill()
                    for stream in (process.stdin, process.stdout, process.stderr):
                        stream.close()
                    process.wait()
                    raise


class Fleet:
    """The fleet `purpose` of this checkout; its inventory and ssh_config are in `folder`."""

    def __init__(self, purpose, folder):
        # Several checkouts may have one at a time, and a checkout one to play with and one under test.
        key = hashlib.sha256(os.fsencode(CHECKOUT) + purpose.encode()).hexdigest()
        self.name = f"memfacts-{purpose}-{key[:8]}"
        self.subnet = f"10.77.{int(key[:2], 16)}"
        self.scratch = os.path.join("/var/tmp", self.name)
        self.folder = folder
        self.inventory = os.path.join(folder, "inventory.yml")
        self.ssh_config = os.path.join(folder, "ssh_config")
        self.inside = ("ip", "netns", "exec", self.name)
        self.guests = {host.name: Guest(self, host) for host in hosts.HOSTS}

    def start(self):
        """Start all hosts, also where there is an old fleet of that name; returns when systemd is up on each."""
        try:
            debian.require(*NEEDS)
            self._fetch()
        except (debian.PackageError, kernels.Unavailable, subprocess.CalledProcessError) as error:
            raise Unavailable(f"skipped: fleet: {error}") from error
        self.stop()
        try:
            self._lay_out()
            self._make_network()
            for guest in self.guests.values():
                guest.boot()
            self.each(Guest.wait)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Leave nothing of the fleet; nothing happens where there is none."""
        if os.path.exists(f"/run/netns/{self.name}"):
            self._end_processes()
            _run("ip", "netns", "del", self.name)
        for guest in self.guests.values():
            if guest.process is not None:
                guest.process.wait()
                guest.process = None
        shutil.rmtree(self.scratch, ignore_errors=True)
        for path in (self.inventory, self.ssh_config):
            if os.path.exists(path):
                os.unlink(path)
        if os.path.isdir(self.folder) and not os.listdir(self.folder):
            os.rmdir(self.folder)

    def each(self, call, names=None):
        """{name: call(guest)}, all hosts or those of `names` at the same time."""
        chosen = {name: self.guests[name] for name in names or self.guests}
        pool = concurrent.futures.ThreadPoolExecutor(len(chosen))
        try:
            return dict(zip(chosen, pool.map(call, chosen.values())))
        finally:
            pool.shutdown(wait=False)  # who is interrupted here stops the fleet, which ends the calls

    def _fetch(self):
        """Fill the cache, the two suites side by side."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for kernel in sorted({host.kernel for host in hosts.HOSTS}):
                kernels.folder(kernels.find(kernel))
            suites = sorted({host.suite for host in hosts.HOSTS})
            self.disks = dict(zip(suites, pool.map(hosts.disk, suites)))

    def _lay_out(self):
        os.mkdir(self.scratch, 0o700)
        seed = os.path.join(self.scratch, "seed")
        os.mkdir(seed)
        for suite, disk in self.disks.items():
            os.symlink(disk, os.path.join(self.scratch, suite))
        for path in (f"{self.scratch}/id", f"{seed}/ssh_host_ed25519_key"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", path)
        os.rename(f"{self.scratch}/id.pub", f"{seed}/authorized_keys")
        with open(f"{seed}/ssh_host_ed25519_key.pub", encoding="utf-8") as stream:
            key = stream.read()
        guests = self.guests.values()
        _write(f"{self.scratch}/known_hosts", "".join(f"{guest.address} {key}" for guest in guests))
        os.makedirs(self.folder, exist_ok=True)
        _write(self.ssh_config, self._ssh_config_text())
        _write(self.inventory, self._inventory_text())

    def _ssh_config_text(self):
        each = [f"Host {guest.name}\n    HostName {guest.address}\n" for guest in self.guests.values()]
        return "".join(each) + SSH_CONFIG.format(names=" ".join(self.guests), scratch=self.scratch)

    def _inventory_text(self):
        # The shared connections are those of ssh_config, so Ansible is not to have its own.
        lines = ["all:", "  vars:", "    ansible_user: root", f"    ansible_ssh_args: '-F \"{self.ssh_config}\"'"]
        lines += ["    ansible_pipelining: true", "    ansible_python_interpreter: /usr/bin/python3", "  children:"]
        for suite in self.disks:
            lines += [f"    {suite}:", "      hosts:"]
            lines += [f"        {host.name}:" for host in hosts.HOSTS if host.suite == suite]
        return "\n".join(lines) + "\n"

    def _make_network(self):
        _run("ip", "netns", "add", self.name)
        _run(*self.inside, "ip", "link", "set", "lo", "up")
        for guest in self.guests.values():
            tap = f"tap{guest.host.number}"
            _run(*self.inside, "ip", "tuntap", "add", "dev", tap, "mode", "tap")
            _run(*self.inside, "ip", "address", "add", f"{self.subnet}.1", "peer", guest.address, "dev", tap)
            _run(*self.inside, "ip", "link", "set", tap, "up")
            # Otherwise checksums are left to a card that is not there: ping works and TCP hangs.
            _run(*self.inside, debian.command("ethtool"), "-K", tap, "tx", "off")

    def _end_processes(self):
        """Whatever runs in the namespace is the fleet's: kernels, their processes, connections, Ansible."""
        for _attempt in range(100):
            listed = _run("ip", "netns", "pids", self.name).split()
            for pid in listed:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not listed:
                return
            for guest in self.guests.values():
                if guest.process is not None:
                    guest.process.poll()
            time.sleep(0.1)
        raise Unavailable(f"processes in the network namespace {self.name} do not end")


def _run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"skipped: fleet: '{' '.join(words)}' failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
