# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Was the kill right? Three questions, answered from one report as far as one report can answer them.

by_rule: did this kernel follow its own rule. by_cause: did the one die that used the memory up. useful: did the kill
free what was needed. A report shows one moment, a little after the choice; growth and what really came back it cannot
show, so that by_cause and useful are never sure.
"""

from typing import NamedTuple, Optional

from ..sources.oomlog.oom_records import Report
from .badness import FLOORED, SIGNED
from .oom_cause import Cause, held
from .oom_rules import is_floored, version_of
from .replay import EARLIER_VICTIM, NEITHER, Replay, chosen_row, kills_with_rows
from .size import percent
from .tie_rule import FIRST, LAST, of_model_and_release

RIGHT, WRONG, UNKNOWN = "right", "wrong", "unknown"

# Of the domain: from which share on one process, or one group that died, is taken for what used the memory up.
MOST_PERCENT = 50.0
# It must hold at least this many times what the victims held before its survival is called wrong.
TIMES_THE_VICTIMS = 4
# Of the domain: a kill that frees less than this may serve the request, and memory runs out again with the next one.
LASTING_PERCENT = 1.0

# What would settle it; each completes "To settle it: …".
NOBODY_KILLED = "nothing to settle: no process was killed"
HISTORY = "each process's memory in the minutes before the kill, from monitoring; a report shows one moment"
SPLIT = f"how much of that process's memory was shared (the table says so since Linux 6.8), and {HISTORY}"
WHOLE_TABLE = "a copy of the log that has this report's whole task table (vm.oom_dump_tasks=1)"
WHOLE_LOG = "a copy of the log without the lines that this one lost"
SIZE = "how much memory and swap the processes could use at that time"
COUNTERS = "the kernel's counters at the moment of its choice, which no log keeps"
SCAN_ORDER = "the order in which the processes joined the cgroup, which no report shows"
CHILDREN = "which processes were children of the chosen one, which no report shows"
OUTSIDE = "whether another process grew, was in swapoff or vfork, or was exiting at that moment; no report shows it"
MODEL = "which badness model this kernel has: run memfacts on that host under the same kernel"
EARLIER = "whether the process that an earlier report killed had gone; its own report tells when it was killed"
WRITERS = "who wrote the files in shared memory: the findings of memfacts name the largest"
OWNERS = "who uses that memory: run memfacts while it lasts"
AFTERWARDS = "the memory in use just after the kill (memory.current of the cgroup, MemAvailable of the host)"
PLACES = "in which zones and nodes the kill freed memory (/proc/zoneinfo just after it)"
OTHER_RULES = "the settings of the program that killed, and its own log; the kernel did not choose"
NOTHING_NEEDED = "nothing to settle: the kill was requested, and no allocation had failed"


class ByRule(NamedTuple):
    """settle: what would settle it, None where `sure`."""

    result: str
    sure: bool
    settle: Optional[str]


class Who(NamedTuple):
    """Who used the memory up. kind: process (pid, comm), cgroup (cgroup), shared-memory or kernel."""

    kind: str
    pid: Optional[int] = None
    comm: Optional[str] = None
    cgroup: Optional[str] = None


class ByCause(NamedTuple):
    """share_percent: what `who` held of the domain; both None where nobody stands out."""

    result: str
    sure: bool
    settle: Optional[str]
    who: Optional[Who]
    share_percent: Optional[float]


class Useful(NamedTuple):
    """freed_bytes: what the victims held; needed_bytes: what the allocation that failed lacked. None: not known."""

    result: str
    sure: bool
    settle: Optional[str]
    freed_bytes: Optional[int]
    needed_bytes: Optional[int]


_UNKNOWN_BUILD = 1 << 20


def by_rule(report: Report, judged: Replay) -> ByRule:
    """Whether the kernel took whom its own rule names: a floored kernel that takes the first of equals does."""
    if report.allocating_task and report.kills:
        return ByRule(RIGHT, True, None)  # the line of the kill says so: "Out of memory (oom_kill_allocating_task)"
    if judged.model is None:
        return ByRule(UNKNOWN, False, _what_is_missing(report, judged))
    if judged.model == NEITHER:
        return ByRule(UNKNOWN, False, OUTSIDE)
    doubt = _doubt(report, judged)
    return ByRule(RIGHT, doubt is None, doubt)


def by_cause(report: Report, judged: Replay, cause: Cause) -> ByCause:
    """Whether the one died that held most of the memory; unknown where nobody held most of it."""
    who, share = _who(report, cause)
    result, settle = _hit(report, judged, cause) if report.kills else (UNKNOWN, _without_kill(report))
    return ByCause(result, False, settle, who, share)


def useful(report: Report, judged: Replay, cause: Cause) -> Useful:
    """Whether the victims held at least what the allocation needed, and enough to last beyond it."""
    freed = None if judged.freed is None else judged.freed.bytes
    needed = _needed(report)
    result, settle = _sufficed(report, judged, cause, freed, needed)
    return Useful(result, False, settle, freed, needed)


def _without_kill(report):
    return WHOLE_LOG if report.outcome == "unknown" else NOBODY_KILLED


def _what_is_missing(report, judged):
    if judged.chosen_pid is None:
        return _without_kill(report)
    if report.tasks is None or chosen_row(report, judged.chosen_pid) is None or judged.total is not None:
        return WHOLE_TABLE
    return SIZE


def _doubt(report, judged) -> Optional[str]:
    """What would settle whether the kernel followed its rule although it seems so; None: it did."""
    if {"tasks", "log", "console"} & {what for what, _why in report.missing}:
        return WHOLE_LOG
    if judged.missing:
        return SIZE
    if "child-sacrificed" in judged.why or _is_thread(report):
        return CHILDREN
    if "vfork-child" in judged.why:
        return OUTSIDE
    how = judged.why[0]
    if how == "near-tie":
        return COUNTERS
    if how == "tied-in-the-middle":
        return SCAN_ORDER
    return None if _has_model(report.release, judged) else MODEL


def _is_thread(report) -> bool:
    """Whether the kernel named a thread that is in no row: its process is the victim, or the parent of the victim."""
    chosen = report.selected
    if chosen is None or not report.kills:
        return False
    return chosen_row(report, chosen[0]) is None and chosen[1] != report.kills[0].comm


def _has_model(release, judged) -> bool:
    """Whether the release is known to have the model by which the choice is explained."""
    if judged.model not in (SIGNED, FLOORED):
        return True  # both models take it
    version = version_of(release)
    if version is None:
        return False
    if judged.model == SIGNED:
        return version.base >= (5, 9)
    told = of_model_and_release(FLOORED, release)[0]
    return is_floored(version) and (judged.tie_rule is None or told not in (FIRST, LAST) or told == judged.tie_rule)


def _who(report, cause):
    """(who, share in percent) as far as the cause of the OOM names one."""
    if cause.name == "one-task":
        holder = cause.holder
        return Who("process", holder.pid, holder.comm), cause.share_percent
    if cause.name == "shared-memory":
        return Who("shared-memory"), cause.share_percent
    if cause.name in ("slab", "kernel-memory") and cause.part_bytes is not None:
        return Who("kernel"), cause.share_percent
    share = _share_of_group(report, cause)
    if share is not None and share >= MOST_PERCENT:
        return Who("cgroup", cgroup=report.group_cgroup), share
    return None, None


def _share_of_group(report, cause):
    """Percent of the domain that a cgroup held which died as a whole; None where none did."""
    if cause.name not in ("many-tasks", "working-set") or report.group_cgroup is None or not cause.part_bytes:
        return None
    return round(cause.share_percent * min(_held_by_victims(report) / cause.part_bytes, 1.0), 2)


def _held_by_victims(report):
    return sum(held(row, report.page_size) for row in _killed_rows(report))


def _killed_rows(report):
    """Of the victims that the task table has."""
    return [row for _kill, row in kills_with_rows(report) if row is not None]


def _hit(report, judged, cause):
    """(result, what would settle it)."""
    if report.scope == "sysrq":
        return UNKNOWN, NOTHING_NEEDED
    if cause.name == "shared-memory":
        return UNKNOWN, WRITERS
    if cause.name in ("slab", "kernel-memory", "page-tables", "huge-pages", "unaccounted", "locked-memory"):
        return UNKNOWN, OWNERS
    share = _share_of_group(report, cause)
    if share is not None and share >= MOST_PERCENT:
        return RIGHT, HISTORY
    return _of_holder(report, judged, cause) if cause.name == "one-task" else (UNKNOWN, HISTORY)


def _of_holder(report, judged, cause):
    """One process held most of the memory: whether it is the one that died."""
    holder, shared = cause.holder, _shared_at_most(report, cause)
    if shared is not None and cause.share_percent * (1 - shared / cause.part_bytes) < MOST_PERCENT:
        return UNKNOWN, SPLIT  # all of it may be memory that others share
    settle = SPLIT if shared is None else HISTORY
    rows = _killed_rows(report)
    if any(row.pid == holder.pid for row in rows):
        return RIGHT, settle
    if any(one.row.pid == holder.pid and one.spared == EARLIER_VICTIM for one in judged.candidates):
        return UNKNOWN, EARLIER
    # A victim that is not in the table may have held anything.
    is_small = rows and _held_by_victims(report) * TIMES_THE_VICTIMS <= holder.bytes
    return (WRONG if is_small else UNKNOWN), settle


def _shared_at_most(report, cause):
    """Bytes of shared memory that may be counted as the holder's; None where nothing tells."""
    row = chosen_row(report, cause.holder.pid)
    # Who stands in no row is the victim, by the line of its kill, which tells anonymous memory apart.
    return 0 if row is None or row.anon_pages is not None else cause.parts.get("shmem")


