# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of pods: read in pieces, in pages, stripped; and why there is none. The pods are made up for these tests."""

import json

import hypothesis
import hypothesis.strategies as st
import pytest

from memcore.answers import pod_judgement
from memcore.models import pod_memory
from oomwatch.kube import credentials
from oomwatch.kube.client import Client
from oomwatch.kube.pod_list import PodListReader
from oomwatch.kube.pods import ApiPods, KubeletPods, stripped
from tests.unit.k8s.kube.fake_server import HANG, Authority

SECRET = "hunter2"
POD = {
    "metadata": {
        "name": "web-1",
        "namespace": "shop",
        "uid": "u1",
        "creationTimestamp": "2026-12-01T00:00:00Z",
        "labels": {"app": SECRET, "pod-template-hash": "abc"},
        "annotations": {"kubernetes.io/config.hash": "h1", "last-applied": SECRET},
        "managedFields": [{"manager": SECRET}],
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-abc", "controller": True, "blockOwnerDeletion": True}],
    },
    "spec": {
        "nodeName": "n1",
        "containers": [
            {
                "name": "app",
                "image": SECRET,
                "env": [{"name": "PASSWORD", "value": SECRET}],
                "command": [SECRET],
                "args": [SECRET],
                "livenessProbe": {"exec": {"command": [SECRET]}},
                "lifecycle": {"preStop": {"exec": {"command": [SECRET]}}},
                "resources": {"limits": {"memory": "64Mi"}},
                "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}, {"name": "conf", "mountPath": "/etc/app"}],
            }
        ],
        "initContainers": [{"name": "proxy", "restartPolicy": "Always", "env": [{"value": SECRET}]}],
        "ephemeralContainers": [{"name": "debug", "command": [SECRET]}],
        "volumes": [
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            {"name": "conf", "configMap": {"name": SECRET}},
            {"name": "disk", "emptyDir": {}},
        ],
    },
    "status": {
        "phase": "Running",
        "qosClass": "Burstable",
        "containerStatuses": [
            {
                "name": "app",
                "containerID": "containerd://c2",
                "image": SECRET,
                "lastState": {
                    "terminated": {"containerID": "containerd://c1", "reason": "OOMKilled", "message": SECRET}
                },
            }
        ],
    },
}


def read(text, sizes):
    """The pods of a list given in pieces of these sizes, the last one over and over."""
    found, begin, sizes = [], 0, list(sizes)
    reader = PodListReader(found.append)
    while begin < len(text):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        reader.feed(text[begin : begin + size])
        begin += size
    reader.close()
    return found, reader.meta


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)  # without halves of surrogate pairs
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
ITEMS = st.lists(st.dictionaries(TEXT, JSON, max_size=3), max_size=3)


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    items=ITEMS,
    other=st.dictionaries(st.sampled_from(["kind", "apiVersion", "x"]), JSON),
    is_last=st.booleans(),
    layout=st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}]),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=3),
)
def test_list_in_pieces_is_the_list(items, other, is_last, layout, sizes):
    meta = {"continue": "x"}
    record = dict(other, items=items, metadata=meta) if is_last else dict({"metadata": meta, "items": items}, **other)
    assert read(json.dumps(record, **layout).encode(), sizes) == (items, meta)


@hypothesis.settings(max_examples=25)
@hypothesis.given(items=ITEMS, data=st.data())
def test_cut_list_is_an_error(items, data):
    text = json.dumps({"kind": "PodList", "items": items}).encode()
    end = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(ValueError):
        read(text[:end], [7])


@pytest.mark.parametrize(
    "text", [b"[]", b"<html>", b'{"items":[1]}', b'{"items" 1}', b'{"items":[{}}', b'"x"', b"{1:2}"]
)
def test_what_is_no_list_is_an_error(text):
    with pytest.raises(ValueError):
        read(text, [3])


@pytest.mark.parametrize("text", [b'{"kind":"PodList","items":null}', b'{"items":[],"metadata":null}', b" {} "])
def test_list_without_pods(text):
    assert read(text, [1]) == ([], {})


def test_pod_larger_than_any_is_an_error():
    reader = PodListReader(lambda pod: None)
    reader.feed(b'{"items":[{"x":"')
    with pytest.raises(ValueError, match="larger than 4 MiB"):
        for _piece in range(20):
            reader.feed(b"x" * (256 << 10))


