# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The node's pods, from the API server or from the kubelet, each stripped as soon as it is read."""

import ctypes
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple, Union

from memcore.models import pod_memory
from oomwatch.kube.client import Answer, Client, Unreachable
from oomwatch.kube.pod_list import PodListReader

_MOST_BYTES = 64 << 20  # of one list
_MOST_PAGES = 100
_PAGE = "500"

_METADATA = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "generation")
_OWNER = ("apiVersion", "kind", "name", "uid", "controller")
_LABELS = ("pod-template-hash",)  # tells the Deployment from the name of its ReplicaSet
_ANNOTATIONS = (
    "kubernetes.io/config.hash",
    "kubernetes.io/config.mirror",
    "kubernetes.io/config.source",
    "kubernetes.io/limit-ranger",
    "memfacts.linux/ignore",
)
_SPEC = ("nodeName", "priority", "priorityClassName", "resources")
_CONTAINER = ("name", "resources", "restartPolicy")
_STATUS = ("phase", "reason", "qosClass", "startTime", "nodeAllocatableResourceClaimStatuses")
_CONDITION = ("type", "status", "reason")
_CONTAINER_STATUS = ("name", "containerID", "restartCount", "resources")
_TERMINATED = ("containerID", "reason", "exitCode", "startedAt", "finishedAt")


class Failure(NamedTuple):
    """Why there is no list. is_denied: the server refused; else it was away, or answered nonsense."""

    sentence: str
    is_denied: bool
    retry_after: Optional[float] = None


Take = Callable[[Dict], None]


class ApiPods:
    """The pods that the API server has for a node, by its watch cache: no load on etcd."""

    def __init__(self, client: Client, node: str) -> None:
        self._client = client
        self._node = node

    def list(self, take: Take) -> Optional[Failure]:
        """Call take with each stripped pod. The failure, or None."""
        try:
            failure, is_expired = self._pages(take)
            if is_expired:  # the rest of a list is kept for some minutes only
                failure, is_expired = self._pages(take)
            return failure
        finally:
            give_memory_back()

    def _pages(self, take: Take) -> Tuple[Optional[Failure], bool]:
        query = {"fieldSelector": f"spec.nodeName={self._node}", "resourceVersion": "0", "limit": _PAGE}
        for _page in range(_MOST_PAGES):
            answer, meta = _read(self._client, "/api/v1/pods", query, take)
            if meta is None:
                is_expired = isinstance(answer, Answer) and answer.status == 410
                right = "list pods in all namespaces (ClusterRole: pods, verb list)"
                return _failure(answer, self._client.server, right), is_expired
            if not meta.get("continue"):
                return None, False
            query.pop("resourceVersion", None)  # the API server refuses it beside continue
            query["continue"] = str(meta["continue"])
        return Failure(f"{self._client.server} lists pods without end: {_MOST_PAGES} pages were read", False), False


class KubeletPods:
    """The pods that the node's own kubelet runs. clients: in the order in which to try them (credentials.kubelet)."""

    def __init__(self, clients: List[Client]) -> None:
        self._clients = clients

    def list(self, take: Take) -> Optional[Failure]:
        """Call take with each stripped pod. The failure, or None."""
        answer = Unreachable("No kubelet is known")
        try:
            for client in list(self._clients):
                answer, meta = _read(client, "/pods", {}, take)
                if meta is not None:
                    self._clients = [client]
                    return None
                if not (isinstance(answer, Unreachable) and answer.is_certificate):
                    break
        finally:
            give_memory_back()
        if isinstance(answer, Unreachable) and answer.is_certificate:
            return Failure(
                f"{answer.reason}. The token was not sent, because any program could listen there. Let the agent read "
                "/var/lib/kubelet/pki/kubelet.crt of the host, or set serverTLSBootstrap in the kubelet's "
                "configuration, or use --pods api",
                True,
            )
        right = "get the kubelet's pods (ClusterRole: nodes/pods, verb get; before Kubernetes 1.33 nodes/proxy)"
        return _failure(answer, self._clients[0].server, right)


