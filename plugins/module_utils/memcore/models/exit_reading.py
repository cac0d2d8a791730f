# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What ended a pod's containers, or killed processes of them, and whether Kubernetes shows it.

The status alone does not tell: 137 is any SIGKILL, `OOMKilled` may be of a child process that died days before, and an
OOM kill may show as `Error` or not at all. So the kernel's OOM events come first, then the counters of the pod's
cgroup, then the status.
"""

from typing import List, NamedTuple, Optional, Tuple

from . import tying
from .container_status import Ended
from .pod_evidence import Death, PodNow, PodOom
from .pod_memory import PodMemory

# What it was.
OOM_CONTAINER = "oom-container"  # the first process, or all processes, of a container
OOM_PROCESS = "oom-process"  # a process of a container that went on
OOM_UNKNOWN = "oom-unknown"  # a process of a container, of which it is not known whether it went on
OOM_SANDBOX = "oom-sandbox"  # pause
OOM_REPORTED = "oom-reported"  # the status says so, and no event is known that could tell more
CHILD_EARLIER = "oom-child-earlier"  # OOMKilled with another exit code: a child died before
USER_SPACE = "user-space"  # a program killed it before the kernel had to
AFTER_SANDBOX = "after-sandbox"  # stopped because the sandbox had died
EVICTED = "evicted"
KUBELET_MADE = "kubelet-made"  # 137 that the kubelet writes without knowing how the container ended
NOT_OOM = "not-oom"
UNKNOWN_KILL = "unknown-kill"

# Whether Kubernetes shows it.
SHOWN, HIDDEN, MISLEADING = "shown", "hidden", "misleading"

KILLED = 137  # 128 + SIGKILL
_OOM_KILLED, _EVICTED = "OOMKilled", "Evicted"
_KUBELET_MADE = ("ContainerStatusUnknown", "RestartingAllContainers")
_BEFORE_SECONDS, _AFTER_SECONDS = 60, 2  # an OOM, and the end of the container that the status tells
_RESTART_SECONDS = 60  # from the death of pause to the end of the containers


class Reading(NamedTuple):
    """container, kind: None of a kill that is of no container. ended: as the status says; None where it says nothing.

    oom, death: the OOM event and which of its victims, where one is known. shown: SHOWN, HIDDEN or MISLEADING; None of
    what is no OOM. sure: whether the evidence leaves no other explanation. why: NO_KILL_COUNTED, NO_EVENT, NOT_WATCHED,
    OTHER_KILL or None: what the answer rests on where no event does.
    """

    what: str
    container: Optional[str]
    kind: Optional[str]
    at: Optional[float]
    ended: Optional[Ended]
    oom: Optional[PodOom]
    death: Optional[Death]
    shown: Optional[str]
    sure: bool
    why: Optional[str] = None


# The pod's cgroup has counted no kill; no event is of that time; events of that time are not known; a process of the
# pod was killed then, of which it is not known which container it was of.
NO_KILL_COUNTED, NO_EVENT, NOT_WATCHED, OTHER_KILL = "no-kill-counted", "no-event", "not-watched", "other-kill"


def of_pod(
    pod: PodMemory,
    ooms: Optional[Tuple[PodOom, ...]],
    now: Optional[PodNow] = None,
    watched_since: Optional[float] = None,
    booted: Optional[float] = None,
) -> List[Reading]:
    """Each termination of the status, and each OOM that the status does not show; the newest first.

    ooms: those of this pod, None where they are not known. watched_since, booted: Unix times, None where not known.
    """
    known = ooms or ()
    claimed = set()  # (event, pid) that a termination explains
    found = []
    for one in pod.containers:
        for ended in one.status.ended:
            pair = _match(one.name, ended, known)
            if pair is not None and pair[1].role != tying.PROCESS:
                claimed.add((pair[0].id, pair[1].pid))
            found.append(_ended(pod, one, ended, pair, known, now, watched_since, booted))
    found += [_hidden(pod, oom, death) for oom in known for death in oom.deaths if (oom.id, death.pid) not in claimed]
    return sorted(found, key=_newest_first)


def _newest_first(reading):
    return -(reading.at or 0.0)


def _match(name, ended: Ended, ooms) -> Optional[Tuple[PodOom, Death]]:
    """The OOM kill in the container just before its end; that of the whole container rather than others."""
    pairs = [
        (oom, death)
        for oom in _around(ended, ooms)
        for death in oom.deaths
        if death.container == name and death.role != tying.SANDBOX
    ]
    pairs.sort(key=_certainty)
    return pairs[0] if pairs else None


def _around(ended: Ended, ooms) -> List[PodOom]:
    if ended.finished is None:
        return []
    return [oom for oom in ooms if oom.at is not None and -_BEFORE_SECONDS <= oom.at - ended.finished <= _AFTER_SECONDS]


def _certainty(pair):
    order = (tying.CONTAINER, tying.UNKNOWN, tying.PROCESS)
    role = pair[1].role
    return order.index(role) if role in order else len(order)


def _ended(pod, one, ended: Ended, pair, ooms, now, watched_since, booted) -> Reading:
    oom, death = pair if pair is not None else (None, None)
    says_oom = ended.reason == _OOM_KILLED

    def reading(what, shown=None, sure=True, why=None):
        return Reading(what, one.name, one.kind, ended.finished, ended, oom, death, shown, sure, why)

    if oom is not None and oom.source not in ("kernel", "counter"):
        return reading(USER_SPACE, MISLEADING if says_oom else None)
    if death is not None and death.role == tying.CONTAINER:
        return reading(OOM_CONTAINER, SHOWN if says_oom else HIDDEN)
    if death is not None and death.role == tying.UNKNOWN and ended.exit_code == KILLED:
        return reading(OOM_CONTAINER, SHOWN if says_oom else HIDDEN, sure=False)
    if _follows_sandbox(ended, ooms):
        return reading(AFTER_SANDBOX, MISLEADING)
    if says_oom:
        if ended.exit_code != KILLED:
            return reading(CHILD_EARLIER, MISLEADING)
        return reading(OOM_REPORTED, SHOWN, sure=False, why=_lack(ended, ooms, watched_since))
    if ended.reason in _KUBELET_MADE:
        return reading(KUBELET_MADE)
    if pod.reason == _EVICTED:
        return reading(EVICTED)
    if ended.exit_code != KILLED:
        return reading(NOT_OOM, sure=death is None)
    if _no_kill_was_counted(ended, now, booted):
        return reading(NOT_OOM, why=NO_KILL_COUNTED)
    lack = _lack(ended, ooms, watched_since)
    return reading(NOT_OOM if lack == NO_EVENT else UNKNOWN_KILL, sure=False, why=lack)


def _lack(ended, ooms, watched_since) -> str:
    """Whether all OOMs around that end are known, and none was of the container."""
    if any(
        death.container is None and death.role != tying.SANDBOX for oom in _around(ended, ooms) for death in oom.deaths
    ):
        return OTHER_KILL
    is_watched = watched_since is not None and ended.finished is not None
    return NO_EVENT if is_watched and watched_since <= ended.finished - _BEFORE_SECONDS else NOT_WATCHED


def _follows_sandbox(ended, ooms) -> bool:
    return any(
        death.role == tying.SANDBOX
        and oom.at is not None
        and ended.finished is not None
        and -_AFTER_SECONDS <= ended.finished - oom.at <= _RESTART_SECONDS
        for oom in ooms
        for death in oom.deaths
    )


def _no_kill_was_counted(ended, now, booted) -> bool:
    """Whether the pod's cgroup, which lives as long as the pod, has counted no OOM kill since the node booted."""
    if now is None or now.cgroup is None or now.cgroup.is_local is not False or booted is None:
        return False
    counted = (now.cgroup.events or {}).get("oom_kill")
    return counted == 0 and ended.finished is not None and ended.finished > booted


def _hidden(pod, oom: PodOom, death: Death) -> Reading:
    """An OOM kill that no termination of the status stands for."""
    what = {tying.SANDBOX: OOM_SANDBOX, tying.PROCESS: OOM_PROCESS, tying.CONTAINER: OOM_CONTAINER}
    told = what.get(death.role, OOM_UNKNOWN)
    if oom.source not in ("kernel", "counter"):
        told = USER_SPACE
    latched = any(
        ended.reason == _OOM_KILLED and (oom.at is None or (ended.finished or 0) >= oom.at)
        for one in pod.containers
        if one.name == death.container
        for ended in one.status.ended
    )
    # The runtime keeps a child's kill in mind until the container ends, and then says OOMKilled.
    shown = None if told == USER_SPACE else MISLEADING if latched else HIDDEN
    return Reading(told, death.container, death.container_kind, oom.at, None, oom, death, shown, told != OOM_UNKNOWN)