def test_stripped_pod_keeps_what_is_needed_and_no_secret():
    kept = stripped(POD)
    assert SECRET not in json.dumps(kept)
    assert kept["metadata"]["annotations"] == {"kubernetes.io/config.hash": "h1"}
    assert kept["metadata"]["labels"] == {"pod-template-hash": "abc"}
    assert kept["metadata"]["ownerReferences"] == [{"kind": "ReplicaSet", "name": "web-abc", "controller": True}]
    assert kept["spec"]["containers"] == [
        {
            "name": "app",
            "resources": {"limits": {"memory": "64Mi"}},
            "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],
        }
    ]
    assert kept["spec"]["initContainers"] == [{"name": "proxy", "restartPolicy": "Always", "volumeMounts": []}]
    assert kept["spec"]["volumes"] == [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}]
    assert kept["status"]["containerStatuses"] == [
        {
            "name": "app",
            "containerID": "containerd://c2",
            "lastState": {"terminated": {"containerID": "containerd://c1", "reason": "OOMKilled"}},
        }
    ]


@hypothesis.settings(max_examples=25)
@hypothesis.given(st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), JSON))
def test_pod_of_any_form_is_stripped(pod):
    assert set(stripped(pod)) == {"metadata", "spec", "status"}


def test_pages_are_read_to_the_end(server, client):
    server.pods, server.page = [{"metadata": {"name": str(number)}} for number in range(5)], 2
    found = []
    assert ApiPods(client, "n1").list(found.append) is None
    assert [pod["metadata"]["name"] for pod in found] == ["0", "1", "2", "3", "4"]
    queries = [path.partition("?")[2].split("&") for _method, path, _headers in server.asked]
    assert queries[0] == ["fieldSelector=spec.nodeName%3Dn1", "resourceVersion=0", "limit=500"]
    assert queries[1] == ["fieldSelector=spec.nodeName%3Dn1", "limit=500", "continue=2"], "no version beside continue"


def test_expired_page_begins_again(server, client):
    server.pods, server.page = [{"metadata": {"name": str(number)}} for number in range(3)], 2
    server.faults = [None, 410]
    found = []
    assert ApiPods(client, "n1").list(found.append) is None
    assert [pod["metadata"]["name"] for pod in found] == ["0", "1", "0", "1", "2"]


@pytest.mark.parametrize(
    "fault, is_denied, words",
    [
        (401, True, "does not accept the agent's token"),
        (403, True, "no right to list pods"),
        ((429, {"message": "slow down"}, {"Retry-After": "3"}), False, "answered 429 to a list of pods: slow down"),
        ((200, b'{"items":[{"metadata":{}},'), False, "ends in the middle"),
        ((200, b"<html>"), False, "no list of pods"),
    ],
)
def test_failure_is_a_sentence(server, client, fault, is_denied, words):
    server.always = fault
    failure = ApiPods(client, "n1").list(lambda pod: None)
    assert failure.is_denied is is_denied and words in failure.sentence
    assert failure.retry_after == (3.0 if "429" in words else None)


def test_server_that_never_answers_is_away(server, access, tallies):
    server.faults = [HANG]
    client = Client(credentials.Credentials(access), tallies, timeouts=(5.0, 0.05))
    failure = ApiPods(client, "n1").list(lambda pod: None)
    assert not failure.is_denied and "timed out" in failure.sentence


def kubelet_clients(server, access, tallies, root, node="n1"):
    found = credentials.kubelet(credentials.Credentials(access), node, str(root), {})
    port = server.url.rpartition(":")[2]
    moved = [one.access._replace(server=f"https://127.0.0.1:{port}") for one in found]
    return [Client(credentials.Credentials(one), tallies) for one in moved]


def test_kubelet_that_signed_its_own_certificate_is_trusted_by_its_file(
    server, access, tallies, other_authority, tmp_path
):
    folder = tmp_path / "root" / "var/lib/kubelet/pki"
    folder.mkdir(parents=True)
    (folder / "kubelet.crt").write_text(other_authority.leaf_pem)
    server.use(other_authority)
    server.pods = [POD]
    found = []
    assert KubeletPods(kubelet_clients(server, access, tallies, tmp_path / "root")).list(found.append) is None
    assert [pod["metadata"]["uid"] for pod in found] == ["u1"]
    assert server.asked[0][1] == "/pods"


