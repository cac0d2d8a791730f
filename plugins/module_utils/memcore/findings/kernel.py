# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about memory that the kernel itself holds."""

from typing import Dict, List

from ..models.size import human, percent
from .rule import Finding, finding


def slab_unreclaimable(facts: Dict, threshold: float) -> List[Finding]:
    """Reclaimable slab is a cache and never raises this."""
    caches = _rows(facts, "slab", "top_unreclaimable")
    evidence = {"cache": caches[0]["name"] if caches else None, "top": caches[:3]}
    return _share(
        facts, "slab-unreclaimable-high", "slab_unreclaimable", "unreclaimable slab takes", threshold, evidence
    )


def vmalloc(facts: Dict, threshold: float) -> List[Finding]:
    """Memory from vmalloc, without thread stacks."""
    callers = [row for row in _rows(facts, "vmalloc", "top") if not row["thread_stacks"]]
    evidence = {"caller": callers[0]["caller"] if callers else None, "top": callers[:3]}
    return _share(facts, "vmalloc-high", "vmalloc", "vmalloc takes", threshold, evidence)


def bpf_jit(facts: Dict, threshold: float) -> List[Finding]:
    """Compiled BPF programs near the limit at which loading one fails with errno 524."""
    kernel = facts["kernel"]
    used, limit = kernel["bpf_jit_bytes"], kernel["bpf_jit_limit_bytes"]
    if not used or not limit or percent(used, limit) < threshold:
        return []
    summary = f"compiled BPF programs take {human(used)} of the {human(limit)} that net.core.bpf_jit_limit allows"
    return [finding("bpf-jit-near-limit", summary, {"bpf_jit_bytes": used, "limit_bytes": limit})]


def page_tables(facts: Dict, threshold: float) -> List[Finding]:
    """Page tables of user processes."""
    rows = _rows(facts, "page_tables", "top")
    evidence = {"comm": rows[0]["comm"], "pid": rows[0]["pid"], "top": rows[:3]} if rows else {}
    return _share(facts, "page-tables-high", "page_tables", "page tables take", threshold, evidence)


def percpu(facts: Dict, threshold: float) -> List[Finding]:
    """The per-CPU allocator."""
    return _share(facts, "percpu-high", "percpu", "per-CPU memory takes", threshold, {})


def kernel_stacks(facts: Dict, threshold: float) -> List[Finding]:
    """Stacks of all threads."""
    return _share(facts, "kernel-stacks-high", "kernel_stacks", "kernel stacks take", threshold, {})


def balloon(facts: Dict, threshold: float) -> List[Finding]:
    """Memory that the hypervisor has taken back."""
    return _share(facts, "balloon-inflated", "balloon", "the hypervisor's balloon takes", threshold, {})


def gpu(facts: Dict, threshold: float) -> List[Finding]:
    """System memory that GPU clients hold, in Shmem or outside it."""
    outside, total = facts["memory"]["ledger"].get("gpu") or 0, facts["memory"]["total_bytes"]
    inside = facts["shmem"]["gpu_bytes"] or 0 if "shmem" in facts else 0
    if not outside + inside or percent(outside + inside, total) < threshold:
        return []
    evidence = {
        "bytes": outside + inside,
        "percent_of_ram": percent(outside + inside, total),
        "outside_shmem_bytes": outside,
        "in_shmem_bytes": inside,
    }
    summary = f"GPU buffers take {human(outside + inside)} of system memory, {evidence['percent_of_ram']} % of RAM"
    return [finding("gpu-memory-high", summary, evidence)]


def sockets(facts: Dict, threshold: float) -> List[Finding]:
    """Buffers charged to TCP and UDP sockets."""
    counters = facts["kernel"]["sockets"]
    held = (counters["tcp_bytes"] or 0) + (counters["udp_bytes"] or 0)
    total = facts["memory"]["total_bytes"]
    if percent(held, total) < threshold:
        return []
    summary = f"socket buffers hold {human(held)}, {percent(held, total)} % of RAM"
    return [finding("sockets-high", summary, {"bytes": held, "percent_of_ram": percent(held, total), **counters})]


def _share(facts, name, part, words, threshold, evidence):
    held, total = facts["memory"]["ledger"].get(part), facts["memory"]["total_bytes"]
    if not held or percent(held, total) < threshold:
        return []
    figures = {"bytes": held, "percent_of_ram": percent(held, total)}
    return [finding(name, f"{words} {human(held)}, {percent(held, total)} % of RAM", {**figures, **evidence})]


def _rows(facts, kind, name):
    return (facts["kernel"][kind][name] if "kernel" in facts else None) or []
