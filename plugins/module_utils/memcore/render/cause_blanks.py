# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Fills the blanks of the texts in cause_words.py from an event.

{holder} and {task} are the process that holds most, with and without its pid, {holder_size} its memory; {processes} and
{tasks} the processes of the table, {tasks_size} their memory; {group_…} those of one program. {size}, {share} and
{domain} are of the part that decided; {block}, {zones}, {nodes} and {detail} of the request.
"""

from typing import Dict, Optional

from ..models.large_parts import OF_KERNEL, OF_TASKS, SMALL_TASK
from ..models.size import human
from ..sources.printable import one_line, with_pid
from .cause_words import CACHES

_MOST_ZONES = 3
_ZONE_ADVICE = (
    ("HighMem", "A 32-bit kernel must keep its own data in low memory, below HighMem: use a 64-bit kernel."),
    (
        "CMA",
        "CMA is memory set aside for devices, and only movable pages may borrow it: a smaller area (kernel parameter "
        "cma=) leaves more for the rest, but a device that needs it then fails.",
    ),
    (
        "Movable",
        "Zone Movable cannot hold the kernel's own data: make it smaller (movablecore=, kernelcore=, or memory that "
        "was added as online_movable).",
    ),
)
_LOW_ZONE = (
    "Only devices that cannot reach all of the RAM need {zone}: look for the driver, and whether an IOMMU is off."
)
_ANY_ZONE = "The Mem-Info lines of the log show what fills {zone}."


def answer(event: Dict) -> Optional[str]:
    """Whether the request could have been served, None where the log lost it."""
    request = event.get("request")  # who killed from user space requested nothing
    return None if request is None else request["could_be_served"]


def filled(text: str, event: Dict) -> str:
    """The text with its blanks filled."""
    evidence, request = event["cause"]["evidence"], event.get("request")
    task, count, group = evidence["largest_task"], evidence["tasks"], evidence["largest_group"]
    share, size = evidence["share_percent"], evidence["part_bytes"]
    blanks = {
        "holder": with_pid(task["comm"], task["pid"]) if task else "one process",
        "task": one_line(task["comm"]) if task else "the largest process",
        "program": _program(event),
        "more": "raise the limit" if event["scope"] == "memcg" else "add RAM",
        "processes": "1 process" if count == 1 else f"{count} processes",
        "tasks": count,
        "holder_size": human(task["bytes"]) if task else None,
        "tasks_size": _human(evidence["tasks_bytes"]),
        "size": _human(size),
        "share": None if share is None else f"{share:.0f} %",
        "domain": _domain(event),
        "small": f"{SMALL_TASK:.0f} %",
        "caches": _caches(evidence),
        "cache_advice": _cache_advice(evidence),
        "swap": _human(evidence["swap_used_bytes"]),
        "block": human(request["bytes"]) if request else "the size requested",
        "probably": "" if request and request["could_be_served"] == "no" else "probably ",
        "detail": _detail(event),
        "zones": _zones(request),
        "zone_advice": _zone_advice(request),
        "nodes": _nodes(request),
    }
    return text.format(**blanks, **_of_group(group, size, share))


def _human(size):
    return None if size is None else human(size)


def _of_group(group, size, share):
    """The blanks of a group; its share from that of all processes."""
    if not group:
        return {}
    part = share * group["bytes"] / size if size and share is not None else None
    return {
        "group_count": group["count"],
        "group_comm": one_line(group["comm"]),
        "group_user": "" if group["uid"] is None else f" (user id {group['uid']})",
        "group_size": human(group["bytes"]),
        "group_share": None if part is None else f"{min(part, 100.0):.0f} %",
    }


def _program(event):
    victim = event["victim"]
    return (
        one_line(victim["comm"])
        if victim and event["cause"]["evidence"]["shared_mapped_by"] == "victims"
        else "a program"
    )


def _domain(event):
    evidence = event["cause"]["evidence"]
    if evidence["of"] == "memsw":
        return f"the limit of memory and swap ({human(evidence['total_bytes'])})"
    domain = "the limit" if event["scope"] == "memcg" else "the memory"
    if event["cause"]["class"] in OF_KERNEL and "one-zone" in evidence["contributing"]:
        return "the zones that this request may use"
    is_swapped = event["cause"]["class"] in OF_TASKS and any(row["swap_bytes"] for row in event["candidates"])
    return domain + " with its swap" * is_swapped


def _caches(evidence):
    if not evidence["top_caches"]:
        return ""
    first, size = evidence["top_caches"][0], evidence["part_bytes"]
    which = "most of it" if size is not None and first["bytes"] * 2 >= size else "the largest of them"
    return f", {which} {one_line(first['name'])} ({human(first['bytes'])})"


def _cache_advice(evidence):
    name = evidence["top_caches"][0]["name"] if evidence["top_caches"] else ""
    return next((f" {text}" for start, text in CACHES.items() if name.startswith(start)), "")


def _detail(event):
    """What the model says of the zones; without their figures what they suggest."""
    request = event.get("request")
    if event["outcome"] == "allocation-failed" and answer(event) == "no":
        # Its first sentences have the figures (failed_allocation.py).
        is_split = event["cause"]["class"] == "fragmentation"
        return f"Memory was free, but {'only in smaller blocks' if is_split else 'not where the request may use it'}."
    if request is not None and request["could_be_served"] == "no":
        why = request["why"][len("No: ") :]
        return why[0].upper() + why[1:]
    if event["cause"]["class"] == "fragmentation":
        size = human(request["bytes"]) if request else "the size requested"
        return f"Memory was free, but probably not in blocks of {size}; the report does not show the zones."
    return "Memory was free, but probably not in a zone that the request may use; the report does not show the zones."


def _nodes(request):
    if request is None or not request["nodes"]:
        return "some memory nodes"
    return f"memory node{'s' * (not request['nodes'].isdigit())} {one_line(request['nodes'])}"


def _zones(request):
    """The zones that the request may use, by name unless they are many."""
    if request is None or not request["highest_zone"]:
        return "the zone that it needs"
    names = request["zones"]
    if not 0 < len(names) <= _MOST_ZONES:
        return f"the zones up to {request['highest_zone']}"
    return f"zone {names[0]}" if len(names) == 1 else f"zones {', '.join(names[:-1])} and {names[-1]}"


def _zone_advice(request):
    zone = _zones(request)
    if request is None:
        return _ANY_ZONE.format(zone=zone)
    if request["highest_zone"] in ("DMA", "DMA32"):
        return _LOW_ZONE.format(zone=zone)
    large = sum(one["bytes"] for one in request["unusable"]) // 10
    where = {one["where"] for one in request["unusable"] if one["bytes"] >= large}
    told = [text for name, text in _ZONE_ADVICE if name in where]
    return " ".join(told) or _ANY_ZONE.format(zone=zone)
