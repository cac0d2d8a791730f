# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What is wrong with the memory of pods, before they run: QoS class, expected oom_score_adj, findings of manifests."""

from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ..errors import OptionError
from ..findings.pods import catalogue
from ..models import expected_adj, manifests, pod_record, qos, quantity, suppressed
from ..models.lenient import object_of, text_of
from . import pod_judgement
from .pod_judgement import Subject

SCHEMA_VERSION = 1
NEWEST_KUBELET = "1.37"
_FIELDS = (  # of a finding, as the audit tells it
    "id",
    "severity",
    "confidence",
    "summary",
    "evidence",
    "remedy",
    "remedy_commands",
    "remedy_effect",
    "object",
    "container",
)
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
            whole = manifests.with_priority(manifests.with_defaults(pod.pod, defaults.get(pod.namespace)))
            _judge(found, rules, one, pod, whole, asked, pod.namespace in defaults)
        elif text_of(one.value, "kind") == "ResourceQuota":
            name = text_of(object_of(one.value, "metadata"), "name") or "without a name"
            found["skipped"].append(_row(f"ResourceQuota {name}", "quotas are not checked"))
    found["skipped"] += [_row(f"rule {name}", why) for name, why in sorted(rules.items())]
    found["findings"] = pod_judgement.sorted_rows(found["findings"])
    return found


def _row(what, reason):
    return {"what": what, "reason": reason}


def _judge(found, rules, one, pod, whole, asked, is_filled):
    records = [_record(pod, whole, capacity, asked, is_filled) for _text, capacity in asked.node_memory]
    memory = records[0]["pod"]
    if not memory.containers:
        found["skipped"].append(_row(name_of(_object(pod)), "it has no containers"))
        return
    found["pods"].append(_pod(pod, memory, asked, [record["expected"] for record in records]))
    ignored = suppressed.of_object(whole)
    subject = Subject(pod.kind, pod.namespace, pod.name, whole)
    known = set()
    for record in records:
        rules.update(catalogue.skipped(record, catalogue.POD_RULES))
        for row in pod_judgement.rows_of(subject, record, catalogue.POD_RULES):
            if (row["id"], row["container"]) not in known:
                known.add((row["id"], row["container"]))
                told = _in_file(row, pod, one)
                if row["id"] in ignored:
                    found["suppressed"].append(dict(told, suppressed=ignored[row["id"]]))
                else:
                    found["findings"].append(told)
    found["skipped"] += [
        _row(f"{suppressed.ANNOTATION} of {name_of(_object(pod))}", f"there is no rule {name}")
        for name in ignored
        if name not in catalogue.BY_ID
    ]


def _record(pod, whole, capacity, asked, is_filled) -> Dict:
    figures = pod_record.NodeFigures(capacity_bytes=capacity, kubelet_version=asked.kubelet_version)
    record = pod_record.of_pod(whole, figures, None)
    if is_filled:  # by a LimitRange of the input
        record["pod"] = record["pod"]._replace(author_class=qos.of_spec(object_of(pod.pod, "spec")))
    return record


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


def _in_file(row, pod, one) -> Dict:
    told = {name: row[name] for name in _FIELDS}
    return dict(told, file=one.file, line=_line(one, pod, row["container"]))


def _line(one, pod, container):
    """The container's own line where the finding is about one, else the object's."""
    spec = object_of(one.value, "spec") if not pod.path else pod.pod["spec"]
    for field in ("containers", "initContainers"):
        rows = spec.get(field)
        for place, row in enumerate(rows if isinstance(rows, list) else []):
            if container is not None and isinstance(row, dict) and row.get("name") == container:
                return one.line_of((*pod.path, "spec", field, place))
    return one.line_of(())
