# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What an Event says: the lines that `kubectl describe` shows below a pod or a node, the most important first."""

from typing import Dict, List, Optional, Sequence

from memcore.models import tying
from memcore.models.badness import FLOORED
from memcore.models.pods import Container
from memcore.models.size import human
from memcore.models.tying import Survivor, TiedVictim
from memcore.render import event as words
from memcore.render import event_summary
from memcore.sources.printable import one_line

MOST_BYTES = 1024  # of UTF-8: the API server counts bytes (pkg/apis/core/validation/events.go)
_CUT = "…"
_OF_MANY = ("many-tasks", "working-set")  # causes of an OOM that name no single process
_SHARED_MEMORY = "shared-memory"
# The pages stay charged to the pod as long as the volume lives, and a volume outlives its containers.
_FREE_SHARED_MEMORY = (
    "A restart of the container does not free this memory: delete files in the pod's emptyDir volumes (medium: Memory) "
    "and in /dev/shm, or delete the pod, and set a sizeLimit"
)
_KINDS = {"init": "init container", "sidecar": "sidecar container", "ephemeral": "ephemeral container"}


def of_sandbox(event: Dict, victims: Sequence[TiedVictim], survivor: Optional[Survivor]) -> str:
    """The pause process died."""
    pause = next(one for one in victims if one.role == tying.SANDBOX)
    died = _process(event, pause) + _with(event, victims, [pause])
    first = (
        f"The kernel killed the pod's pause container, {died}, so Kubernetes restarts the whole pod sandbox and every "
    )
    return _note(event, [first + "container in it"], survivor)


def of_container(event: Dict, victims: Sequence[TiedVictim], survivor: Optional[Survivor]) -> str:
    """A container died: with its first process, or as a whole group."""
    died = [one for one in victims if one.role == tying.CONTAINER]
    names, first = _containers(died), _process(event, died[0])
    if event["group_kill"]:
        told = f"The kernel killed all of {names}, because memory.oom.group is set; {first} was chosen first"
    else:
        told = f"The kernel killed {first}, and {names} ended with it"
    return _note(event, [told], survivor)


def of_process(event: Dict, victims: Sequence[TiedVictim], survivor: Optional[Survivor]) -> str:
    """A process died; its container lives on, or nothing tells."""
    one = victims[0]
    first = f"The kernel killed {_process(event, one)}{_with(event, victims, [one])}"
    if one.role == tying.MONITOR:
        return _note(event, [f"{first}, the monitor that CRI-O runs beside a container of the pod"], survivor)
    first += f" in {_containers([one])}" if one.container is not None else ""
    if one.role == tying.PROCESS:
        first += "; the container goes on running, so the pod's status does not show this kill"
    else:
        first += "; whether its container goes on running is not known"
    return _note(event, [first], survivor)


def of_counted(event: Dict, victims: Sequence[TiedVictim], _survivor: Optional[Survivor]) -> str:
    """Only a counter shows the kill."""
    one, kills = victims[0], event["repeats"] + 1
    where = _containers([one]) if one.container is not None else "this pod"
    what = f"The kernel counted {kills} OOM kill{'s' * (kills > 1)} in {where}"
    if one.role == tying.PROCESS:
        what += ", which goes on running"
    elif one.role == tying.CONTAINER:
        what += ", which ended with it" if kills == 1 else ", which ended with them"
    return cut([what, f"Which process died is not known, because {event['incomplete'][0]['reason']}"])


def of_wrong_victim(event: Dict, victims: Sequence[TiedVictim], survivor: Survivor) -> str:
    """The process that filled the memory was spared."""
    freed = event["freed_bytes"]
    died = f"The kernel killed the wrong process: {_process(event, victims[0])} died"
    died += "" if freed is None else f" and freed {human(freed)}"
    told = [f"{died}, while {_survivor(survivor)} was spared", _limit(event)]
    if _is_of_old_kernel(event):
        release = event["kernel_release"]
        kernel = "This kernel" + ("" if release is None else f" ({one_line(release)})")
        told += [
            f"{kernel} lacks the fix of Linux 5.9 (commit 9066e5cfb73c): it rounds negative OOM scores up to 1, so "
            "that processes with a low oom_score_adj tie, whatever their size",
            f"Update the node's kernel; until then raise the oom_score_adj of {one_line(survivor.comm)} to 0 or more",
        ]
    else:
        told.append(_to_do(event))
    return cut(told)


