# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about the ledger as a whole."""

from typing import Dict, Iterator

from ..models.size import human, percent
from .rule import CHANGE, LOOK, Met, Rule


def _unaccounted(facts: Dict, threshold: float) -> Iterator[Met]:
    """More than the counters' own drift belongs to nobody."""
    memory = facts["memory"]
    rest = memory["unaccounted_bytes"]
    if memory["unaccounted_percent"] < threshold or rest <= (memory["uncertainty_bytes"] or 0):
        return
    suspects = memory["page_takers"] or []
    evidence = {
        "unaccounted_bytes": rest,
        "percent_of_ram": memory["unaccounted_percent"],
        "by_lru_bytes": memory["unaccounted_by_lru_bytes"],
        "uncertainty_bytes": memory["uncertainty_bytes"],
        "suspects": suspects,
    }
    loaded = f"; loaded drivers that allocate pages outside the counters: {', '.join(suspects)}" if suspects else ""
    summary = (
        f"{human(rest)} ({memory['unaccounted_percent']} % of RAM) is in use, but no counter names its owner{loaded}"
    )
    yield Met(summary, evidence)


UNACCOUNTED = Rule(
    "unaccounted-high",
    "warning",
    5.0,
    "percent of RAM",
    ("memory",),
    _unaccounted,
    "A driver probably allocated these pages. Compare with a similar host, and unload drivers that are not needed. On "
    "Linux 6.10 or later boot with sysctl.vm.mem_profiling=1: /proc/allocinfo then names the code that holds the "
    "memory.",
    ((LOOK, "lsmod"), (LOOK, "sort -rn /proc/allocinfo | head")),
)


def _idle_huge_pages(facts: Dict, threshold: float) -> Iterator[Met]:
    """Huge pages that no process uses and none has reserved; a running database's reservation is not idle."""
    memory = facts["memory"]
    pools = [dict(pool, idle_bytes=pool["free_bytes"] - pool["reserved_bytes"]) for pool in memory["hugepages"]]
    idle = sum(pool["idle_bytes"] for pool in pools)
    if percent(idle, memory["total_bytes"]) < threshold:
        return
    share = percent(idle, memory["total_bytes"])
    summary = f"{human(idle)} of huge pages ({share} % of RAM) are neither used nor reserved"
    yield Met(summary, {"idle_bytes": idle, "pools": pools}, tuple(map(_give_back, filter(_has_idle, pools))))


def _has_idle(pool):
    return pool["idle_bytes"] > 0


def _give_back(pool):
    page = pool["page_bytes"]
    folder = f"/sys/kernel/mm/hugepages/hugepages-{page // 1024}kB"
    return CHANGE, f"echo {(pool['total_bytes'] - pool['idle_bytes']) // page} > {folder}/nr_hugepages"


HUGE_PAGES_IDLE = Rule(
    "hugepages-idle",
    "warning",
    5.0,
    "percent of RAM",
    ("memory",),
    _idle_huge_pages,
    "Lower the pool to the pages that are used or reserved. Remove the setting from /etc/sysctl.d or from the kernel "
    "command line, so that the change lasts. The pool can be raised again, but 1 GiB pages often only at the next boot."
    "",
    ((LOOK, "grep -rs hugepages /etc/sysctl.conf /etc/sysctl.d /proc/cmdline"),),
)

_SCARCE_PERCENT = 10  # of RAM; while more is available nothing needs the swap that is full


def _swap_full(facts: Dict, threshold: float) -> Iterator[Met]:
    """Hardly any swap is left, and hardly any memory is available: the OOM killer starts when a process grows."""
    memory = facts["memory"]
    names = ("swap_total_bytes", "swap_free_bytes", "swap_cached_bytes", "available_bytes")
    total, free, cached, available = (memory[name] for name in names)
    if not total or free is None or available is None:
        return
    # Pages that are in RAM as well give up their place in swap where it is needed (vm_swap_full in mm/swap.h).
    used, left = total - free - (cached or 0), percent(available, memory["total_bytes"])
    if percent(used, total) >= threshold and left < _SCARCE_PERCENT:
        figures = {"swap_used_percent": percent(used, total), "available_percent_of_ram": left}
        summary = (
            f"{human(used)} of {human(total)} swap is used ({percent(used, total)} %), and only {human(available)} of "
            f"RAM ({left} %) is available"
        )
        yield Met(summary, dict({name: memory[name] for name in names}, **figures))


SWAP_FULL = Rule(
    "swap-full",
    "warning",
    90.0,
    "percent of swap",
    ("memory",),
    _swap_full,
    "Free memory before the OOM killer does: find the processes and the tmpfs files that are swapped out, stop what is "
    "not needed, and limit what grows. More swap only delays an OOM if that growth goes on.",
    (
        (LOOK, "grep VmSwap /proc/[0-9]*/status | sort -k2 -n | tail"),
        (LOOK, "df -h -t tmpfs"),
        (LOOK, "swapon --show"),
    ),
)

RULES = (UNACCOUNTED, HUGE_PAGES_IDLE, SWAP_FULL)
