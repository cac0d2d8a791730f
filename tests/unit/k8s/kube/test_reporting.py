# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy report: its object, in which API it is written, and what refusals mean. A real server: tests/cluster."""

import jsonschema
import pytest

from oomwatch.kube import report_object
from oomwatch.kube.client import Answer, Unreachable
from oomwatch.kube.report_object import MOST_RESULTS, OPENREPORTS, WGPOLICY
from oomwatch.kube.reporting import Reporting
from tests.cluster import report_definitions

NODE = {"metadata": {"name": "node7", "uid": "n-1"}}
SKIPPED = {"what": "rule kubelet-oom-score-changed", "reason": "the kubelet's configuration is not known"}


def finding(number=1, severity="high", **more):
    row = {
        "id": "guaranteed-tied-oom-score",
        "severity": "warning",
        "report_severity": severity,
        "confidence": "high",
        "summary": f"finding {number}",
        "evidence": {"limit_bytes": 5, "containers": ["app"], "note": "x" * 1000},
        "remedy": "Run a newer kernel.",
        "remedy_commands": [],
        "remedy_effect": "none",
        "ref": "docs/pod-rules.md#guaranteed-tied-oom-score",
        "object": {"kind": "Pod", "namespace": "shop", "name": f"cart-{number}"},
        "uid": f"p-{number}",
        "container": None,
    }
    return dict(row, **more)


def made(findings=(), suppressed=(), skipped=(), kind=OPENREPORTS):
    return report_object.made(kind, NODE, list(findings), list(suppressed), list(skipped), 1000.5)


def test_report_is_owned_by_its_node_and_about_it():
    report = made([finding()])
    assert report["apiVersion"] == "openreports.io/v1alpha1" and report["kind"] == "ClusterReport"
    assert report["metadata"]["name"] == "oom-node7"
    assert report["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Node", "name": "node7", "uid": "n-1"}
    ]
    assert report["scope"]["uid"] == "n-1" and report["source"] == "memfacts.linux/oomwatch"


def test_older_api_has_no_source_of_the_whole_report():
    report = made([finding()], kind=WGPOLICY)
    assert report["apiVersion"] == "wgpolicyk8s.io/v1alpha2" and report["kind"] == "ClusterPolicyReport"
    assert "source" not in report and report["results"][0]["source"] == "memfacts.linux/oomwatch"


def test_result_names_rule_object_and_what_to_do():
    (result,) = made([finding(container="app")])["results"]
    assert (result["policy"], result["rule"]) == ("memfacts.linux", "guaranteed-tied-oom-score")
    assert (result["severity"], result["result"]) == ("high", "fail")
    assert result["message"] == "container app: finding 1. Run a newer kernel."
    assert result["resources"] == [
        {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "cart-1", "uid": "p-1"}
    ]
    assert result["timestamp"] == {"seconds": 1000, "nanos": 0}
    assert result["properties"]["limit_bytes"] == "5" and result["properties"]["confidence"] == "high"
    assert all(isinstance(value, str) and len(value) <= 256 for value in result["properties"].values())


@pytest.mark.parametrize(
    ("severity", "result"),
    [("critical", "fail"), ("high", "fail"), ("medium", "fail"), ("low", "warn"), ("info", "warn")],
)
def test_low_severities_are_warnings(severity, result):
    assert made([finding(severity=severity)])["results"][0]["result"] == result


def test_older_api_gets_only_severities_that_it_knows():
    """Its definition of 2021 refuses a report that has another one."""
    rows = [finding(number, severity) for number, severity in enumerate(("critical", "high", "low", "info"))]
    report = made(rows, skipped=[SKIPPED], kind=WGPOLICY)
    assert [row["severity"] for row in report["results"]] == ["high", "high", "low", "low", "low"]
    assert [row["result"] for row in report["results"]] == ["fail", "fail", "warn", "warn", "skip"]
    assert report["results"][0]["properties"]["severity"] == "critical"
    many = made([finding(number) for number in range(MOST_RESULTS + 1)], kind=WGPOLICY)
    assert many["results"][-1]["severity"] == "low"


def closed(schema):
    """The schema without room for other fields: an API server drops them without a word."""
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if "properties" in found and isinstance(found["properties"], dict) and schema.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


@pytest.mark.parametrize(
    ("kind", "definition"),
    [(OPENREPORTS, report_definitions.open_reports()), (WGPOLICY, report_definitions.policy_reports())],
    ids=["openreports", "wgpolicy"],
)
def test_report_has_only_published_fields_and_values(kind, definition):
    (version,) = definition["spec"]["versions"]
    assert (kind.group, kind.version) == (definition["spec"]["group"], version["name"])
    assert (kind.kind, kind.plural) == tuple(definition["spec"]["names"][name] for name in ("kind", "plural"))
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    severities = ("critical", "high", "medium", "low", "info")
    findings = [finding(number, severity) for number, severity in enumerate(severities * 120)]
    jsonschema.validate(made(findings, [finding(9, suppressed="so")], [SKIPPED], kind), schema)
    jsonschema.validate(made([finding(container="app")], kind=kind), schema)


