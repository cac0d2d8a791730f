# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A kill by a program in user space as the record of an event: who killed whom, and which threshold was reached.

Such a program has rules of its own, which its lines do not tell: there is no verdict, and no cause beyond its reason.
"""

from typing import Dict, List, Optional

from ..models import event_id, owner, pod_path, reasons, verdicts
from ..sources.oomlog.kernel_log import LogLine, wall_time
from ..sources.oomlog.killer_records import Decision, Pod
from ..sources.oomlog.local_date import local_date
from ..sources.oomlog.oom_assembly import Assembly
from . import oom_event, rows
from .oom_event import Origin


def record(decision: Decision, place: int, origin: Origin, top: int) -> Dict:
    """The record; place: its number in the log. Of a group only `killer` tells; a single process is its victim too."""
    found = oom_event.record(Assembly(LogLine("", time_usec=decision.time_usec)).report(), place, origin, {}, 1)
    victim = _victim(decision)
    found.update(
        id=_id(decision, origin, place),
        source=decision.killer,
        time=_time(decision, origin),
        outcome=_outcome(decision),
        victim=victim,
        victims=[] if victim is None else [victim],
        killer=_killer(decision, top),
        incomplete=_incomplete(decision),
    )
    if len(decision.pods) > top:
        found["truncated"] = ["killer.pods"]
    for name in ("by_rule", "by_cause", "useful"):
        found["verdict"][name].update(result="unknown", sure=False, settle=verdicts.OTHER_RULES)
    found["verdict"]["reason"] = reasons.NOT_THE_KERNEL
    return found


def _id(decision, origin, place):
    boot_id = oom_event.dashed(decision.boot_id) or origin.boot_id
    date = wall_time(decision.stamp) or local_date(decision.stamp)
    return event_id.make(boot_id, decision.time_usec, date, place, decision.pid)


def _time(decision, origin):
    found = wall_time(decision.stamp)
    if found is not None or decision.time_usec is None or origin.booted is None:
        return found
    return rows.rfc3339(origin.booted + decision.time_usec / 1e6)


def _outcome(decision):
    if not decision.is_done:
        return "unknown"
    return "no-killable-process" if decision.processes == 0 else "killed"


def _victim(decision) -> Optional[Dict]:
    if decision.pid is None:
        return None
    figures = ("total_vm_bytes", "anon_bytes", "file_bytes", "shmem_bytes", "page_tables_bytes", "swap_bytes")
    places = ("cgroup", "kind", "unit", "namespace", "pod", "container", "pod_uid", "container_id", "qos_class")
    found: Dict = dict.fromkeys(figures + places)
    found.update(pid=decision.pid, comm=decision.comm or "-", uid=decision.uid, oom_score_adj=decision.adj)
    return found


def _killer(decision, top) -> Dict:
    whose = owner.of_cgroup(decision.cgroup) if decision.cgroup else owner.HOST
    return {
        "reason": decision.reason,
        "said": decision.said,
        "measured_in": decision.measured_in,
        "measured_percent": decision.measured_percent,
        "threshold_percent": decision.threshold_percent,
        "measured_bytes": decision.measured_bytes,
        "threshold_bytes": decision.threshold_bytes,
        "swap_measured_percent": decision.swap_measured_percent,
        "swap_threshold_percent": decision.swap_threshold_percent,
        "for_seconds": decision.for_seconds,
        "signal": decision.signal,
        "cgroup": decision.cgroup,
        "unit": whose.unit or decision.unit,
        "container_id": whose.container,
        "pods": [{"namespace": pod.namespace, "pod": pod.name, "pod_uid": pod.uid} for pod in _pods(decision)[:top]],
        "processes": decision.processes,
        "rss_bytes": decision.rss_bytes,
    }


def _pods(decision) -> List[Pod]:
    if decision.pods or decision.cgroup is None:
        return list(decision.pods)
    return [Pod(None, None, place.uid) for place in pod_path.pods(decision.cgroup)[:1]]


def _incomplete(decision):
    missing = []
    if decision.reason == "unknown":
        missing.append(("killer.reason", reasons.NO_REASON_LOGGED))
    if decision.pid is None and not decision.pods and decision.cgroup is None and decision.unit is None:
        missing.append(("victim", reasons.NO_VICTIM_LOGGED))
    if not decision.is_done:
        missing.append(("kill", reasons.NO_EVICTION_LOGGED))
    return [{"source": what, "reason": why} for what, why in missing]
