# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods as Kubernetes gives them, stripped; and the index of those that are known."""

import copy

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError, ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import pods
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pods import Container, PodIndex

A, B, C, D = (letter * 64 for letter in "abcd")
UID = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
HASH = "d76e26fba3bf2bfd215eb29011d55250"

# Composed after the API's types; an environment with a secret is in it to be lost.
POD = {
    "metadata": {
        "uid": UID,
        "namespace": "shop",
        "name": "cart-5d8f9c7b6-x2x4x",
        "labels": {"pod-template-hash": "5d8f9c7b6"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "cart-5d8f9c7b6", "controller": True}],
    },
    "spec": {
        "nodeName": "node-1",
        "priority": 1000,
        "priorityClassName": "shop",
        "containers": [
            {
                "name": "app",
                "env": [{"name": "PASSWORD", "value": "hunter2"}],
                "args": ["--key=hunter2"],
                "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            }
        ],
        "initContainers": [{"name": "setup"}, {"name": "proxy", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "debug"}],
    },
    "status": {
        "qosClass": "Burstable",
        "containerStatuses": [
            {
                "name": "app",
                "containerID": "containerd://" + A,
                "state": {"running": {}},
                "lastState": {"terminated": {"reason": "OOMKilled", "containerID": "containerd://" + B}},
            }
        ],
        "initContainerStatuses": [
            {"name": "setup", "containerID": "cri-o://" + C, "state": {"terminated": {"containerID": "cri-o://" + C}}},
            {"name": "proxy", "containerID": "docker://" + D},
        ],
        "ephemeralContainerStatuses": [{"name": "debug", "containerID": ""}],
    },
}


def changed(**parts):
    found = copy.deepcopy(POD)
    for name, part in parts.items():
        found[name] = part
    return found


def test_pod_of_a_deployment():
    assert pods.of_json(POD) == pods.Pod(
        uid=UID,
        config_hash=None,
        namespace="shop",
        name="cart-5d8f9c7b6-x2x4x",
        owner_kind="Deployment",
        owner="cart",
        qos_class="Burstable",
        node="node-1",
        static=False,
        containers=(
            Container(A, "app", "container", (B,), 32 << 20, 64 << 20),
            Container(C, "setup", "init"),
            Container(D, "proxy", "sidecar"),
            Container(None, "debug", "ephemeral"),
        ),
        has_all_ids=False,
        priority=1000,
        priority_class="shop",
    )


def test_secrets_are_lost():
    assert "hunter2" not in repr(pods.of_json(POD))


@pytest.mark.parametrize("container_id, name", [(A, "app"), (B, "app"), (C, "setup"), (D, "proxy"), (None, None)])
def test_container_by_its_id_of_now_and_before(container_id, name):
    found = pods.of_json(POD).container(container_id)
    assert (found.name if found else None) == name


def test_ids_are_all_there_once_each_container_has_one():
    whole = copy.deepcopy(POD)
    whole["status"]["ephemeralContainerStatuses"][0]["containerID"] = "containerd://" + "e" * 64
    assert pods.of_json(whole).has_all_ids
    whole["status"]["containerStatuses"] = []
    assert not pods.of_json(whole).has_all_ids


def test_mirror_pod_has_the_hash_of_its_static_pod():
    metadata = {
        "uid": UID,
        "namespace": "kube-system",
        "name": "etcd-node-1",
        "annotations": {"kubernetes.io/config.hash": HASH, "kubernetes.io/config.mirror": HASH},
        "ownerReferences": [{"kind": "Node", "name": "node-1", "controller": True}],
    }
    found = pods.of_json(changed(metadata=metadata))
    assert (found.uid, found.config_hash, found.static) == (UID, HASH, True)
    assert (found.owner_kind, found.owner) == ("Node", "node-1")


