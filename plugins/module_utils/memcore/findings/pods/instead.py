# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where a rule about the host and a rule of Kubernetes say the same, only the rule of Kubernetes speaks."""

from typing import Dict, List, Sequence, Set

from ...models import pod_path

# Rules about the host: those of Kubernetes that say the same of a pod or a process.
OF_PODS = {
    "floored-tie-in-cgroup": ("guaranteed-tied-oom-score",),
    "floored-badness": ("guaranteed-tied-oom-score",),
    "same-negative-adj": ("guaranteed-tied-oom-score",),
    "unkillable-workload": ("oom-immune-process",),
    "cgroup-shmem-at-limit": ("tmpfs-restart-loop",),
    "lifeline-unprotected": ("runtime-daemon-unprotected", "kubelet-oom-score-changed"),
}
# And those about a sysctl, of which one rule of Kubernetes tells.
OF_SYSCTLS = {"panic-on-oom": "vm.panic_on_oom", "kill-allocating-task": "vm.oom_kill_allocating_task"}
_SYSCTL_RULE = "oom-sysctl-drift"
_LISTS = ("cgroups", "processes")


def left(host: Sequence[Dict], kubernetes: Sequence[Dict]) -> List[Dict]:
    """The findings about the host that no finding of Kubernetes says already, of the same pod, process or sysctl.

    kubernetes: rows as answers/pod_judgement.py gives them; suppressed ones too, so that a finding that was suppressed
    does not come back under another name. A finding about the host that names several cgroups goes only if each of
    them is of a pod that has the other finding.
    """
    return [row for row in host if not _is_said(row, kubernetes)]


def _is_said(row, kubernetes) -> bool:
    if row["id"] in OF_SYSCTLS:
        drifts = [one["evidence"].get("sysctl") for one in kubernetes if one["id"] == _SYSCTL_RULE]
        return OF_SYSCTLS[row["id"]] in drifts
    same = [one for one in kubernetes if one["id"] in OF_PODS.get(row["id"], ())]
    pid = row["evidence"].get("pid")
    if pid is not None and pid in [one["evidence"].get("pid") for one in same]:
        return True
    told: Set[str] = {one["uid"] for one in same if one["uid"]}
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
