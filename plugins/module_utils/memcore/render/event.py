# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM event in the sentences that a person reads: who was killed, why, whether it was right, and what to do."""

from typing import Dict, List, Optional

from ..models.oom_cause import OF_TASKS
from ..models.size import human
from ..sources.printable import one_line
from .event_advice import ADVICE

_FIX = "a kernel without the badness fix of Linux 5.9 (commit 9066e5cfb73c)"


def explanation(event: Dict) -> str:
    """Three to six sentences."""
    return " ".join(paragraphs(event))


def paragraphs(event: Dict) -> List[str]:
    """Who and why, the cause, the verdict, what to do: a sentence each, the verdict up to two."""
    return [_who(event), _cause(event), event["verdict"]["explanation"], advice(event)]


def headline(event: Dict) -> str:
    """The event in one line."""
    victim, freed = event["victim"], event["freed_bytes"]
    if victim is None:
        return f"{_NO_VICTIM.get(event['outcome'], 'nobody was killed as far as the log tells')}; {_why_short(event)}"
    what = f"{_named(victim)}{_short_place(victim)}{_with_others(event)}"
    what += "" if freed is None else f", freed {human(freed)}"
    return _judged(event, what) + f"; {_why_short(event)}"


def advice(event: Dict) -> str:
    """What to do: about the kernel where it took the wrong one, else about the cause."""
    judged = event["verdict"]
    if judged["model"] == "floored" and not judged["agrees"]:
        return (
            "Update to a kernel that has this fix, or give these processes different oom_score_adj so that "
            f"{_expected(event)} has the highest; then see whether it needs that much."
        )
    task = event["cause"]["evidence"]["largest_task"]
    name = one_line(task["comm"]) if task else "the largest process"
    return ADVICE[event["cause"]["class"]][event["scope"] != "memcg"].replace("{task}", name)


def verdict(event: Dict) -> str:
    """One or two sentences: was it right, why was it this one, and whom a signed kernel would have taken."""
    judged = event["verdict"]
    if event["victim"] is None:
        reason = judged["reason"] or "the log ends between the kernel's choice and the kill"
        return f"Nobody is to be judged: {reason}."
    if "allocating-task" in judged["why"]:
        how = "It was not chosen for its size: vm.oom_kill_allocating_task kills whoever asks for memory."
        return how + _better(event, "By badness it would have been")
    if judged["reason"] is not None:
        return f"Whether it was the right one cannot be told: {judged['reason']}."
    told = [_HOW[_first_of(judged["why"])](event)]
    if "child-sacrificed" in judged["why"]:
        told.append(
            f"The kernel chose its parent (pid {judged['chosen_pid']}) and killed the child in its place, "
            "as kernels up to 5.0 do."
        )
    if "group-kill" in judged["why"] and event["also_killed"]:
        told.append(f"With it died {_others(event)}, as memory.oom.group is set.")
    elif "larger-unkillable" in judged["why"]:
        told.append("Something larger was spared, as its oom_score_adj is -1000 or it is init.")
    elif "larger-dying" in judged["why"]:
        told.append("Something larger had been killed before and was not gone yet.")
    return " ".join(told[:2])


def _first_of(why):
    return next(reason for reason in why if reason in _HOW)


def _largest(event):
    judged = event["verdict"]
    candidates = event["candidates"]
    able = [row for row in candidates if row["spared"] is None]
    if len(able) == 1 and not event["truncated"]:
        return "It was the only process that could be chosen, so every kernel takes it."
    if judged["margin_pages"] is not None and judged["margin_pages"] <= judged["slack_pages"]:
        return "It was the right one by the kernel's count, but so narrowly that another might have died as well."
    if judged["model"] == "floored":
        return f"It had the most points by the rule of {_FIX}.{_better(event)}"
    if judged["model"] == "signed":
        return (
            "It was the right one: it had the most points by the rule of kernels since 5.9, which this kernel follows."
        )
    if judged["floored"]["tied"]:
        return (
            "It was the right one, as it had the most points by the rule of kernels since 5.9; one without that fix "
            f"takes it only for its place among {_equals(event)} that count the same."
        )
    return "It was the right one: it had the most points, with and without the badness fix of Linux 5.9."


def _floored(which):
    def tell(event):
        adj = _adjs(event)
        return (
            f"It was not the largest: on {_FIX} every process whose oom_score_adj outweighs its size{adj} counts as "
            f"one point, and of {_equals(event)} equals the {which} scanned dies.{_better(event)}"
        )

    return tell


