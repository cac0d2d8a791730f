# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM event as one pod has it: whose limit was hit, and which of the pod's processes died."""

import calendar
import re
from typing import Dict, Iterator, Optional, Tuple

from . import pod_path
from .pod_evidence import Death, PodOom
from .tying import Tied, TiedVictim

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?P<part>\.\d{1,9})?Z$", re.ASCII)
_RSS = ("anon_bytes", "file_bytes", "shmem_bytes")
_OF_POD = ("container", "pod")


def of_event(event: Dict, tied: Tied) -> Iterator[Tuple[str, PodOom]]:
    """(uid, OOM) for each pod that the event names: as limit owner, or as that of a victim.

    uid: as in cgroup paths. An event of a limit that no pod owns and of victims in no pod gives nothing.
    """
    owner = event["limit_owner"]
    hit = _uid(owner["cgroup"]) if owner is not None and owner["kind"] in _OF_POD else None
    uids = [uid for uid, _death in _deaths(event, tied)] + [hit]
    for uid in dict.fromkeys(one for one in uids if one is not None):
        yield uid, of_pod(event, tied, uid, hit == uid)


def of_node(event: Dict, tied: Tied) -> PodOom:
    """The event as the node has it: with all victims."""
    return of_pod(event, tied, None, False)


def of_pod(event: Dict, tied: Tied, uid: Optional[str], is_own: bool) -> PodOom:
    """The event as the pod with this uid has it; with uid None with the victims of all pods and of the host."""
    owner = event["limit_owner"]
    return PodOom(
        event["id"],
        seconds(event["time"]),
        event["source"],
        event["scope"],
        None if owner is None else owner["kind"],
        None if owner is None else owner["limit_bytes"],
        is_own,
        event["group_kill"],
        tuple(death for its, death in _deaths(event, tied) if uid is None or its == uid),
        _shmem(event),
    )


def seconds(text: Optional[str]) -> Optional[float]:
    """RFC 3339 in UTC as Unix time; None where it is none."""
    match = _TIME.match(text or "")
    if match is None:
        return None
    whole = calendar.timegm(tuple(int(part) for part in match.groups()[:6]))
    return whole + float(match["part"] or 0)


def _uid(cgroup: Optional[str]) -> Optional[str]:
    places = pod_path.pods(cgroup) if cgroup else []
    return places[0].uid if places else None


def _deaths(event: Dict, tied: Tied) -> Iterator[Tuple[Optional[str], Death]]:
    """(the pod's uid, the victim). Where only a counter rose there is no victim but the one that it was tied to."""
    rows = event["victims"] or [{}] * len(tied.victims)
    for row, one in zip(rows, tied.victims):
        uid = row.get("pod_uid")
        if uid is None and one.pod is not None:
            uid = one.pod.config_hash or one.pod.uid
        yield uid, _death(row, one)


def _death(row: Dict, one: TiedVictim) -> Death:
    sizes = [row[name] for name in _RSS if row.get(name) is not None]
    return Death(
        one.pid,
        one.comm,
        one.role,
        None if one.container is None else one.container.name,
        None if one.container is None else one.container.kind,
        row.get("oom_score_adj"),
        sum(sizes) if sizes else None,
    )


def _shmem(event) -> Optional[int]:
    cause = event.get("cause") or {}
    parts = (cause.get("evidence") or {}).get("parts") or {}
    return parts.get("shmem_bytes")
