# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about an OOM event: those of the facts that its report proves, with a predicate that reads the event.

The log may be of another host or boot, where a process id means another process, so that no command has one.
"""

from typing import Dict, Iterator, Optional

from ..models import lifelines
from ..models.badness import FLOORED
from ..models.size import human
from . import cgroups, oom
from .phrases import counted
from .rule import CHANGE, Met


def _floored(event: Dict, _threshold: Optional[float]) -> Iterator[Met]:
    """The kernel gave several the same single point and took one that a signed kernel leaves alone."""
    judged = event["verdict"]
    victim = event["victim"]  # None where the log lost the line of the kill
    if victim is None or judged["model"] != FLOORED or judged["agrees"] is not False:
        return
    equals = judged["floored"]["tied"] + 1
    summary = (
        f"{counted(equals, 'process')} tied at 1 point, so this kernel picked by scan order: it killed "
        f"{victim['comm']} and spared {judged['expected_comm']}"
    )
    yield Met(
        summary,
        {"evidence": "the process that was killed in this report", "count": equals, "pid": judged["expected_pid"]},
    )


def _lifeline_killed(event: Dict, _threshold: Optional[float]) -> Iterator[Met]:
    """A service that is needed to repair the host was killed."""
    victim = event["victim"]
    lifeline = lifelines.to_protect(victim["comm"], victim["cgroup"]) if victim else None
    if lifeline is None or event.get("killer") is not None:
        return  # programs in user space need not go by oom_score_adj
    summary = (
        f"{lifeline.name}, {lifeline.role}, was killed: it had oom_score_adj {victim['oom_score_adj']}, the usual "
        f"value is {lifeline.adj}"
    )
    sentence, commands = oom.lasting(victim["comm"], victim["unit"], lifeline.adj)
    evidence = {
        "pid": victim["pid"],
        "unit": victim["unit"],
        "usual_adj": lifeline.adj,
        "lasting": sentence,
        "oom_score_adj": victim["oom_score_adj"],
    }
    yield Met(summary, evidence, commands)


def _shared_memory(event: Dict, _threshold: Optional[float]) -> Iterator[Met]:
    """Files in memory fill a cgroup's limit, so that the next process there is killed too.

    Only where no process had them mapped: what processes share without a file goes with the last of them.
    """
    cause, owner = event["cause"], event["limit_owner"]
    if cause["class"] != "shared-memory" or event["scope"] != "memcg" or owner["cgroup"] is None:
        return
    if cause["evidence"]["shared_mapped_by"] != "nobody":
        return
    size = cause["evidence"]["part_bytes"]
    evidence = {
        "cgroup": owner["cgroup"],
        "path": owner["cgroup"],
        "current_bytes": owner["usage_bytes"],
        "limit_bytes": owner["limit_bytes"],
        "shmem_bytes": size,
    }
    yield Met(f"{owner['cgroup']} is charged with {human(size)} of shared memory, which no kill frees", evidence)


def _allocating_task(event: Dict, _threshold: Optional[float]) -> Iterator[Met]:
    """The sysctl that kills whichever process requests memory was in effect."""
    if "allocating-task" in event["verdict"]["why"]:
        summary = "the process was killed because it requested memory (vm.oom_kill_allocating_task=1), not for its size"
        yield Met(summary, {"oom_kill_allocating_task": 1})


RULES = (
    oom.FLOORED_BADNESS._replace(
        needs=("verdict", "victim"),
        predicate=_floored,
        commands=((CHANGE, "echo 0 > /proc/PID/oom_score_adj"),),
    ),
    oom.LIFELINE_UNPROTECTED._replace(needs=("victim",), predicate=_lifeline_killed),
    cgroups.SHMEM_AT_LIMIT._replace(needs=("cause", "limit_owner", "scope"), predicate=_shared_memory),
    oom.KILL_ALLOCATING_TASK._replace(needs=("verdict",), predicate=_allocating_task),
)
