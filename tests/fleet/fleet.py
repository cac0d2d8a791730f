# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet: every host of hosts.py a user-mode kernel on a disk of its own, in one network namespace, reached by SSH.

All there is of a fleet is its namespace with the processes in it, its scratch folder and the files for Ansible;
all three are known by the fleet's name, so a fleet can be taken down by whoever knows the checkout.
"""

import concurrent.futures
import contextlib
import functools
import hashlib
import os
import shutil
import signal
import subprocess
import time

from tests import CHECKOUT
from tests.fleet import environment, hosts, stock
from tests.fleet.guests import Guest, GuestDied
from tests.lab import debian

HERE = os.path.dirname(os.path.abspath(__file__))
END_SECONDS = 120  # for processes to end that were killed

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
    ControlPersist yes
    ConnectTimeout 120
    ServerAliveInterval 15
    ServerAliveCountMax 40
    LogLevel ERROR
"""


class Unavailable(Exception):
    """No fleet can be started on this machine; one sentence says why."""


class Fleet:
    """The fleet `purpose` of this checkout, of `rows` of hosts.py; its inventory and ssh_config are in `folder`.

    `news` has a message for each guest that died and that nobody was told of yet. fetch() gives {suite: its disk}.
    """

    def __init__(self, purpose, folder, rows=hosts.HOSTS, make_guest=Guest, fetch=stock.fetch):
        # Several checkouts may have one at a time, and a checkout one to play with and one under test.
        key = hashlib.sha256(os.fsencode(CHECKOUT) + purpose.encode()).hexdigest()
        self.name = f"memfacts-{purpose}-{key[:8]}"
        # Another fleet may have the same one: it is known in this fleet's own network namespace only.
        self.subnet = f"10.77.{int(key[:2], 16)}"
        self.scratch = os.path.join("/var/tmp", self.name)
        self.folder = folder
        self.inventory = os.path.join(folder, "inventory.yml")
        self.ssh_config = os.path.join(folder, "ssh_config")
        self.inside = ("ip", "netns", "exec", self.name)
        self.guests = {host.name: make_guest(self, host) for host in rows}
        self.fetch = fetch
        self.news = []

    def start(self):
        """Start all hosts, also where there is an old fleet of that name; returns when systemd is up on each.

        One that dies meanwhile is started once more.
        """
        try:
            disks = self.fetch()
        except stock.Unavailable as error:
            raise Unavailable(f"skipped: fleet: {error}") from error
        self.stop()
        try:
            self._lay_out(disks)
            self._make_network()
            for guest in self.guests.values():
                guest.boot()
            self.replace_dead(Guest.wait)
        except BaseException:
            self.stop()
            raise

    def replace_dead(self, look=Guest.must_live):
        """Start each guest anew of which look(guest) says that it died, with a fresh disk; what was said is news."""
        dead = self._note_deaths(look)
        if dead:
            self._note_deaths(Guest.replace, dead)

    def _note_deaths(self, look, names=None):
        said = self.each(functools.partial(_death, look), names)
        dead = [name for name, message in said.items() if message]
        self.news += [said[name] for name in dead]
        return dead

    @contextlib.contextmanager
    def planted(self, plant, remove):
        """plant(guest) has been called on all; at the end remove(guest) on those that were not replaced meanwhile."""
        self.each(plant)
        starts = {name: guest.starts for name, guest in self.guests.items()}
        yield
        kept = [name for name, guest in self.guests.items() if guest.starts == starts[name]]
        if kept:
            self.each(remove, kept)

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

    def _lay_out(self, disks):
        os.mkdir(self.scratch, 0o700)
        seed = os.path.join(self.scratch, "seed")
        os.mkdir(seed)
        for suite, disk in disks.items():
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
        for suite in sorted({guest.host.suite for guest in self.guests.values()}):
            lines += [f"    {suite}:", "      hosts:"]
            lines += [f"        {guest.name}:" for guest in self.guests.values() if guest.host.suite == suite]
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

    def pids(self):
        """Of all that runs in the namespace: kernels, their processes and helpers, connections, Ansible."""
        return [int(pid) for pid in _run("ip", "netns", "pids", self.name).split()]

    def programs(self):
        """Names of what runs in the namespace."""
        return sorted(filter(None, map(_program, self.pids())))

    def _end_processes(self):
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            listed = self.pids()
            for pid in listed:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not listed:
                return
            for guest in self.guests.values():
                if guest.process is not None:
                    guest.process.poll()
            time.sleep(0.1)
        raise Unavailable(f"processes in the network namespace {self.name} do not end")


def _death(look, guest):
    """What look(guest) raised, as a text; empty where it lives."""
    try:
        look(guest)
    except GuestDied as error:
        return str(error)
    return ""


def _program(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as stream:
            return stream.read().strip()
    except OSError:  # it has just ended
        return ""


def _run(*words):
    clean = environment.made("/")
    done = subprocess.run(words, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"skipped: fleet: '{' '.join(words)}' failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
