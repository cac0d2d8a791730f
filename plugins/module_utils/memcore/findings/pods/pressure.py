# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about containers that are short of memory without being killed, and how low a limit may become."""

from typing import Dict, Iterator, List, Optional, Tuple

from ...models import qos
from ...models.pod_evidence import MAX, Cgroup
from ...models.pod_record import Running
from ...models.size import human
from ..rule import CHANGE, LOOK, Met
from .sheet import named, rule

_LONG_SECONDS = 900  # a use that lasts
_LEAST_SECONDS = 30  # between two looks at a counter, for a rate
_NOTICEABLE = 50 << 20  # bytes above the request; less than that is the noise of small containers
_PAGE = 4096  # of the counters in memory.stat that count pages
_NEAR_LIMIT_PERCENT = 95
_STALLED_PERCENT = 80.0
_RECLAIMABLE = ("active_file", "inactive_file", "slab_reclaimable")
_LOOK = ((LOOK, "kubectl -n {namespace} top pod {pod} --containers"),)


def _cgroups(record: Dict) -> List[Tuple[Running, Cgroup]]:
    return [(one, one.now.cgroup) for one in record["running"] if one.now.cgroup is not None]


def _per_minute(cgroup: Cgroup, part: str, name: str) -> Optional[float]:
    """How fast a counter rises; None where two looks are not known, or lie too close together."""
    earlier = cgroup.earlier
    now = cgroup.events if part == "events" else cgroup.stat
    if earlier is None or now is None or earlier.seconds_ago < _LEAST_SECONDS:
        return None
    before = earlier.events if part == "events" else earlier.stat
    if name not in now or name not in before:
        return None
    return max(now[name] - before[name], 0) * 60.0 / earlier.seconds_ago


def working_set(cgroup: Cgroup) -> Optional[int]:
    """memory.current without inactive files, as the kubelet counts it."""
    inactive = (cgroup.stat or {}).get("inactive_file")
    return None if cgroup.current_bytes is None or inactive is None else max(cgroup.current_bytes - inactive, 0)