def test_suppressed_and_skipped_rules_are_results_of_their_own():
    report = made([finding()], [finding(2, suppressed="accepted until March")], [SKIPPED])
    assert [row["result"] for row in report["results"]] == ["fail", "skip", "skip"]
    assert "accepted until March" in report["results"][1]["message"]
    assert report["results"][2]["rule"] == "kubelet-oom-score-changed"
    assert report["summary"] == {"pass": 0, "fail": 1, "warn": 0, "error": 0, "skip": 2}


def test_more_than_500_results_are_counted_but_left_off():
    report = made([finding(number) for number in range(MOST_RESULTS + 40)])
    assert len(report["results"]) == MOST_RESULTS
    assert report["summary"]["fail"] == MOST_RESULTS + 40
    assert report["results"][-1]["message"].startswith("41 further results are left off")
    assert len(made([finding(number) for number in range(MOST_RESULTS)])["results"]) == MOST_RESULTS


class Server:
    """served: groups that exist; answers: to a write, in their order, then 200."""

    def __init__(self, *served, answers=()):
        self.served, self.answers, self.asked = served, list(answers), []

    def request(self, verb, path, query=None, body=None, resource=""):
        self.asked.append((verb, path))
        if verb == "get":
            kind = next((kind for kind in (OPENREPORTS, WGPOLICY) if kind.path == path), None)
            if kind in self.served:
                return Answer(200, {"resources": [{"name": kind.plural}]}, None, "")
            return Answer(404, None, None, "")
        assert query == {"fieldManager": "oomwatch", "force": "true"}
        return self.answers.pop(0) if self.answers else Answer(200, {}, None, "")

    @property
    def written(self):
        return [path for verb, path in self.asked if verb == "apply"]


def write(reporting, number=1, now=1000.0, node=NODE):
    reporting.write(node, [finding(number)], [], [], now)


OPEN = "/apis/openreports.io/v1alpha1/clusterreports/oom-node7"
POLICY = "/apis/wgpolicyk8s.io/v1alpha2/clusterpolicyreports/oom-node7"


@pytest.mark.parametrize(
    ("wanted", "served", "written"),
    [
        ("auto", (OPENREPORTS, WGPOLICY), [OPEN]),
        ("auto", (WGPOLICY,), [POLICY]),
        ("auto", (), []),
        ("wgpolicy", (OPENREPORTS, WGPOLICY), [POLICY]),
        ("openreports", (OPENREPORTS,), [OPEN]),
        ("off", (OPENREPORTS, WGPOLICY), []),
    ],
)
def test_report_goes_where_the_option_and_the_cluster_agree(wanted, served, written):
    server = Server(*served)
    reporting = Reporting(server, wanted)
    write(reporting)
    assert server.written == written and reporting.trouble is None


def test_off_asks_nothing():
    server = Server(OPENREPORTS)
    write(Reporting(server, "off"))
    assert server.asked == []


def test_missing_api_is_trouble_only_if_it_was_asked_for():
    reporting = Reporting(Server(OPENREPORTS), "wgpolicy")
    write(reporting)
    assert "does not have wgpolicyk8s.io/v1alpha2" in reporting.trouble


def test_report_that_has_not_changed_is_written_again_after_an_hour_only():
    server = Server(OPENREPORTS)
    reporting = Reporting(server, "auto")
    for number, now in ((1, 1000.0), (1, 1600.0), (2, 2200.0), (2, 5700.0), (2, 5900.0)):
        write(reporting, number, now)
    # At 1000, at 2200 because it has changed, and at 5900.
    assert len(server.written) == 3
    assert len([verb for verb, _path in server.asked if verb == "get"]) == 1


def test_definition_that_was_removed_is_looked_for_again():
    server = Server(OPENREPORTS, answers=[Answer(404, None, None, "")])
    reporting = Reporting(server, "auto")
    write(reporting)
    assert reporting.trouble is None
    server.served = (WGPOLICY,)
    write(reporting)
    assert server.written == [OPEN, POLICY]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(403, None, None, "forbidden"), "no right to write its report (ClusterRole: clusterreports"),
        (Answer(422, None, None, "bad"), "answered 422 to the node's report: bad"),
        (Unreachable("https://x gives no answer: refused"), "gives no answer"),
    ],
)
def test_refusal_is_told_and_the_report_tried_again(answer, words):
    server = Server(OPENREPORTS, answers=[answer])
    reporting = Reporting(server, "auto")
    write(reporting)
    assert words in reporting.trouble
    write(reporting)
    assert reporting.trouble is None and len(server.written) == 2


def test_no_report_without_an_owner():
    server = Server(OPENREPORTS)
    reporting = Reporting(server, "auto")
    write(reporting, node={"metadata": {"name": "node7"}})
    assert server.asked == [] and "was not read" in reporting.trouble
