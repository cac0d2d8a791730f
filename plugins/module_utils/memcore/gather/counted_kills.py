# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""OOM kills that only a counter shows, as the record of an event: no report of them was read.

`oom_kill` of /proc/vmstat and of memory.events (memory.oom_control on cgroup v1) rises in __oom_kill_process()
(mm/oom_kill.c). It shows where, and how often, but not which process died nor why.
"""

from typing import Dict, NamedTuple, Optional

from ..models import event_id, owner
from ..sources.oomlog.kernel_log import LogLine
from ..sources.oomlog.oom_assembly import Assembly
from . import oom_event, rows
from .oom_event import Origin


class Counted(NamedTuple):
    """kills: by how much the counter rose, at least 1; cgroup: where, None where only the host's counter rose.

    whole_group: memory.oom.group killed all processes of the cgroup; hit_limit: whether the limit that was hit is the
    cgroup's own. wall, uptime: seconds, when the counter was read. why: no report was read, because …
    """

    kills: int
    cgroup: Optional[str]
    whole_group: bool
    hit_limit: bool
    wall: float
    uptime: float
    why: str


def record(counted: Counted, origin: Origin) -> Dict:
    """The record, whose `source` is "counter". All that only a report shows is null.

    `place` is the cgroup: what ties the event to a pod and tells of it takes it out, since an event has no such field.
    """
    usec = int(counted.uptime * 1e6)
    found = oom_event.record(Assembly(LogLine("", time_usec=usec)).report(), 0, origin, {}, 1)
    limit = counted.cgroup if counted.hit_limit else None
    found.update(
        id=event_id.make(origin.boot_id, usec, None, 0, None),
        source="counter",
        repeats=counted.kills - 1,
        time=rows.rfc3339(counted.wall),
        scope=None if limit is None else "memcg",
        outcome="killed",
        limit_owner=None if limit is None else _limit(limit),
        group_kill=counted.whole_group,
        group_cgroup=counted.cgroup if counted.whole_group else None,
        incomplete=[{"source": "report", "reason": counted.why}],
        place=counted.cgroup,
    )
    found["verdict"]["reason"] = counted.why
    return found


def _limit(path: str) -> Dict:
    return {
        "cgroup": path,
        "kind": owner.limit_kind(path),
        "is": None,
        "usage_bytes": None,
        "limit_bytes": None,
        "resource": None,
        "swap_bytes": None,
    }