def _adjs(event):
    adj = event["victim"]["oom_score_adj"]
    return "" if adj is None else f" (here {adj})"


def _equals(event):
    floored = event["verdict"]["floored"]
    return floored["tied"] + 1 if floored else "several"


def _middle(event):
    return (
        f"On {_FIX} {_equals(event)} processes counted as one point each, and in which order they were scanned the "
        f"report does not tell.{_better(event)}"
    )


def _near(event):
    return (
        "Another process has a few more points in the table, by less than the figures may have moved since the choice: "
        "the kernel chose as it should."
    )


def _unexplained(event):
    return (
        f"No rule explains this choice by the table, which is printed after it: {_expected(event)} has more points, "
        "and may have grown since."
    )


_HOW = {
    "largest": _largest,
    "floored-first-scanned": _floored("first"),
    "floored-last-scanned": _floored("last"),
    "tied-in-the-middle": _middle,
    "near-tie": _near,
    "unexplained": _unexplained,
}


def _better(event, lead="A kernel since 5.9 takes"):
    """Whom a signed kernel takes, with a leading blank; nothing where it is the same."""
    judged = event["verdict"]
    if judged["expected_pid"] is None or judged["expected_pid"] == judged["chosen_pid"]:
        return ""
    name = _expected(event)
    frees = judged["would_free_bytes"]
    freed = event["freed_bytes"]
    told = f" {lead} {name}"
    if frees is not None:
        told += f", which frees {'up to ' * bool(judged['would_free_at_most'])}{human(frees)}"
        told += f" instead of {human(freed)}" if freed is not None else ""
    return told + "."


def _expected(event):
    judged = event["verdict"]
    return f"{one_line(judged['expected_comm'])} (pid {judged['expected_pid']})"


def _who(event) -> str:
    victim, when = event["victim"], _when(event)
    if victim is None:
        what = _NO_VICTIM.get(event["outcome"], "Nobody was killed as far as the log tells")
        return f"{what[0].upper()}{what[1:]}: {_ran_out(event)}{when}."
    place = _place(victim)
    comma = "," if place and when else ""
    return f"The kernel killed {_named(victim)}{place}{comma}{when}: {_ran_out(event)}{_freeing(event)}."


_NO_VICTIM = {
    "no-killable-process": "the kernel found nobody whom it may kill",
    "panic": "the kernel panicked instead of killing anybody",
    "already-exiting": "the victim was exiting already and was not killed",
}


def _freeing(event):
    freed, shmem = event["freed_bytes"], event["victim"]["shmem_bytes"]
    if freed is None:
        return ""
    survives = f" (its {human(shmem)} of shared memory survive it)" if shmem and shmem > max(freed, 1 << 20) else ""
    return f", and the kill freed {human(freed)}{survives}"


def _when(event):
    if event["time"] is not None:
        return f" at {event['time']}"
    uptime = event["uptime_seconds"]
    return "" if uptime is None else f" {_span(uptime)} after boot"


def _span(seconds):
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _ran_out(event):
    owner, scope = event["limit_owner"], event["scope"]
    if scope is None:
        return "memory ran out, but the log does not tell whose"
    if scope == "sysrq":
        return "somebody asked for it with sysrq-f"
    if scope == "memcg":
        limit = owner["limit_bytes"]
        size = "its limit" if limit is None else f"its limit of {human(limit)}"
        whose = _whose(owner)
        return f"{whose} was at {size}"
    if scope in ("cpuset", "mempolicy"):
        what = "cpuset" if scope == "cpuset" else "memory policy"
        return f"the memory nodes of its {what} were full"
    size = owner["limit_bytes"]
    swap = owner["swap_bytes"]
    told = "" if size is None else f" ({human(size)} of RAM{', no swap' if swap == 0 else ''})"
    return f"the host was out of memory{told}"


def _whose(owner):
    if owner["is"] == "own":
        return "its own cgroup"
    if owner["cgroup"] is None:
        return "a memory cgroup"
    return f"the cgroup {one_line(owner['cgroup'])}" + " above it" * (owner["is"] == "ancestor")


