# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about memory that the kernel itself holds."""

from typing import Dict, Iterator

from ..models.size import human, percent
from .phrases import named, share
from .rule import CHANGE, LOOK, Met, Rule


def _part(name: str, words: str, more=lambda facts: ("", {})):
    """The predicate for one part of the ledger; more(facts): what else to say of it, and further evidence."""

    def predicate(facts: Dict, threshold: float) -> Iterator[Met]:
        held, total = facts["memory"]["ledger"].get(name), facts["memory"]["total_bytes"]
        if held and percent(held, total) >= threshold:
            said, evidence = more(facts)
            figures = {"bytes": held, "percent_of_ram": percent(held, total)}
            yield Met(f"{words} {share(held, total)}{said}", dict(figures, **evidence))

    return predicate


def _largest_cache(facts):
    caches = _rows(facts, "slab", "top_unreclaimable")
    said = f"; the largest cache is {caches[0]['name']}" if caches else ""
    return said, {"cache": caches[0]["name"] if caches else None, "top": caches[:3]}


def _largest_caller(facts):
    callers = [row for row in _rows(facts, "vmalloc", "top") if not row["thread_stacks"]]
    said = f"; the largest caller is {callers[0]['caller']}" if callers else ""
    return said, {"caller": callers[0]["caller"] if callers else None, "top": callers[:3]}


def _largest_page_tables(facts):
    rows = _rows(facts, "page_tables", "top")
    if not rows:
        return "", {}
    return f"; {named(rows[0])} has the most", {"comm": rows[0]["comm"], "pid": rows[0]["pid"], "top": rows[:3]}


def _rows(facts, kind, name):
    return (facts["kernel"][kind][name] if "kernel" in facts else None) or []


# Reclaimable slab is a cache and never raises this.
SLAB_UNRECLAIMABLE = Rule(
    "slab-unreclaimable-high",
    "warning",
    10.0,
    "percent of RAM",
    ("memory",),
    _part("slab_unreclaimable", "unreclaimable slab takes", _largest_cache),
    "Watch which slab cache grows. A cache that never shrinks is a leak in the kernel or in a driver: note the kernel "
    "release and the loaded modules, try a newer kernel of your distribution, and plan a reboot.",
    ((LOOK, "slabtop -o -s c | head -20"), (LOOK, "uname -r; lsmod")),
)
VMALLOC = Rule(
    "vmalloc-high",
    "warning",
    5.0,
    "percent of RAM",
    ("memory",),
    _part("vmalloc", "vmalloc takes", _largest_caller),
    "See which kernel code allocated the memory. Callers such as htab_map_alloc and array_map_alloc are BPF maps, "
    "which bpftool lists.",
    ((LOOK, "grep vmalloc /proc/vmallocinfo | sort -k2 -n | tail"), (LOOK, "bpftool map")),
)


def _bpf_jit(facts: Dict, threshold: float) -> Iterator[Met]:
    """Compiled BPF programs near the limit at which loading one fails with errno 524."""
    kernel = facts["kernel"]
    used, limit = kernel["bpf_jit_bytes"], kernel["bpf_jit_limit_bytes"]
    if used and limit and percent(used, limit) >= threshold:
        summary = f"compiled BPF programs take {human(used)} of the {human(limit)} that net.core.bpf_jit_limit allows"
        yield Met(summary, {"bpf_jit_bytes": used, "limit_bytes": limit})


