# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What used the memory up, decided from the figures of the OOM report alone.

Each part of what ran out (a cgroup's limit, or RAM) has a threshold in percent of it; large_parts.strongest() says
which of those that reach theirs is the cause. What the report does not print is not guessed.
"""

from typing import Dict, List, NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, Slab
from . import allocation_request, oom_holders, oom_parts, shared_mapping
from .free_memory import kernels_room, of_failure, of_no_use
from .large_parts import OF_TASKS, SMALL_TASK, THRESHOLDS, holders, reached, rule_of, strongest
from .oom_holders import Holder, HolderGroup, held
from .oom_parts import PARTS
from .size import percent

__all__ = [
    "CAUSES",
    "OF_TASKS",
    "PARTS",
    "SMALL_TASK",
    "THRESHOLDS",
    "Cause",
    "Holder",
    "HolderGroup",
    "decide",
    "held",
]

SWAP_USED = 98.0
CAUSES = (
    "one-task",
    "many-tasks",
    "working-set",
    "anonymous",
    "shared-memory",
    "slab",
    "page-tables",
    "kernel-memory",
    "locked-memory",
    "huge-pages",
    "unaccounted",
    "compressed-swap",
    "swap-full",
    "fragmentation",
    "one-zone",
    "reserve",
    "atomic",
    "restricted-nodes",
    "requested",
    "unknown",
)
_TOP_CACHES = 5


class Cause(NamedTuple):
    """Why memory ran out. name: one of CAUSES; rule: what decided, in words.

    limit_is: own (of the victim's cgroup), ancestor or host; total_bytes: the domain; parts: bytes of all parts that
    the report tells; part_bytes, share_percent and threshold_percent: of the part that decided, None where none did;
    contributing: other causes whose threshold is reached too, the strongest first.
    holder: the process that held most; group: the processes of one program and user that held most together;
    tasks_bytes: what all processes of the table held. of: what ran out, as in oom_parts.Domain. swap_used_bytes: the
    host's swap in use; shared_mapped_by: who had the shared memory mapped (shared_mapping.py).
    """

    name: str
    rule: str
    limit_is: Optional[str]
    total_bytes: Optional[int]
    part_bytes: Optional[int]
    share_percent: Optional[float]
    threshold_percent: Optional[float]
    parts: Dict[str, int]
    contributing: List[str]
    holder: Optional[Holder]
    tasks: Optional[int]
    top_caches: List[Slab]
    group: Optional[HolderGroup] = None
    tasks_bytes: Optional[int] = None
    of: Optional[str] = None
    swap_used_bytes: Optional[int] = None
    shared_mapped_by: Optional[str] = None


def decide(report: Report) -> Cause:
    """The cause of one report."""
    domain = oom_parts.domain(report, oom_holders.swap_of_tasks(report))
    parts = oom_parts.parts_of(report, domain.total_bytes)
    who = holders(report, domain, parts)
    request = None if report.scope == "memcg" else allocation_request.of_report(report)
    kernels = kernels_room(request, domain.total_bytes)
    found = reached(report, domain, parts, who, kernels)
    name, rule, also = _first(report, domain, parts, found, request)
    rule = rule or rule_of(next(one for one in found if one.name == name), domain, kernels)
    part = next((one for one in found if one.name == name), None)
    others = [one.name for one in found if one.name != name]
    return Cause(
        name,
        rule,
        _limit_is(report),
        domain.total_bytes,
        part and part.bytes,
        part and part.share_percent,
        part and THRESHOLDS[name],
        parts,
        [*also, *others, *_swap_full_too(report, name)],
        _known_largest(who, found),
        None if report.tasks is None else len(report.tasks),
        sorted(report.slabs, key=lambda slab: -slab.total_bytes)[:_TOP_CACHES],
        who.group,
        who.together,
        None if report.scope is None else domain.kind,
        oom_parts.swapped_bytes(report),
        shared_mapping.mapped_by(report, parts.get("shmem")),
    )


def _known_largest(who, found):
    """Without a whole task table another process may hold more, unless this one has half of all that there is."""
    return who.largest if who.together is not None or any(one.name == "one-task" for one in found) else None


def _first(report, domain, parts, found, request):
    """(cause, the rule that decided: None of a part, other causes that this rule makes contribute)."""
    if report.scope == "sysrq":
        return "requested", "someone requested it (sysrq-f); memory need not have run out", []
    if report.scope in ("cpuset", "mempolicy"):
        return "restricted-nodes", f"the allocation was restricted to some memory nodes (scope {report.scope})", []
    if domain.kind == "kmem":
        return "kernel-memory", "the cgroup's limit of kernel memory (kmem) was hit", []
    part = strongest(found, domain.total_bytes)
    if report.scope != "memcg" and domain.total_bytes:
        is_failure = report.outcome == "allocation-failed"
        free = of_failure(request, domain.total_bytes) if is_failure else None
        free = free or of_no_use(request, domain.total_bytes, parts, part)
        if free is not None and free.decides:
            return free.name, free.rule, []
        if part is not None:
            return part.name, None, [] if free is None else [free.name]
    if part is not None:
        return part.name, None, []
    if _swap_full(report):
        return "swap-full", f"no part reaches its threshold, and at least {SWAP_USED:.0f} % of the swap is used", []
    if not domain.total_bytes:
        return "unknown", "the report does not show how much memory there was", []
    return "unknown", "no part that the report shows reaches its threshold", []


def _limit_is(report):
    if report.scope != "memcg":
        return None if report.scope is None else "host"
    owner, own = report.limit_cgroup, report.task_cgroup
    if owner is None or own is None:
        return None
    return "own" if owner == own else "ancestor"


def _swap_full(report):
    total, used = report.meminfo.get("total_swap"), oom_parts.swapped_bytes(report)
    if total and used is not None:
        return percent(used, total) >= SWAP_USED
    swap = report.swap
    return bool(swap and swap.limit_bytes and percent(swap.usage_bytes, swap.limit_bytes) >= SWAP_USED)


def _swap_full_too(report, name):
    return ["swap-full"] if name != "swap-full" and _swap_full(report) else []