def test_kubelet_whose_certificate_the_cluster_signed(server, access, tallies, other_authority, tmp_path):
    """Its own file is there, but old; the certificate names the node, and not the loopback address."""
    node = tmp_path / "node"
    node.mkdir()
    signed = Authority(node, names=("n1",))
    (tmp_path / "ca.crt").write_text(signed.pem)
    folder = tmp_path / "root" / "var/lib/kubelet/pki"
    folder.mkdir(parents=True)
    (folder / "kubelet.crt").write_text(other_authority.leaf_pem)
    server.use(signed)
    server.pods = [POD]
    found = []
    assert KubeletPods(kubelet_clients(server, access, tallies, tmp_path / "root")).list(found.append) is None
    assert len(found) == 1


def test_token_is_not_sent_to_a_kubelet_that_nobody_vouches_for(server, access, tallies, other_authority, tmp_path):
    server.use(other_authority)
    failure = KubeletPods(kubelet_clients(server, access, tallies, tmp_path)).list(lambda pod: None)
    assert failure.is_denied and "The token was not sent" in failure.sentence
    assert server.asked == []


def test_kubelet_that_refuses_says_which_right_is_missing(server, access, tallies, tmp_path):
    server.always = (403, b"Forbidden (user=x, verb=get, resource=nodes)")
    clients = kubelet_clients(server, access, tallies, tmp_path, node="127.0.0.1")
    assert "nodes/pods, verb get" in KubeletPods(clients).list(lambda pod: None).sentence


def test_rules_find_the_same_in_a_stripped_pod():
    """All that rules read is kept: heaps, probes, volumes, resizes, ends, claims, and what a LimitRange filled in."""
    whole = {
        "metadata": {
            "name": "web-0",
            "namespace": "shop",
            "uid": "u",
            "generation": 2,
            "annotations": {
                "kubernetes.io/limit-ranger": "LimitRanger plugin set: memory request for container app",
                "memfacts.linux/ignore": "dev-shm-charged: known",
            },
        },
        "spec": {
            "priority": 5,
            "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}, {"name": "disk", "emptyDir": {}}],
            "containers": [
                {
                    "name": "app",
                    "image": "x",
                    "args": ["java", "-Xmx2g", "-XX:MaxRAMPercentage=95", SECRET],
                    "env": [{"name": "GOMEMLIMIT", "value": "1GiB"}, {"name": "T", "value": SECRET}],
                    "resources": {
                        "limits": {"memory": "1Gi"},
                        "requests": {"memory": "8Mi"},
                        "claims": [{"name": "c"}],
                    },
                    "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],
                    "livenessProbe": {"exec": {"command": ["python3", "-c", SECRET]}, "periodSeconds": 5},
                }
            ],
        },
        "status": {
            "phase": "Running",
            "qosClass": "Burstable",
            "conditions": [
                {"type": "PodResizePending", "status": "True", "reason": "Deferred"},
                {"type": "Ready", "status": "True"},
            ],
            "nodeAllocatableResourceClaimStatuses": [{"resourceClaimName": "c", "resources": {"memory": "1Gi"}}],
            "containerStatuses": [
                {
                    "name": "app",
                    "containerID": "containerd://a",
                    "restartCount": 3,
                    "resources": {"limits": {"memory": "2Gi"}},
                    "state": {"running": {"startedAt": "2026-12-01T15:50:01Z"}},
                    "lastState": {
                        "terminated": {
                            "reason": "OOMKilled",
                            "exitCode": 1,
                            "startedAt": "2026-12-01T15:00:00Z",
                            "finishedAt": "2026-12-01T15:50:00Z",
                        }
                    },
                }
            ],
        },
    }
    kept = stripped(whole)
    assert SECRET not in json.dumps(kept)
    assert pod_memory.of_pod(kept) == pod_memory.of_pod(whole)
    assert pod_judgement.of_node({}, [kept]) == pod_judgement.of_node({}, [whole])
    assert {row["id"] for row in pod_judgement.of_node({}, [kept]).findings} >= {
        "jvm-go-heap-exceeds-limit",
        "memory-limit-decrease-stuck",
        "oomkilled-exit-mismatch",
    }
