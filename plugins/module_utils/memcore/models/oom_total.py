# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How many pages the processes of an OOM could use, to which oom_score_adj is scaled: constrained_alloc().

For a memory cgroup that is its limit and as much of the host's swap as it may use, of which its report shows nothing.
For a cpuset or a memory policy it is all pages of the allowed nodes, and the swap.
"""

from typing import List, NamedTuple, Optional, Tuple

from ..sources.oomlog.oom_records import Report
from .badness import Task
from .node_list import nodes_of
from .size import human

SWAP_OF_HOST = "swap of the host"


class Total(NamedTuple):
    """Pages. usual: what is taken first; it lies from least to most, which is None where nothing bounds it.

    is_known: False where the report has no figure at all. assumed: (what, why) of what the report does not show.
    """

    usual: int
    least: int
    most: Optional[int]
    is_known: bool
    assumed: Optional[Tuple[str, str]]


def of_report(report: Report, held: int) -> Total:
    """held: pages that all processes of the table hold, for a report that shows no size at all."""
    found = _of_memcg(report) if report.scope == "memcg" else _of_host(report)
    if found is not None:
        return found
    why = "the report does not show it; memfacts assumes what the processes hold together"
    return Total(max(held, 1), 1, None, False, ("total_pages", why))


def span(tasks: List[Task], pid: int, total: Total) -> Optional[Tuple[int, Optional[int]]]:
    """From how many thousands of pages to how many the process has the most points of a signed kernel; None: never.

    Points are size + adj * (total // 1000), so each rival bounds the thousands on one side.
    """
    able = [task for task in tasks if task.spared is None and task.adj != -1000]
    own = next((task for task in able if task.pid == pid), None)
    if own is None:
        return None
    low, high = total.least // 1000, None if total.most is None else total.most // 1000
    for task in able:
        more, steeper = _size(task) - _size(own), own.adj - task.adj
        # own is ahead where steeper * thousands >= more
        if steeper == 0:
            if more > 0:
                return None
        elif steeper > 0:
            low = max(low, -(-more // steeper))
        else:
            bound = -more // -steeper
            high = bound if high is None else min(high, bound)
    return None if high is not None and low > high else (low, high)


def _size(task):
    return task.rss + task.swap + task.page_tables


def _of_memcg(report) -> Optional[Total]:
    usage = report.memory
    if usage is None or usage.limit_bytes is None:
        return None
    page = report.page_size
    limit, used = usage.limit_bytes // page, swap_in_use(report, page)
    may_swap = _swap_limit(report, limit, page)
    if may_swap == 0:
        return Total(max(limit, 1), max(limit, 1), max(limit, 1), True, None)
    least, most = max(limit + used, 1), None if may_swap is None else max(limit + max(may_swap, used), 1)
    # A cgroup that hit its limit would have swapped if it could; where it has, it may do so up to its own limit.
    usual = most if used and most is not None else least
    assumed = "none" if usual == limit else human((usual - limit) * page)
    why = f"a memory cgroup's report does not show it; memfacts assumes {assumed}"
    return Total(usual, least, most, True, (SWAP_OF_HOST, why))


def _swap_limit(report, limit, page) -> Optional[int]:
    """Pages of swap that the cgroup itself allows; None where it sets no limit."""
    if report.swap is not None:
        return None if report.swap.limit_bytes is None else report.swap.limit_bytes // page
    memsw = report.memory_swap
    if memsw is None or memsw.limit_bytes is None:
        return None
    return max(memsw.limit_bytes // page - limit, 0)


def swap_in_use(report: Report, page: int) -> int:
    """Pages of swap that the cgroup used, by its counters or by its processes."""
    used = 0
    if report.memory_swap is not None and report.memory is not None:
        used = max(report.memory_swap.usage_bytes - report.memory.usage_bytes, 0) // page
    if report.swap is not None:
        used = max(used, report.swap.usage_bytes // page)
    return max(used, sum(row.swap_pages or 0 for row in report.tasks or []))


def _of_host(report) -> Optional[Total]:
    ram = report.meminfo.get("ram")
    if ram is None:
        return None
    page = report.page_size
    swap = report.meminfo.get("total_swap", 0) // page
    whole = max((ram - report.meminfo.get("reserved", 0)) // page + swap, 1)
    if report.scope not in ("cpuset", "mempolicy"):
        return Total(whole, whole, whole, True, None)
    present = _present(report, page)
    if present is not None:
        return Total(present + swap, present + swap, present + swap, True, None)
    why = "the report does not show it; memfacts assumes that of all nodes"
    return Total(whole, max(swap, 1), max(ram // page + swap, 1), True, ("memory of the nodes", why))


def _present(report, page) -> Optional[int]:
    """Pages of the allowed nodes, by node_present_pages(); None where the report does not show all of them."""
    allowed = nodes_of(report.nodemask if report.scope == "mempolicy" else report.mems_allowed)
    rows = [zone for zone in report.zones if zone.node in (allowed or ())]
    if not allowed or {zone.node for zone in rows} != set(allowed) or None in [zone.present_bytes for zone in rows]:
        return None
    return sum(zone.present_bytes for zone in rows) // page
