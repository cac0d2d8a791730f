# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What is wrong with the memory of pods, before they run: QoS class, expected oom_score_adj, findings of manifests."""

import re
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ..errors import OptionError
from ..findings.judge import judge
from ..findings.pods import catalogue
from ..models import expected_adj, manifests, pod_memory, quantity
from ..models.lenient import object_of, text_of

SCHEMA_VERSION = 1
SEVERITIES = ("info", "warning", "critical")
NEWEST_KUBELET = "1.37"
IGNORE = "memfacts.linux/ignore"
_LONGEST_ANNOTATION = 4096
_RULE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
Path = Tuple[object, ...]


class Given(NamedTuple):
    """An object of the input. line_of(path): the line of the value that these keys lead to, None where unknown."""

    value: Dict
    file: Optional[str]
    line_of: Callable[[Path], Optional[int]]


class Asked(NamedTuple):
    """node_memory: (as the operator wrote it, bytes), at least one; kubelet_version: (1, 36)."""

    node_memory: Tuple[Tuple[str, int], ...]
    kubelet_version: Tuple[int, int]


def checked(node_memory: Iterable[str], kubelet_version: str) -> Asked:
    """The options, or an OptionError that names what is wrong."""
    sizes = []
    for text in node_memory:
        found = quantity.whole(text)
        if not found or found < 0:
            raise OptionError(f"node memory is {text!r}, which is no size above 0; give one such as 16Gi.")
        sizes.append((text, found))
    version = expected_adj.version_of(kubelet_version)
    if version is None:
        raise OptionError(f"kubelet version is {kubelet_version!r}; give one such as {NEWEST_KUBELET}.")
    return Asked(tuple(sizes), version)


def collect(given: List[Given], asked: Asked) -> Dict:
    """{schema_version, findings, suppressed, pods, skipped}, each a list; sorted by input, findings the worst first."""
    found: Dict = {"schema_version": SCHEMA_VERSION, "findings": [], "suppressed": [], "pods": [], "skipped": []}
    objects = [one.value for one in given]
    defaults = manifests.defaults(objects)
    rules: Dict[str, str] = {}
    for one in given:
        pod = manifests.pod_of(one.value)
        if pod is not None:
            whole = manifests.with_defaults(pod.pod, defaults.get(pod.namespace))
            _judge(found, rules, one, pod, whole, asked)
        elif text_of(one.value, "kind") == "ResourceQuota":
            name = text_of(object_of(one.value, "metadata"), "name") or "without a name"
            found["skipped"].append(_row(f"ResourceQuota {name}", "quotas are not checked"))
    found["skipped"] += [_row(f"rule {name}", why) for name, why in sorted(rules.items())]
    order = {name: -place for place, name in enumerate(SEVERITIES)}
    found["findings"].sort(key=lambda finding: order[finding["severity"]])
    return found


def _row(what, reason):
    return {"what": what, "reason": reason}


def _judge(found, rules, one, pod, whole, asked):
    memory = pod_memory.of_pod(whole)
    if not memory.containers:
        found["skipped"].append(_row(name_of(_object(pod)), "it has no containers"))
        return
    expected = [expected_adj.of_pod(whole, capacity, asked.kubelet_version) for _text, capacity in asked.node_memory]
    found["pods"].append(_pod(pod, memory, asked, expected))
    ignored = _ignored(whole)
    known = set()
    for (_text, capacity), values in zip(asked.node_memory, expected):
        record = {
            "pod": memory,
            "expected": values,
            "capacity_bytes": capacity,
            "kubelet_version": asked.kubelet_version,
        }
        rules.update(catalogue.skipped(record))
        for finding in judge(record, catalogue.RULES):
            container = _container(finding.evidence)
            if (finding.id, container) not in known:
                known.add((finding.id, container))
                row = _finding(finding, pod, one, container)
                if finding.id in ignored:
                    found["suppressed"].append(dict(row, suppressed=ignored[finding.id]))
                else:
                    found["findings"].append(row)
    found["skipped"] += [
        _row(f"{IGNORE} of {name_of(_object(pod))}", f"there is no rule {name}")
        for name in ignored
        if name not in {rule.id for rule in catalogue.RULES}
    ]


def name_of(one: Dict) -> str:
    """`Deployment shop/web`, of an object {kind, namespace, name}; without its namespace where that is not known."""
    return f"{one['kind']} {one['namespace']}/{one['name']}" if one["namespace"] else f"{one['kind']} {one['name']}"


def _object(pod):
    return {"kind": pod.kind, "namespace": pod.namespace, "name": pod.name}


def _pod(pod, memory, asked, expected):
    sizes = [text for text, _capacity in asked.node_memory]
    rows = zip(*expected)  # each container with one value a size
    return {
        **_object(pod),
        "qos_class": memory.qos_class,
        "containers": [
            {
                "name": values[0].name,
                "kind": values[0].kind,
                "oom_score_adj": {text: value.adj for text, value in zip(sizes, values)},
            }
            for values in rows
        ],
    }


def _finding(finding, pod, one, container):
    return {
        "id": finding.id,
        "severity": finding.severity,
        "summary": finding.summary,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
        "object": _object(pod),
        "container": container,
        "file": one.file,
        "line": _line(one, pod, container),
    }


def _container(evidence) -> Optional[str]:
    """The container that a finding is about; None where it is about several, or the pod as a whole."""
    names = evidence.get("containers", [])
    return evidence.get("container") or (names[0] if len(names) == 1 else None)


def _line(one, pod, container):
    """The container's own line where the finding is about one, else the object's."""
    spec = object_of(one.value, "spec") if not pod.path else pod.pod["spec"]
    for field in ("containers", "initContainers"):
        rows = spec.get(field)
        for place, row in enumerate(rows if isinstance(rows, list) else []):
            if container is not None and isinstance(row, dict) and row.get("name") == container:
                return one.line_of((*pod.path, "spec", field, place))
    return one.line_of(())


def _ignored(pod) -> Dict[str, str]:
    """`rule-id: reason; other-id: reason`: the reasons by rule. An entry without a reason suppresses nothing."""
    text = object_of(object_of(pod, "metadata"), "annotations").get(IGNORE)
    found = {}
    for entry in text[:_LONGEST_ANNOTATION].split(";") if isinstance(text, str) else ():
        name, _colon, reason = entry.partition(":")
        if _RULE.fullmatch(name.strip()) and reason.strip():
            found[name.strip()] = reason.strip()
    return found
