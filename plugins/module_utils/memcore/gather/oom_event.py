# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM report as the record of an event: read, replayed, its cause found. Findings and sentences come later."""

import re
from typing import Dict, NamedTuple, Optional

from ..models import allocation_request, event_id, limit_resource, oom_cause, owner, replay, verdicts
from ..sources.oomlog.kernel_log import wall_time
from ..sources.oomlog.local_date import local_date
from ..sources.oomlog.oom_records import Report
from ..sources.printable import one_line
from . import oom_victims, rows

SCHEMA_VERSION = 2
_BOOT = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$")


class Origin(NamedTuple):
    """Where the log comes from, as far as its lines do not tell. booted: seconds since the epoch."""

    node: Optional[str] = None
    boot_id: Optional[str] = None
    booted: Optional[float] = None


NOWHERE = Origin()


def record(report: Report, place: int, origin: Origin, earlier: Dict[int, str], top: int) -> Dict:
    """The record; place: its number in the log, which tells it apart where it has no time."""
    judged = replay.replay(report, earlier)
    cause = oom_cause.decide(report)
    victims = oom_victims.of_report(report)
    return {
        "schema_version": SCHEMA_VERSION,
        "id": _id(report, origin, place),
        "source": "kernel",
        "repeats": report.repeats,
        "time": _time(report, origin),
        "uptime_seconds": None if report.time_usec is None else report.time_usec / 1e6,
        "node": origin.node,
        "kernel_release": report.release,
        "scope": report.scope,
        "outcome": report.outcome,
        "limit_owner": _limit_owner(report, cause),
        "panic": report.panic,
        "killer": None,
        "trigger": _trigger(report),
        "request": _request(report),
        "victim": victims[0] if victims else None,
        "victims": victims[:top],
        "also_killed": [{"pid": kill.pid, "comm": kill.comm} for kill in _others(report)[:top]],
        "candidates": _candidates(judged, report, top),
        "verdict": {**_verdict(judged), **_three(report, judged, cause)},
        "cause": _cause(cause),
        "freed_bytes": None if judged.freed is None else judged.freed.bytes,
        "freed_swap_bytes": None if judged.freed is None else judged.freed.swap_bytes,
        "group_kill": "group-kill" in judged.why,
        "group_cgroup": report.group_cgroup,
        "truncated": _truncated(judged, report, victims, top),
        "incomplete": _incomplete(report, judged),
    }


def dashed(boot_id: Optional[str]) -> Optional[str]:
    """A boot's id as the kernel writes it; the journal leaves out the dashes."""
    if boot_id is None or _BOOT.match(boot_id) is None:
        return None
    bare = boot_id.replace("-", "").lower()
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def _id(report, origin, place):
    boot_id = dashed(report.boot_id) or origin.boot_id
    date = wall_time(report.acted_stamp) or local_date(report.acted_stamp)
    return event_id.make(boot_id, report.acted_usec, date, place, _pid(report))


def _pid(report):
    """Who was killed, or was to be when the log ends before; None where nobody was."""
    if report.kills:
        return report.kills[0].pid
    if report.exiting is not None:
        return report.exiting[0]
    if report.outcome != "unknown":
        return None
    return report.target_pid if report.selected is None else report.selected[0]


def _time(report, origin):
    if report.wall_time is not None:
        return report.wall_time
    if report.time_usec is None or origin.booted is None:
        return None
    return rows.rfc3339(origin.booted + report.time_usec / 1e6)


def _limit_owner(report, cause):
    """Whose limit was hit; of the host the RAM, which has no cgroup."""
    if report.scope is None:
        return None
    is_memcg = report.scope == "memcg"
    resource, usage = limit_resource.hit(report) if is_memcg else (None, None)
    kind = owner.limit_kind(report.limit_cgroup) if report.limit_cgroup else None
    return {
        "cgroup": report.limit_cgroup if is_memcg else None,
        "kind": kind if is_memcg else "host",
        "is": cause.limit_is,
        "usage_bytes": usage.usage_bytes if is_memcg and usage else None,
        "limit_bytes": usage.limit_bytes if is_memcg and usage else cause.total_bytes if not is_memcg else None,
        "resource": resource,
        "swap_bytes": _swap_of(report),
    }


def _swap_of(report):
    if report.scope != "memcg":
        return report.meminfo.get("total_swap")
    return None if report.swap is None else report.swap.limit_bytes


def _trigger(report):
    if report.trigger_pid is None and report.trigger_comm is None:
        return None
    return {"pid": report.trigger_pid, "comm": report.trigger_comm, "oom_score_adj": report.trigger_adj}


def _others(report):
    return [kill for kill in report.kills[1:] if not kill.repeated]


def _candidates(judged, report, top):
    """The rows that matter first: by a signed kernel's points, whoever could not be chosen last."""
    killed = {kill.pid for kill in report.kills}
    ordered = sorted(judged.candidates, key=lambda one: (one.signed is None, -(one.signed or 0), one.position))
    kept = ordered
    if len(ordered) > top:
        # The list may be cut, but not whom it is about: the first that died and the better choice, then its group.
        first = {kill.pid for kill in report.kills[:1]} | {judged.signed.pid if judged.signed else None}
        places = sorted(range(len(ordered)), key=lambda place: -_is_about(ordered[place], first, killed))[:top]
        kept = [ordered[place] for place in sorted(places)]
    return [_candidate(one, report.page_size, killed) for one in kept]


