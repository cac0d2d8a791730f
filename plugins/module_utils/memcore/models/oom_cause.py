# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What used the memory up, decided from the figures of the OOM report alone.

Each part of what ran out (a cgroup's limit, or RAM) has a threshold in percent of it; `_strongest` says which of those
that reach theirs is the cause. What the report does not print is not guessed.
"""

from typing import Dict, List, NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, Slab
from . import allocation_request, oom_holders, oom_parts, shared_mapping
from .free_memory import of_no_use
from .oom_holders import Holder, HolderGroup, held
from .oom_parts import PARTS, Domain
from .size import percent

__all__ = ["CAUSES", "OF_TASKS", "PARTS", "THRESHOLDS", "Cause", "Holder", "HolderGroup", "decide", "held"]

# In percent of the domain: the limit of a memory cgroup, or the RAM that the kernel manages (tasks: see _for_tasks()).
THRESHOLDS = {
    "one-task": 50.0,  # anonymous memory and swap of one process
    "many-tasks": 50.0,  # of all processes, none of which has more than SMALL_TASK
    "working-set": 50.0,  # of all processes, one of which has more than SMALL_TASK, but not half
    "anonymous": 50.0,  # anonymous memory of processes that the report does not show, or not with so much memory
    "shared-memory": 40.0,  # tmpfs and other shared memory
    "slab": 20.0,
    "page-tables": 10.0,
    "kernel-memory": 20.0,  # of a cgroup, without slab and page tables; of the host, thread stacks
    "locked-memory": 30.0,  # unevictable, without what is shared memory already
    "huge-pages": 20.0,
    "unaccounted": 20.0,  # RAM that no counter of the report names
    "compressed-swap": 20.0,  # the same, where it may be the pool of zram or zswap
}
SMALL_TASK = 20.0
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
    "restricted-nodes",
    "requested",
    "unknown",
)
# These count swap too, on both sides.
OF_TASKS = ("one-task", "many-tasks", "working-set", "anonymous")
# Set aside on purpose, mostly long before: they are no sign of who used up the rest.
_SET_ASIDE = ("locked-memory", "huge-pages", "compressed-swap")
# Of RAM: a pool of huge pages that leaves less than the rest is the cause whoever fills that rest.
_MOST_IN_POOL = 80.0
# A compressed page takes between a tenth of its size and all of it.
_MOST_COMPRESSED = 10
_TOP_CACHES = 5


class Found(NamedTuple):
    """A part that reaches its threshold; share_percent: of what it is compared with."""

    name: str
    bytes: int
    share_percent: float


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
    who = oom_holders.of_report(report, _bound(report, domain, parts), _shared(report, domain))
    found = _reached(report, domain, parts, who)
    name, rule, also = _first(report, domain, parts, found)
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
        who.largest,
        None if report.tasks is None else len(report.tasks),
        sorted(report.slabs, key=lambda slab: -slab.total_bytes)[:_TOP_CACHES],
        who.group,
        who.together,
        None if report.scope is None else domain.kind,
        oom_parts.swapped_bytes(report),
        shared_mapping.mapped_by(report, parts.get("shmem")),
    )


def _first(report, domain, parts, found):
    """(cause, the rule that decided, other causes that this rule makes contribute)."""
    if report.scope == "sysrq":
        return "requested", "someone requested it (sysrq-f); memory need not have run out", []
    if report.scope in ("cpuset", "mempolicy"):
        return "restricted-nodes", f"the allocation was restricted to some memory nodes (scope {report.scope})", []
    if domain.kind == "kmem":
        return "kernel-memory", "the cgroup's limit of kernel memory (kmem) was hit", []
    part = _strongest(found, domain.total_bytes)
    if report.scope != "memcg" and domain.total_bytes:
        request = allocation_request.of_report(report)
        free = of_no_use(request, domain.total_bytes, parts, part and part.name)
        # Of an allocation that failed alone, without an OOM, what it could not use is the cause.
        if free is not None and (free.decides or report.outcome == "allocation-failed"):
            return free.name, free.rule, []
        if part is not None:
            return (part.name, _rule_of(part, domain), [] if free is None else [free.name])
    if part is not None:
        return part.name, _rule_of(part, domain), []
    if _swap_full(report):
        return "swap-full", f"no part reaches its threshold, and at least {SWAP_USED:.0f} % of the swap is used", []
    if not domain.total_bytes:
        return "unknown", "the report does not show how much memory there was", []
    return "unknown", "no part that the report shows reaches its threshold", []


def _strongest(found, total) -> Optional[Found]:
    """Which of the parts used the memory up; found: the one that exceeds its threshold by the largest factor first.

    Processes give way to a part that exceeds its threshold by more, and has at least half of what they hold: a slab
    cache of 40 % beside a process of 55 %, but not page tables of 15 % beside one of 70 %. What is set aside on
    purpose counts where no process and no other part stands out; but a pool of huge pages that is larger than all
    processes together leaves them too little.
    """
    tasks = next((one for one in found if one.name in OF_TASKS), None)
    pool = next((one for one in found if one.name == "huge-pages"), None)
    others = [one for one in found if one.name not in OF_TASKS and one.name not in _SET_ASIDE]
    if tasks is None:
        return next(iter(others), None) or pool or next(iter(found), None)
    if pool is not None and (
        percent(pool.bytes, total) >= _MOST_IN_POOL or (tasks.name != "one-task" and pool.bytes > tasks.bytes)
    ):
        return pool
    is_stronger = others and _factor(others[0]) > _factor(tasks) and others[0].bytes * 2 >= tasks.bytes
    return others[0] if is_stronger else tasks


def _factor(one):
    return one.share_percent / THRESHOLDS[one.name]


def _rule_of(part, domain):
    what = {"ram": "RAM", "memsw": "the limit of memory and swap"}.get(domain.kind, "the limit")
    if part.name in OF_TASKS and domain.kind != "memsw":
        what += " and swap"
    return f"{part.name} has {part.share_percent:.1f} % of {what}, the threshold is {THRESHOLDS[part.name]:.0f} %"


def _limit_is(report):
    if report.scope != "memcg":
        return None if report.scope is None else "host"
    owner, own = report.limit_cgroup, report.task_cgroup
    if owner is None or own is None:
        return None
    return "own" if owner == own else "ancestor"


def _shared(report, domain):
    """Bytes of mapped files and shared memory, 0 where they are less than SMALL_TASK and do not matter."""
    mapped = shared_mapping.mapped_bytes(report) or 0
    return mapped if percent(mapped, domain.total_bytes or 0) >= SMALL_TASK else 0


def _bound(report, domain, parts):
    """Bytes that processes can have together: the anonymous memory and swap, at most all that there is."""
    most = None if not domain.total_bytes else domain.total_bytes + domain.swap_bytes
    if "anon" not in parts:
        return most
    # Locked pages of the host are on none of the lists of anonymous memory; a cgroup's figure counts them.
    locked = 0 if report.scope == "memcg" else parts.get("unevictable", 0)
    anon = parts["anon"] + locked + oom_holders.swap_of_tasks(report)
    return anon if most is None else min(anon, most)


def _reached(report, domain, parts, who) -> List[Found]:
    """Those that reach their threshold, the one that exceeds it by the largest factor first."""
    total = domain.total_bytes
    if not total or report.scope in ("cpuset", "mempolicy"):
        return []  # the counters are those of the host, and not of the nodes that were full
    is_compressed = _may_be_compressed(report, parts)
    rows = _of_tasks(report, domain, parts, who, is_compressed)
    rows += [
        Found(cause, parts[part], percent(parts[part], total))
        for cause, part in (
            ("shared-memory", "shmem"),
            ("slab", "slab"),
            ("page-tables", "page_tables"),
            ("kernel-memory", "kernel"),
            ("huge-pages", "huge_pages"),
            ("compressed-swap" if is_compressed else "unaccounted", "unaccounted"),
        )
        if part in parts
    ]
    if "unevictable" in parts:
        # Shared memory that is locked is on that list too.
        locked = max(parts["unevictable"] - parts.get("shmem", 0), 0)
        rows.append(Found("locked-memory", locked, percent(locked, total)))
    rows = [_at_most_all(one) for one in rows if one.share_percent >= THRESHOLDS[one.name]]
    return sorted(rows, key=lambda one: -_factor(one))


def _at_most_all(one):
    """Counters are read one after the other, so that a part may seem larger than the whole."""
    return one._replace(share_percent=min(one.share_percent, 100.0))


def _may_be_compressed(report, parts) -> bool:
    """Whether RAM that no counter names may be what zram or zswap holds: swap is in use, and it would fit."""
    swapped, pool = oom_parts.swapped_bytes(report), parts.get("unaccounted")
    return bool(swapped and pool and pool <= swapped <= pool * _MOST_COMPRESSED)


def _of_tasks(report, domain, parts, who, is_compressed) -> List[Found]:
    """The cause that processes are, if any; compared with what they can use."""
    room = _for_tasks(domain, parts, is_compressed)
    if room <= 0:
        return []
    largest = percent(who.largest.bytes, room) if who.largest else 0.0
    if largest >= THRESHOLDS["one-task"] and _is_sure_of_largest(report, domain, parts):
        return [Found("one-task", who.largest.bytes, largest)]
    anon = _anonymous(report, domain, parts)
    is_listed = anon is None or who.together is None or who.together * 3 >= anon * 2
    if is_listed and who.together is not None and percent(who.together, room) >= THRESHOLDS["working-set"]:
        name = "many-tasks" if who.largest and largest < SMALL_TASK else "working-set"
        return [Found(name, who.together, percent(who.together, room))]
    return [] if anon is None else [Found("anonymous", anon, percent(anon, room))]


def _anonymous(report, domain, parts):
    """Bytes of anonymous memory and its swap; what else is swapped may be files in tmpfs."""
    if "anon" not in parts:
        return None
    swap = report.stats.get("swap", 0) if domain.kind == "memsw" else oom_holders.swap_of_tasks(report)
    return parts["anon"] + swap


def _for_tasks(domain: Domain, parts, is_compressed):
    """Bytes that processes can use: all, with the swap in use, without what huge pages and compressed swap take."""
    taken = parts.get("huge_pages", 0) + (parts["unaccounted"] if is_compressed else 0)
    return domain.total_bytes + domain.swap_bytes - taken


def _is_sure_of_largest(report, domain, parts) -> bool:
    """Whether the largest process's memory may all be in the domain.

    Resident memory that exceeds a whole limit is in part charged elsewhere, such as files that another cgroup read
    first; which of several processes then holds the most here nothing tells.
    """
    if "anon" in parts or not report.tasks or len(report.tasks) == 1 or report.tasks[0].anon_pages is not None:
        return True
    most = (domain.total_bytes + domain.swap_bytes) // report.page_size
    return max(row.rss_pages for row in report.tasks) <= most


def _swap_full(report):
    total, used = report.meminfo.get("total_swap"), oom_parts.swapped_bytes(report)
    if total and used is not None:
        return percent(used, total) >= SWAP_USED
    swap = report.swap
    return bool(swap and swap.limit_bytes and percent(swap.usage_bytes, swap.limit_bytes) >= SWAP_USED)


def _swap_full_too(report, name):
    return ["swap-full"] if name != "swap-full" and _swap_full(report) else []