@pytest.mark.parametrize("source, static", [("file", True), ("http", True), ("api", False), (None, False)])
def test_kubelet_names_the_source_of_its_pods(source, static):
    metadata = {
        "uid": HASH if static else UID,
        "namespace": "kube-system",
        "name": "etcd-node-1",
        "annotations": {"kubernetes.io/config.hash": HASH, "kubernetes.io/config.source": source},
    }
    found = pods.of_json(changed(metadata=metadata))
    assert (found.static, found.config_hash) == (static, HASH if static else None)


@pytest.mark.parametrize("status", [None, {}, [], "Running", {"containerStatuses": None}, {"containerStatuses": [1]}])
def test_pod_without_a_usable_status(status):
    found = pods.of_json(changed(status=status))
    assert found.qos_class == "Burstable"  # by the spec
    assert [(one.name, one.id) for one in found.containers] == [
        ("app", None),
        ("setup", None),
        ("proxy", None),
        ("debug", None),
    ]


def test_pod_without_a_spec_still_has_the_containers_that_run():
    found = pods.of_json(changed(spec=None))
    assert [(one.name, one.kind, one.id) for one in found.containers] == [
        ("app", "container", A),
        ("setup", "init", C),
        ("proxy", "init", D),
        ("debug", "ephemeral", None),
    ]
    assert found.node is None


@pytest.mark.parametrize("pod", [None, [], "pod", 3])
def test_what_is_no_pod(pod):
    with pytest.raises(ParseError, match="instead of an object"):
        pods.of_json(pod)


@pytest.mark.parametrize("field", ["uid", "namespace", "name"])
@pytest.mark.parametrize("value", [None, "", 3, [], "x" * 254])
def test_pod_without_a_name_is_refused(field, value):
    damaged = copy.deepcopy(POD)
    damaged["metadata"][field] = value
    with pytest.raises(ParseError, match=f"metadata.{field} is ") as caught:
        pods.of_json(damaged)
    assert len(str(caught.value)) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@hypothesis.given(st.data())
def test_any_json_in_any_place_is_a_pod_or_one_error(data):
    damaged = copy.deepcopy(POD)
    place = damaged
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = inner
    try:
        found = pods.of_json(damaged)
    except MemfactsError as error:
        assert "\n" not in str(error)
    else:
        assert found.qos_class in ("Guaranteed", "Burstable", "BestEffort")


def test_index_finds_by_uid_hash_and_container():
    index = PodIndex()
    pod = pods.of_json(POD)._replace(config_hash=HASH)
    index.put(pod)
    assert index.find(UID) == index.find(HASH) == index.of_container(A) == index.of_container(B) == pod
    assert index.find("x") is index.of_container("x") is None
    index.drop(UID)
    assert index.find(UID) is index.find(HASH) is index.of_container(A) is None
    assert len(index) == 0
    index.drop(UID)


def test_index_keeps_ids_that_a_container_had():
    index = PodIndex()
    pod = pods.of_json(POD)
    index.put(pod._replace(containers=(Container(A, "app"),)))
    index.put(pod._replace(containers=(Container(B, "app"), Container(C, "other"))))
    index.put(pod._replace(containers=(Container(D, "app", earlier=(B,)),)))
    assert index.of_container(A).containers == (Container(D, "app", earlier=(B, A)),)
    assert index.of_container(C) is None  # its container is gone from the pod
    for number in range(20):
        index.put(pod._replace(containers=(Container("%064x" % number, "app"),)))
    assert len(index.find(UID).containers[0].earlier) == 8
    assert index.of_container(A) is None


def test_index_is_bounded():
    index = PodIndex(most=2)
    first, second, third = (pods.of_json(POD)._replace(uid=uid, containers=()) for uid in "123")
    index.put(first)
    index.put(second)
    index.put(first)
    index.put(third)
    assert index.pods() == [first, third]
    assert index.forgotten == 1


def test_static_pod_by_two_names():
    index = PodIndex()
    mirror = pods.of_json(POD)._replace(config_hash=HASH)
    static = mirror._replace(uid=HASH)
    index.put(mirror)
    index.put(static)
    assert index.find(HASH) == static
    index.drop(HASH)
    index.put(mirror)
    assert index.find(HASH) == mirror
