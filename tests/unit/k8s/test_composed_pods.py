# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of pods that an old API server drops without a word, so that no pod of the lab has them.

The pods are composed by hand. That such pods exist is checked against the schemas of Kubernetes itself: each is
accepted from the version that has its field up to the newest one, and refused by the version before. The values are
those that a real kubelet 1.36.2 gave such pods on a node of 1,490 MiB (docs/pod-rules.md tells the rules).
"""

import copy

import pytest

from memcore.answers import pod_judgement
from memcore.models import expected_adj, pod_memory
from memcore.models.pod_evidence import Cgroup, ContainerNow, Evidence, Kernel, NodeNow, PodNow, Process

kubernetes_validate = pytest.importorskip(
    "kubernetes_validate", reason="kubernetes-validate is not installed; make test installs it"
)

CAPACITY = 1490 << 20
MINOR = range(25, 38)  # versions 1.25 to 1.37


def composed(spec, **status):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "composed", "namespace": "shop", "annotations": {"memfacts.linux/test": "composed"}},
        "spec": spec,
        "status": status,
    }


def container(name, request=None, limit=None, **more):
    resources = {"requests": request, "limits": limit}
    given = {part: {"memory": size} for part, size in resources.items() if size is not None}
    return dict({"name": name, "image": "example.org/app:1", "resources": given}, **more)


SIDECAR = composed(
    {
        "initContainers": [container("sidecar", "16Mi", restartPolicy="Always")],
        "containers": [container("large", "256Mi"), container("small", "32Mi")],
    }
)
POD_LEVEL = composed(
    {
        "resources": {"requests": {"memory": "256Mi"}, "limits": {"memory": "384Mi"}},
        "containers": [container("some", "64Mi"), container("none")],
    }
)
POD_LEVEL_GUARANTEED = composed(
    {
        "resources": {
            "requests": {"memory": "64Mi", "cpu": "100m"},
            "limits": {"memory": "64Mi", "cpu": "100m"},
        },
        "containers": [container("one"), container("two")],
    }
)
RESIZED = composed(
    {"containers": [container("app", "256Mi", "512Mi")]},
    containerStatuses=[
        {
            "name": "app",
            "image": "example.org/app:1",
            "imageID": "",
            "ready": True,
            "restartCount": 0,
            "resources": {"requests": {"memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        }
    ],
    conditions=[{"type": "PodResizePending", "status": "True", "reason": "Deferred"}],
)
# (pod, the first minor version whose schema has the field)
FIELDS = {
    "restartable init container": (SIDECAR, 28),
    "pod-level resources": (POD_LEVEL, 32),
    "pod-level resources of a Guaranteed pod": (POD_LEVEL_GUARANTEED, 32),
    "resources in the status": (RESIZED, 27),
}


def is_accepted(pod, minor):
    try:
        kubernetes_validate.validate(copy.deepcopy(pod), f"1.{minor}", strict=True)
    except kubernetes_validate.ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_kubernetes_accepts_the_composed_pod_from_the_version_that_has_the_field(name):
    pod, first = FIELDS[name]
    assert [minor for minor in MINOR if is_accepted(pod, minor)] == [minor for minor in MINOR if minor >= first]


@pytest.mark.parametrize("minor", [32, 36, 37])
@pytest.mark.parametrize(
    "pod, values",
    [
        (SIDECAR, {"large": 829, "small": 979, "sidecar": 979}),
        (POD_LEVEL, {"some": 893, "none": 936}),
        (POD_LEVEL_GUARANTEED, {"one": -997, "two": -997}),
    ],
)
def test_expected_value_is_what_a_real_kubelet_gave(pod, values, minor):
    found = expected_adj.of_pod(pod, CAPACITY, (1, minor))
    assert {one.name: one.adj for one in found} == values


def test_class_is_of_the_pod_alone_where_it_has_resources():
    assert pod_memory.of_pod(POD_LEVEL_GUARANTEED).qos_class == "Guaranteed"
    assert pod_memory.of_pod(POD_LEVEL).qos_class == "Burstable"
    assert pod_memory.of_pod(POD_LEVEL).limit_bytes == 384 << 20


def live(pod, **values):
    """The node's figures of the pod, where each container's first process has the value."""
    uid = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
    states = [{"name": name, "containerID": f"containerd://{name}"} for name in values]
    running = tuple(
        ContainerNow(name, Cgroup("/c"), Process(place, name, adj))
        for place, (name, adj) in enumerate(values.items(), 9)
    )
    status = {"containerStatuses": states, "initContainerStatuses": states}
    known = dict(pod, metadata=dict(pod["metadata"], uid=uid), status=status)
    node = {
        "status": {"capacity": {"memory": str(CAPACITY)}, "nodeInfo": {"kubeletVersion": "v1.36.2"}},
    }
    evidence = Evidence(1.0, NodeNow(Kernel()), {uid: PodNow(uid, containers=running)})
    return {row["id"] for row in pod_judgement.of_node(node, [known], evidence).findings}


@pytest.mark.parametrize(
    "pod, values",
    [
        (SIDECAR, {"large": 827, "small": 979, "sidecar": 979}),
        (POD_LEVEL, {"some": 892, "none": 936}),
        (POD_LEVEL_GUARANTEED, {"one": -997, "two": -997}),
    ],
)
def test_values_of_the_real_kubelet_are_no_drift(pod, values):
    assert "container-oom-score-drift" not in live(pod, **values)


def test_value_that_the_container_alone_would_have_is_drift():
    assert "container-oom-score-drift" in live(POD_LEVEL, some=956, none=999)  # without the pod's share


def test_pending_decrease_is_told():
    assert "memory-limit-decrease-stuck" in {row["id"] for row in pod_judgement.of_node({}, [RESIZED]).findings}
