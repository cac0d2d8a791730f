# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`oomwatch audit -f`: what is read, what is answered in each form, and what happens to bad input."""

import io
import json
import pathlib
import sys

import jsonschema
import pytest

from oomwatch import cli

SCHEMA = json.loads((pathlib.Path(__file__).parents[4] / "schemas" / "audit.schema.json").read_text())

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
      - name: app
        resources:
          requests: {cpu: 1, memory: 2Gi}
          limits: {cpu: 1, memory: 2Gi}
      - name: proxy
        resources:
          requests: {memory: 128Mi}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  containers:
  - name: app
    resources:
      limits: {cpu: 1, memory: 2Gi}
"""


@pytest.fixture
def audit(tmp_path, capsys, monkeypatch):
    """Run it on one manifest; (exit status, standard output, standard error)."""

    def run(text, *options, name="a.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.chdir(tmp_path)
        status = cli.main(["audit", "-f", name, *options])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def answer(shown):
    found = json.loads(shown)
    jsonschema.validate(found, SCHEMA)
    return found


def test_template_is_judged_with_file_and_line(audit):
    status, shown, dummy = audit(DEPLOYMENT, "--output", "json")
    found = answer(shown)
    assert status == 1
    told = {row["id"]: (row["severity"], row["container"], row["file"], row["line"]) for row in found["findings"]}
    assert told == {
        "guaranteed-near-miss-one-container": ("warning", "proxy", "a.yaml", 14),
        "burstable-unbounded-memory": ("warning", "proxy", "a.yaml", 14),
        "limit-missing-on-one-container": ("info", "proxy", "a.yaml", 14),
    }
    assert found["findings"][0]["object"] == {"kind": "Deployment", "namespace": "shop", "name": "web"}


def test_class_and_adj_are_told_for_each_size_of_node(audit):
    dummy, shown, dummy = audit(DEPLOYMENT, "--output", "json", "--node-memory", "16Gi", "--node-memory", "64Gi")
    [pod] = answer(shown)["pods"]
    assert (pod["kind"], pod["namespace"], pod["name"], pod["qos_class"]) == ("Deployment", "shop", "web", "Burstable")
    # 2 of 16 GiB are 125 of 1000, of 64 GiB 31; 128 MiB are 7 and 1
    assert pod["containers"] == [
        {"name": "app", "kind": "container", "oom_score_adj": {"16Gi": 875, "64Gi": 969}},
        {"name": "proxy", "kind": "container", "oom_score_adj": {"16Gi": 993, "64Gi": 999}},
    ]


def test_pod_without_findings_is_exit_status_0(audit):
    status, shown, dummy = audit(POD, "--output", "json")
    found = answer(shown)
    assert status == 0
    assert found["findings"] == []
    assert found["pods"][0]["containers"][0]["oom_score_adj"] == {"16Gi": -997}


def test_template_of_a_critical_class_has_the_priority_that_admission_gives_it(audit):
    template = DEPLOYMENT.replace(
        "      containers:", "      priorityClassName: system-node-critical\n      containers:", 1
    )
    assert template != DEPLOYMENT
    dummy, shown, dummy = audit(template, "--output", "json")
    found = answer(shown)
    assert {one["oom_score_adj"]["16Gi"] for one in found["pods"][0]["containers"]} == {-997}
    assert {row["id"] for row in found["findings"]} == {"node-critical-without-limit", "limit-missing-on-one-container"}


def test_kubelet_of_1_19_gives_guaranteed_pods_another_value(audit):
    dummy, shown, dummy = audit(POD, "--output", "json", "--kubelet-version", "v1.19.3")
    assert answer(shown)["pods"][0]["containers"][0]["oom_score_adj"] == {"16Gi": -998}


def test_many_documents_lists_and_json_are_read(audit):
    listed = {"kind": "List", "items": [{"kind": "PodList", "items": [{"kind": "Pod", "metadata": {"name": "b"}}]}]}
    text = POD + "---\n" + json.dumps(listed) + "\n---\n" + DEPLOYMENT
    dummy, shown, dummy = audit(text, "--output", "json")
    found = answer(shown)
    assert [pod["name"] for pod in found["pods"]] == ["one", "web"]
    assert {"what": "Pod b", "reason": "it has no containers"} in found["skipped"]
    dummy, shown, dummy = audit(
        json.dumps({"kind": "List", "items": [{"kind": "Pod", "spec": {"containers": [{}]}}]}), "--output", "json"
    )
    assert answer(shown)["pods"][0]["qos_class"] == "BestEffort"


def test_every_workload_has_its_template(audit):
    template = {"spec": {"containers": [{"name": "app"}]}}
    rows = [{"kind": kind, "metadata": {"name": "x"}, "spec": {"template": template}} for kind in WORKLOADS]
    rows.append(
        {"kind": "CronJob", "metadata": {"name": "x"}, "spec": {"jobTemplate": {"spec": {"template": template}}}}
    )
    rows.append({"kind": "PodTemplate", "metadata": {"name": "x"}, "template": template})
    dummy, shown, dummy = audit("\n---\n".join(map(json.dumps, rows)), "--output", "json")
    assert [pod["kind"] for pod in answer(shown)["pods"]] == [*WORKLOADS, "CronJob", "PodTemplate"]


WORKLOADS = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job"]

LIMIT_RANGE = """\
kind: LimitRange
metadata: {name: d, namespace: shop}
spec:
  limits:
  - {type: Container, default: {memory: 1Gi, cpu: 1}}
  - {type: Pod, max: {memory: 9Gi}}
