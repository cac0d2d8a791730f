# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which pod and container each victim of an OOM was of, and what its death means for them."""

from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from . import owner, pod_path
from .badness import FLOORED
from .pods import Container, Pod

# What died of a container, a sandbox or a host.
PROCESS, CONTAINER, SANDBOX, MONITOR, UNIT, UNKNOWN = "process", "container", "sandbox", "monitor", "unit", "unknown"

_PAUSE = "pause"
_PAUSE_ADJ = -998  # fixed in containerd, CRI-O and dockershim; of Guaranteed containers too, up to Kubernetes 1.19

Find = Callable[[str], Optional[Pod]]
Populated = Callable[[str], Optional[bool]]
Alive = Callable[[int], Optional[bool]]


def _nobody_knows(_pid: int) -> Optional[bool]:
    return None


class TiedVictim(NamedTuple):
    """One process that died. pod, container, unit: None where it was of none, or they are not known.

    pid, comm: None where only a counter shows that somebody died there.

    role: `container`: with it its whole container died; `process`: the container, or the host, lives on; `sandbox`:
    the pause process, which holds the pod's namespaces; `monitor`: conmon, which runs beside a container; `unit`: of
    a systemd unit; `unknown`: a process of a container, of which nothing tells whether it lives on.
    """

    pid: Optional[int]
    comm: Optional[str]
    pod: Optional[Pod]
    container: Optional[Container]
    role: str
    unit: Optional[str] = None


class Survivor(NamedTuple):
    """A process that should have died in a victim's place, and did not die of this kill. rss_bytes: before the kill."""

    pid: int
    comm: str
    rss_bytes: Optional[int]


class Tied(NamedTuple):
    """victims: as in the record. limit_pod: the pod whose limit, or the limit of whose container, was hit."""

    victims: Tuple[TiedVictim, ...]
    limit_pod: Optional[Pod]
    survivor: Optional[Survivor] = None


def places(record: Dict) -> List[pod_path.PodPath]:
    """All pods, with their containers, in whose cgroups a record says that something happened."""
    paths = [_path(record, row) for row in record["victims"]] + [_limit_path(record), record.get("place")]
    return list(dict.fromkeys(pod for path in paths if path is not None for pod in pod_path.pods(path)))


def uids(record: Dict) -> List[str]:
    """The uids of all pods that a record names, each once; static pods' are config hashes."""
    return list(dict.fromkeys(pod.uid for pod in places(record)))


def tie(record: Dict, find: Find, populated: Populated, alive: Alive = _nobody_knows) -> Tied:
    """Tie the record's victims, and fill in their namespace, pod, container and qos_class.

    find: the pod with a uid or a config hash. populated: whether a cgroup still has processes; it is asked about
    containers, and its answer holds once the dying processes are gone. alive: whether a process lives; it is asked
    about one that may have died with its container. A record may be tied again when more is known.
    """
    victims = tuple(_tied(record, row, find, populated) for row in record["victims"])
    if victims and record["victim"] is not record["victims"][0]:
        record["victim"] = record["victims"][0]  # a record that was read back from JSON has it twice
    limit = _limit_path(record)
    limit_pod = None if limit is None else _pod_of(pod_path.pods(limit), find)[1]
    return Tied(victims, limit_pod, _survivor(record, victims, alive))


def tie_counted(record: Dict, find: Find, populated: Populated) -> Tied:
    """Tie kills that only a counter shows (gather/counted_kills.py) to the pod in whose cgroup the counter rose."""
    path = record["place"]
    place, pod = _pod_of(pod_path.pods(path) if path is not None else [], find)
    if place is None or owner.is_monitor(path):
        return Tied((), None)
    container, role = None, CONTAINER if record["group_kill"] else UNKNOWN
    if place.container_id is not None:
        container = pod.container(place.container_id) if pod is not None else None
        role = _container_or_process(record, place.container_cgroup, populated)
    return Tied((TiedVictim(None, None, pod, container, role),), pod if record["limit_owner"] else None)


def _tied(record, row, find, populated) -> TiedVictim:
    path = _path(record, row)
    place, pod = _pod_of(pod_path.pods(path) if path is not None else [], find)
    container = None
    if place is not None:
        container = pod.container(place.container_id) if pod is not None else None
        _fill(row, place, pod, container)
        role = _role_in_pod(record, row, path, place, pod, container, populated)
    else:
        role = _role_on_host(record, row, path, populated)
    return TiedVictim(row["pid"], row["comm"], pod, container, role, row["unit"])


