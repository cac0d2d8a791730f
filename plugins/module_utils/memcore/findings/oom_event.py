# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What an OOM event says beyond itself: findings of the one catalogue that its report proves."""

from typing import Dict, List

from ..models import lifelines
from ..models.badness import FLOORED
from ..models.size import human
from .oom import lasting
from .rule import Finding, finding

_ORDER = {"critical": 0, "warning": 1, "info": 2}


def judge(event: Dict) -> List[Finding]:
    """All findings of one event, the worst first."""
    found: List[Finding] = []
    for rule in (floored, lifeline_killed, shared_memory, allocating_task):
        found += rule(event)
    return sorted(found, key=lambda one: _ORDER[one.severity])


def floored(event: Dict) -> List[Finding]:
    """The kernel gave several the same single point and took one that a signed kernel leaves alone."""
    judged = event["verdict"]
    victim = event["victim"]  # None where the log lost the line of the kill
    if victim is None or judged["model"] != FLOORED or judged["agrees"] is not False:
        return []
    equals = judged["floored"]["tied"] + 1
    summary = (
        f"this kernel took {victim['comm']} for the order of its scan, as {equals} processes had one point each, and "
        f"left {judged['expected_comm']} alone"
    )
    evidence = {"evidence": "whom it took in this report", "count": equals, "pid": judged["expected_pid"]}
    return [finding("floored-badness", summary, evidence)]


def lifeline_killed(event: Dict) -> List[Finding]:
    """A service that one needs to repair the host was killed."""
    victim = event["victim"]
    lifeline = lifelines.to_protect(victim["comm"], victim["cgroup"]) if victim else None
    if lifeline is None:
        return []
    summary = f"{lifeline.name}, {lifeline.role}, was killed with oom_score_adj {victim['oom_score_adj']}"
    evidence = {
        "pid": victim["pid"],
        "unit": victim["unit"],
        "usual_adj": lifeline.adj,
        "lasting": lasting(victim["comm"], victim["unit"], lifeline.adj),
        "oom_score_adj": victim["oom_score_adj"],
    }
    return [finding("lifeline-unprotected", f"{summary}, usual is {lifeline.adj}", evidence)]


def shared_memory(event: Dict) -> List[Finding]:
    """Files in memory fill a cgroup's limit, so that the next process there is killed too."""
    cause, owner = event["cause"], event["limit_owner"]
    if cause["class"] != "shared-memory" or event["scope"] != "memcg" or owner["cgroup"] is None:
        return []
    size = cause["evidence"]["part_bytes"]
    evidence = {
        "cgroup": owner["cgroup"],
        "path": owner["cgroup"],
        "current_bytes": owner["usage_bytes"],
        "limit_bytes": owner["limit_bytes"],
        "shmem_bytes": size,
    }
    summary = f"{human(size)} of shared memory are charged to {owner['cgroup']}, which no kill frees"
    return [finding("cgroup-shmem-at-limit", summary, evidence)]


def allocating_task(event: Dict) -> List[Finding]:
    """The sysctl that kills whoever asks was in effect."""
    if "allocating-task" not in event["verdict"]["why"]:
        return []
    summary = "vm.oom_kill_allocating_task was set, so that this kill went by who asked for memory, not by size"
    return [finding("kill-allocating-task", summary, {"oom_kill_allocating_task": 1})]
