# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The one line of an OOM event that an operator reads first."""

from typing import Dict

from ..models import owner
from ..models.size import human
from ..sources.printable import one_line, with_pid
from . import event_cause, event_names, panic

NO_KILL = {
    "no-killable-process": "The kernel found no process that it may kill",
    "panic": "The kernel panicked",
    "already-exiting": "The chosen process was exiting already, so the kernel did not kill it",
    "unknown": "The log ends before it shows a kill",
}


def summary(event: Dict) -> str:
    """What ran out, who filled it, who died, whether that was right, and what to do: three sentences in one line."""
    if event["outcome"] == "panic":
        return f"{panic.what(event)}. {ran_out(event)}. {panic.to_do(event)}."
    return f"{ran_out(event)}. {_died(event)}{_judgement(event)}. {to_do(event)}."


def ran_out(event: Dict, host: str = "host") -> str:
    """What ran out and who filled it, without a full stop. host: what a reader calls it."""
    filled = event_cause.in_short(event)
    return _ran_out(event, host) + (f": {filled}" if filled else "")


def _ran_out(event, host):
    limit, scope = event["limit_owner"], event["scope"]
    if scope == "memcg":
        return f"{_owner(event)} reached {event_names.limit(limit)}"
    if scope == "sysrq":
        return "Someone requested an OOM kill (sysrq-f)"
    if scope in ("cpuset", "mempolicy"):
        return f"The memory nodes of a {'cpuset' if scope == 'cpuset' else 'memory policy'} were full"
    if scope is None:
        return "Memory ran out"
    much_free = event_cause.free_but_failed(event)
    if much_free is not None:
        return much_free.replace("the host", f"The {host}", 1)
    size = "" if limit["limit_bytes"] is None else f" ({human(limit['limit_bytes'])} of RAM)"
    return f"The {host} ran out of memory{size}"


def _owner(event) -> str:
    """Whose limit it was, as short as a person can still find it by."""
    path, kind = event["limit_owner"]["cgroup"], event["limit_owner"]["kind"]
    if path is None:
        return "A memory cgroup"
    pod = event_names.limited_pod(event)
    if pod is not None:
        return pod[0].upper() + pod[1:]
    whose = owner.of_cgroup(path)
    if kind == "container":
        return f"Container {one_line(whose.container)[: event_names.SHORT_ID]}"
    if kind == "unit":
        return one_line(whose.unit)
    if kind == "kubepods":
        return f"The node's memory for pods ({one_line(path)})"
    return f"The {'QoS class' if kind == 'qos' else 'cgroup'} {one_line(path)}"


def _died(event):
    victim, freed = event["victim"], event["freed_bytes"]
    if victim is None:
        judged = event["verdict"]
        if event["outcome"] == "unknown" and judged.get("chosen_comm") is not None:
            chosen = with_pid(judged["chosen_comm"], judged["chosen_pid"])
            return f"The kernel chose {chosen}, but the line of the kill is not in the log"
        return NO_KILL[event["outcome"]]
    others = len(event["victims"]) - 1
    least = "at least " if "victims" in event["truncated"] else ""
    others = f" and {least}{others} more process{'es' * (others > 1)}" if others else ""
    freed = "" if freed is None else f", which freed {human(freed)}"
    return f"The kernel killed {with_pid(victim['comm'], victim['pid'])}{others}{freed}"


def _judgement(event):
    """Was that right: first what is certain of the kernel's rule, then what the report suggests of the cause."""
    judged, cause = event["verdict"], event["verdict"]["by_cause"]
    if event["victim"] is None:
        return ""
    if "allocating-task" in judged["why"]:
        return ": it requested memory, and vm.oom_kill_allocating_task is 1"
    expected = None if judged["expected_pid"] is None else with_pid(judged["expected_comm"], judged["expected_pid"])
    if cause["result"] == "right":
        other = f", though Linux 5.9 or later would kill {expected}" if _is_of_old_kernel(judged) else ""
        return f": probably the right process{other}"
    if _is_of_old_kernel(judged):
        return f": the wrong process, Linux 5.9 or later would kill {expected}"
    if cause["result"] == "wrong":
        return f": probably the wrong process, {with_pid(cause['who']['comm'], cause['who']['pid'])} still runs"
    if judged["model"] == "neither":
        return f": no known rule explains why it was not {expected}"
    if judged["by_rule"]["result"] == "right":
        return f": it had the highest score, {event_cause.but(event)}"
    return ": the report does not show whether that was right"


def _is_of_old_kernel(judged):
    """Whether the process died only because this kernel lacks the fix of 5.9."""
    return judged["model"] == "floored" and not judged["agrees"]


def to_do(event: Dict) -> str:
    """What to do, in a few words without a full stop."""
    judged = event["verdict"]
    if _is_of_old_kernel(judged) and judged["by_cause"]["result"] != "right":
        return "Update the kernel, or raise the largest process's oom_score_adj so that it is killed first"
    return event_cause.short_advice(event)
