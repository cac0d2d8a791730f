# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expected oom_score_adj: values of the kubelet's own unit tests, of enhancement proposals, and of real kubelets."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import expected_adj

GIB = 1 << 30
NEWEST = (1, 37)
LARGE_NODE = 33441001472


def row(name, memory=None, limit=None, **more):
    resources = {}
    if memory is not None:
        resources["requests"] = {"memory": memory}
    if limit is not None:
        resources["limits"] = {"memory": limit}
    return dict({"name": name, "resources": resources}, **more)


def pod(*containers, init=(), ephemeral=(), status="Burstable", **spec):
    whole = dict(spec, containers=list(containers), initContainers=list(init), ephemeralContainers=list(ephemeral))
    return {"metadata": {"name": "p"}, "spec": whole, "status": {"qosClass": status} if status else {}}


def adjs(of, capacity, version=NEWEST):
    return {one.name: one.adj for one in expected_adj.of_pod(of, capacity, version)}


def test_container_that_requests_no_memory_has_999():
    assert adjs(pod({"name": "a", "resources": {"limits": {"cpu": "1"}}}), 4000000000) == {"a": 999}


@pytest.mark.parametrize(
    "request_of, adj",
    [
        ("0", 999),
        ("16Mi", 999),
        ("31Mi", 999),
        ("32Mi", 999),
        ("64Mi", 998),
        ("256Mi", 992),
        ("1Gi", 968),
        ("4Gi", 872),
        ("16Gi", 487),
        ("31Gi", 5),
        ("32Gi", 3),
    ],
)
def test_burstable_value_falls_with_the_request(request_of, adj):
    assert adjs(pod(row("a", request_of)), LARGE_NODE) == {"a": adj}


def test_half_of_the_node_is_500_and_nearly_all_of_it_is_3():
    assert adjs(pod(row("a", "4000000000")), 8000000000) == {"a": 500}
    assert adjs(pod(row("a", "7999999999")), 8000000000) == {"a": 3}


def test_value_below_3_was_2_up_to_1_19():
    assert adjs(pod(row("a", "32Gi")), LARGE_NODE, (1, 19)) == {"a": 2}


def test_limit_without_a_request_is_the_request():
    assert adjs(pod(row("a", limit="4Gi"), status=None), LARGE_NODE) == {"a": 872}


def sidecar(memory):
    return row("sidecar", memory, restartPolicy="Always")


@pytest.mark.parametrize("memory, adj", [("400000000", 875), ("4000000000", 500)])
def test_sidecar_is_never_killed_before_the_container_it_serves(memory, adj):
    of = pod(row("main", "1000000000"), init=[sidecar(memory)])
    assert adjs(of, 8000000000) == {"main": 875, "sidecar": adj}


def test_sidecar_had_its_own_value_before_1_32():
    of = pod(row("main", "1000000000"), init=[sidecar("400000000")])
    assert adjs(of, 8000000000, (1, 31)) == {"main": 875, "sidecar": 950}


def test_sidecar_beside_a_container_without_a_request_keeps_its_own_value():
    of = pod(row("main", "1000000000"), row("other"), init=[sidecar("400000000")])
    assert adjs(of, 8000000000)["sidecar"] == 950


def test_init_container_that_ends_has_its_own_value():
    of = pod(row("main", "1000000000"), init=[row("setup", "400000000")])
    assert adjs(of, 8000000000)["setup"] == 950


def test_what_the_pod_requests_beyond_its_containers_is_shared():
    of = pod(row("main"), init=[sidecar(None)], resources={"requests": {"memory": "2000000000"}})
    assert adjs(of, 4000000000) == {"main": 750, "sidecar": 750}


def test_share_of_the_example_in_kep_2837():
    of = pod(row("a", "50Gi"), row("b", "100Gi"), row("c"), resources={"requests": {"memory": "180Gi"}})
    assert adjs(of, 1000 * GIB) == {"a": 940, "b": 890, "c": 990}


