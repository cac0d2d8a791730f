# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about limits as the kubelet wrote them to cgroups, where they differ from what the spec makes one expect."""

from typing import Dict, Iterator

from ...models import qos
from ...models.size import human
from ..rule import LOOK, RESTART, Met
from .pressure import working_set
from .said import listed
from .sheet import named, rule

_REFUSED = ("Error", "Infeasible", "Deferred")
_PROBE_ROOM = 64 << 20
_LOOK = ((LOOK, "kubectl -n {namespace} describe pod {pod}"),)
_LIMITED_SWAP = "LimitedSwap"


def _stuck(record: Dict, _threshold) -> Iterator[Met]:
    """A lower memory limit was asked for, and the kubelet has not applied it."""
    pod = record["pod"]
    told = [(name, reason) for name, reason in pod.resizing if reason in _REFUSED]
    for one in pod.containers if told else ():
        wanted, applied = one.amounts.memory_limit, one.status.limit_bytes
        if wanted is not None and applied is not None and wanted < applied:
            summary = (
                f"the memory limit of {one.name} should become {human(wanted)} but is still {human(applied)}: the "
                f"resize is told as {told[0][1]}"
            )
            evidence = {
                "container": one.name,
                "wanted_bytes": wanted,
                "limit_bytes": applied,
                "condition": told[0][0],
                "reason": told[0][1],
            }
            yield Met(summary, dict(named(pod), **evidence))


STUCK = rule(
    "memory-limit-decrease-stuck",
    "low",
    ("pod",),
    _stuck,
    "Wait until {container} uses less, or set its resizePolicy for memory to RestartContainer.",
    commands=_LOOK,
)


def _stale(record: Dict, _threshold) -> Iterator[Met]:
    """The pod's cgroup kept an older, lower limit than its containers have together."""
    pod, cgroup = record["pod"], record["pod_cgroup"]
    rows = [one for one in record["running"] if one.claim.kind in ("container", "sidecar")]
    limits = [None if one.now.cgroup is None else one.now.cgroup.limit_bytes for one in rows]
    if pod.whole is not None or pod.resizing or not isinstance(cgroup.limit_bytes, int) or not limits:
        return
    sizes = [size for size in limits if isinstance(size, int)]
    if len(sizes) == len(limits) and cgroup.limit_bytes < sum(sizes):
        summary = (
            f"the pod's cgroup is limited to {human(cgroup.limit_bytes)}, but its containers have {human(sum(sizes))} "
            "together: a resize has not reached the pod's cgroup, so the OOM killer comes at the old limit"
        )
        evidence = {
            "cgroup": cgroup.path,
            "limit_bytes": cgroup.limit_bytes,
            "containers_bytes": sum(sizes),
            "containers": [one.claim.name for one in rows],
            "formula": f"{cgroup.limit_bytes} < {' + '.join(map(str, sizes))}",
        }
        yield Met(summary, dict(named(pod), **evidence))


STALE = rule(
    "pod-cgroup-limit-stale",
    "high",
    ("pod", "pod_cgroup", "running"),
    _stale,
    "Delete the pod, so that the kubelet makes its cgroup with the present limits; then upgrade the kubelet.",
    commands=((RESTART, "kubectl -n {namespace} delete pod {pod}"),),
)


def _with_claims(record: Dict, _threshold) -> Iterator[Met]:
    """The pod's limit is larger than its spec says, because memory of claimed devices was added."""
    pod, limit = record["pod"], record["pod_cgroup"].limit_bytes
    if pod.claimed_bytes and pod.limit_bytes is not None and limit == pod.limit_bytes + pod.claimed_bytes:
        summary = (
            f"the pod's memory limit is {human(limit)}: {human(pod.limit_bytes)} of the spec and "
            f"{human(pod.claimed_bytes)} that its claims of devices add"
        )
        evidence = {
            "limit_bytes": limit,
            "spec_limit_bytes": pod.limit_bytes,
            "claimed_bytes": pod.claimed_bytes,
            "formula": f"{pod.limit_bytes} + {pod.claimed_bytes} = {limit}",
        }
        yield Met(summary, dict(named(pod), **evidence))


WITH_CLAIMS = rule(
    "pod-limit-includes-dra",
    "info",
    ("pod", "pod_cgroup"),
    _with_claims,
    "Nothing need be done: the larger limit is no fault.",
)


def _without_swap(record: Dict, _threshold) -> Iterator[Met]:
    """A container may not use the node's swap, because of its memory request."""
    pod, config = record["pod"], record["kubelet_config"]
    swap = config.get("memorySwap")
    behavior = swap.get("swapBehavior") if isinstance(swap, dict) else None
    if behavior != _LIMITED_SWAP or not record["swap_bytes"] or record["cgroup_version"] != "v2":
        return
    if pod.qos_class != qos.BURSTABLE:
        return
    names = [
        one.name
        for one in pod.containers
        if one.kind != "init"
        and (one.amounts.memory_request is None or one.amounts.memory_request == one.amounts.memory_limit)
    ]
    if names:
        summary = (
            f"{listed(names)} may not use the node's {human(record['swap_bytes'])} of swap: with LimitedSwap only a "
            "container whose memory request is set and differs from its limit may"
        )
        yield Met(summary, dict(named(pod), containers=names, swap_bytes=record["swap_bytes"]))


WITHOUT_SWAP = rule(
    "swap-excluded-burstable",
    "info",
    ("pod", "swap_bytes", "cgroup_version", "kubelet_config"),
    _without_swap,
    "If {containers} should use swap, give each a memory request below its limit. Otherwise nothing need be done.",
)


def _heavy_probe(record: Dict, _threshold) -> Iterator[Met]:
    """A probe starts an interpreter every few seconds in a container that is almost full."""
    for one in record["running"]:
        cgroup, limit = one.now.cgroup, one.claim.amounts.memory_limit
        used = None if cgroup is None else working_set(cgroup)
        if limit is None or used is None or limit - used >= _PROBE_ROOM:
            continue
        for probe in one.claim.probes:
            if probe.period_seconds < 15:  # noqa: PLR2004
                summary = (
                    f"the {probe.kind} of {one.claim.name} starts {probe.program} every {probe.period_seconds} s, with "
                    f"{human(max(limit - used, 0))} left below the memory limit: the probe may be OOM-killed, or bring "
                    "the container to its limit"
                )
                evidence = {
                    "container": one.claim.name,
                    "probe": probe.kind,
                    "program": probe.program,
                    "limit_bytes": limit,
                    "used_bytes": used,
                    "formula": f"{limit} - {used} < {_PROBE_ROOM}",
                }
                yield Met(summary, dict(named(record["pod"]), **evidence))
                break


HEAVY_PROBE = rule(
    "probe-exec-heavy",
    "low",
    ("pod", "running"),
    _heavy_probe,
    "Use an httpGet or grpc probe for {container}, or leave more room below its limit.",
)

RULES = (STUCK, STALE, WITH_CLAIMS, WITHOUT_SWAP, HEAVY_PROBE)
