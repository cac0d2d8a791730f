# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server of the tests is a real one, and the agent's account may do what it needs and nothing else."""

import pytest

from tests.cluster import api, objects

pytestmark = pytest.mark.lab

PODS, EVENTS = "/api/v1/namespaces/shop/pods", "/apis/events.k8s.io/v1/namespaces/shop/events"
AT = "2026-01-01T00:00:00.000001Z"


@pytest.fixture(scope="module")
def shop(server):
    """A node and a pod on it, in a namespace of its own; the pod as the server has it."""
    server.admin.create("/api/v1/namespaces", objects.namespace("shop"))
    server.admin.create("/api/v1/nodes", objects.node("node-1"))
    created = server.admin.create(PODS, objects.guaranteed_pod("cart", "node-1"))
    status = {"status": {"phase": "Running", "qosClass": "Guaranteed"}}
    return server.admin.patch(f"{PODS}/{created['metadata']['name']}/status", status)


@pytest.fixture
def agent(server):
    return server.client(server.agent_token())


def test_pod_has_uid_qos_class_and_status(shop):
    assert len(shop["metadata"]["uid"]) == 36
    assert (shop["status"]["qosClass"], shop["status"]["phase"]) == ("Guaranteed", "Running")


def test_agent_lists_pods_of_its_node(agent, shop):
    on_node = agent.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1&resourceVersion=0")["items"]
    elsewhere = agent.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2&resourceVersion=0")["items"]

    assert [pod["metadata"]["uid"] for pod in on_node] == [shop["metadata"]["uid"]]
    assert elsewhere == []


def test_agent_creates_an_event_once_and_patches_its_series(server, agent, shop):
    regarding = {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "cart", "uid": shop["metadata"]["uid"]}
    event = objects.event("cart.1", regarding, "OOMKilledSandbox", AT)

    assert agent.ask("POST", EVENTS, event)[0] == 201
    assert agent.ask("POST", EVENTS, event)[0] == 409
    agent.patch(f"{EVENTS}/cart.1", {"series": {"count": 2, "lastObservedTime": AT}})
    stored = server.admin.get(f"{EVENTS}/cart.1")
    assert (stored["reason"], stored["series"]["count"]) == ("OOMKilledSandbox", 2)


def test_rules_of_the_agent_are_those_of_its_role(server, agent):
    nobody = "/api/v1/namespaces/default/serviceaccounts"
    server.admin.create(nobody, objects.service_account("nobody"))
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    other = server.client(server.admin.create(f"{nobody}/nobody/token", request)["status"]["token"])

    assert rules(agent) - rules(other) == {
        ("get", "", "pods"),
        ("list", "", "pods"),
        *((verb, group, "events") for verb in ("create", "patch") for group in ("", "events.k8s.io")),
    }


def rules(client):
    """{(verb, group, resource)} that the server says this client may."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": "shop"}}
    found = client.create("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)["status"]["resourceRules"]
    return {
        (verb, group, resource)
        for rule in found
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/api/v1/secrets"),
        ("GET", "/api/v1/configmaps"),
        ("GET", "/api/v1/nodes"),
        ("GET", "/api/v1/nodes/node-1"),
        ("GET", "/api/v1/nodes/node-1/proxy/pods"),
        ("GET", "/api/v1/pods?watch=1&timeoutSeconds=1"),
        ("GET", f"{PODS}/cart/log"),
        ("POST", f"{PODS}/cart/exec?command=true"),
        ("POST", f"{PODS}/cart/eviction"),
        ("DELETE", f"{PODS}/cart"),
        ("GET", EVENTS),
        ("DELETE", f"{EVENTS}/cart.1"),
        ("POST", "/api/v1/namespaces/memfacts-system/serviceaccounts/oomwatch/token"),
        ("GET", "/metrics"),
    ],
)
def test_agent_is_refused(agent, shop, verb, path):
    assert agent.ask(verb, path, {} if verb == "POST" else None)[0] == 403


def test_server_that_was_stopped_has_its_objects_again(server, shop):
    server.stop()
    with pytest.raises(OSError):
        server.admin.get("/readyz")
    server.start()

    assert server.admin.get(f"{PODS}/cart")["metadata"]["uid"] == shop["metadata"]["uid"]


def test_frozen_server_takes_a_connection_and_answers_later(server, shop, monkeypatch):
    monkeypatch.setattr(api, "ANSWER_SECONDS", 1)
    with server.frozen(), pytest.raises(TimeoutError):
        server.admin.get("/api/v1/pods")
    monkeypatch.undo()
    assert server.admin.get("/api/v1/pods")["items"]


def test_token_of_an_exchanged_key_is_refused(server, agent, shop):
    assert agent.ask("GET", "/api/v1/pods")[0] == 200
    server.rotate_account_key()

    assert agent.ask("GET", "/api/v1/pods")[0] == 401
    assert server.client(server.agent_token()).ask("GET", "/api/v1/pods")[0] == 200


def test_certificate_of_an_exchanged_authority_is_refused(server, shop, tmp_path):
    old = tmp_path / "ca.crt"
    with open(server.authority, encoding="utf-8") as stream:
        old.write_text(stream.read())
    server.rotate_authority()

    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        api.Client(server.place._replace(authority=str(old)), "any").get("/api")
    assert server.admin.get("/api/v1/pods")["items"]


def test_agent_finds_its_credentials_as_in_a_pod(server, shop, tmp_path):
    variables = server.write_in_cluster(str(tmp_path))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.crt", "namespace", "token"]
    place = api.Place(
        variables["KUBERNETES_SERVICE_HOST"], int(variables["KUBERNETES_SERVICE_PORT"]), str(tmp_path / "ca.crt")
    )
    assert api.Client(place, (tmp_path / "token").read_text()).ask("GET", "/api/v1/pods")[0] == 200
