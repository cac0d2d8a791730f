# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""All processes that died of one OOM report: the rows of an event's `victims`, the first of which is its `victim`."""

from typing import Dict, List, Optional

from ..models import owner, replay
from ..sources.oomlog.oom_records import Kill, Report, TaskRow


def of_report(report: Report) -> List[Dict]:
    """A row for each process, in the order of the log: the first victim, its group, and who shared its memory.

    The report names only the first one's cgroup. Of the others of a group `cgroup` is null, and their unit, container
    and pod are those of the group's cgroup, which they were in or below.
    """
    group = owner.of_cgroup(report.group_cgroup) if report.group_cgroup else None
    first = owner.of_cgroup(report.task_cgroup) if report.task_cgroup else group
    found = [
        _row(kill, row, report, group if number else first, None if number else report.task_cgroup)
        for number, (kill, row) in enumerate(replay.kills_with_rows(report))
    ]
    known = {row["pid"] for row in found}
    sharers = [Kill(pid, comm, *[None] * 7, in_group=False, repeated=False) for pid, comm in report.sharers]
    found += [
        _row(kill, replay.chosen_row(report, kill.pid), report, None, None)
        for kill in {kill.pid: kill for kill in sharers}.values()
        if kill.pid not in known
    ]
    return found


def _row(kill: Kill, row: Optional[TaskRow], report, whose: Optional[owner.Owner], cgroup: Optional[str]) -> Dict:
    return {
        "pid": kill.pid,
        "comm": kill.comm,
        "uid": kill.uid if kill.uid is not None or row is None else row.uid,
        "total_vm_bytes": kill.total_vm_bytes,
        "anon_bytes": kill.anon_bytes,
        "file_bytes": kill.file_bytes,
        "shmem_bytes": kill.shmem_bytes,
        "page_tables_bytes": kill.page_tables_bytes,
        "swap_bytes": None if row is None or row.swap_pages is None else row.swap_pages * report.page_size,
        "oom_score_adj": kill.adj if kill.adj is not None or row is None else row.adj,
        "cgroup": cgroup,
        "kind": whose.kind if whose else None,
        "unit": whose.unit if whose else None,
        # The path has ids; models/tying.py adds the names where pods are known.
        "namespace": None,
        "pod": None,
        "container": None,
        "pod_uid": whose.pod_uid if whose else None,
        "container_id": whose.container if whose else None,
        "qos_class": whose.qos_class if whose else None,
    }
