# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about the ledger as a whole."""

from typing import Dict, List

from ..models.size import human, percent
from .rule import Finding, finding


def unaccounted(facts: Dict, threshold: float) -> List[Finding]:
    """More than the counters' own drift belongs to nobody."""
    memory = facts["memory"]
    rest = memory["unaccounted_bytes"]
    if memory["unaccounted_percent"] < threshold or rest <= (memory["uncertainty_bytes"] or 0):
        return []
    suspects = memory["page_takers"] or []
    evidence = {
        "unaccounted_bytes": rest,
        "percent_of_ram": memory["unaccounted_percent"],
        "by_lru_bytes": memory["unaccounted_by_lru_bytes"],
        "uncertainty_bytes": memory["uncertainty_bytes"],
        "suspects": suspects,
    }
    loaded = f"; loaded modules that take pages for themselves: {', '.join(suspects)}" if suspects else ""
    summary = f"{human(rest)} ({memory['unaccounted_percent']} % of RAM) is in use by nobody the kernel names{loaded}"
    return [finding("unaccounted-high", summary, evidence)]


def idle_huge_pages(facts: Dict, threshold: float) -> List[Finding]:
    """Huge pages that no process uses and none has reserved; a running database's reservation is not idle."""
    memory = facts["memory"]
    pools = [dict(pool, idle_bytes=pool["free_bytes"] - pool["reserved_bytes"]) for pool in memory["hugepages"]]
    idle = sum(pool["idle_bytes"] for pool in pools)
    if percent(idle, memory["total_bytes"]) < threshold:
        return []
    summary = f"{human(idle)} of huge pages ({percent(idle, memory['total_bytes'])} % of RAM) are reserved for nobody"
    return [finding("hugepages-idle", summary, {"idle_bytes": idle, "pools": pools})]
