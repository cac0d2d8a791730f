# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about the memory limits of a pod: missing ones, ones too small to start with, and heaps that fill them."""

from typing import Dict, Iterator

from ...models import qos
from ...models.size import human
from ..rule import Met, Rule
from .said import is_node_critical, listed, of_kind

_RUNTIME_MINIMUM = 16 << 20  # runc's own init needs about so much before it starts the program


def _unbounded(record: Dict, _threshold) -> Iterator[Met]:
    """Nothing but the end of the node's memory stops a leak in a container."""
    pod = record["pod"]
    if pod.qos_class != qos.BURSTABLE or _is_limited(pod) or is_node_critical(record):
        return  # of a critical pod another rule says more
    names = [one.name for one in of_kind(pod, "container", "sidecar") if one.amounts.memory_limit is None]
    if names:
        summary = f"no memory limit: {listed(names)}; only running out of memory on the whole node stops a leak there"
        yield Met(summary, {"containers": names})


def _is_limited(pod):
    return pod.whole is not None and pod.whole.memory_limit is not None


UNBOUNDED = Rule(
    "burstable-unbounded-memory",
    "warning",
    None,
    "",
    ("pod",),
    _unbounded,
    "Give {containers} a memory limit above the highest usual use.",
    report_severity="medium",
)


def _one_missing(record: Dict, _threshold) -> Iterator[Met]:
    """The pod as a whole has no limit, because one of its containers has none."""
    pod = record["pod"]
    without = [one.name for one in pod.containers if one.amounts.memory_limit is None]
    if _is_limited(pod) or not without or len(without) == len(pod.containers):
        return
    summary = (
        f"{listed(without)} has no memory limit, so the pod as a whole gets none, and a tmpfs of it may grow to the "
        "node's memory"
    )
    yield Met(summary, {"containers": without})


LIMIT_MISSING = Rule(
    "limit-missing-on-one-container",
    "info",
    None,
    "",
    ("pod",),
    _one_missing,
    "Give {containers} a memory limit too: the kubelet limits the pod's cgroup only if every container has a limit, "
    "init containers included.",
    report_severity="low",
)


def _below_minimum(record: Dict, _threshold) -> Iterator[Met]:
    """A memory limit is less than what the start of a container needs."""
    for one in record["pod"].containers:
        limit = one.amounts.memory_limit
        if limit is not None and limit < _RUNTIME_MINIMUM:
            summary = f"{one.name} has a memory limit of {human(limit)}, which the container's own start can exceed"
            yield Met(summary, {"container": one.name, "limit_bytes": limit, "minimum_bytes": _RUNTIME_MINIMUM})


BELOW_MINIMUM = Rule(
    "memory-limit-below-runtime-minimum",
    "warning",
    None,
    "",
    ("pod",),
    _below_minimum,
    "Raise the memory limit of {container} to 32Mi at least: below 16Mi the runtime itself may be killed before the "
    "program starts.",
    report_severity="high",
)


def _heap_fills(record: Dict, threshold) -> Iterator[Met]:
    """A heap may grow to the memory limit, which leaves no room for the rest of the process."""
    pod = record["pod"]
    for one in pod.containers:
        limit = one.amounts.memory_limit or (pod.whole.memory_limit if pod.whole else None)
        for heap in one.heaps if limit else ():
            size = heap.bytes if heap.bytes is not None else int(limit * heap.percent / 100)
            if size * 100 >= threshold * limit:
                share = 100 * size // limit
                summary = (
                    f"{heap.setting} lets the heap of {one.name} grow to {human(size)}, {share} % of its memory limit "
                    f"of {human(limit)}"
                )
                evidence = {
                    "container": one.name,
                    "setting": heap.setting,
                    "heap_bytes": size,
                    "limit_bytes": limit,
                    "formula": f"{size} >= {threshold:g} % of {limit}",
                }
                yield Met(summary, evidence)


HEAP = Rule(
    "jvm-go-heap-exceeds-limit",
    "warning",
    90.0,
    "percent of the memory limit",
    ("pod",),
    _heap_fills,
    "Lower {setting} to at most three quarters of the limit, or raise the limit: threads, page tables, buffers and "
    "the runtime itself need memory beside the heap.",
    report_severity="medium",
)


def _huge_pages(record: Dict, _threshold) -> Iterator[Met]:
    """A container may use more huge pages than its memory limit, which does not count them."""
    for one in record["pod"].containers:
        huge, limit = one.amounts.huge_pages, one.amounts.memory_limit
        if limit is not None and huge > limit:
            summary = (
                f"{one.name} may use {human(huge)} of huge pages beside its memory limit of {human(limit)}, which does "
                "not count them"
            )
            yield Met(summary, {"container": one.name, "huge_pages_bytes": huge, "limit_bytes": limit})


HUGE_PAGES = Rule(
    "hugepages-in-request-only",
    "info",
    None,
    "",
    ("pod",),
    _huge_pages,
    "Nothing need be done. The memory limit of {container} is for everything but its huge pages; size it for heap, "
    "stacks and page cache.",
    report_severity="info",
)

RULES = (UNBOUNDED, LIMIT_MISSING, BELOW_MINIMUM, HEAP, HUGE_PAGES)
