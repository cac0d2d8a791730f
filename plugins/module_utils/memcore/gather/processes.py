# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Subset processes: the biggest resident sets, with the scores the OOM killer would see."""

from typing import Dict, Optional

from ..models.owner import Owner
from ..sources import cgroup
from ..sources.printable import printable, printable_bytes
from .survey import Survey


def gather(survey: Survey) -> Dict:
    """Counts of all processes, rows of the biggest by resident set."""
    table = survey.table
    ranked = sorted(table.user, key=lambda process: -process.status.rss_bytes)
    return {
        "count": None if table.hidden else len(table.processes) + table.refused,
        "kernel_threads": sum(1 for p in table.processes if p.status.rss_bytes is None),
        "unreadable": table.refused,
        "top": [_row(survey, process) for process in survey.capped("processes.top", ranked)],
    }


def _row(survey, process):
    status = process.status
    owner: Owner = survey.owner_of(process.pid)
    path = cgroup.path_of(survey.cgroup_of(process.pid))
    return {
        "pid": process.pid,
        "comm": printable_bytes(status.comm),
        "uid": status.uid,
        "unit": owner.unit,
        "container": owner.container,
        "pod_uid": owner.pod_uid,
        "cgroup": None if path is None else printable(path),
        "rss_bytes": status.rss_bytes,
        "anon_bytes": status.anon_bytes,
        "file_bytes": status.file_bytes,
        "shmem_bytes": status.shmem_bytes,
        "swap_bytes": status.swap_bytes,
        "page_tables_bytes": status.page_tables_bytes,
        "oom_score": _number(survey, process.pid, "oom_score"),
        "oom_score_adj": _number(survey, process.pid, "oom_score_adj"),
    }


def _number(survey, pid, name) -> Optional[int]:
    try:
        return int(survey.host.brief(f"proc/{pid}/{name}"))
    except (OSError, ValueError):
        return None
