# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset oom: how this kernel chooses when memory runs out, whom it takes next, and what stands in its way."""

from typing import Dict, Optional

from ..models import oom_rules, reasons
from ..sources import number
from . import host_identity, oom_risks, victims
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
_FIRST_WITH_REAPER = (4, 6)


def gather(survey: Survey) -> Dict:
    """kills_since_boot is None before 4.13, which does not count them."""
    kills = survey.vmstat.get("oom_kill")
    if kills is None:
        survey.host.lacks("oom kills_since_boot", reasons.NO_KILL_COUNT)
    prediction = victims.of_survey(survey)
    return {
        "sysctls": {name: number.parse(survey.host.text(f"proc/sys/vm/{name}")) for name in _SYSCTLS},
        "kills_since_boot": kills,
        "reaper": _reaper(survey),
        **victims.rows_of(survey, prediction),
        **oom_risks.gather(survey, prediction),
    }


def _reaper(survey) -> Optional[bool]:
    """Its kernel thread proves it; where threads are not to be seen the release tells it."""
    if any(process.status.comm == b"oom_reaper" and process.status.ppid == 2 for process in survey.table.processes):
        return True
    version = oom_rules.version_of(host_identity.release_of(survey.host))
    return None if version is None else version.base >= _FIRST_WITH_REAPER
