# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CustomResourceDefinitions of policy reports, with the published fields that a report of a node can have.

Composed, not copied: names, types, enumerations and required fields are those of github.com/openreports/reports-api
(crd/openreports.io/v1alpha1/openreports.io_clusterreports.yaml) and of github.com/kubernetes-sigs/wg-policy-prototypes
(policy-report/crd/v1alpha2/wgpolicyk8s.io_clusterpolicyreports.yaml, whose severities are fewer). The API server drops
a field that they do not have, and refuses a value that they do not allow.
"""

from typing import Dict, Sequence

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
REFERENCE = {
    "type": "object",
    "properties": dict.fromkeys(
        ("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid"), TEXT
    ),
}
RESULTS = ("pass", "fail", "warn", "error", "skip")


def open_reports() -> Dict:
    severities = ("critical", "high", "low", "medium", "info")
    return _definition("openreports.io", "v1alpha1", "ClusterReport", severities, {"source": TEXT})


def policy_reports() -> Dict:
    return _definition("wgpolicyk8s.io", "v1alpha2", "ClusterPolicyReport", ("high", "low", "medium"), {})


def _definition(group: str, version: str, kind: str, severities: Sequence[str], more: Dict) -> Dict:
    plural = kind.lower() + "s"
    properties = {
        "apiVersion": TEXT,
        "kind": TEXT,
        "metadata": {"type": "object"},
        "scope": REFERENCE,
        "summary": {"type": "object", "properties": dict.fromkeys(RESULTS, NUMBER)},
        "results": {"type": "array", "items": _result(severities)},
        **more,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": kind, "listKind": kind + "List", "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
                }
            ],
        },
    }


def _result(severities: Sequence[str]) -> Dict:
    return {
        "type": "object",
        "required": ["policy"],
        "properties": {
            **dict.fromkeys(("category", "message", "policy", "rule", "source"), TEXT),
            "properties": {"type": "object", "additionalProperties": TEXT},
            "resources": {"type": "array", "items": REFERENCE},
            "result": {"type": "string", "enum": list(RESULTS)},
            "scored": {"type": "boolean"},
            "severity": {"type": "string", "enum": list(severities)},
            "timestamp": {
                "type": "object",
                "required": ["nanos", "seconds"],
                "properties": {
                    "nanos": {"type": "integer", "format": "int32"},
                    "seconds": {"type": "integer", "format": "int64"},
                },
            },
        },
    }