def stripped(pod: Dict) -> Dict:
    """The pod without what is not needed: no environment, commands, managed fields, other annotations.

    Of arguments, variables and probes only the sizes of heaps and the names of well-known programs are kept.
    """
    metadata, spec, status = (_object(pod.get(part)) for part in ("metadata", "spec", "status"))
    kept = _kept(metadata, _METADATA)
    kept["ownerReferences"] = [_kept(owner, _OWNER) for owner in _rows(metadata, "ownerReferences")]
    kept["labels"] = _kept(_object(metadata.get("labels")), _LABELS)
    kept["annotations"] = _kept(_object(metadata.get("annotations")), _ANNOTATIONS)
    return {"metadata": kept, "spec": _spec(spec), "status": _status(status)}


def _spec(spec: Dict) -> Dict:
    kept = _kept(spec, _SPEC)
    kept["volumes"] = [_kept(row, ("name", "emptyDir")) for row in _rows(spec, "volumes") if _is_in_memory(row)]
    names = {str(row.get("name")) for row in kept["volumes"]}
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        kept[kind] = []
        for row in _rows(spec, kind):
            container = dict(_kept(row, _CONTAINER), **pod_memory.settings_of(row))
            mounts = [mount for mount in _rows(row, "volumeMounts") if str(mount.get("name")) in names]
            container["volumeMounts"] = [_kept(mount, ("name", "mountPath")) for mount in mounts]
            kept[kind].append(container)
    return kept


def _status(status: Dict) -> Dict:
    kept = _kept(status, _STATUS)
    resizes = [row for row in _rows(status, "conditions") if str(row.get("type")).startswith("PodResize")]
    kept["conditions"] = [_kept(row, _CONDITION) for row in resizes]
    for kind in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        kept[kind] = []
        for row in _rows(status, kind):
            container = _kept(row, _CONTAINER_STATUS)
            for state in ("state", "lastState"):
                ended = _object(_object(row.get(state)).get("terminated"))
                started = _object(_object(row.get(state)).get("running")).get("startedAt")
                if ended:
                    container[state] = {"terminated": _kept(ended, _TERMINATED)}
                elif started is not None:
                    container[state] = {"running": {"startedAt": started}}
            kept[kind].append(container)
    return kept


def _is_in_memory(volume: Dict) -> bool:
    return _object(volume.get("emptyDir")).get("medium") == "Memory"


def _kept(record: Dict, keys: Tuple[str, ...]) -> Dict:
    return {key: record[key] for key in keys if key in record}


def _object(value) -> Dict:
    return value if isinstance(value, dict) else {}


def _rows(record: Dict, key: str) -> List[Dict]:
    rows = record.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _read(client: Client, path: str, query: Dict[str, str], take: Take):
    """(answer, the list's metadata; None where the list could not be read)."""
    reader = PodListReader(lambda pod: take(stripped(pod)))
    answer = client.stream(path, query, "pods", reader.feed, _MOST_BYTES)
    if not isinstance(answer, Answer) or answer.status != 200:
        return answer, None
    try:
        reader.close()
    except ValueError as error:
        return Unreachable(f"{client.server} gives no usable answer: {error}"), None
    return answer, reader.meta


def _failure(answer: Union[Answer, Unreachable], server: str, right: str) -> Failure:
    if isinstance(answer, Unreachable):
        return Failure(answer.reason, False)
    if answer.status == 403:
        return Failure(f"The agent has no right to {right}", True, answer.retry_after)
    if answer.status == 401:
        return Failure(f"{server} does not accept the agent's token; see whether its service account exists", True)
    said = f": {answer.message}" if answer.message else ""
    return Failure(f"{server} answered {answer.status} to a list of pods{said}", False, answer.retry_after)


def give_memory_back() -> None:
    """Hand what the parsing left free back to the kernel; glibc alone would keep it for the agent's whole life."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # a libc without it, as musl is
        pass
