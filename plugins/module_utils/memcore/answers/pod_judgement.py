# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What is wrong with the memory of pods and of their node, by every rule whose figures are known."""

from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from ..findings.judge import judge
from ..findings.pods import catalogue
from ..findings.rule import SEVERITIES
from ..models import pod_record, suppressed
from ..models.lenient import object_of, text_of
from ..models.pod_evidence import Evidence


class Subject(NamedTuple):
    """An object of Kubernetes that rules judge: a pod, or a workload by the pod that its template makes.

    pod: {metadata, spec, status} as the API has it. uid: for references in reports and events.
    """

    kind: str
    namespace: Optional[str]
    name: str
    pod: Dict
    uid: Optional[str] = None


class Judgement(NamedTuple):
    """findings, suppressed: rows, the worst first. skipped: {what, reason} of each rule that was not applied."""

    findings: List[Dict]
    suppressed: List[Dict]
    skipped: List[Dict]


def subject(pod: Dict) -> Subject:
    """A v1 Pod."""
    metadata = object_of(pod, "metadata")
    name = text_of(metadata, "name") or ""
    return Subject("Pod", text_of(metadata, "namespace"), name, pod, text_of(metadata, "uid"))


def of_node(node: Dict, pods: Iterable[Dict], evidence: Optional[Evidence] = None) -> Judgement:
    """Judge a node (v1 Node) and its pods (v1 Pods, whole or stripped by the agent).

    evidence: what the node's agent knows; without it rules that need it are skipped.
    """
    figures = pod_record.figures(node)
    given = [subject(pod) for pod in pods]
    records = [pod_record.of_pod(one.pod, figures, evidence) for one in given]
    findings: List[Dict] = []
    hidden: List[Dict] = []
    for one, record in zip(given, records):
        _add(findings, hidden, one, record, catalogue.POD_RULES)
    name = figures.name or ""
    whole = Subject("Node", None, name, node, text_of(object_of(node, "metadata"), "uid"))
    about_node = pod_record.of_node(figures, records, evidence)
    _add(findings, hidden, whole, about_node, catalogue.NODE_RULES)
    return Judgement(sorted_rows(findings), hidden, skipped(records, [about_node]))


def rows_of(one: Subject, record: Dict, rules) -> List[Dict]:
    """The findings of one object."""
    return [_row(finding, one) for finding in judge(record, rules)]


def sorted_rows(rows: List[Dict]) -> List[Dict]:
    """The worst first, equals in their order."""
    order = {name: -place for place, name in enumerate(SEVERITIES)}
    return sorted(rows, key=lambda row: order[row["severity"]])


def skipped(pods: List[Dict], nodes: List[Dict]) -> List[Dict]:
    """Rules that were not applied to all records of their kind, with the reason and how many records lack something."""
    found = []
    for records, rules, what in ((pods, catalogue.POD_RULES, "pod"), (nodes, catalogue.NODE_RULES, "node")):
        counts: Dict[Tuple[str, str], int] = {}
        for record in records:
            for pair in catalogue.skipped(record, rules):
                counts[pair] = counts.get(pair, 0) + 1
        for (name, reason), count in counts.items():
            some = "" if count == len(records) else f" ({what}s: {count} of {len(records)})"
            found.append({"what": f"rule {name}", "reason": reason + some})
    return sorted(found, key=lambda row: row["what"])


def _add(findings, hidden, one: Subject, record, rules):
    reasons = suppressed.of_object(one.pod)
    for row in rows_of(one, record, rules):
        if row["id"] in reasons:
            hidden.append(dict(row, suppressed=reasons[row["id"]]))
        else:
            findings.append(row)


def _row(finding, one: Subject) -> Dict:
    rule = catalogue.BY_ID[finding.id]
    return {
        "id": finding.id,
        "severity": finding.severity,
        "report_severity": rule.report_severity,
        "confidence": rule.confidence,
        "summary": finding.summary,
        "evidence": finding.evidence,
        "remedy": finding.remedy,
        "remedy_commands": finding.remedy_commands,
        "remedy_effect": finding.remedy_effect,
        "ref": finding.ref,
        "object": {"kind": one.kind, "namespace": one.namespace, "name": one.name},
        "uid": one.uid,
        "container": container_of(finding.evidence),
    }


def container_of(evidence: Dict) -> Optional[str]:
    """The container that a finding is about; None where it is about several, or the pod as a whole."""
    names = evidence.get("containers", [])
    found = evidence.get("container") or (names[0] if len(names) == 1 else None)
    return found if isinstance(found, str) else None
