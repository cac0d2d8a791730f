# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The findings of a node as a policy report, of OpenReports or of its predecessor of the policy working group.

Field names: github.com/openreports/reports-api, apis/openreports.io/v1alpha1/report_types.go, and
github.com/kubernetes-sigs/wg-policy-prototypes, policy-report/crd/v1alpha2; a result has the same fields in both.
"""

from typing import Dict, List, NamedTuple, Sequence

MOST_RESULTS = 500  # an object must stay below 1.5 MiB, etcd's limit
SOURCE = "memfacts.linux/oomwatch"
_POLICY = "memfacts.linux"
_CATEGORY = "memory"
_LONGEST_MESSAGE = 1024
_MOST_PROPERTIES = 16
_LONGEST_PROPERTY = 256
# The sheet's own severities; what is low or for information only is a warning, and fails nothing.
_FAILS = ("critical", "high", "medium")


class Kind(NamedTuple):
    """One API of policy reports. has_source: whether the report itself names its source.

    severities: what it calls those that it does not have.
    """

    group: str
    version: str
    kind: str
    plural: str
    has_source: bool
    severities: Dict[str, str]

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/{self.version}"


OPENREPORTS = Kind("openreports.io", "v1alpha1", "ClusterReport", "clusterreports", True, {})
# Definitions of v1alpha2 that are in use know neither critical nor info, and refuse the whole report for one of them.
_OLDER = {"critical": "high", "info": "low"}
WGPOLICY = Kind("wgpolicyk8s.io", "v1alpha2", "ClusterPolicyReport", "clusterpolicyreports", False, _OLDER)


def name_of(node: str) -> str:
    """The name of a node's report."""
    return f"oom-{node}"


def made(
    kind: Kind, node: Dict, findings: Sequence[Dict], suppressed: Sequence[Dict], skipped: Sequence[Dict], now: float
) -> Dict:
    """The report of a node (v1 Node with name and uid), which owns it. now: seconds since the epoch.

    findings, suppressed, skipped: as answers/pod_judgement.py gives them; the worst come first. The summary counts all
    of them; where not all of them fit, the last result says how many were left off.
    """
    name, uid = node["metadata"]["name"], node["metadata"]["uid"]
    stamp = {"seconds": int(now), "nanos": 0}
    rows = [_result(row, stamp) for row in findings] + [_suppressed(row, stamp) for row in suppressed]
    rows += [_skipped(row, stamp) for row in skipped]
    for row in rows:
        row["severity"] = kind.severities.get(row["severity"], row["severity"])
    summary = dict.fromkeys(("pass", "fail", "warn", "error", "skip"), 0)
    for row in rows:
        summary[row["result"]] += 1
    report = {
        "apiVersion": f"{kind.group}/{kind.version}",
        "kind": kind.kind,
        "metadata": {
            "name": name_of(name),
            "labels": {"app.kubernetes.io/managed-by": "oomwatch"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid}],
        },
        "scope": {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid},
        "summary": summary,
        "results": _fitting(rows, stamp, kind),
    }
    return dict(report, source=SOURCE) if kind.has_source else report


def _fitting(rows: List[Dict], stamp: Dict, kind: Kind) -> List[Dict]:
    if len(rows) <= MOST_RESULTS:
        return rows
    kept = rows[: MOST_RESULTS - 1]
    left = len(rows) - len(kept)
    message = f"{left} further results are left off; the summary counts them, and oomwatch prints them"
    return [*kept, _bare("results-left-off", kind.severities.get("info", "info"), "skip", message, stamp)]


def _result(row: Dict, stamp: Dict) -> Dict:
    severity = row["report_severity"]
    found = _bare(row["id"], severity, "fail" if severity in _FAILS else "warn", _said(row), stamp)
    found["resources"] = [_reference(row)]
    found["properties"] = _properties(row)
    return found


def _suppressed(row: Dict, stamp: Dict) -> Dict:
    message = f"Suppressed by its annotation: {row['suppressed']}"
    return dict(_bare(row["id"], row["report_severity"], "skip", message, stamp), resources=[_reference(row)])


def _skipped(row: Dict, stamp: Dict) -> Dict:
    rule = row["what"][5:] if row["what"].startswith("rule ") else row["what"]
    return _bare(rule, "info", "skip", f"Not judged: {row['reason']}", stamp)


def _bare(rule: str, severity: str, result: str, message: str, stamp: Dict) -> Dict:
    return {
        "source": SOURCE,
        "policy": _POLICY,
        "rule": rule,
        "category": _CATEGORY,
        "severity": severity,
        "result": result,
        "scored": result != "warn",  # which stands for what is not met and not scored
        "message": message[:_LONGEST_MESSAGE],
        "timestamp": stamp,
    }


def _said(row: Dict) -> str:
    where = f"container {row['container']}: " if row["container"] else ""
    return f"{where}{row['summary']}. {row['remedy']}"


def _reference(row: Dict) -> Dict:
    one = row["object"]
    found = {"apiVersion": "v1", "kind": one["kind"], "name": one["name"]}
    found.update({"namespace": one["namespace"]} if one["namespace"] else {})
    found.update({"uid": row["uid"]} if row.get("uid") else {})
    return found


def _properties(row: Dict) -> Dict[str, str]:
    """Evidence as text; lists and objects are in oomwatch's own output."""
    plain = {name: value for name, value in row["evidence"].items() if isinstance(value, (str, int, float))}
    found = {name: str(value)[:_LONGEST_PROPERTY] for name, value in list(plain.items())[:_MOST_PROPERTIES]}
    found.update({"container": row["container"]} if row["container"] else {})
    return dict(found, confidence=row["confidence"], severity=row["report_severity"])