---
"""


def test_limit_range_of_the_same_namespace_fills_in(audit):
    bare = "kind: Pod\nmetadata: {name: p, namespace: NAMESPACE}\nspec: {containers: [{name: a}]}\n"
    text = LIMIT_RANGE + bare.replace("NAMESPACE", "shop") + "---\n" + bare.replace("NAMESPACE", "other")
    dummy, shown, dummy = audit(text, "--output", "json")
    # default without defaultRequest makes request and limit equal
    assert [pod["qos_class"] for pod in answer(shown)["pods"]] == ["Guaranteed", "BestEffort"]


def test_limit_range_does_not_change_what_the_container_says(audit):
    resources = "{limits: {memory: 2Gi}}"
    own = f"kind: Pod\nmetadata: {{namespace: shop}}\nspec: {{containers: [{{name: a, resources: {resources}}}]}}\n"
    dummy, shown, dummy = audit(LIMIT_RANGE + own, "--output", "json")
    found = answer(shown)
    assert found["pods"][0]["qos_class"] == "Guaranteed"  # memory 2Gi by the container, cpu 1 by the LimitRange
    assert [row["id"] for row in found["findings"]] == ["limitrange-altered-qos"]


IGNORED = DEPLOYMENT.replace(
    "  namespace: shop\n",
    "  namespace: shop\n"
    "  annotations: {memfacts.linux/ignore: 'burstable-unbounded-memory: the proxy is bounded by its own settings; "
    "limit-missing-on-one-container: likewise; guaranteed-near-miss-one-container: ; no-such-rule: x'}\n",
)


def test_annotation_suppresses_a_rule_with_a_reason(audit):
    status, shown, dummy = audit(IGNORED, "--output", "json")
    found = answer(shown)
    # without a reason nothing is suppressed
    assert [row["id"] for row in found["findings"]] == ["guaranteed-near-miss-one-container"]
    assert found["suppressed"] == []
    assert {"what": "memfacts.linux/ignore of Deployment shop/web", "reason": "there is no rule no-such-rule"} in found[
        "skipped"
    ]
    assert status == 1


def test_suppressed_findings_are_listed_when_asked(audit):
    dummy, shown, dummy = audit(IGNORED, "--output", "json", "--show-suppressed")
    told = {row["id"]: row["suppressed"] for row in answer(shown)["suppressed"]}
    assert told["burstable-unbounded-memory"] == "the proxy is bounded by its own settings"
    dummy, shown, dummy = audit(IGNORED, "--show-suppressed")
    assert "the proxy is bounded by its own settings" in shown


@pytest.mark.parametrize("least, status", [("info", 1), ("warning", 1), ("critical", 0)])
def test_fail_on_sets_the_least_severity_that_fails(audit, least, status):
    assert audit(DEPLOYMENT, "--fail-on", least)[0] == status


def test_text_says_what_is_wrong_then_what_each_container_gets(audit):
    dummy, shown, dummy = audit(DEPLOYMENT)
    lines = shown.splitlines()
    assert lines[0] == "Deployment shop/web  (a.yaml)"
    assert "warning: the container proxy alone keeps the pod from the class Guaranteed" in shown
    assert any(line.split() == ["Deployment", "shop/web", "app", "Burstable", "875"] for line in lines)
    assert lines[-1] == "1 pod: 2 warnings, 1 info"


def test_sarif_has_a_rule_and_a_place_for_each_result(audit):
    dummy, shown, dummy = audit(IGNORED, "--output", "sarif")
    log = json.loads(shown)
    [run] = log["runs"]
    assert log["version"] == "2.1.0"
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a.yaml"}
    told = {row["ruleId"]: (row["level"], row.get("suppressions")) for row in run["results"]}
    assert told["guaranteed-near-miss-one-container"] == ("warning", None)
    assert told["limit-missing-on-one-container"] == ("note", [{"kind": "inSource", "justification": "likewise"}])


def test_annotations_of_a_workflow_are_escaped(audit):
    status, shown, dummy = audit(DEPLOYMENT, "--output", "github", name="a,b:c%.yaml")
    assert status == 1
    assert shown.splitlines()[0].startswith("::warning file=a%2Cb%3Ac%25.yaml,line=14,title=guaranteed-near-miss-one")
    assert "::notice file=" in shown


def test_folder_is_read_with_all_below_it(tmp_path, capsys):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "b.yml").write_text(POD)
    (tmp_path / "a.json").write_text(json.dumps({"kind": "Pod", "spec": {"containers": [{"name": "c"}]}}))
    (tmp_path / "readme.txt").write_text("{{")
    assert cli.main(["audit", "-f", str(tmp_path), "--output", "json"]) == 0
    assert len(answer(capsys.readouterr().out)["pods"]) == 2


def test_standard_input_is_read(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DEPLOYMENT.encode())))
    assert cli.main(["audit", "-f", "-", "--output", "json"]) == 1
    found = answer(capsys.readouterr().out)
    assert {row["file"] for row in found["findings"]} == {None}


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\x89PNG\xff\xfe", "it is not UTF-8 text"),
        (b"kind: Pod\0", "it is a binary file"),
        ("kind: {{ .Values.kind }}\nspec: [", "it is a template that was not rendered"),
        ("{{- if .Values.x }}\nkind: Pod\n{{- end }}\n", "it is a template that was not rendered"),
        ("kind: Pod\n  name: x\n", "it is no YAML: mapping values are not allowed"),
        ("kind: !!python/object/apply:os.system ['false']\n", "it is no YAML: could not determine a constructor"),
        ("a: " + "[" * 5000, "it is no YAML"),
    ],
)
def test_input_that_cannot_be_read_is_exit_status_2_after_the_rest(audit, tmp_path, capsys, data, reason):
    (tmp_path / "b.yaml").write_text(POD)
    status, shown, told = audit(data, "-f", "b.yaml", "--output", "json")
    assert status == 2
    found = answer(shown)
    assert len(found["pods"]) == 1
    assert any(row["what"] == "a.yaml" and row["reason"].startswith(reason) for row in found["skipped"])
    assert told.startswith(f"oomwatch: Cannot read a.yaml: {reason}")


def test_file_that_is_not_there_is_exit_status_2(tmp_path, capsys):
    assert cli.main(["audit", "-f", str(tmp_path / "none.yaml")]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_folder_without_manifests_is_exit_status_2(tmp_path, capsys):
    assert cli.main(["audit", "-f", str(tmp_path)]) == 2
    assert "no file that ends in .yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "kind: Pod\nspec: {containers: [{name: 5, resources: {limits: [1]}}, 7, null]}\n",
        "kind: [Pod]\nmetadata: {name: {}}\n",
        "- kind: Pod\n",
        "kind: Deployment\nspec: {template: x}\n",
        "kind: Widget\napiVersion: example.org/v1\nspec: {replicas: 3}\n",
        "a: &a [*a]\nkind: List\nitems: *a\n",
        "x: &x\n  kind: List\n  items: [*x]\n<<: *x\n",
        "kind: Pod\nmetadata: {annotations: {memfacts.linux/ignore: [1]}}\nspec: {containers: [{}]}\n",
        "kind: LimitRange\nspec: {limits: [{type: Container, default: 5}]}\n---\nkind: Pod\nspec: {containers: [{}]}\n",
        "? [a, b]\n: kind\nkind: Pod\n",
    ],
)
def test_odd_objects_end_without_a_traceback(audit, text):
    status, shown, dummy = audit(text, "--output", "json")
    assert status in (0, 1, 2)
    answer(shown)


@pytest.mark.parametrize("amount", ["0.5Gi", "5.36870912e8", "536870912000m", "536870912", 536870912])
def test_quantity_in_any_notation_is_the_same(audit, amount):
    text = json.dumps({"kind": "Pod", "spec": {"containers": [{"resources": {"requests": {"memory": amount}}}]}})
    dummy, shown, dummy = audit(text, "--output", "json")
    # half of 16 GiB's 1/16: 31 of 1000
    assert answer(shown)["pods"][0]["containers"][0]["oom_score_adj"] == {"16Gi": 969}


def test_key_that_stands_twice_is_told(audit):
    dummy, shown, dummy = audit("kind: Pod\nspec:\n  containers: []\n  containers: [{name: a}]\n", "--output", "json")
    found = answer(shown)
    assert {"what": "a.yaml", "reason": "the key containers stands twice, in lines 3 and 4"} in found["skipped"]
    assert len(found["pods"]) == 1


@pytest.mark.parametrize(
    "options, words",
    [
        (["--node-memory", "much"], "node memory is 'much', which is no size above 0; give one such as 16Gi"),
        (["--node-memory", "0"], "node memory is '0'"),
        (["--kubelet-version", "new"], "kubelet version is 'new'; give one such as 1.37"),
    ],
)
def test_wrong_option_is_told_in_one_sentence(audit, options, words):
    status, shown, told = audit(POD, *options)
    assert (status, shown) == (2, "")
    assert told.startswith(f"oomwatch: {words}")
    assert told.count("\n") == 1
