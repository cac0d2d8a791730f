# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which of a cgroup's limits was hit: that of memory, of memory and swap together (v1), or of kernel memory (v1)."""

from typing import NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, Usage

MEMORY, MEMSW, KMEM = "memory", "memsw", "kmem"
# A charge takes at most this many pages more than it needs (mm/memcontrol.c: CHARGE_BATCH, MEMCG_CHARGE_BATCH), and
# other CPUs hold as many in stock. Whoever is farther from a limit did not fail for it.
_BATCH_PAGES = 64
_NEAR_PERCENT = 1


class Limit(NamedTuple):
    """resource: None where the report does not show which; usage: its figures, None where they are not printed."""

    resource: Optional[str]
    usage: Optional[Usage]


def hit(report: Report) -> Limit:
    """The limit that a cgroup's report is about."""
    memory, memsw, kmem = report.memory, report.memory_swap, report.kmem
    margin = max(_BATCH_PAGES, 1 << min(max(report.order or 0, 0), 20)) * report.page_size
    # try_charge() charges memory+swap before memory. With both at their limits they are the same amount of RAM
    # where no swap is used, and what an operator knows is the limit of memory.
    for resource, usage in ((MEMORY, memory), (MEMSW, memsw), (KMEM, kmem)):
        if _is_full(usage, margin):
            return Limit(resource, usage)
    limited = [(name, one) for name, one in ((MEMORY, memory), (MEMSW, memsw), (KMEM, kmem)) if _has_limit(one)]
    # With no limit near, the only one that there is was hit; of several nothing tells.
    return Limit(*limited[0]) if len(limited) == 1 else Limit(None, memory)


def _has_limit(usage: Optional[Usage]) -> bool:
    return usage is not None and usage.limit_bytes is not None


def _is_full(usage: Optional[Usage], margin: int) -> bool:
    if usage is None or usage.limit_bytes is None:
        return False
    near = max(margin, usage.limit_bytes * _NEAR_PERCENT // 100)
    return usage.usage_bytes + near >= usage.limit_bytes
