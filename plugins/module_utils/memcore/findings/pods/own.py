# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about the pod that the agent itself runs in: who observes should not die first."""

from typing import Dict, Iterator

from ...models import qos
from ..rule import Met
from .said import listed
from .sheet import named, rule


def _unprotected(record: Dict, _threshold) -> Iterator[Met]:
    """The agent is killed before the processes that it should tell of, or has no limit."""
    pod = record["pod"]
    if not record["is_own"]:
        return
    for one in record["running"]:
        adj = None if one.now.first is None else one.now.first.oom_score_adj
        wrong = [f"its oom_score_adj is {adj}"] if adj is not None and adj > 0 else []
        wrong += ["its pod is BestEffort"] if pod.qos_class == qos.BEST_EFFORT else []
        wrong += (
            ["it has no memory limit"] if one.claim.amounts.memory_limit is None and pod.limit_bytes is None else []
        )
        if wrong:
            summary = f"the agent itself is not protected: {listed(wrong)}"
            evidence = {"container": one.claim.name, "oom_score_adj": adj, "qos_class": pod.qos_class}
            yield Met(summary, dict(named(pod), **evidence))


UNPROTECTED = rule(
    "agent-self-unprotected",
    "medium",
    ("pod", "is_own", "running"),
    _unprotected,
    "Give {container} cpu and memory limits that equal its requests, or priorityClassName: system-node-critical and a "
    "memory limit.",
)


def _shares(record: Dict, _threshold) -> Iterator[Met]:
    """Other processes can bring the agent to the limit that is meant for it."""
    pod = record["pod"]
    if not record["is_own"]:
        return
    others = [one.name for one in pod.containers if one.kind in ("container", "sidecar")]
    if len(others) > 1 and pod.limit_bytes is not None:
        summary = (
            f"the agent shares the memory limit of its pod with others ({listed(others)}): if they fill it, the kernel "
            "may kill the agent for them"
        )
        yield Met(summary, dict(named(pod), containers=others, limit_bytes=pod.limit_bytes))


SHARES = rule(
    "agent-shares-cgroup",
    "medium",
    ("pod", "is_own"),
    _shares,
    "Run the agent in a pod of its own.",
)

RULES = (UNPROTECTED, SHARES)
