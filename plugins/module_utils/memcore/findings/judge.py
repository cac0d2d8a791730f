# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Apply every rule to what was gathered."""

from typing import Dict, List

from . import cgroups, kernel, memory, oom, shmem, tmpfs
from .rule import Finding

# Which subsets a rule reads, and the function that reads them: (facts, threshold or None) -> findings.
_RULES = {
    "tmpfs-dominates": (("tmpfs", "memory"), tmpfs.dominates),
    "tmpfs-nearly-full": (("tmpfs",), tmpfs.nearly_full),
    "tmpfs-unbounded": (("tmpfs", "memory"), tmpfs.unbounded),
    "tmpfs-deleted-files": (("tmpfs", "memory"), tmpfs.deleted_files),
    "tmpfs-dead-pod": (("tmpfs",), tmpfs.dead_pod),
    "journal-in-run": (("tmpfs",), tmpfs.journal_in_run),
    "sysv-orphan": (("shmem",), shmem.sysv_orphan),
    "shmem-unattributed": (("shmem", "memory"), shmem.unattributed),
    "slab-unreclaimable-high": (("memory",), kernel.slab_unreclaimable),
    "vmalloc-high": (("memory",), kernel.vmalloc),
    "bpf-jit-near-limit": (("kernel",), kernel.bpf_jit),
    "page-tables-high": (("memory",), kernel.page_tables),
    "percpu-high": (("memory",), kernel.percpu),
    "kernel-stacks-high": (("memory",), kernel.kernel_stacks),
    "sockets-high": (("kernel", "memory"), kernel.sockets),
    "balloon-inflated": (("memory",), kernel.balloon),
    "gpu-memory-high": (("memory",), kernel.gpu),
    "unaccounted-high": (("memory",), memory.unaccounted),
    "hugepages-idle": (("memory",), memory.idle_huge_pages),
    "dying-cgroups": (("cgroups",), cgroups.dying),
    "cgroup-shmem-at-limit": (("cgroups",), cgroups.shmem_at_limit),
    "cgroup-kernel-memory-high": (("cgroups",), cgroups.kernel_memory),
    "floored-tie-in-cgroup": (("oom",), oom.floored_tie),
    "floored-badness": (("oom",), oom.floored_badness),
    "same-negative-adj": (("oom",), oom.same_negative_adj),
    "lifeline-unprotected": (("oom",), oom.lifeline_unprotected),
    "unkillable-workload": (("oom",), oom.unkillable_workload),
    "unkillable-exhausts": (("oom",), oom.unkillable_exhausts),
    "declared-adj-differs": (("oom",), oom.declared_adj_differs),
    "panic-on-oom": (("oom",), oom.panic_on_oom),
    "kill-allocating-task": (("oom",), oom.kill_allocating_task),
    "no-oom-reaper": (("oom",), oom.no_reaper),
    "oom-kills": (("oom",), oom.kills),
}
_ORDER = {"critical": 0, "warning": 1, "info": 2}


def judge(facts: Dict, thresholds: Dict[str, float]) -> List[Finding]:
    """All findings, the worst first; a rule whose subsets were not gathered stays silent."""
    found: List[Finding] = []
    for name, (subsets, rule) in _RULES.items():
        if all(subset in facts for subset in subsets):
            found += rule(facts, thresholds.get(name))
    return sorted(found, key=lambda finding: _ORDER[finding.severity])