def _is_about(one, first, killed) -> int:
    """How much an event is about a candidate: 2 its victim or the better choice, 1 another of the killed, else 0."""
    ids = {one.row.pid, one.row.tgid}
    return 2 if ids & first else int(bool(ids & killed))


def _candidate(one, page, killed):
    row = one.row
    tables = row.page_tables_bytes
    if tables is None and row.page_tables_pages is not None:
        tables = row.page_tables_pages * page
    return {
        "pid": row.pid,
        "comm": row.comm,
        "uid": row.uid,
        "total_vm_bytes": row.total_vm_pages * page,
        "rss_bytes": row.rss_pages * page,
        "anon_bytes": _bytes(row.anon_pages, page),
        "file_bytes": _bytes(row.file_pages, page),
        "shmem_bytes": _bytes(row.shmem_pages, page),
        "page_tables_bytes": tables,
        "swap_bytes": _bytes(row.swap_pages, page),
        "oom_score_adj": row.adj,
        "signed_points": one.signed,
        "floored_points": one.floored,
        "spared": one.spared,
        "position": one.position,
        "killed": row.pid in killed or row.tgid in killed,
    }


def _bytes(pages, page):
    return None if pages is None else pages * page


def _verdict(judged):
    return {
        "model": judged.model,
        "reason": judged.reason,
        "agrees": judged.agrees,
        "chosen_pid": judged.chosen_pid,
        "chosen_comm": judged.chosen_comm,
        "expected_pid": judged.signed.pid if judged.signed else None,
        "expected_comm": judged.signed.comm if judged.signed else None,
        "signed": _choice(judged.signed),
        "floored": _choice(judged.floored),
        "margin_pages": _margin(judged),
        "slack_pages": judged.slack,
        "total_pages": judged.total,
        "tie_rule": judged.tie_rule,
        "why": judged.why,
        "would_free_bytes": judged.would_free.bytes if judged.would_free else None,
        "would_free_at_most": judged.would_free.at_most if judged.would_free else None,
    }


def _three(report, judged, cause):
    """The three verdicts, each with what would settle it."""
    by_cause = verdicts.by_cause(report, judged, cause)
    who = None if by_cause.who is None else by_cause.who._asdict()
    return {
        "by_rule": verdicts.by_rule(report, judged)._asdict(),
        "by_cause": {**by_cause._asdict(), "who": who},
        "useful": verdicts.useful(report, judged, cause)._asdict(),
    }


def _choice(choice):
    if choice is None:
        return None
    return {
        "pid": choice.pid,
        "comm": choice.comm,
        "points": choice.points,
        "margin_pages": choice.margin,
        "tied": len(choice.tied) - 1,
    }


def _margin(judged):
    choice = judged.floored if judged.model == "floored" else judged.signed
    return None if choice is None else choice.margin


def _cause(cause):
    return {
        "class": cause.name,
        "evidence": {
            "rule": cause.rule,
            "limit_is": cause.limit_is,
            "total_bytes": cause.total_bytes,
            "part_bytes": cause.part_bytes,
            "share_percent": cause.share_percent,
            "threshold_percent": cause.threshold_percent,
            "parts": {f"{name}_bytes": cause.parts.get(name) for name in oom_cause.PARTS},
            "contributing": cause.contributing,
            "largest_task": None if cause.holder is None else cause.holder._asdict(),
            "tasks": cause.tasks,
            "largest_group": None if cause.group is None else cause.group._asdict(),
            "tasks_bytes": cause.tasks_bytes,
            "of": cause.of,
            "swap_used_bytes": cause.swap_used_bytes,
            "shared_mapped_by": cause.shared_mapped_by,
            "top_caches": [{"name": slab.name, "bytes": slab.total_bytes} for slab in cause.top_caches],
        },
    }


def _request(report):
    """What was requested and could not be given; what only the cause needs of it is left out."""
    request = allocation_request.of_report(report)
    if request is None:
        return None
    return {
        "order": request.order,
        "bytes": request.bytes,
        "gfp_flags": request.gfp_flags,
        "highest_zone": request.highest_zone,
        "movable": request.movable,
        "nodes": request.nodes,
        "zones": request.zones,
        "usable_bytes": request.usable_bytes,
        "unusable": [one._asdict() for one in request.unusable],
        "could_be_served": request.could_be_served,
        "why": request.why,
    }


def _truncated(judged, report, victims, top):
    lists = (
        ("victims", len(victims)),
        ("also_killed", len(_others(report))),
        ("candidates", len(judged.candidates)),
    )
    return [name for name, length in lists if length > top]


def _incomplete(report, judged):
    missing = list(report.missing) + judged.missing
    if judged.reason is not None:
        missing.append(("verdict", judged.reason))
    return [{"source": one_line(what), "reason": one_line(why)} for what, why in missing]
