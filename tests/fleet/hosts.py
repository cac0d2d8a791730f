# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the fleet, and the disks they start from: a whole systemd system with sshd and Python for each suite."""

import functools
import hashlib
import os
import shutil
import subprocess
from typing import NamedTuple, Tuple

from tests.lab import cache, debian

GUEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest")
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "python3"),
    *("iproute2", "kmod", "procps", "util-linux"),
)
# No terminal to log in at; nothing that fetches or cleans by the clock while a test looks.
MASKED = (
    *("getty@tty1.service", "getty-static.service", "console-getty.service", "serial-getty@tty0.service"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer"),
    *("e2scrub_reap.service", "e2scrub_all.timer", "systemd-random-seed.service"),
)
DISK_SIZE = "1G"  # sparse: what is in it is 300 MB


class Host(NamedTuple):
    """`number` ends its address and its tap's name; `boot` are words for its kernel's command line."""

    name: str
    suite: str
    kernel: str
    number: int
    boot: Tuple[str, ...] = ()


# Two distributions, kernels and Pythons (3.11, 3.9), and the three ways systemd lays out control groups.
HYBRID = ("systemd.unified_cgroup_hierarchy=0",)
LEGACY = (*HYBRID, "systemd.legacy_systemd_cgroup_controller=1")
HOSTS = (
    Host("bookworm-v2", "bookworm", "6.1-uml", 11),
    Host("bookworm-hybrid", "bookworm", "6.1-uml", 12, HYBRID),
    Host("bullseye-v2", "bullseye", "5.10-uml", 13),
    Host("bullseye-v1", "bullseye", "5.10-uml", 14, LEGACY),
)


def disk(suite, name="fleet", packages=(), masked=()):
    """Path of the cached disk image of `suite`. Guests write to files of their own beside it, never to it.

    packages, masked: what another sort of guest, called `name`, has besides, and which of its units do not start.
    """
    made_of = hashlib.sha256(repr((packages, masked)).encode())
    for path in (__file__, *sorted(entry.path for entry in os.scandir(GUEST) if entry.is_file())):
        with open(path, "rb") as stream:
            made_of.update(stream.read())
    key = f"{name}-{suite}-{made_of.hexdigest()[:12]}"
    build = functools.partial(_build, suite, (*PACKAGES, *packages), (*MASKED, *masked))
    return os.path.join(cache.folder(key, build), "disk")


def _build(suite, packages, masked, path):
    tree = os.path.join(path, "tree")
    os.mkdir(tree)
    debian.bootstrap(suite, packages, tree)
    _adapt(tree, masked)
    debian.require("mke2fs")
    options = ("-q", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", "-d", tree)
    subprocess.run([debian.command("mke2fs"), *options, os.path.join(path, "disk"), DISK_SIZE], check=True)
    shutil.rmtree(tree)


def _adapt(tree, masked):
    """What makes the system a guest that names itself and its keys at each boot."""
    units = os.path.join(tree, "etc/systemd/system")
    for name in masked:
        os.symlink("/dev/null", os.path.join(units, name))
    shutil.copy(os.path.join(GUEST, "lab-network"), os.path.join(tree, "usr/local/sbin"))
    shutil.copy(os.path.join(GUEST, "lab-network.service"), units)
    os.makedirs(os.path.join(units, "multi-user.target.wants"), exist_ok=True)
    os.symlink("../lab-network.service", os.path.join(units, "multi-user.target.wants/lab-network.service"))
    for entry in os.scandir(os.path.join(tree, "etc/ssh")):
        if entry.name.startswith("ssh_host_"):
            os.unlink(entry.path)
    for name in ("etc/hostname", "etc/resolv.conf"):
        if os.path.lexists(os.path.join(tree, name)):
            os.unlink(os.path.join(tree, name))
    # Empty and there: each guest gets an id of its own, and its first boot is like any other.
    _write(tree, "etc/machine-id", "")
    _write(tree, "etc/hosts", "127.0.0.1 localhost\n")
    _write(tree, "etc/fstab", "/dev/ubda / ext4 errors=remount-ro 0 1\n")


def _write(tree, name, text):
    with open(os.path.join(tree, name), "w", encoding="utf-8") as stream:
        stream.write(text)