def _far_above_request(record: Dict, threshold) -> Iterator[Met]:
    """A container uses far more memory than it requests, and has done so for a while."""
    pod = record["pod"]
    if pod.qos_class != qos.BURSTABLE:
        return
    for one, cgroup in _cgroups(record):
        request, used = one.claim.amounts.memory_request, working_set(cgroup)
        if request is None or used is None or not cgroup.samples or cgroup.samples[0][0] < _LONG_SECONDS:
            continue
        least = min([used] + [size for _ago, size in cgroup.samples])
        if least > threshold * request and least - request > _NOTICEABLE:
            minutes = int(cgroup.samples[0][0] // 60)
            summary = (
                f"{one.claim.name} requests {human(request)}, but has used {human(least)} or more in each look of the "
                f"last {minutes} minutes, so its oom_score_adj is too high and the kubelet evicts it early"
            )
            evidence = {
                "container": one.claim.name,
                "request_bytes": request,
                "used_bytes": used,
                "least_used_bytes": least,
                "formula": f"{least} > {threshold:g} * {request}",
            }
            yield Met(summary, dict(named(pod), **evidence))


FAR_ABOVE_REQUEST = rule(
    "request-far-below-usage",
    "medium",
    ("pod", "running", "samples"),
    _far_above_request,
    "Raise the memory request of {container} to what it uses.",
    threshold=2.0,
    unit="times the request",
    commands=_LOOK,
)


def _thrash(record: Dict, threshold) -> Iterator[Met]:
    """A container is at its limit all the time, and waits for memory without being killed."""
    for one, cgroup in _cgroups(record):
        hits, kills = _per_minute(cgroup, "events", "max"), _per_minute(cgroup, "events", "oom_kill")
        stalled = cgroup.full_avg10_percent
        if hits is None or kills is None or stalled is None or kills > 0:
            continue
        if hits > threshold and stalled > 10:  # noqa: PLR2004
            summary = (
                f"{one.claim.name} reaches its memory limit {hits:.0f} times a minute and waits for memory {stalled:g} "
                "% of the time; nothing was killed"
            )
            evidence = {
                "container": one.claim.name,
                "hits_per_minute": round(hits),
                "full_avg10_percent": stalled,
                "formula": f"max: {hits:.0f} a minute > {threshold:g}; oom_kill: 0; PSI full: {stalled:g} % > 10 %",
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


THRASH = rule(
    "limit-hit-thrash",
    "medium",
    ("pod", "running", "rates", "psi"),
    _thrash,
    "Raise the memory limit of {container}, or let it use less: the kernel spends its time on reclaiming pages.",
    threshold=1000.0,
    unit="times a minute at the limit",
    commands=_LOOK,
)


def _throttled(record: Dict, threshold) -> Iterator[Met]:
    """The kernel slows a container down at memory.high, which MemoryQoS has set."""
    for one, cgroup in _cgroups(record):
        hits = _per_minute(cgroup, "events", "high")
        if hits is not None and isinstance(cgroup.high_bytes, int) and hits > threshold:
            summary = (
                f"{one.claim.name} exceeds memory.high ({human(cgroup.high_bytes)}) {hits:.0f} times a minute, so the "
                "kernel slows it down; its probes may fail, which ends in exit code 137"
            )
            evidence = {
                "container": one.claim.name,
                "high_bytes": cgroup.high_bytes,
                "hits_per_minute": round(hits),
                "formula": f"high: {hits:.0f} a minute > {threshold:g}",
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


THROTTLED = rule(
    "memoryqos-high-throttle",
    "medium",
    ("pod", "running", "rates"),
    _throttled,
    "Raise the memory limit of {container}, or turn MemoryQoS off (memoryThrottlingFactor of the kubelet).",
    threshold=100.0,
    unit="times a minute above memory.high",
)


def _livelock(record: Dict, threshold) -> Iterator[Met]:
    """A container stands still at memory.high: what it holds cannot be reclaimed, and nothing kills it."""
    for one, cgroup in _cgroups(record):
        high, stalled, hits = cgroup.high_bytes, cgroup.full_avg10_percent, _per_minute(cgroup, "events", "high")
        held = pinned(cgroup)
        if not isinstance(high, int) or stalled is None or held is None or not hits or stalled < threshold:
            continue
        if held >= high and (cgroup.swap_limit_bytes == 0 or record.get("swap_bytes") == 0):
            summary = (
                f"{one.claim.name} stands still: {human(held)} cannot be reclaimed, more than memory.high "
                f"({human(high)}), and it waits for memory {stalled:g} % of the time; below its limit nothing kills it"
            )
            evidence = {
                "container": one.claim.name,
                "cgroup": cgroup.path,
                "high_bytes": high,
                "held_bytes": held,
                "full_avg10_percent": stalled,
                "formula": f"{held} >= {high}; PSI full: {stalled:g} % >= {threshold:g} %",
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


LIVELOCK = rule(
    "memory-high-livelock",
    "high",
    ("pod", "running", "rates", "psi"),
    _livelock,
    "Raise memory.high of {container} at once; its value lasts until the kubelet writes it again. Then raise the "
    "limit, or turn MemoryQoS off.",
    threshold=_STALLED_PERCENT,
    unit="percent of the time without any progress",
    commands=((CHANGE, "echo max > /sys/fs/cgroup{cgroup}/memory.high"),),
)


def _refaults(record: Dict, threshold) -> Iterator[Met]:
    """A container reads its own files again and again, because its limit leaves no room for page cache."""
    for one, cgroup in _cgroups(record):
        stat, stalled, limit = cgroup.stat or {}, cgroup.full_avg10_percent, cgroup.limit_bytes
        pages, kills = _per_minute(cgroup, "stat", "workingset_refault_file"), _per_minute(cgroup, "events", "oom_kill")
        if pages is None or kills is None or stalled is None or not isinstance(limit, int) or kills > 0:
            continue
        cache = stat.get("active_file", 0) + stat.get("inactive_file", 0)
        size = int(pages * _PAGE)
        is_full = cgroup.current_bytes is not None and cgroup.current_bytes * 100 >= _NEAR_LIMIT_PERCENT * limit
        if is_full and stalled > 10 and size > threshold * max(cache, _PAGE):  # noqa: PLR2004
            summary = (
                f"{one.claim.name} reads {human(size)} of files back in each minute, with room for {human(cache)} of "
                f"page cache below its limit of {human(limit)}, and waits for memory {stalled:g} % of the time"
            )
            evidence = {
                "container": one.claim.name,
                "limit_bytes": limit,
                "page_cache_bytes": cache,
                "refault_bytes_per_minute": size,
                "full_avg10_percent": stalled,
                "formula": f"{size} a minute > {threshold:g} * {max(cache, _PAGE)}",
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


REFAULTS = rule(
    "refault-starvation",
    "medium",
    ("pod", "running", "rates", "psi"),
    _refaults,
    "Raise the memory limit of {container}: its program and files do not fit, so the disk is read instead of memory.",
    threshold=2.0,
    unit="times the page cache in a minute",
    commands=_LOOK,
)


def pinned(cgroup: Cgroup) -> Optional[int]:
    """What the kernel cannot take back from the cgroup now without swap: all but files and reclaimable slab."""
    stat = cgroup.stat or {}
    if cgroup.current_bytes is None or not all(name in stat for name in _RECLAIMABLE):
        return None
    return max(cgroup.current_bytes - sum(stat[name] for name in _RECLAIMABLE), 0)


def _lowest(record: Dict, _threshold) -> Iterator[Met]:
    """A resize asks for a limit below what the container holds and cannot give back."""
    for one, cgroup in _cgroups(record):
        wanted, held = one.claim.amounts.memory_limit, pinned(cgroup)
        if wanted is None or held is None or cgroup.limit_bytes is None:
            continue
        is_asked = cgroup.limit_bytes == MAX and bool(record["pod"].resizing)
        is_lower = is_asked or (isinstance(cgroup.limit_bytes, int) and wanted < cgroup.limit_bytes)
        if is_lower and one.claim.status.started is not None and wanted < held and not one.claim.has_claims:
            summary = (
                f"the limit of {one.claim.name} is to become {human(wanted)}, but it holds {human(held)} that cannot "
                "be reclaimed: with cgroup v2 the kernel kills it when the limit is written"
            )
            evidence = {
                "container": one.claim.name,
                "wanted_bytes": wanted,
                "lowest_bytes": held,
                "formula": f"{cgroup.current_bytes} - (active_file + inactive_file + slab_reclaimable) = {held}",
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


LOWEST = rule(
    "lowest-safe-limit",
    "medium",
    ("pod", "running"),
    _lowest,
    "Ask for a limit of {container} above {lowest_bytes} bytes, with room for growth, or set its resizePolicy to "
    "RestartContainer so that it starts small.",
    commands=_LOOK,
)

RULES = (FAR_ABOVE_REQUEST, THRASH, THROTTLED, LIVELOCK, REFAULTS, LOWEST)