def _sufficed(report, judged, cause, freed, needed):
    if not report.kills:
        return UNKNOWN, _without_kill(report)
    if report.scope == "sysrq":
        return UNKNOWN, NOTHING_NEEDED
    if cause.name in ("fragmentation", "one-zone", "reserve", "restricted-nodes"):
        return UNKNOWN, PLACES
    if freed is None or needed is None:
        return UNKNOWN, AFTERWARDS
    if freed < needed:
        return WRONG, AFTERWARDS
    is_lasting = cause.total_bytes and percent(freed, cause.total_bytes) >= LASTING_PERCENT
    return (RIGHT if is_lasting and not judged.freed.at_most else UNKNOWN), AFTERWARDS


def _needed(report) -> Optional[int]:
    """What was asked for, and what the domain lacked before it could be given."""
    if report.order is None or report.order < 0 or report.scope is None:
        return None
    asked = report.page_size << report.order
    if report.scope == "memcg":
        usage = report.memory
        above = 0 if usage is None or usage.limit_bytes is None else usage.usage_bytes - usage.limit_bytes
        return asked + max(above, 0)  # a limit that was lowered below what is in use
    zones = [zone for zone in report.zones if zone.free_bytes is not None and zone.min_bytes is not None]
    if not zones:
        return None
    # Each zone gives nothing away below its own watermark (zone_watermark_ok()).
    return asked + sum(max(zone.min_bytes - zone.free_bytes, 0) for zone in zones)
