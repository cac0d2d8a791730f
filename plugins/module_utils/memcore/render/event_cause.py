# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The cause of an OOM in sentences: where the memory was, what else was full, and what a person does about it."""

from typing import Dict, List, Optional

from ..models.large_parts import OF_KERNEL
from ..models.size import human, percent
from ..sources.printable import with_pid
from .cause_blanks import answer, filled
from .cause_words import VARIANTS, WORDS, Words

__all__ = ["WORDS", "Words", "advice", "but", "free_but_failed", "in_short", "sentence", "short_advice"]

# A contributing part that is worth a sentence of its own, and where its size stands.
_BESIDES = {
    "shared-memory": ("Shared memory held {size}, {share} of {domain}.", "shmem_bytes"),
    "slab": ("The kernel's slab caches held {size}, {share} of {domain}.", "slab_bytes"),
    "page-tables": ("Page tables held {size}, {share} of {domain}.", "page_tables_bytes"),
    "kernel-memory": ("The kernel's own memory held {size}, {share} of {domain}.", "kernel_bytes"),
    "huge-pages": ("The pool of huge pages held {size}, {share} of {domain}.", "huge_pages_bytes"),
    "locked-memory": ("{size}, {share} of {domain}, are locked and cannot be reclaimed.", "unevictable_bytes"),
    "unaccounted": ("{size}, {share} of {domain}, appear in no counter of the report.", "unaccounted_bytes"),
}
_KERNELS = {"slab": "The kernel's slab caches", "kernel-memory": "The stacks of threads"}
_MOST_BESIDES = 2
_CROWD = 4
_MUCH_CACHE = 50.0
# Of RAM, in percent: from here on nobody would call the host full.
_MUCH_FREE = 10.0


def sentence(event: Dict) -> str:
    """Where the memory was, as far as the report shows it, and what else was full: one to four sentences."""
    words, evidence = _words(event), event["cause"]["evidence"]
    if evidence["part_bytes"] is None or words.held is None:
        first = filled(words.instead, event)
    else:
        full = ", and the swap was full" if "swap-full" in evidence["contributing"] else ""
        first = filled(words.held, event) + full + "."
    return " ".join([first, *_page_cache(event), *_besides(event), *_free_again(event)])


def in_short(event: Dict) -> Optional[str]:
    """The same as a part of a sentence; None where the report shows nothing of it."""
    words = _words(event)
    if event["cause"]["evidence"]["share_percent"] is None or words.held_short is None:
        return None if words.instead_short is None else filled(words.instead_short, event)
    return filled(words.held_short, event)


def advice(event: Dict) -> str:
    """What to do about it, in sentences."""
    words = _words(event)
    return filled(words.cgroup if event["scope"] == "memcg" else words.host, event)


def short_advice(event: Dict) -> str:
    """The same in a few words, without a full stop."""
    return filled(_words(event).to_do, event)


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
    if answer(event) == "yes":
        return f"the host was out of memory for a moment ({sizes} were free again in the report)"
    if answer(event) == "no":
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
            elsewhere = sum(one["bytes"] for one in event["request"]["unusable"])
            told.append(f"{human(elsewhere)} were free, but this request may not use them.")
        elif name == "fragmentation":
            told.append(f"The request needed a free block of {human(event['request']['bytes'])}, and there was none.")
        elif name == "reserve":
            told.append(f"{human(event['request']['usable_bytes'])} were free, but kept in reserve.")
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
    if event["scope"] == "memcg" or answer(event) != "yes" or free_but_failed(event):
        return []
    return [f"{human(event['request']['usable_bytes'])} were free again when the kernel printed the report."]
