# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's own counters, read here by other code than the collector's: a witness must not be the accused."""

import os
import re
import time

KIB = 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


def text(path):
    """The file's text, None if it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def write(path, value):
    """Write a value into a file of /proc or /sys."""
    with open(path, "w") as stream:
        stream.write(str(value))


def fold_counters():
    """Make every CPU give its private counter differences to the global ones (root only; else wait for the timer)."""
    if text("/proc/sys/vm/stat_refresh") is None:
        time.sleep(1.1)


def meminfo(field):
    """Bytes of one field of /proc/meminfo, None if this kernel lacks it."""
    found = re.search(rf"^{re.escape(field)}:\s+(\d+)", text("/proc/meminfo"), re.M)
    return int(found.group(1)) * KIB if found else None


def sockstat_bytes(protocol):
    """Bytes of "TCP" or "UDP" buffers in /proc/net/sockstat."""
    found = re.search(rf"^{protocol}: .*\bmem (\d+)", text("/proc/net/sockstat") or "", re.M)
    return int(found.group(1)) * PAGE if found else None


def dentries():
    """The number of dentries: by the way a count, not a size."""
    return int(text("/proc/sys/fs/dentry-state").split()[0])


def bytes_per_dentry():
    """What one dentry costs in slab pages, as a float; None without a readable /proc/slabinfo."""
    found = re.search(r"^dentry\s+\d+ \s*\d+ \s*\d+ \s*(\d+) \s*(\d+) :", text("/proc/slabinfo") or "", re.M)
    return int(found.group(2)) * PAGE / int(found.group(1)) if found else None


def status_bytes(pid, field):
    """Bytes of a kB field of /proc/PID/status."""
    found = re.search(rf"^{field}:\s+(\d+) kB", text(f"/proc/{pid}/status") or "", re.M)
    return int(found.group(1)) * KIB if found else None


def uid(pid):
    """The user of a process, None if it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return None


def thread_count(pid):
    """How many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def wait_until(true, seconds=120.0):
    """Poll `true` until it is; False if it never became so: by default only what hangs lasts so long."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
