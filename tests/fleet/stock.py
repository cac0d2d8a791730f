# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet needs of this machine before it starts: commands, kernels, disks and programs, all kept in the cache."""

import concurrent.futures
import os
import subprocess

from tests.fleet import hosts
from tests.lab import debian, kernels, program

NEEDS = ("ip", "ethtool", "ssh", "mmdebstrap", "mke2fs")
ON_HOST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "on_host")


class Unavailable(Exception):
    """Something cannot be had on this machine; one sentence says why."""


def fetch():
    """Fill the cache, the suites side by side; {suite: its disk}."""
    try:
        debian.require(*NEEDS)
        for kernel in sorted({host.kernel for host in hosts.HOSTS}):
            kernels.folder(kernels.find(kernel))
        storm()
        suites = sorted({host.suite for host in hosts.HOSTS})
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return dict(zip(suites, pool.map(hosts.disk, suites)))
    except (debian.PackageError, kernels.Unavailable, subprocess.CalledProcessError, OSError) as error:
        raise Unavailable(error) from error


def storm():
    """Path of the program that is a storm of short lives."""
    return program.compiled("storm", os.path.join(ON_HOST, "storm.c"), ("-static",))