def of_node(event: Dict, victims: Sequence[TiedVictim], survivor: Optional[Survivor]) -> str:
    """The node, or its memory for pods, ran out."""
    told = [_limit(event)]
    victim = event["victim"]
    if victim is None:
        told.append(event_summary.NO_KILL[event["outcome"]])
    else:
        told.append(f"The kernel killed {_process(event, victims[0])}{_with(event, victims, victims[:1])}")
        told[-1] += words.place(victim)
    return _ended(event, told, survivor)


def cut(sentences: List[str]) -> str:
    """The sentences in one line of at most 1,024 bytes; what does not fit is left out from the end."""
    while len(sentences) > 1 and _size(_joined(sentences)) > MOST_BYTES:
        sentences = sentences[:-1]
    text = _joined(sentences)
    if _size(text) <= MOST_BYTES:
        return text
    kept = text.encode("utf-8")[: MOST_BYTES - _size(_CUT)].decode("utf-8", "ignore")
    return (kept.rpartition(" ")[0] or kept) + _CUT


def _note(event, told, survivor) -> str:
    return _ended(event, [*told, _limit(event)], survivor)


def _ended(event, told, survivor) -> str:
    if survivor is not None:
        told.append(f"It was the wrong process: {_survivor(survivor)} was spared")
    elif _has_better(event):
        told.append(f"Linux 5.9 or later would kill {_expected(event)} instead")
    return cut([*told, _to_do(event)])


def _to_do(event) -> str:
    # What processes share without a file goes with the last of them, as PostgreSQL's buffers do.
    is_in_files = event["cause"]["evidence"]["shared_mapped_by"] == "nobody"
    if event["cause"]["class"] == _SHARED_MEMORY and event["scope"] == "memcg" and is_in_files:
        return _FREE_SHARED_MEMORY
    return event_summary.to_do(event)


def _is_of_old_kernel(event) -> bool:
    """Whether the process died only because this kernel lacks the fix of 5.9."""
    return event["verdict"]["model"] == FLOORED and event["verdict"]["agrees"] is False


def _has_better(event) -> bool:
    """Whether a note names the process that Linux 5.9 or later would kill."""
    return _is_of_old_kernel(event) and event["verdict"]["by_cause"]["result"] != "right"


def _expected(event) -> str:
    judged = event["verdict"]
    rows = [row for row in event["candidates"] if row["pid"] == judged["expected_pid"]]
    return _survivor(Survivor(judged["expected_pid"], judged["expected_comm"], rows[0]["rss_bytes"] if rows else None))


def _joined(sentences):
    return " ".join(f"{sentence}." for sentence in sentences)


def _size(text):
    return len(text.encode("utf-8"))


def _limit(event) -> str:
    """What ran out, and who filled it: of many processes the largest, unless the note names it anyway."""
    told = event_summary.ran_out(event, "node")
    evidence = event["cause"]["evidence"]
    if event["cause"]["class"] == _SHARED_MEMORY and evidence["part_bytes"] is not None:
        return f"{told} ({human(evidence['part_bytes'])})"
    largest = evidence["largest_task"]
    if event["cause"]["class"] not in _OF_MANY or largest is None:
        return told
    named = [event["victim"]["pid"]] if event["victim"] is not None else []
    named += [event["verdict"]["expected_pid"]] if _has_better(event) else []
    if largest["pid"] in named:
        return told
    return f"{told}, the largest of them {one_line(largest['comm'])} (pid {largest['pid']}, {human(largest['bytes'])})"


def _containers(victims) -> str:
    names = list(dict.fromkeys(_container(one.container) for one in victims if one.container is not None))
    return " and ".join(names) if names else "a container of the pod"


def _container(container: Container) -> str:
    return f"{_KINDS.get(container.kind or '', 'container')} {one_line(container.name)}"


def _with(event, victims, named) -> str:
    """How many more died of the same pod."""
    others = len(victims) - len(named)
    if not others:
        return ""
    least = "at least " if "victims" in event["truncated"] else ""
    return f" and {least}{others} more process{'es' * (others > 1)}"


def _process(event, victim) -> str:
    row = next(row for row in event["victims"] if row["pid"] == victim.pid)
    sizes = [row[name] for name in ("anon_bytes", "file_bytes", "shmem_bytes") if row[name] is not None]
    size = f", {human(sum(sizes))}" if sizes else ""
    return f"{one_line(victim.comm)} (pid {victim.pid}{size})"


def _survivor(survivor) -> str:
    size = "" if survivor.rss_bytes is None else f", {human(survivor.rss_bytes)}"
    return f"{one_line(survivor.comm)} (pid {survivor.pid}{size})"
