# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM event as objects of events.k8s.io/v1: one for each pod that lost a process, one for the node's own limits.

The rules that the API server checks are those of pkg/apis/core/validation/events.go: an Event with eventTime needs
reportingController, reportingInstance, action and reason.
"""

import datetime
import hashlib
import re
import time
from typing import Dict, Iterator, List, Optional, Sequence

from memcore.models import tying
from memcore.models.pods import Container, Pod
from memcore.models.tying import Tied, TiedVictim
from oomwatch.kube import event_note

CONTROLLER = "memfacts.linux/oomwatch"
ACTION = "OOMKill"
PROCESS, CONTAINER, SANDBOX = "OOMKilledProcess", "OOMKilledContainer", "OOMKilledSandbox"
WRONG_VICTIM = "OOMKilledWrongVictim"
NODE, ALLOCATABLE = "NodeOOM", "NodeAllocatableOOM"

API = "events.k8s.io/v1"
# Of a Node's Event with eventTime. Kubernetes 1.20 refuses any other, later servers take `default` as well;
# `kubectl describe node` looks in all.
_NODES_NAMESPACE = "kube-system"
_DIED = "OOMKilled"
_COUNTER = "counter"  # no report was read, but the kernel counted a kill
_OF_KERNEL = ("kernel", _COUNTER)
_LONGEST_INSTANCE = 128
_LONGEST_NAME = 253
_FOREIGN = re.compile(r"[^a-z0-9.-]+")
_FIELDS = {
    "container": "spec.containers",
    "init": "spec.initContainers",
    "sidecar": "spec.initContainers",
    "ephemeral": "spec.ephemeralContainers",
}


def objects(event: Dict, tied: Tied, node: str, reporter: str, now: Optional[float] = None) -> List[Dict]:
    """The Events of a told event; none where user space killed, or where no pod is known and no limit was the node's.

    reporter: what the Event names as its reportingInstance. now: seconds since the epoch, used for an event without a
    time. Each name follows from the event's id, so that the API server refuses (409) what it has already.
    """
    if event["source"] not in _OF_KERNEL or event["outcome"] == "allocation-failed":
        return []
    maker = _Maker(event, node, reporter, time.time() if now is None else now)
    pods = _by_pod(tied.victims)
    found = [one for victims in pods for one in _of_pod(maker, event, tied, victims)]
    reason = _reason_of_node(event)
    if reason is not None:
        note = event_note.of_node(event, tied.victims, tied.survivor)
        related = _pod(pods[0][0].pod) if len(pods) == 1 else None
        found.append(maker.made(reason, note, node_reference(node), related))
    return found


def moment(seconds: float) -> str:
    """Kubernetes' MicroTime: RFC 3339 in UTC with microseconds."""
    return _written(datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc))


class _Maker:
    """Makes the objects of one event."""

    def __init__(self, event: Dict, node: str, reporter: str, now: float) -> None:
        self._id = event["id"]
        self.node = node
        self._reporter = instance(reporter or node)
        self._time = _micro(event["time"]) or moment(now)

    def made(self, reason: str, note: str, regarding: Dict, related: Optional[Dict]) -> Dict:
        """One object."""
        found = {
            "apiVersion": API,
            "kind": "Event",
            "metadata": {
                "name": self._name(reason, regarding),
                "namespace": regarding.get("namespace", _NODES_NAMESPACE),
            },
            "eventTime": self._time,
            "type": "Warning",
            "reason": reason,
            "action": ACTION,
            "note": note,
            "regarding": regarding,
            "reportingController": CONTROLLER,
            "reportingInstance": self._reporter,
        }
        return found if related is None else dict(found, related=related)

    def _name(self, reason, regarding) -> str:
        """`cart-1.` and a hash, as other components name theirs."""
        # An agent that is started again may no longer see whether the container lived on: that is no second Event.
        what = _DIED if reason in (PROCESS, CONTAINER, SANDBOX) else reason
        key = "\n".join((self._id, self.node, what, regarding["uid"]))
        return name_of(regarding["name"], hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest())


def name_of(regarding: str, digest: str) -> str:
    """An Event's name: that of the object that it regards, and a part of a hash in hexadecimal digits."""
    end = "." + digest[:24]
    start = _FOREIGN.sub("-", regarding.lower())[: _LONGEST_NAME - len(end)].strip(".-")
    return (start or "oom") + end


def instance(reporter: str) -> str:
    """A reportingInstance that the API server takes."""
    return reporter[:_LONGEST_INSTANCE]


def _by_pod(victims: Sequence[TiedVictim]) -> List[List[TiedVictim]]:
    """The victims of each pod that is known."""
    found: Dict[str, List[TiedVictim]] = {}
    for victim in victims:
        if victim.pod is not None:
            found.setdefault(victim.pod.uid, []).append(victim)
    return list(found.values())


def _of_pod(maker, event, tied, victims) -> Iterator[Dict]:
    reason, write = _reason(victims)
    write = event_note.of_counted if event["source"] == _COUNTER else write
    regarding, related = _pod(victims[0].pod, victims), node_reference(maker.node)
    yield maker.made(reason, write(event, victims, tied.survivor), regarding, related)
    if tied.survivor is not None:
        note = event_note.of_wrong_victim(event, victims, tied.survivor)
        yield maker.made(WRONG_VICTIM, note, regarding, related)


def _reason(victims):
    """The reason and who writes its note: what Kubernetes has to make anew counts most."""
    roles = [one.role for one in victims]
    if tying.SANDBOX in roles:
        return SANDBOX, event_note.of_sandbox
    if tying.CONTAINER in roles:
        return CONTAINER, event_note.of_container
    return PROCESS, event_note.of_process


def _reason_of_node(event) -> Optional[str]:
    limit = event["limit_owner"]
    if event["scope"] == "global":
        return NODE
    is_for_pods = event["scope"] == "memcg" and limit["kind"] in ("kubepods", "qos")
    return ALLOCATABLE if is_for_pods else None


def _pod(pod: Pod, victims: Sequence[TiedVictim] = ()) -> Dict:
    """A reference to the pod, and to its container where the victims are of one."""
    containers = {one.container for one in victims}
    return pod_reference(pod, containers.pop() if len(containers) == 1 else None)


def pod_reference(pod: Pod, container: Optional[Container] = None) -> Dict:
    """A reference to a pod, or to a container of it."""
    found = {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": pod.namespace,
        "name": pod.name,
        # kubectl describe looks for a static pod's Events by its hash, not by the uid of its mirror.
        "uid": pod.config_hash or pod.uid,
    }
    field = _FIELDS.get(container.kind or "") if container is not None else None
    if field is not None:
        found["fieldPath"] = f"{field}{{{container.name}}}"
    return found


def node_reference(name: str) -> Dict:
    """A reference to a node."""
    # kubectl describe looks for a node's Events by its uid and by its name in the uid's place, as the kubelet writes.
    return {"apiVersion": "v1", "kind": "Node", "name": name, "uid": name}


def _micro(text: Optional[str]) -> Optional[str]:
    """An event's time with all six digits."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ") if text is not None else ():
        try:
            return _written(datetime.datetime.strptime(text, form))
        except ValueError:
            pass
    return None


def _written(date: datetime.datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
