# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where a rule about the host and a rule of Kubernetes say the same, only the rule of Kubernetes speaks."""

from typing import Dict, List, Sequence, Set

from ...models import pod_path

# Rules about the host: the rule of Kubernetes that says the same of a pod.
OF_PODS = {
    "floored-tie-in-cgroup": "guaranteed-tied-oom-score",
    "floored-badness": "guaranteed-tied-oom-score",
    "same-negative-adj": "guaranteed-tied-oom-score",
    "unkillable-workload": "oom-immune-process",
    "cgroup-shmem-at-limit": "tmpfs-restart-loop",
}
# And those whose rule of Kubernetes is about the node.
OF_NODES = {"panic-on-oom": "oom-sysctl-drift", "kill-allocating-task": "oom-sysctl-drift"}
_LISTS = ("cgroups", "processes")


def left(host: Sequence[Dict], kubernetes: Sequence[Dict]) -> List[Dict]:
    """The findings about the host that no finding of Kubernetes says already.

    kubernetes: rows as answers/pod_judgement.py gives them. A finding about the host that names several cgroups goes
    only if each of them is of a pod that has the other finding.
    """
    pods: Dict[str, Set[str]] = {}
    for row in kubernetes:
        pods.setdefault(row["id"], set()).add(row["uid"] or "")
    return [row for row in host if not _is_said(row, pods)]


def _is_said(row, pods) -> bool:
    if OF_NODES.get(row["id"]) in pods:
        return True
    told = pods.get(OF_PODS.get(row["id"], ""))
    if not told:
        return False
    paths = _paths(row["evidence"])
    return bool(paths) and all(_uid(path) in told for path in paths)


def _paths(evidence) -> List[str]:
    """All cgroups that a finding is about; none where it names only some of them."""
    rows = next((evidence[name] for name in _LISTS if isinstance(evidence.get(name), list)), None)
    if rows is None:
        return [evidence["cgroup"]] if evidence.get("cgroup") else []
    if evidence.get("count", len(rows)) > len(rows):
        return []
    return [row.get("cgroup") or "" for row in rows]


def _uid(path) -> str:
    found = pod_path.pods(path)
    return found[0].uid if found else ""
