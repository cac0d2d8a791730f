# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An audit as SARIF 2.1.0 (OASIS), which code forges show beside the lines of a change."""

from typing import Dict, List

from memcore.answers.audit import name_of
from memcore.findings.pods import catalogue
from oomwatch import VERSION

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"info": "note", "warning": "warning", "critical": "error"}


def log(found: Dict) -> Dict:
    """One run with all rules, and a result for each finding; suppressed ones carry their reason."""
    places = {rule.id: place for place, rule in enumerate(catalogue.RULES)}
    results = [_result(row, places) for row in found["findings"] + found["suppressed"]]
    driver = {"name": "oomwatch", "semanticVersion": VERSION, "rules": [_rule(rule) for rule in catalogue.RULES]}
    notes = [{"level": "note", "message": {"text": f"{row['what']}: {row['reason']}"}} for row in found["skipped"]]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": notes}
    run = {"tool": {"driver": driver}, "invocations": [invocation], "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule) -> Dict:
    return {
        "id": rule.id,
        "shortDescription": {"text": " ".join((rule.predicate.__doc__ or rule.id).split())},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(row, places) -> Dict:
    result = {
        "ruleId": row["id"],
        "ruleIndex": places[row["id"]],
        "level": _LEVELS[row["severity"]],
        "message": {"text": f"{name_of(row['object'])}: {row['summary']}. {row['remedy']}"},
        "locations": _locations(row),
    }
    if "suppressed" in row:
        result["suppressions"] = [{"kind": "inSource", "justification": row["suppressed"]}]
    return result


def _locations(row) -> List[Dict]:
    if row["file"] is None:
        return [{"logicalLocations": [{"fullyQualifiedName": name_of(row["object"]), "kind": "resource"}]}]
    place: Dict = {"artifactLocation": {"uri": _uri(row["file"])}}
    if row["line"] is not None:
        place["region"] = {"startLine": row["line"]}
    return [{"physicalLocation": place}]


def _uri(path):
    from urllib.parse import quote

    return quote(path)
