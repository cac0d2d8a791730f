# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which of a cgroup's limits was hit: that of memory, of memory and swap together (v1), or of kernel memory (v1)."""

from typing import NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, Usage

MEMORY, MEMSW, KMEM = "memory", "memsw", "kmem"
# Of a limit, in percent: charges come in batches, so that a cgroup at its limit may be printed a little below it.
_AT_LIMIT = 99


class Limit(NamedTuple):
    """resource: None where the report does not show which; usage: its figures, None where they are not printed."""

    resource: Optional[str]
    usage: Optional[Usage]


def hit(report: Report) -> Limit:
    """The limit that a cgroup's report is about."""
    limits = [
        Limit(resource, usage)
        for resource, usage in ((MEMORY, report.memory), (MEMSW, report.memory_swap), (KMEM, report.kmem))
        if usage is not None and usage.limit_bytes is not None
    ]
    full = [one for one in limits if is_full(one.usage)]
    if [one.resource for one in full[:2]] == [MEMORY, MEMSW] and full[0].usage.limit_bytes < full[1].usage.limit_bytes:
        # With room below the limit of memory and swap the kernel would have swapped: that one is in the way.
        return full[1]
    if full:
        return full[0]
    # With no limit near, the only one that there is was hit; of several nothing tells which.
    return limits[0] if len(limits) == 1 else Limit(None, report.memory)


def is_full(usage: Optional[Usage]) -> bool:
    """Whether a limit is reached."""
    if usage is None or usage.limit_bytes is None:
        return False
    return usage.usage_bytes * 100 >= usage.limit_bytes * _AT_LIMIT