def _path(record, row) -> Optional[str]:
    """The victim's cgroup; of the others of a group the group's, which they were in or below."""
    if row["cgroup"] is not None or row["kind"] is None:
        return row["cgroup"]
    return record["group_cgroup"]


def _limit_path(record) -> Optional[str]:
    return record["limit_owner"]["cgroup"] if record["limit_owner"] is not None else None


def _pod_of(places, find) -> Tuple[Optional[pod_path.PodPath], Optional[Pod]]:
    """The outermost pod that the node knows: a cluster may run inside a pod of another. Else the outermost."""
    for place in places:
        pod = find(place.uid)
        if pod is not None:
            return place, pod
    return (places[0] if places else None), None


def _fill(row, place, pod, container):
    row["pod_uid"], row["container_id"] = place.uid, place.container_id
    row["qos_class"] = place.qos_class or (pod.qos_class if pod is not None else None)
    row["namespace"] = pod.namespace if pod is not None else None
    row["pod"] = pod.name if pod is not None else None
    row["container"] = container.name if container is not None else None


def _role_in_pod(record, row, path, place, pod, container, populated) -> str:
    if owner.is_monitor(path):
        return MONITOR
    if place.container_id is None:
        # A group that is the whole pod: whatever container it was of died with it.
        return CONTAINER if _is_in_group(record, path) else UNKNOWN
    if container is None and _is_sandbox(row, pod):
        return SANDBOX
    return _container_or_process(record, place.container_cgroup, populated)


def is_sandbox_process(comm: Optional[str], adj: Optional[int]) -> bool:
    """Whether a process that is alone in its container is the pause process, as far as name and value tell."""
    return comm == _PAUSE and adj == _PAUSE_ADJ


def _is_sandbox(row, pod) -> bool:
    """Whether a process of a container that no status names is the pause process.

    The status of a container that has just started does not name it yet, so its id alone proves nothing.
    """
    is_pause, has_adj = row["comm"] == _PAUSE, row["oom_score_adj"] == _PAUSE_ADJ
    if pod is None:
        return is_sandbox_process(row["comm"], row["oom_score_adj"])
    return is_pause or (has_adj and pod.has_all_ids)


def _role_on_host(record, row, path, populated) -> str:
    if path is None:
        return UNKNOWN
    if owner.is_monitor(path):
        return MONITOR
    if row["kind"] == "container":
        return _container_or_process(record, owner.container_cgroup(path), populated)
    if row["kind"] == "unit":
        return UNIT
    return UNKNOWN if owner.limit_kind(path) in ("kubepods", "qos") else PROCESS


def _container_or_process(record, cgroup, populated) -> str:
    """cgroup: the container's own, not one that was made inside of it."""
    if _is_in_group(record, cgroup):
        return CONTAINER
    alive = populated(cgroup)
    if alive is None:
        return UNKNOWN
    return PROCESS if alive else CONTAINER


def _is_in_group(record, cgroup) -> bool:
    """Whether a cgroup died as a whole: it, one above it, or the level that crun puts all its processes into."""
    group = record["group_cgroup"]
    if group is None or not record["group_kill"]:
        return False
    return f"{cgroup}/".startswith(group.rstrip("/") + "/") or group == cgroup + pod_path.CRUN_LEVEL


def _survivor(record, victims, alive) -> Optional[Survivor]:
    """The process that a fixed kernel would have killed, or that used the memory up, if this kill has spared it."""
    judged, cause = record["verdict"], record["verdict"]["by_cause"]
    if not victims or cause["result"] == "right":
        return None
    if judged["model"] == FLOORED and judged["agrees"] is False:
        pid, comm = judged["expected_pid"], judged["expected_comm"]
    elif cause["result"] == "wrong" and cause["who"] is not None:
        pid, comm = cause["who"]["pid"], cause["who"]["comm"]
    else:
        return None
    row = next((one for one in record["candidates"] if one["pid"] == pid), None)
    if pid is None or pid in [one.pid for one in victims] or (row is not None and row["killed"]):
        return None
    # With a container's first process its whole pid namespace dies, of which the report has no line.
    ended = not record["group_kill"] and CONTAINER in [one.role for one in victims]
    if ended and alive(pid) is not True:
        return None
    return Survivor(pid, comm, None if row is None else row["rss_bytes"])
