# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which parts of the memory reach their threshold in an OOM report, and which of them used the memory up."""

from typing import Dict, List, NamedTuple, Optional

from ..sources.oomlog.oom_records import Report
from . import oom_holders, oom_parts, shared_mapping
from .oom_holders import Held
from .oom_parts import Domain
from .size import percent

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
# These count swap too, on both sides.
OF_TASKS = ("one-task", "many-tasks", "working-set", "anonymous")
# These can be in no zone for movable or user memory, nor in CMA.
OF_KERNEL = ("slab", "kernel-memory")
# Set aside on purpose, mostly long before: they are no sign of who used up the rest.
_SET_ASIDE = ("locked-memory", "huge-pages", "compressed-swap")
# Of RAM: a pool of huge pages that leaves less than the rest is the cause whoever fills that rest.
_MOST_IN_POOL = 80.0
# A compressed page takes between a tenth of its size and all of it.
_MOST_COMPRESSED = 10
_ORDINARY_PERCENT = 5.0


class Found(NamedTuple):
    """A part that reaches its threshold; share_percent: of what it is compared with."""

    name: str
    bytes: int
    share_percent: float


def holders(report: Report, domain: Domain, parts: Dict[str, int]) -> Held:
    """Which processes held how much of what ran out."""
    return oom_holders.of_report(report, _bound(report, domain, parts), _shared(report, domain))


def reached(report: Report, domain: Domain, parts: Dict[str, int], who: Held, kernels: Optional[int]) -> List[Found]:
    """Those that reach their threshold, the one that exceeds it by the largest factor first.

    kernels: bytes that the kernel's own data can be in, where that is less than all and has run out.
    """
    total = domain.total_bytes
    if not total or report.scope in ("cpuset", "mempolicy"):
        return []  # the counters are those of the host, and not of the nodes that were full
    is_compressed = _may_be_compressed(report, parts, total)
    rows = _of_tasks(report, domain, parts, who, is_compressed)
    rows += [
        Found(cause, parts[part], percent(parts[part], (kernels if cause in OF_KERNEL else None) or total))
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
    if report.stats.get("zswap"):
        rows.append(Found("compressed-swap", report.stats["zswap"], percent(report.stats["zswap"], total)))
    if "unevictable" in parts:
        # Shared memory that is locked is on that list too.
        locked = max(parts["unevictable"] - parts.get("shmem", 0), 0)
        rows.append(Found("locked-memory", locked, percent(locked, total)))
    rows = [_at_most_all(one) for one in rows if one.share_percent >= THRESHOLDS[one.name]]
    return sorted(rows, key=lambda one: -_factor(one))


def _at_most_all(one):
    """Counters are read one after the other, so that a part may seem larger than the whole."""
    return one._replace(share_percent=min(one.share_percent, 100.0))


def _may_be_compressed(report, parts, total) -> bool:
    """Whether RAM that no counter names may be what zram or zswap holds: swap is in use, and it would fit."""
    swapped, pool = oom_parts.swapped_bytes(report), parts.get("unaccounted")
    if not swapped or not pool:
        return False
    # What does not compress takes its whole size, and a little memory is in no counter on every host.
    ordinary = int(total * _ORDINARY_PERCENT / 100)
    return pool - ordinary <= swapped <= pool * _MOST_COMPRESSED


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


def strongest(found: List[Found], total: Optional[int]) -> Optional[Found]:
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


def rule_of(part: Found, domain: Domain, kernels: Optional[int]) -> str:
    """Why the part is the cause, with its share and threshold; kernels: as for reached()."""
    what = {"ram": "RAM", "memsw": "the limit of memory and swap"}.get(domain.kind, "the limit")
    if part.name in OF_TASKS and domain.kind != "memsw":
        what += " and swap"
    elif part.name in OF_KERNEL and kernels:
        what = "the zones that the request may use"
    return f"{part.name} has {part.share_percent:.1f} % of {what}, the threshold is {THRESHOLDS[part.name]:.0f} %"


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
