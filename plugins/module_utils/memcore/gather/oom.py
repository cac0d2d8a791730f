# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset oom: how this kernel is set to behave when memory runs out, and how often it did."""

from typing import Dict

from ..sources import number
from .survey import Survey

_SYSCTLS = (
    "panic_on_oom",
    "oom_kill_allocating_task",
    "oom_dump_tasks",
    "overcommit_memory",
    "overcommit_ratio",
    "swappiness",
    "min_free_kbytes",
)


def gather(survey: Survey) -> Dict:
    """kills_since_boot is None before 4.13, which does not count them."""
    kills = survey.vmstat.get("oom_kill")
    if kills is None:
        survey.host.lacks("oom kills_since_boot", "this kernel does not count them (/proc/vmstat has no oom_kill)")
    return {
        "sysctls": {name: number.parse(survey.host.text(f"proc/sys/vm/{name}")) for name in _SYSCTLS},
        "kills_since_boot": kills,
    }
