# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workload a pod is of, by its metadata alone."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import workload


def owned(kind, name, labels=None, created="2026-12-01T05:00:00Z", controller=True):
    return {
        "labels": labels,
        "creationTimestamp": created,
        "ownerReferences": [
            {"kind": "ConfigMap", "name": "bystander"},
            {"kind": kind, "name": name, "controller": controller},
        ],
    }


HASH = {"pod-template-hash": "5d8f9c7b6"}
# 2026-12-01T05:00:00Z is 1796101200 seconds and 29935020 minutes after 1970.


@pytest.mark.parametrize(
    "metadata, expected",
    [
        pytest.param(owned("ReplicaSet", "cart-5d8f9c7b6", HASH), ("Deployment", "cart"), id="deployment"),
        pytest.param(owned("ReplicaSet", "cart-5d8f9c7b6"), ("ReplicaSet", "cart-5d8f9c7b6"), id="no-label"),
        pytest.param(owned("ReplicaSet", "cart-0", HASH), ("ReplicaSet", "cart-0"), id="other-label"),
        pytest.param(owned("ReplicaSet", "-5d8f9c7b6", HASH), ("ReplicaSet", "-5d8f9c7b6"), id="no-name"),
        pytest.param(owned("StatefulSet", "db"), ("StatefulSet", "db"), id="statefulset"),
        pytest.param(owned("DaemonSet", "agent", HASH), ("DaemonSet", "agent"), id="daemonset"),
        pytest.param(owned("Job", "backup-29935020"), ("CronJob", "backup"), id="cronjob"),
        pytest.param(owned("Job", "backup-1796101200"), ("CronJob", "backup"), id="cronjob-before-1.21"),
        pytest.param(owned("Job", "backup-20261130"), ("Job", "backup-20261130"), id="a-date-is-no-schedule"),
        pytest.param(owned("Job", "backup-29935020", created=None), ("Job", "backup-29935020"), id="no-creation"),
        pytest.param(owned("Job", "backup"), ("Job", "backup"), id="job"),
        pytest.param(owned("Job", "x", controller=False), ("Pod", "cart-1"), id="no-controller"),
        pytest.param({}, ("Pod", "cart-1"), id="bare"),
        pytest.param({"ownerReferences": {"kind": "Job"}}, ("Pod", "cart-1"), id="wrong-type"),
    ],
)
def test_workload(metadata, expected):
    assert workload.of_metadata(metadata, "cart-1", "node-1", False) == expected


def test_static_pods_are_the_nodes():
    assert workload.of_metadata(owned("Node", "node-1"), "etcd-node-1", "node-1", True) == ("Node", "node-1")
    assert workload.of_metadata({}, "etcd-node-1", None, True) == ("Node", "etcd-node-1")
