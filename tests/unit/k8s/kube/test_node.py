# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's own object: stripped, and why there is none. The object is made up for these tests."""

import pytest

from oomwatch.kube import node
from oomwatch.kube.client import Answer, Unreachable

SECRET = "hunter2"
WHOLE = {
    "metadata": {
        "name": "n1",
        "uid": "u1",
        "labels": {"a": SECRET},
        "annotations": {"memfacts.linux/ignore": "cgroup-v1-node: known", "other": SECRET},
        "managedFields": [SECRET],
    },
    "spec": {"podCIDR": SECRET},
    "status": {
        "capacity": {"memory": "16Gi"},
        "allocatable": {"memory": "15Gi"},
        "nodeInfo": {"kubeletVersion": "v1.36.2", "machineID": SECRET},
        "images": [SECRET],
        "conditions": [{"type": "MemoryPressure", "status": "False", "message": SECRET}, {"type": "Ready"}, SECRET],
    },
}


class Client:
    server = "https://api"

    def __init__(self, answer):
        self.answer = answer

    def request(self, verb, path, query=None, body=None, resource=""):
        assert (verb, path, resource) == ("get", "/api/v1/nodes/n1", "nodes")
        return self.answer


def test_only_what_rules_and_reports_need_is_kept():
    found = node.read(Client(Answer(200, WHOLE, None, "")), "n1")
    assert SECRET not in repr(found)
    assert found["metadata"]["uid"] == "u1"
    assert found["metadata"]["annotations"] == {"memfacts.linux/ignore": "cgroup-v1-node: known"}
    assert found["status"]["capacity"] == {"memory": "16Gi"}
    assert found["status"]["nodeInfo"] == {"kubeletVersion": "v1.36.2"}
    assert found["status"]["conditions"] == [{"type": "MemoryPressure", "status": "False"}]


@pytest.mark.parametrize("damaged", [{}, {"metadata": None, "status": []}, {"status": {"conditions": {}}}])
def test_damaged_object_gives_an_empty_one(damaged):
    assert node.stripped(damaged)["status"]["conditions"] == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(403, None, None, ""), "no right to read its node (ClusterRole: nodes, verb get)"),
        (Answer(404, None, None, ""), "has no node n1; set --node"),
        (Answer(500, None, None, "down"), "answered 500 to a request for a node: down"),
        (Unreachable("https://api gives no answer: refused"), "gives no answer"),
    ],
)
def test_failure_is_one_sentence(answer, words):
    assert words in node.read(Client(answer), "n1").sentence