BPF_JIT = Rule(
    "bpf-jit-near-limit",
    "warning",
    80.0,
    "percent of net.core.bpf_jit_limit",
    ("kernel",),
    _bpf_jit,
    "New seccomp filters and BPF programs will soon fail to load with errno 524. See which programs are loaded, and "
    "raise the limit. Update the kernel if programs are gone but their memory is not.",
    ((LOOK, "bpftool prog"), (CHANGE, "sysctl net.core.bpf_jit_limit=BYTES")),
)
PAGE_TABLES = Rule(
    "page-tables-high",
    "warning",
    5.0,
    "percent of RAM",
    ("memory",),
    _part("page_tables", "page tables take", _largest_page_tables),
    "Processes that map the same large region each need page tables of their own for it. Put that region on huge "
    "pages, or run fewer processes.",
    ((LOOK, "grep VmPTE /proc/[0-9]*/status | sort -k2 -n | tail"),),
)
PERCPU = Rule(
    "percpu-high",
    "warning",
    5.0,
    "percent of RAM",
    ("memory",),
    _part("percpu", "per-CPU memory takes"),
    "Look for per-CPU BPF maps, and for dying cgroups (see the finding dying-cgroups). Each per-CPU object exists once "
    "for every possible CPU.",
    ((LOOK, "bpftool map | grep percpu_"),),
)
KERNEL_STACKS = Rule(
    "kernel-stacks-high",
    "warning",
    5.0,
    "percent of RAM",
    ("memory",),
    _part("kernel_stacks", "kernel stacks take"),
    "Find the service that has so many threads. Fix it, or limit it with TasksMax=.",
    ((LOOK, "ps -eo nlwp,pid,comm --sort=-nlwp | head"),),
)


def _sockets(facts: Dict, threshold: float) -> Iterator[Met]:
    """Buffers charged to TCP and UDP sockets."""
    counters = facts["kernel"]["sockets"]
    held = (counters["tcp_bytes"] or 0) + (counters["udp_bytes"] or 0)
    total = facts["memory"]["total_bytes"]
    if percent(held, total) >= threshold:
        evidence = {"bytes": held, "percent_of_ram": percent(held, total), **counters}
        yield Met(f"socket buffers hold {share(held, total)}", evidence)


SOCKETS = Rule(
    "sockets-high",
    "warning",
    5.0,
    "percent of RAM",
    ("kernel", "memory"),
    _sockets,
    "Find the connections whose data no program reads (a large Recv-Q), and restart that program. If this comes back, "
    "lower net.ipv4.tcp_mem.",
    ((LOOK, "ss -tp --no-header | sort -k2 -n | tail"),),
)
BALLOON = Rule(
    "balloon-inflated",
    "warning",
    10.0,
    "percent of RAM",
    ("memory",),
    _part("balloon", "the hypervisor's balloon takes"),
    "Nothing in this guest can free this memory. Ask the hypervisor's administrator for a memory reservation, or for "
    "less overcommit.",
)


def _gpu(facts: Dict, threshold: float) -> Iterator[Met]:
    """System memory that GPU clients hold, in Shmem or outside it."""
    outside, total = facts["memory"]["ledger"].get("gpu") or 0, facts["memory"]["total_bytes"]
    inside = facts["shmem"]["gpu_bytes"] or 0 if "shmem" in facts else 0
    held = outside + inside
    if held and percent(held, total) >= threshold:
        evidence = {
            "bytes": held,
            "percent_of_ram": percent(held, total),
            "outside_shmem_bytes": outside,
            "in_shmem_bytes": inside,
        }
        summary = f"GPU buffers take {human(held)} of system memory, {percent(held, total)} % of RAM"
        yield Met(summary, evidence)


GPU = Rule(
    "gpu-memory-high",
    "warning",
    10.0,
    "percent of RAM",
    ("memory",),
    _gpu,
    "GPU clients hold system memory that no resident set shows. Find the client that holds most, and limit or restart "
    "it.",
    ((LOOK, "grep -HE '^drm-(total|resident|memory)-.*[1-9][0-9]* [KM]iB' /proc/[0-9]*/fdinfo/* 2>/dev/null"),),
)

RULES = (SLAB_UNRECLAIMABLE, VMALLOC, BPF_JIT, PAGE_TABLES, PERCPU, KERNEL_STACKS, SOCKETS, BALLOON, GPU)
