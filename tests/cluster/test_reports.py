# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`oomwatch run` audits the pods of a real API server and writes their findings to a policy report of the node.

With the agent's own ServiceAccount and rights only. The pods have no kubelet, so they are judged by what the API says.
"""

import copy
import json
import os
import re
import subprocess
import sys

import pytest

from tests.cluster import agent as agents
from tests.cluster import api, objects, report_definitions, watching

pytestmark = pytest.mark.lab
NODE = "node-1"
PODS = "/api/v1/namespaces/shop/pods"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OPEN = "/apis/openreports.io/v1alpha1/clusterreports"
POLICY = "/apis/wgpolicyk8s.io/v1alpha2/clusterpolicyreports"
UNSIZED = "memory-emptydir-unsized"
SECONDS = 60  # only ends what hangs


def pod_with_unsized_volume(name, **annotations):
    amount = {"memory": "64Mi"}
    made = objects.pod(name, NODE, [objects.container("app", (1,), amount, None)])
    made["spec"]["volumes"] = [{"name": "cache", "emptyDir": {"medium": "Memory"}}]
    made["spec"]["containers"][0]["volumeMounts"] = [{"name": "cache", "mountPath": "/cache"}]
    made["metadata"]["annotations"] = annotations
    return made


@pytest.fixture(scope="module", autouse=True)
def shop(server):
    """A node, and two pods with the same flaw; one of them says that this is accepted."""
    server.admin.create("/api/v1/namespaces", objects.namespace("shop"))
    server.admin.create("/api/v1/nodes", objects.node(NODE))
    server.admin.patch(
        f"/api/v1/nodes/{NODE}/status",
        {"status": {"capacity": {"memory": "8Gi"}, "allocatable": {"memory": "7Gi"}}},
    )
    server.admin.create(PODS, pod_with_unsized_volume("cart"))
    accepted = {"memfacts.linux/ignore": f"{UNSIZED}: the cache is bounded by its program"}
    server.admin.create(PODS, pod_with_unsized_volume("desk", **accepted))


@pytest.fixture(scope="module")
def keeps_objects(server, shop):
    """The server, if it survives an object of a custom resource; an older build (kubernetes_build.py) does not."""
    server.admin.create(DEFINITIONS, report_definitions.open_reports())
    api.until(lambda: server.admin.ask("GET", OPEN)[0] == 200, f"{OPEN} is served", SECONDS)
    probe = {"apiVersion": "openreports.io/v1alpha1", "kind": "ClusterReport", "metadata": {"name": "probe"}}
    try:
        for _try in range(3):
            server.admin.create(OPEN, probe)
            server.admin.delete(f"{OPEN}/probe")
    except OSError:
        server.stop()
        server.start()
        pytest.skip(
            "this kube-apiserver dies of custom resources: it was built by Go 1.18 or later with reflect2 1.0.1"
        )
    finally:
        server.admin.delete(f"{DEFINITIONS}/clusterreports.openreports.io")
    api.until(lambda: server.admin.ask("GET", OPEN)[0] == 404, f"{OPEN} is gone", SECONDS)
    return server


@pytest.fixture
def defined(keeps_objects):
    """define(definition) until the end of the test."""
    server = keeps_objects
    names = []

    def define(definition, path):
        server.admin.create(DEFINITIONS, definition)
        names.append((definition["metadata"]["name"], path))
        api.until(lambda: server.admin.ask("GET", path)[0] == 200, f"{path} is served", SECONDS)

    yield define
    for name, path in names:
        server.admin.delete(f"{DEFINITIONS}/{name}")
        api.until(lambda path=path: server.admin.ask("GET", path)[0] == 404, f"{path} is gone", SECONDS)


def watch(server, folder, *options):
    return watching.watching(server, str(folder), NODE, "--audit-every", "2s", "--events", "off", *options)


def written(server, path):
    status, answer = server.admin.ask("GET", f"{path}/oom-{NODE}")
    return answer if status == 200 else None


def results(report, result):
    return [(row["rule"], row["resources"][0]["name"]) for row in report["results"] if row["result"] == result]


def failures(server):
    report = written(server, OPEN)
    return results(report, "fail") if report else []


def test_open_report_is_owned_by_the_node_and_has_the_findings_of_its_pods(server, defined, tmp_path):
    defined(report_definitions.open_reports(), OPEN)
    defined(report_definitions.policy_reports(), POLICY)
    with watch(server, tmp_path) as agent:
        report = api.until(lambda: written(server, OPEN), "a report", SECONDS)
        lines = api.until(agent.notices, "lines about findings", SECONDS)
        assert "no right" not in agent.words()
    uid = server.admin.get(f"/api/v1/nodes/{NODE}")["metadata"]["uid"]
    assert report["metadata"]["ownerReferences"] == [{"apiVersion": "v1", "kind": "Node", "name": NODE, "uid": uid}]
    assert report["source"] == "memfacts.linux/oomwatch" and report["scope"]["uid"] == uid
    assert (UNSIZED, "cart") in results(report, "fail")
    assert (UNSIZED, "desk") not in results(report, "fail")
    skipped = [row["message"] for row in report["results"] if row["rule"] == UNSIZED and row["result"] == "skip"]
    assert skipped == ["Suppressed by its annotation: the cache is bounded by its program"]
    assert report["summary"]["fail"] >= 1
    assert written(server, POLICY) is None  # one report is enough
    told = [(line["id"], line["object"]["name"]) for line in lines if line["object"] and line["change"] == "new"]
    assert (UNSIZED, "cart") in told and (UNSIZED, "desk") not in told


def test_field_that_the_definition_does_not_have_would_be_dropped(server, defined, tmp_path):
    """The report is read back as it was sent, so no field of it is missing from the published ones."""
    defined(report_definitions.open_reports(), OPEN)
    with watch(server, tmp_path):
        report = api.until(lambda: written(server, OPEN), "a report", SECONDS)
    row = next(row for row in report["results"] if row["rule"] == UNSIZED and row["result"] == "fail")
    assert set(row) == {
        *("source", "policy", "rule", "category", "severity", "result", "scored", "message", "timestamp"),
        *("resources", "properties"),
    }


def test_older_policy_report_is_written_where_there_is_no_other(server, defined, tmp_path):
    defined(report_definitions.policy_reports(), POLICY)
    with watch(server, tmp_path) as agent:
        report = api.until(lambda: written(server, POLICY), "a report", SECONDS)
        assert "answered" not in agent.words()
    assert (UNSIZED, "cart") in results(report, "fail")


def test_report_changes_with_the_pods_and_lines_tell_only_of_changes(server, defined, tmp_path):
    defined(report_definitions.open_reports(), OPEN)
    mended = pod_with_unsized_volume("mended")
    server.admin.create(PODS, copy.deepcopy(mended))
    with watch(server, tmp_path) as agent:
        api.until(
            lambda: (UNSIZED, "mended") in results(written(server, OPEN) or {"results": []}, "fail"), "it", SECONDS
        )
        server.admin.delete(f"{PODS}/mended?gracePeriodSeconds=0")
        api.until(lambda: (UNSIZED, "mended") not in results(written(server, OPEN), "fail"), "its end", SECONDS)
        told = [(line["change"], line["id"]) for line in agent.notices() if _name(line) == "mended"]
    assert told.count(("new", UNSIZED)) == 1 and told.count(("gone", UNSIZED)) == 1


def _name(line):
    return (line["object"] or {}).get("name")


@pytest.mark.parametrize("wanted", ["auto", "off"])
def test_cluster_without_policy_reports_is_no_trouble(server, tmp_path, wanted):
    with watch(server, tmp_path, "--report", wanted) as agent:
        api.until(agent.notices, "lines about findings", SECONDS)
        assert not re.search("report is written|node's report|its report", agent.words())


def test_once_prints_the_findings_and_its_status_says_whether_there_are_any(server, tmp_path):
    done = once(watching.kubeconfig(server, str(tmp_path)))
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (UNSIZED, "cart") in [(row["id"], (row["object"] or {}).get("name")) for row in found["findings"]]
    assert [row["object"]["name"] for row in found["suppressed"] if row["id"] == UNSIZED] == ["desk"]
    assert found["failures"] == []


def test_once_without_a_server_judges_the_host_and_fails(server, tmp_path):
    config = watching.kubeconfig(server, str(tmp_path))
    server.stop()
    try:
        done = once(config)
    finally:
        server.start()
    assert done.returncode == 2 and "gives no answer" in done.stderr
    assert json.loads(done.stdout)["failures"]


def once(config):
    environ = dict(os.environ, PYTHONPATH=":".join(f"{agents.checkout()}/{name}" for name in agents.CODE))
    words = ["-m", "oomwatch", "run", "--once", "--output", "json", "--node", NODE, "--kube", config]
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environ, timeout=300)
