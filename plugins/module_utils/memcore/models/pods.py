# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A pod as the API server or the kubelet's /pods gives it, stripped to what an OOM needs; and an index of such pods."""

import re
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ..errors import ParseError
from . import qos, quantity, workload
from .lenient import number_of, object_of, rows_of, text_of

_MOST_CONTAINERS = 256
_MOST_PODS = 1024
_EARLIER_IDS = 8  # of one container: those that it had before
_ID = re.compile(r"[0-9A-Za-z_.-]{1,128}$")
_KINDS = (
    ("container", "containers", "containerStatuses"),
    ("init", "initContainers", "initContainerStatuses"),
    ("ephemeral", "ephemeralContainers", "ephemeralContainerStatuses"),
)


class Container(NamedTuple):
    """kind: container, init, sidecar (an init container that goes on running), ephemeral; None: not known.

    id: of the container that runs now, or ran last; earlier: ids that it had before, the newest first. Without the
    runtime's scheme. The sizes are those of the spec.
    """

    id: Optional[str]
    name: str
    kind: Optional[str] = "container"
    earlier: Tuple[str, ...] = ()
    memory_request_bytes: Optional[int] = None
    memory_limit_bytes: Optional[int] = None


class Pod(NamedTuple):
    """uid: metadata.uid; config_hash: of a static pod, the uid that the kubelet, the cgroup path and `kubectl
    describe` know it by. owner_kind, owner: its workload (workload.py). has_all_ids: whether the status names the id
    of each container of the spec, so that a container with another id is none of them.
    """

    uid: str
    config_hash: Optional[str]
    namespace: str
    name: str
    owner_kind: Optional[str]
    owner: Optional[str]
    qos_class: Optional[str]
    node: Optional[str]
    static: bool
    containers: Tuple[Container, ...]
    has_all_ids: bool = False
    priority: Optional[int] = None
    priority_class: Optional[str] = None

    def container(self, container_id: Optional[str]) -> Optional[Container]:
        """The container that has this id, or had it before."""
        for one in self.containers if container_id else ():
            if container_id == one.id or container_id in one.earlier:
                return one
        return None


class PodIndex:
    """Pods in the order in which they were put; beyond `most` the one that was put longest ago is forgotten.

    forgotten: how many were. A container's ids stay known when its pod is put again with new ones.
    """

    def __init__(self, most: int = _MOST_PODS) -> None:
        self.forgotten = 0
        self._most = most
        self._pods: Dict[str, Pod] = {}
        self._uids: Dict[str, str] = {}  # of config hashes and container ids

    def __len__(self) -> int:
        return len(self._pods)

    def pods(self) -> List[Pod]:
        """All pods, the one that was put last at the end."""
        return list(self._pods.values())

    def find(self, uid: str) -> Optional[Pod]:
        """The pod with this uid, or the static pod with this config hash."""
        return self._pods.get(uid) or self._pods.get(self._uids.get(uid, ""))

    def of_container(self, container_id: str) -> Optional[Pod]:
        """The pod one of whose containers has this id, or had it."""
        return self._pods.get(self._uids.get(container_id, ""))

    def put(self, pod: Pod) -> None:
        """Add the pod, or what is new of it."""
        known = self._pods.get(pod.uid)
        self.drop(pod.uid)
        if known is not None:
            pod = pod._replace(containers=tuple(_with_earlier(one, known.containers) for one in pod.containers))
        self._pods[pod.uid] = pod
        for key in _keys(pod):
            self._uids[key] = pod.uid
        while len(self._pods) > self._most:
            self.drop(next(iter(self._pods)))
            self.forgotten += 1

    def drop(self, uid: str) -> None:
        """Forget the pod with this metadata.uid, if it is known."""
        pod = self._pods.pop(uid, None)
        for key in _keys(pod) if pod is not None else ():
            if self._uids.get(key) == uid:
                del self._uids[key]


def of_json(pod: Dict) -> Pod:
    """The pod. Nothing but the names and the uid has to be there. Raises ParseError."""
    if not isinstance(pod, dict):
        raise ParseError(f"A pod is a {type(pod).__name__} instead of an object; ask the API server for v1 pods.")
    metadata, spec, status = (object_of(pod, part) for part in ("metadata", "spec", "status"))
    uid, namespace, name = (_required(metadata, field) for field in ("uid", "namespace", "name"))
    annotations = object_of(metadata, "annotations")
    is_static = workload.is_static(metadata)
    config_hash = (text_of(annotations, workload.HASH) or text_of(annotations, workload.MIRROR)) if is_static else None
    node = text_of(spec, "nodeName")
    owner = workload.of_metadata(metadata, name, node, is_static)
    told = text_of(status, "qosClass")
    containers = _containers(spec, status)
    return Pod(
        uid,
        config_hash,
        namespace,
        name,
        owner.kind,
        owner.name,
        told if told in qos.CLASSES else qos.of_spec(spec),
        node,
        is_static,
        containers,
        bool(containers) and None not in [one.id for one in containers],
        number_of(spec, "priority"),
        text_of(spec, "priorityClassName"),
    )


def _containers(spec, status) -> Tuple[Container, ...]:
    found: List[Container] = []
    for kind, field, statuses in _KINDS:
        states, rows = _by_name(rows_of(status, statuses)), _by_name(rows_of(spec, field))
        # A spec that is missing or damaged does not hide the containers that run.
        names = dict.fromkeys(list(rows) + list(states))
        found += [_container(name, kind, rows.get(name, {}), states.get(name, {})) for name in names]
    return tuple(found[:_MOST_CONTAINERS])


def _by_name(rows) -> Dict[str, Dict]:
    named = [(text_of(row, "name"), row) for row in rows]
    return {name: row for name, row in named if name is not None}


def _container(name, kind, row, state) -> Container:
    if kind == "init" and row.get("restartPolicy") == "Always":
        kind = "sidecar"
    ids = list(_ids(state))
    resources = object_of(row, "resources")
    request = quantity.whole(object_of(resources, "requests").get("memory"))
    limit = quantity.whole(object_of(resources, "limits").get("memory"))
    return Container(ids[0] if ids else None, name, kind, tuple(ids[1 : _EARLIER_IDS + 1]), request, limit)


def _ids(state) -> Iterator[str]:
    """Of now and before, each once: a killed container may be in lastState already, or still be the current one."""
    places = [state] + [object_of(object_of(state, when), "terminated") for when in ("state", "lastState")]
    seen = set()
    for place in places:
        found = (text_of(place, "containerID") or "").rpartition("://")[2]
        if _ID.match(found) and found not in seen:
            seen.add(found)
            yield found


def _required(metadata, field) -> str:
    found = text_of(metadata, field)
    if found is None:
        given = f"{metadata.get(field)!r:.60}"
        raise ParseError(f"A pod's metadata.{field} is {given} instead of a name; ask for whole v1 pods.")
    return found


def _keys(pod: Pod) -> Iterable[str]:
    if pod.config_hash is not None:
        yield pod.config_hash
    for one in pod.containers:
        yield from one.earlier
        if one.id is not None:
            yield one.id


def _with_earlier(container: Container, known: Iterable[Container]) -> Container:
    """The container with the ids that it had when its pod was put before."""
    ids = list(container.earlier)
    for before in known:
        if (before.name, before.kind) == (container.name, container.kind):
            ids += [before.id] * (before.id is not None) + list(before.earlier)
    # dict keeps the order, and each once
    kept = [one for one in dict.fromkeys(ids) if one != container.id]
    return container._replace(earlier=tuple(kept[:_EARLIER_IDS]))