def _cause(event) -> str:
    cause = event["cause"]
    evidence, name = cause["evidence"], cause["class"]
    size, share = evidence["part_bytes"], evidence["share_percent"]
    task = evidence["largest_task"]
    domain = "the limit" if event["scope"] == "memcg" else "the memory"
    if name in OF_TASKS and any(row["swap_bytes"] for row in event["candidates"]):
        domain += " with its swap"
    if size is None:
        return _CAUSE_WITHOUT_SIZE.get(name, "Where memory went the report does not tell.")
    holder = f"{one_line(task['comm'])} (pid {task['pid']})" if task else "One process"
    told = {
        "one-task": f"{holder} alone held {human(size)}, {share:.0f} % of {domain}",
        "many-tasks": f"{_processes(evidence['tasks'])} together held {human(size)}, {share:.0f} % of {domain}, none "
        "of them much",
        "working-set": f"{_processes(evidence['tasks'])} together held {human(size)}, {share:.0f} % of {domain}, the "
        f"largest of them {holder}",
        "shared-memory": f"tmpfs and other shared memory held {human(size)}, {share:.0f} % of {domain}, and no kill "
        "frees that",
        "slab": f"The kernel's slab caches held {human(size)}, {share:.0f} % of {domain}{_caches(evidence)}",
        "page-tables": f"Page tables alone took {human(size)}, {share:.0f} % of {domain}",
        "kernel-memory": f"The kernel's own memory took {human(size)}, {share:.0f} % of {domain}",
        "locked-memory": f"Locked memory that cannot be reclaimed held {human(size)}, {share:.0f} % of {domain}",
        "huge-pages": f"The pool of huge pages held {human(size)}, {share:.0f} % of {domain}",
        "unaccounted": f"{human(size)}, {share:.0f} % of {domain}, is in no counter of the report",
    }
    full = ", and the swap was full" if "swap-full" in evidence["contributing"] else ""
    return told[name] + full + "."


_CAUSE_WITHOUT_SIZE = {
    "requested": "Memory need not have run out.",
    "restricted-nodes": "Other memory nodes may have had room.",
    "fragmentation": "Memory was free, but not in adjoining pages.",
    "one-zone": "Memory was free, but not in the zone that was asked for.",
    "swap-full": "The swap was full.",
    "kernel-memory": "The limit of kernel memory (kmem) was hit.",
}


def _caches(evidence):
    caches = evidence["top_caches"]
    return f", most of it {one_line(caches[0]['name'])} ({human(caches[0]['bytes'])})" if caches else ""


def _why_short(event):
    owner = event["limit_owner"]
    where = {"memcg": "cgroup at its limit", "global": "host out of memory", "sysrq": "sysrq-f"}.get(
        event["scope"], event["scope"] or "memory ran out"
    )
    if event["scope"] == "memcg" and owner["limit_bytes"] is not None:
        where = f"cgroup at its limit of {human(owner['limit_bytes'])}"
    return f"{where} ({event['cause']['class']})"


def _judged(event, what):
    judged = event["verdict"]
    if "allocating-task" in judged["why"]:
        return f"killed for asking: {what}"
    if judged["agrees"] is None or judged["expected_pid"] is None:
        return f"killed: {what}"
    if judged["agrees"]:
        return f"right one killed: {what}"
    frees = judged["would_free_bytes"]
    size = "" if frees is None else f", {human(frees)}"
    other = f"{one_line(judged['expected_comm'])} (pid {judged['expected_pid']}{size})"
    if judged["model"] == "neither":
        return f"killed: {what}, though {other} had more points"
    return f"WRONG ONE killed: {what}, while {other} lives on"


def _named(victim):
    return f"{one_line(victim['comm'])} (pid {victim['pid']})"


def _with_others(event):
    return f" and {_others(event)} with it" if event["also_killed"] else ""


def _others(event):
    """How many died with the victim; the list may be cut."""
    least = "at least " if "also_killed" in event["truncated"] else ""
    return least + _processes(len(event["also_killed"]))


def _processes(count: Optional[int]):
    return "1 process" if count == 1 else f"{count} processes"


def _short_place(victim):
    if victim["kind"] == "pod":
        return f" in pod {victim['pod_uid'][:8]}"
    return _place(victim)


def _place(victim):
    if victim["kind"] == "pod":
        container = f", container {victim['container_id'][:12]}" if victim["container_id"] else ""
        qos = f", {victim['qos_class']}" if victim["qos_class"] else ""
        return f" in pod {victim['pod_uid']}{container}{qos}"
    if victim["kind"] == "container":
        return f" in container {victim['container_id'][:12]}"
    if victim["kind"] == "unit":
        return f" of {one_line(victim['unit'])}"
    return ""
