# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What ended a pod's containers, in sentences: what it was, and whether Kubernetes shows it."""

from typing import List, Optional

from ..models import exit_reading as reading
from ..models.exit_reading import Reading
from ..models.size import human
from ..sources.printable import one_line

_LIMITS = {
    "container": "the memory limit of the container",
    "pod": "the memory limit of the pod",
    "qos": "the memory limit of its QoS class",
    "kubepods": "the memory limit of all pods of the node (its allocatable memory)",
    "host": "the memory of the node",
    "unit": "the memory limit of a systemd unit",
}
_RESTS_ON = {
    reading.NO_KILL_COUNTED: "the pod's cgroup has not counted any OOM kill",
    reading.NO_EVENT: "no OOM event of the node at that time was in this container",
    reading.NOT_WATCHED: "the node's OOM events of that time are not known",
    reading.OTHER_KILL: "a process of the pod was OOM-killed at that time, but it is not known in which container",
}


def sentences(one: Reading) -> List[str]:
    """What happened, whether Kubernetes shows it, and how sure that is; each a whole sentence."""
    told = [_what(one), _shown(one)]
    if not one.sure:
        told.append("This is likely, but not certain.")
    return [text for text in told if text is not None]


def advice(one: Reading) -> Optional[str]:
    """What to do about it; None where nothing need be done."""
    return _ADVICE.get(one.what)


_ADVICE = {
    reading.OOM_CONTAINER: "Find out what used the memory before you raise the limit; oomwatch explain shows it.",
    reading.OOM_PROCESS: "Check that the program still does its work without that process.",
    reading.OOM_UNKNOWN: "Compare the start time of the container's first process with the time of the kill.",
    reading.OOM_SANDBOX: "Run a kernel with commit 9066e5cfb73c (Linux 5.9, late 5.4.y), or make the pod Burstable.",
    reading.CHILD_EARLIER: "Look for why the first process ended, and for the earlier OOM kill, separately.",
    reading.USER_SPACE: "Look at the settings of the program that killed it; the kernel had not run out of memory.",
    reading.EVICTED: "Set the memory request to what the pod uses: the kubelet evicts pods above their request first.",
    reading.NOT_OOM: "Do not raise the memory limit for this.",
    reading.UNKNOWN_KILL: "Look at the pod's events for failed liveness probes, and at the kernel log of that time.",
}


def _what(one: Reading) -> str:
    name = f"Container {one_line(one.container)}" if one.container is not None else "A container"
    return _WHAT[one.what](one, name)


def _oom_container(one, name) -> str:
    return f"{name} was killed by the OOM killer{_at_limit(one)}{_group(one)}."


def _oom_process(one, name) -> str:
    return f"{_victim(one)} in {_lowered(name)} was killed by the OOM killer{_at_limit(one)}; the container went on."


def _oom_unknown(one, name) -> str:
    return (
        f"{_victim(one)} in {_lowered(name)} was killed by the OOM killer{_at_limit(one)}; it is not known whether the "
        "container went on."
    )


def _oom_sandbox(one, _name) -> str:
    return (
        f"The pod's pause process was killed by the OOM killer{_at_limit(one)}, so the kubelet had to restart the "
        "whole pod, with a new address."
    )


def _oom_reported(one, name) -> str:
    return (
        f"The runtime says that {_lowered(name)} was killed at a memory limit. {_because(one)}, so it is not known "
        "which limit and which process it was."
    )


def _child_earlier(one, name) -> str:
    return (
        f"{name} ended with exit code {one.ended.exit_code}, which is not an OOM kill. Its status says OOMKilled "
        "because some other process of it had been OOM-killed before."
    )


def _user_space(one, name) -> str:
    return (
        f"{name} was killed by {one_line(one.oom.source)}, a program that kills before the kernel runs out of memory."
    )


def _after_sandbox(one, name) -> str:
    return (
        f"{name} ended ({one_line(one.ended.reason)}, exit code {one.ended.exit_code}) because the pod's pause process "
        "had been OOM-killed."
    )


def _evicted(_one, name) -> str:
    return f"{name} was stopped because the kubelet evicted the pod. That is not an OOM kill."


def _kubelet_made(one, name) -> str:
    reason = one_line(one.ended.reason)
    return f"How {_lowered(name)} ended is not known: the kubelet wrote {reason} and exit code 137 itself."


def _not_oom(one, name) -> str:
    if one.ended.exit_code == reading.KILLED:
        return f"{name} was killed by SIGKILL, but not by the OOM killer: {_rests(one)}."
    after = f" It came soon after {_victim(one, False)} was OOM-killed." if one.death is not None else ""
    return (
        f"{name} ended with exit code {one.ended.exit_code} ({one_line(one.ended.reason)}), not by an OOM kill.{after}"
    )


def _unknown_kill(one, name) -> str:
    return f"{name} was killed by SIGKILL (exit code 137). Whether by the OOM killer is not known: {_rests(one)}."


_WHAT = {
    reading.OOM_CONTAINER: _oom_container,
    reading.OOM_PROCESS: _oom_process,
    reading.OOM_UNKNOWN: _oom_unknown,
    reading.OOM_SANDBOX: _oom_sandbox,
    reading.OOM_REPORTED: _oom_reported,
    reading.CHILD_EARLIER: _child_earlier,
    reading.USER_SPACE: _user_space,
    reading.AFTER_SANDBOX: _after_sandbox,
    reading.EVICTED: _evicted,
    reading.KUBELET_MADE: _kubelet_made,
    reading.NOT_OOM: _not_oom,
    reading.UNKNOWN_KILL: _unknown_kill,
}


def _shown(one: Reading) -> Optional[str]:
    if one.shown == reading.SHOWN:
        return "Kubernetes shows it: the status says OOMKilled."
    if one.shown == reading.HIDDEN:
        if one.ended is None and one.what == reading.OOM_CONTAINER:
            return "Kubernetes does not show it any more: the status keeps one earlier end of a container."
        if one.ended is None:
            return "Kubernetes does not show it: no status, restart count or event of the pod tells of it."
        return (
            f"Kubernetes does not show it: the status says {one_line(one.ended.reason)} with exit code "
            f"{one.ended.exit_code}."
        )
    if one.shown == reading.MISLEADING and one.what in (reading.OOM_PROCESS, reading.OOM_UNKNOWN, reading.OOM_SANDBOX):
        return "Kubernetes showed nothing at that time; a later end of the container says OOMKilled because of it."
    if one.shown == reading.MISLEADING:
        return "The status misleads: it shows neither what was killed nor when."
    return None


def _at_limit(one) -> str:
    if one.oom is None or one.oom.limit_kind is None:
        return ""
    limit = _LIMITS.get(one.oom.limit_kind, "the memory limit of another cgroup")
    size = "" if one.oom.limit_bytes is None else f" ({human(one.oom.limit_bytes)})"
    return f", because {limit}{size} was reached"


def _group(one) -> str:
    return ", with all its processes (memory.oom.group)" if one.oom is not None and one.oom.group_kill else ""


def _victim(one, at_start: bool = True) -> str:
    if one.death is None or one.death.comm is None:
        return "A process" if at_start else "a process"
    word = "Process" if at_start else "process"
    return f"{word} {one_line(one.death.comm)}" + ("" if one.death.pid is None else f" (pid {one.death.pid})")


def _rests(one) -> str:
    return _RESTS_ON.get(one.why or "", "nothing else is known")


def _because(one) -> str:
    text = _rests(one)
    return text[:1].upper() + text[1:]


def _lowered(name) -> str:
    return name[:1].lower() + name[1:]
