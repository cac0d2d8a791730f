# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""QoS classes: expectations by the rules of Kubernetes, each case a known trap."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import qos

BOTH = {"cpu": "100m", "memory": "64Mi"}


def container(requests=None, limits=None):
    return {"name": "c", "resources": {"requests": requests, "limits": limits}}


@pytest.mark.parametrize(
    "containers, expected",
    [
        pytest.param([{"name": "c"}], "BestEffort", id="nothing"),
        pytest.param([], "BestEffort", id="no-containers"),
        pytest.param([container(BOTH, BOTH)], "Guaranteed", id="all-equal"),
        pytest.param([container(None, BOTH)], "Guaranteed", id="limits-alone-are-requests-too"),
        pytest.param([container(BOTH)], "Burstable", id="requests-alone"),
        pytest.param(
            [container({"cpu": "1", "memory": "1Gi"}, {"cpu": "1000m", "memory": "1024Mi"})],
            "Guaranteed",
            id="by-value",
        ),
        pytest.param(
            [container({"cpu": "1", "memory": "1G"}, {"cpu": "1", "memory": "1Gi"})], "Burstable", id="G-is-not-Gi"
        ),
        pytest.param([container({"memory": "64Mi"}, {"memory": "64Mi"})], "Burstable", id="no-cpu"),
        pytest.param([container({"cpu": 0}, {"cpu": 1, "memory": "64Mi"})], "Burstable", id="cpu-request-0"),
        pytest.param([container(None, {"memory": "0", "cpu": "0"})], "BestEffort", id="0-is-absent"),
        pytest.param([container(BOTH, BOTH), {"name": "proxy"}], "Burstable", id="injected-proxy"),
        pytest.param([container({"ephemeral-storage": "1Gi"})], "BestEffort", id="other-resources-never-count"),
    ],
)
def test_of_containers(containers, expected):
    assert qos.of_spec({"containers": containers}) == expected


def test_init_containers_count_and_ephemeral_ones_do_not():
    guaranteed = [container(BOTH, BOTH)]
    assert qos.of_spec({"containers": guaranteed, "initContainers": [{"name": "init"}]}) == "Burstable"
    assert qos.of_spec({"containers": guaranteed, "ephemeralContainers": [{"name": "debug"}]}) == "Guaranteed"


@pytest.mark.parametrize(
    "resources, expected",
    [
        ({"limits": BOTH, "requests": BOTH}, "Guaranteed"),
        ({"requests": BOTH}, "Burstable"),
        ({"limits": {"memory": "64Mi"}}, "Burstable"),
        ({}, "BestEffort"),  # an empty one counts as none
    ],
)
def test_resources_of_the_pod_decide_alone(resources, expected):
    assert qos.of_spec({"resources": resources, "containers": [{"name": "c"}]}) == expected


@pytest.mark.parametrize(
    "spec", [{"containers": None}, {"containers": [None, 3]}, {"containers": [{"resources": 5}]}, {"resources": "x"}]
)
def test_wrong_types_are_absent(spec):
    assert qos.of_spec(spec) == "BestEffort"
