# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A kill by a program in user space, in sentences: who killed whom, why, and what to do."""

from typing import Dict, NamedTuple

from ..models.size import human
from ..sources.printable import one_line, with_pid


class _Words(NamedTuple):
    """name: of the program in a sentence; to_do: what an operator does about its kills."""

    name: str
    to_do: str


_PROGRAMS = {
    "systemd-oomd": _Words(
        "systemd-oomd",
        "Cap the unit with MemoryMax= or give it more memory; ManagedOOMPreference= and oomd.conf decide whom "
        "systemd-oomd kills",
    ),
    "earlyoom": _Words(
        "earlyoom",
        "Add memory or cap this process; earlyoom's options -m, -s, --avoid and --prefer decide whom it kills",
    ),
    "nohang": _Words("nohang", "Add memory or cap this process; nohang.conf decides whom nohang kills"),
    "lmkd": _Words(
        "Android's low memory killer",
        "Reduce the memory that this app uses; the thresholds are those of minfree or ro.lmk",
    ),
    "kubelet": _Words(
        "The kubelet",
        "Raise the pod's memory request to what it uses, or add memory to the node; the threshold is evictionHard or "
        "evictionSoft of the kubelet's configuration",
    ),
    "talos": _Words(
        "Talos's OOM controller",
        "Give the pod a memory request and limit, or add memory to the node; the rule is OOMConfig of Talos",
    ),
}


def summary(event: Dict) -> str:
    """The one line to read first: what ran short, who was killed by whom, what to do."""
    return f"{_ran_short(event)}. {_killed(event)}. {_to_do(event)}."


def headline(event: Dict) -> str:
    """The event in one line, which begins in lower case."""
    killed = _killed(event)
    why = _ran_short(event)
    return f"{_lowered(killed)}; {_lowered(why)}"


def paragraphs(event: Dict):
    """Who and why, the verdict, what to do."""
    repeats = event["repeats"]
    told = f"{_killed(event)}{_when(event)}. {_ran_short(event)}."
    if repeats:
        told += f" The same happened {repeats} more time{'s' * (repeats > 1)}."
    return [told, verdict(event), _to_do(event) + "."]


def explanation(event: Dict) -> str:
    """Four to six sentences."""
    return " ".join(paragraphs(event))


def verdict(event: Dict) -> str:
    """Nothing can be judged by the kernel's rule."""
    return f"No verdict: {_lowered(_PROGRAMS[event['source']].name)} killed by rules of its own, not the kernel."


def _lowered(text):
    return text[0].lower() + text[1:] if text.startswith(("The ", "Tasks ", "Swap ")) else text


def _to_do(event):
    if event["source"] == "kubelet" and event["killer"]["reason"] == "unknown":
        return "Look for the kubelet's line `attempting to reclaim`, which names the resource"
    return _PROGRAMS[event["source"]].to_do


def _when(event):
    return "" if event["time"] is None else f" at {event['time']}"


def _killed(event):
    program, killer = _PROGRAMS[event["source"]].name, event["killer"]
    if event["outcome"] == "unknown":
        return f"{program} had to evict a pod, but the log does not show which"
    if event["source"] == "kubelet":
        return f"{program} evicted {_pods(killer['pods'])}"
    if event["outcome"] == "no-killable-process":
        return f"{program} sent SIGKILL to {_target(event)}, but no process was left in it"
    count = killer["processes"]
    size = "" if killer["rss_bytes"] is None else f", which held {human(killer['rss_bytes'])}"
    with_what = "" if count is None else f" ({count} process{'es' * (count != 1)})"
    if killer["signal"] == "SIGTERM":
        return f"{program} asked {_target(event)} to exit (SIGTERM){size}"
    return f"{program} killed {_target(event)}{with_what}{size}"


def _target(event):
    victim, killer = event["victim"], event["killer"]
    if victim is not None:
        return with_pid(victim["comm"], victim["pid"])
    if killer["pods"]:
        return _pods(killer["pods"])
    if killer["container_id"] is not None:
        return f"container {one_line(killer['container_id'])[:12]}"
    if killer["unit"] is not None:
        return one_line(killer["unit"])
    return (
        "a process that the log does not name"
        if killer["cgroup"] is None
        else f"the cgroup {one_line(killer['cgroup'])}"
    )


def _pods(pods):
    if not pods:
        return "a pod that the log does not name"
    names = [
        one_line(row["pod_uid"]) if row["pod"] is None else f"{one_line(row['namespace'])}/{one_line(row['pod'])}"
        for row in pods
    ]
    return f"pod{'s' * (len(names) > 1)} {', '.join(names[:3])}" + f" and {len(names) - 3} more" * (len(names) > 3)


def _ran_short(event):
    return _REASONS[event["killer"]["reason"]](event["killer"], event)


def _pressure(killer, event):
    where = "the host" if killer["measured_in"] is None else _short(killer["measured_in"])
    if killer["measured_percent"] is None:
        return f"Tasks of {where} waited for memory longer than the threshold allows"
    over = (
        ""
        if killer["threshold_percent"] is None
        else f", above the threshold of {_percent(killer['threshold_percent'])}"
    )
    lasted = "" if killer["for_seconds"] is None else f" for more than {killer['for_seconds']:g} s"
    return f"Tasks of {where} waited for memory {_percent(killer['measured_percent'])} of the time{over}{lasted}"


def _available(killer, event):
    whose = "The node" if event["source"] == "kubelet" else "The host"
    left = killer["measured_percent"]
    told = ""
    if left is not None:
        told = f": {_percent(left)} of RAM was available"
    elif killer["measured_bytes"] is not None:
        told = f": {human(killer['measured_bytes'])} was available"
    limit = ""
    if killer["threshold_percent"] is not None:
        limit = f"the threshold is {_percent(killer['threshold_percent'])}"
        if killer["swap_threshold_percent"] is not None:
            limit += f", and {_percent(killer['swap_threshold_percent'])} of swap"
    elif killer["threshold_bytes"] is not None:
        limit = f"the threshold is {human(killer['threshold_bytes'])}"
    if told and limit:
        return f"{whose} was low on memory{told}, {limit}"
    return f"{whose} was low on memory{told}" + (f" ({limit})" if limit else "")


def _used(killer, event):
    swap = _percent(killer["swap_measured_percent"])
    limit = f"the threshold is {_percent(killer['swap_threshold_percent'])}"
    if killer["measured_percent"] is None:
        return f"Swap was {swap} full, {limit}"
    return (
        f"The host had used {_percent(killer['measured_percent'])} of its RAM and {swap} of its swap, {limit} of both"
    )


def _cache(killer, event):
    return (
        f"The file cache was down to {human(killer['measured_bytes'])}, below the threshold of "
        f"{human(killer['threshold_bytes'])}"
    )


def _unknown(killer, event):
    if killer["said"] is not None:
        return f"The reason given is: {one_line(killer['said'])}"
    if event["source"] == "kubelet":
        return "The log does not show which resource ran short (memory, disk or process ids)"
    return "The log does not show which threshold was reached"


_REASONS = {
    "memory-pressure": _pressure,
    "memory-available": _available,
    "memory-and-swap-used": _used,
    "swap-used": _used,
    "file-cache": _cache,
    "unknown": _unknown,
}


def _short(cgroup):
    """A cgroup's own name, by which systemd's tools know it."""
    return one_line(cgroup.rstrip("/").rpartition("/")[2] or cgroup)


def _percent(value):
    return "an unknown share" if value is None else f"{value:.3g} %"
