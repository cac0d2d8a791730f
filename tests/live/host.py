# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of this host changes how the tests run, for the head of their report."""

import os

from tests.live import procfs

OWN_ADJ = "/proc/self/oom_score_adj"


def own_adj():
    """The oom_score_adj of this process."""
    return int(procfs.text(OWN_ADJ))


def set_own_adj(value):
    """Set it; PermissionError where it is lowered without CAP_SYS_RESOURCE."""
    procfs.write(OWN_ADJ, value)


def description():
    """One line for the report: what a reader needs to know when a test passes here and fails elsewhere."""
    return ", ".join(
        [
            f"kernel {os.uname().release}",
            f"{os.cpu_count()} CPUs",
            f"load {os.getloadavg()[0]:.1f}",
            f"{procfs.meminfo('MemTotal') >> 20} MiB of memory, {procfs.meminfo('MemFree') >> 20} free",
            f"memory cgroup {_memory_cgroup()}",
            "systemd" if os.path.isdir("/run/systemd/system") else "no systemd",
            "FUSE" if os.path.exists("/dev/fuse") else "no FUSE",
            f"uid {os.geteuid()}",
            f"oom_score_adj {own_adj()}",
            f"{sum(name.isdigit() for name in os.listdir('/proc'))} processes",
        ]
    )


def _memory_cgroup():
    if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        return "v1"
    controllers = procfs.text("/sys/fs/cgroup/cgroup.controllers") or ""
    return "v2" if "memory" in controllers.split() else "none"
