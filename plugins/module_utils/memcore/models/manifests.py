# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Objects of Kubernetes as pods: pods themselves, templates of workloads, and what a LimitRange gives them."""

import copy
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from . import quantity
from .lenient import object_of, rows_of, text_of

_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_PRIORITIES = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}
_COUNTED = ("memory", "cpu")


class PodOf(NamedTuple):
    """kind, namespace and name of the object; path: keys that lead to the pod in it; pod: {metadata, spec, status}."""

    kind: str
    namespace: Optional[str]
    name: str
    path: Tuple[str, ...]
    pod: Dict


class Defaults(NamedTuple):
    """What the LimitRanges of a namespace give a container: {resource: quantity} of requests and of limits."""

    requests: Dict[str, object]
    limits: Dict[str, object]


def items(value: object, path: Tuple[object, ...] = ()) -> Iterator[Tuple[Tuple[object, ...], Dict]]:
    """(keys that lead there, object) of each object; those of a List one by one, also of Lists in Lists."""
    # A list in a list in a list may be as deep as its text is long.
    waiting: List[Tuple[Tuple[object, ...], object]] = [(path, value)]
    seen = set()  # an alias of YAML may put a list into itself
    while waiting:
        way, one = waiting.pop()
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        kind, rows = one.get("kind"), one.get("items")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(rows, list):
            waiting += [((*way, "items", place), row) for place, row in reversed(list(enumerate(rows)))]
        else:
            yield way, one


def pod_of(one: Dict) -> Optional[PodOf]:
    """The pod that an object is or makes; None where it has none."""
    kind = text_of(one, "kind")
    metadata = object_of(one, "metadata")
    name = text_of(metadata, "name") or text_of(metadata, "generateName") or ""
    namespace = text_of(metadata, "namespace")
    if kind == "Pod":
        return PodOf(kind, namespace, name, (), one)
    path = _TEMPLATES.get(kind or "")
    if kind is None or path is None:
        return None
    template = one
    for step in path:
        template = object_of(template, step)
    return PodOf(kind, namespace, name, path, _made(one, kind, name, namespace, template))


def _made(one, kind, name, namespace, template) -> Dict:
    """The template as a pod of its workload, with the annotations of both; the template's count more."""
    annotations = object_of(object_of(one, "metadata"), "annotations")
    metadata = dict(object_of(template, "metadata"), name=name, namespace=namespace)
    metadata["annotations"] = dict(annotations, **object_of(metadata, "annotations"))
    metadata["ownerReferences"] = [{"kind": kind, "name": name, "controller": True}]
    return {"metadata": metadata, "spec": object_of(template, "spec"), "status": {}}


def defaults(objects: Iterable[Dict]) -> Dict[Optional[str], Defaults]:
    """By namespace, as LimitRanger fills in: default else max; defaultRequest else default else min."""
    found: Dict[Optional[str], Defaults] = {}
    for one in objects:
        if one.get("kind") != "LimitRange":
            continue
        given = found.setdefault(text_of(object_of(one, "metadata"), "namespace"), Defaults({}, {}))
        for row in rows_of(object_of(one, "spec"), "limits"):
            if row.get("type") == "Container":
                limits = dict(object_of(row, "max"), **object_of(row, "default"))
                requests = dict(object_of(row, "min"), **limits)
                requests.update(object_of(row, "defaultRequest"))
                given.limits.update(limits)
                given.requests.update(requests)
    return found


def with_priority(pod: Dict) -> Dict:
    """The pod with the priority that admission gives the two classes that every cluster has, where it has none yet."""
    spec = object_of(pod, "spec")
    given = _PRIORITIES.get(text_of(spec, "priorityClassName") or "")
    if given is None or spec.get("priority") is not None:
        return pod
    return dict(pod, spec=dict(spec, priority=given))


def with_defaults(pod: Dict, given: Optional[Defaults]) -> Dict:
    """The pod as admission leaves it: a limit is a request where there is none, and only then LimitRange fills in."""
    if given is None:
        return pod
    filled = dict(pod, spec=copy.deepcopy(object_of(pod, "spec")))
    for field in ("containers", "initContainers"):
        for row in rows_of(filled["spec"], field):
            resources = object_of(row, "resources")
            limits = object_of(resources, "limits")
            requests = dict(limits, **object_of(resources, "requests"))
            row["resources"] = dict(
                resources,
                requests=dict(_counted(given.requests), **requests),
                limits=dict(_counted(given.limits), **limits),
            )
    return filled


def _counted(amounts):
    return {name: value for name, value in amounts.items() if name in _COUNTED and quantity.nano(value)}
