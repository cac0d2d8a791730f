# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The cause of an OOM in sentences: where the memory was, what else was full, and what a person does about it.

Blanks of the texts in cause_words.py: {holder} and {task} (the process that holds most, with and without its pid),
{program}, {more}, {processes}, {tasks}, {tasks_size}, {size}, {share}, {domain}, {small}, {caches}, {cache_advice},
{swap}, {group_…}, {block}, {zones}, {zone_advice}, {nodes}, {probably}, {detail}.
"""

from typing import Dict, List, Optional

from ..models.large_parts import OF_KERNEL, OF_TASKS, SMALL_TASK
from ..models.size import human, percent
from ..sources.printable import one_line, with_pid
from .cause_words import CACHES, VARIANTS, WORDS, Words

__all__ = ["WORDS", "Words", "advice", "but", "free_but_failed", "in_short", "sentence", "short_advice"]

# A contributing part that is worth a sentence of its own, and where its size stands.
_BESIDES = {
    "shared-memory": ("Shared memory held {size}, {share} of {domain}.", "shmem_bytes"),
    "slab": ("The kernel's slab caches held {size}, {share} of {domain}.", "slab_bytes"),
    "page-tables": ("Page tables held {size}, {share} of {domain}.", "page_tables_bytes"),
    "kernel-memory": ("The kernel's own memory held {size}, {share} of {domain}.", "kernel_bytes"),
    "huge-pages": ("The pool of huge pages held {size}, {share} of {domain}.", "huge_pages_bytes"),
    "unaccounted": ("{size}, {share} of {domain}, appear in no counter of the report.", "unaccounted_bytes"),
}
_KERNELS = {"slab": "The kernel's slab caches", "kernel-memory": "The stacks of threads"}
_MOST_BESIDES = 2
_MOST_ZONES = 3
_CROWD = 4
_MUCH_CACHE = 50.0
# Of RAM, in percent: from here on nobody would call the host full.
_MUCH_FREE = 10.0
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


def sentence(event: Dict) -> str:
    """Where the memory was, as far as the report shows it, and what else was full: one to four sentences."""
    words, evidence = _words(event), event["cause"]["evidence"]
    if evidence["part_bytes"] is None or words.held is None:
        first = _filled(words.instead, event)
    else:
        full = ", and the swap was full" if "swap-full" in evidence["contributing"] else ""
        first = _filled(words.held, event) + full + "."
    return " ".join([first, *_page_cache(event), *_besides(event), *_free_again(event)])


def in_short(event: Dict) -> Optional[str]:
    """The same as a part of a sentence; None where the report shows nothing of it."""
    words = _words(event)
    if event["cause"]["evidence"]["share_percent"] is None or words.held_short is None:
        return None if words.instead_short is None else _filled(words.instead_short, event)
    return _filled(words.held_short, event)


def advice(event: Dict) -> str:
    """What to do about it, in sentences."""
    words = _words(event)
    return _filled(words.cgroup if event["scope"] == "memcg" else words.host, event)


def short_advice(event: Dict) -> str:
    """The same in a few words, without a full stop."""
    return _filled(_words(event).to_do, event)


def but(event: Dict) -> str:
    """Why the process with the highest score need not have been the right one."""
    return _words(event).but


def free_but_failed(event: Dict) -> Optional[str]:
    """What ran out, in place of "the host was out of memory", where much of its memory was free; else None.

    Begins in lower case and has no full stop.
    """
    evidence = event["cause"]["evidence"]
    free, total = evidence["parts"]["free_bytes"], evidence["total_bytes"]
    if event["scope"] != "global" or not free or not total or percent(free, total) < _MUCH_FREE:
        return None
    sizes = f"{human(free)} of its {human(total)} of RAM"
    if _answer(event) == "yes":
        return f"the host was out of memory for a moment ({sizes} were free again in the report)"
    if _answer(event) == "no":
        return f"the host had no memory that the request could use, although {sizes} were free"
    return f"the host could not serve a request, although {sizes} were free"


def _words(event):
    cause = event["cause"]
    return VARIANTS.get(f"{cause['class']}:{_variant(event)}", WORDS[cause["class"]])


def _variant(event):
    name, evidence = event["cause"]["class"], event["cause"]["evidence"]
    if name in ("many-tasks", "working-set"):
        if _is_crowd(evidence):
            return "group"
        return None if evidence["largest_task"] else "shared"
    if name == "anonymous":
        if evidence["tasks"] is None:
            return "no-table"
        return "elsewhere" if event["scope"] == "memcg" and evidence["tasks_bytes"] is not None else None
    if name == "one-task":
        return "pool" if evidence["parts"]["huge_pages_bytes"] else None
    if name == "unknown":
        if event["outcome"] == "allocation-failed":
            return "failed"
        return "listed" if evidence["largest_task"] else None
    if name == "compressed-swap":
        return "zswap" if event["scope"] == "memcg" else None
    return evidence["shared_mapped_by"] if name == "shared-memory" else None


def _is_crowd(evidence):
    """Whether it is the number of processes of one program that matters, and not the size of one of them."""
    group, task = evidence["largest_group"], evidence["largest_task"]
    if not group or not task or group["count"] < _CROWD or group["bytes"] * 2 < evidence["part_bytes"]:
        return False
    return task["comm"] != group["comm"] or task["bytes"] * 2 <= group["bytes"]


def _besides(event) -> List[str]:
    """What else was large; what is compared with RAM is no part of a memory node."""
    evidence = event["cause"]["evidence"]
    total, told = evidence["total_bytes"], []
    domain = "the limit" if event["scope"] == "memcg" else "the memory"
    if event["scope"] in ("cpuset", "mempolicy"):
        return [_largest(evidence, " that the report lists")] if evidence["largest_task"] else []
    for name in evidence["contributing"]:
        size = evidence["parts"][_BESIDES[name][1]] if name in _BESIDES else None
        if size and name in OF_KERNEL and event["cause"]["class"] == "one-zone":
            told.append(f"{_KERNELS[name]}, which can be in no other zone, held {human(size)}.")
        elif size and total:
            share = f"{percent(min(size, total), total):.0f} %"
            told.append(_BESIDES[name][0].format(size=human(size), share=share, domain=domain))
        elif name == "compressed-swap" and event["scope"] != "memcg":
            told.append(_compressed(evidence))
        elif name == "one-zone":
            told.append(f"{human(_unusable(event))} were free, but this request may not use them.")
        elif name in ("one-task", "anonymous") and evidence["largest_task"]:
            told.append(_largest(evidence))
    return told[:_MOST_BESIDES]


def _page_cache(event) -> List[str]:
    """Of a cgroup that nothing else fills: the kernel drops page cache before it kills, if it can."""
    evidence = event["cause"]["evidence"]
    cache, total = evidence["parts"]["file_bytes"], evidence["total_bytes"]
    if event["cause"]["class"] != "unknown" or not cache or percent(cache, total) < _MUCH_CACHE:
        return []
    share = min(percent(cache, total), 100.0)
    return [
        f"{human(cache)}, {share:.0f} % of the limit, are page cache of files, which the kernel could not drop in "
        "time: much of it may be waiting to be written."
    ]


def _largest(evidence, which=""):
    task = evidence["largest_task"]
    return f"The largest process{which}, {with_pid(task['comm'], task['pid'])}, held {human(task['bytes'])}."


def _compressed(evidence):
    """How much room compressed swap really gave: what it holds without what that takes."""
    pool, swapped = evidence["parts"]["unaccounted_bytes"], evidence["swap_used_bytes"]
    room = f"only about {human(swapped - pool)} of room" if swapped > pool else "no room at all"
    return (
        f"The swap is probably compressed swap in RAM (zram or zswap): {human(pool)} of RAM appear in no counter, so "
        f"the {human(swapped)} of swap in use gave {room}."
    )


def _free_again(event) -> List[str]:
    """That the request could have been served; free_but_failed() says so where much was free."""
    if event["scope"] == "memcg" or _answer(event) != "yes" or free_but_failed(event):
        return []
    return [f"{human(event['request']['usable_bytes'])} were free again when the kernel printed the report."]


def _answer(event):
    """Whether the request could have been served, None where the log lost it."""
    request = event.get("request")  # who killed from user space requested nothing
    return None if request is None else request["could_be_served"]


def _filled(text, event):
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
        "nodes": f"memory node {request['nodes']}" if request and request["nodes"] else "some memory nodes",
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
    caches = evidence["top_caches"]
    return f", most of it {one_line(caches[0]['name'])} ({human(caches[0]['bytes'])})" if caches else ""


def _cache_advice(evidence):
    name = evidence["top_caches"][0]["name"] if evidence["top_caches"] else ""
    return next((f" {text}" for start, text in CACHES.items() if name.startswith(start)), "")


def _detail(event):
    """What the model says of the zones; without their figures what they suggest."""
    request = event.get("request")
    if event["outcome"] == "allocation-failed" and _answer(event) == "no":
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


def _unusable(event):
    return sum(one["bytes"] for one in event["request"]["unusable"])