def test_real_kubelet_1_36_gave_these_values():
    capacity = 1490 << 20  # of a node with about so much
    of = pod(row("one", "64Mi"), row("two"), resources={"requests": {"memory": "256Mi"}, "limits": {"memory": "384Mi"}})
    found = adjs(of, capacity, (1, 36))
    assert found["one"] in (892, 893, 894)
    assert found["two"] == 936
    of = pod(row("large", "256Mi"), row("small", "32Mi"), init=[sidecar("16Mi")])
    found = adjs(of, capacity, (1, 36))
    assert found["large"] in (827, 828, 829)
    assert found["small"] == found["sidecar"] == 979


def test_pod_limit_stands_for_a_request_that_nothing_names():
    # (2000000000 - 0) / 2 for each: 250 of 1000 off
    of = pod(row("a"), row("b"), resources={"limits": {"memory": "2000000000"}, "requests": {"cpu": "1"}})
    assert adjs(of, 4000000000) == {"a": 750, "b": 750}


def test_peak_of_init_containers_counts_the_sidecars_before_them():
    # setup 3 Gi beside the sidecar's 1 Gi is more than main and sidecar: nothing of the pod's 4 Gi is left to share
    of = pod(row("main", "1Gi"), init=[sidecar("1Gi"), row("setup", "3Gi")], resources={"requests": {"memory": "4Gi"}})
    assert adjs(of, 10 * GIB) == {"main": 900, "sidecar": 900, "setup": 700}


@pytest.mark.parametrize("version, adj", [((1, 19), -998), ((1, 20), -997), ((1, 37), -997)])
def test_guaranteed_pod(version, adj):
    of = pod(row("a", "1Gi"), ephemeral=[{"name": "debug"}], status="Guaranteed")
    assert adjs(of, LARGE_NODE, version) == {"a": adj, "debug": adj}


def test_best_effort_pod():
    assert adjs(pod(row("a"), status=None), LARGE_NODE) == {"a": 1000}


def test_ephemeral_container_of_a_burstable_pod_has_999():
    of = pod(row("a", "4Gi"), ephemeral=[{"name": "debug"}])
    assert adjs(of, LARGE_NODE)["debug"] == 999


def critical(priority, name, annotations=None):
    of = pod(row("a"), status="BestEffort", priority=priority, priorityClassName=name)
    of["metadata"]["annotations"] = annotations or {}
    return of


STATIC = {"kubernetes.io/config.source": "file"}
MIRROR = {"kubernetes.io/config.mirror": "0123456789abcdef0123456789abcdef"}


@pytest.mark.parametrize(
    "priority, name, annotations, version, adj",
    [
        (2000001000, "system-node-critical", {}, (1, 36), -997),
        (2000000000, "system-cluster-critical", {}, (1, 36), 1000),
        (2000000000, "system-cluster-critical", {}, (1, 21), -997),
        (2000000000, "system-cluster-critical", {}, (1, 13), 1000),
        (None, "system-node-critical", {}, (1, 36), 1000),  # the priority was not resolved
        (None, "system-node-critical", STATIC, (1, 36), -997),
        (None, "system-node-critical", MIRROR, (1, 36), -997),
        (None, None, STATIC, (1, 36), 1000),
        (None, None, STATIC, (1, 20), -997),
        (None, None, {"kubernetes.io/config.source": "api"}, (1, 20), 1000),
    ],
)
def test_critical_pods(priority, name, annotations, version, adj):
    assert adjs(critical(priority, name, annotations), LARGE_NODE, version) == {"a": adj}


def test_rule_and_request_that_decided_are_told():
    of = pod(row("main", "1000000000"), init=[sidecar("400000000")])
    found = expected_adj.of_pod(of, 8000000000, NEWEST)[1]
    assert (found.kind, found.rule, found.request_bytes, found.share_bytes) == ("sidecar", "sidecar", 1000000000, 0)


@pytest.mark.parametrize(
    "text, version",
    [
        ("v1.36.2", (1, 36)),
        ("1.28", (1, 28)),
        ("v1.21.1+051ac4f", (1, 21)),
        ("v1.30.0-eks-036c24b", (1, 30)),
        ("x", None),
    ],
)
def test_version_of_a_kubelet(text, version):
    assert expected_adj.version_of(text) == version


@pytest.mark.parametrize("of", [{}, {"spec": None}, {"spec": {"containers": "x"}}, {"spec": {"containers": [None]}}])
def test_pod_without_containers_has_no_values(of):
    assert expected_adj.of_pod(of, LARGE_NODE, NEWEST) == []
