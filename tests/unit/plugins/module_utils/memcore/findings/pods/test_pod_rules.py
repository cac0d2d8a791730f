# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule about pods: a pod that makes it speak, and one much like it that keeps it silent. The pods are composed."""

import copy

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.judge import judge
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.pods import catalogue
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import expected_adj, pod_memory

GIB = 1 << 30


def container(name="app", requests=None, limits=None, **more):
    return dict({"name": name, "resources": {"requests": requests or {}, "limits": limits or {}}}, **more)


def pod(*containers, metadata=None, status=None, **spec):
    return {
        "metadata": dict({"name": "web-0", "namespace": "shop"}, **(metadata or {})),
        "spec": dict(spec, containers=list(containers)),
        "status": status or {},
    }


BOTH = {"cpu": "1", "memory": "1Gi"}
EQUAL = container(requests=BOTH, limits=BOTH)
MEMORY = {"memory": "1Gi"}
TMPFS = {"name": "cache", "emptyDir": {"medium": "Memory"}}
MOUNT = [{"name": "cache", "mountPath": "/dev/shm"}]
ENDED = {"name": "app", "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 1}}}


def with_(value, path, new):
    """A copy of the pod with one value changed; None removes it."""
    changed = copy.deepcopy(value)
    *way, last = path
    place = changed
    for step in way:
        place = place[step]
    if new is None:
        del place[last]
    else:
        place[last] = new
    return changed


def sized(size):
    return dict(TMPFS, emptyDir={"medium": "Memory", "sizeLimit": size})


FIRST = ["spec", "containers", 0]
STATIC = {"annotations": {"kubernetes.io/config.source": "file"}}
GUARANTEED = pod(EQUAL)
NO_CPU_LIMIT = pod(container(requests=BOTH, limits=MEMORY))
PROXY = pod(EQUAL, container("proxy", requests={"memory": "64Mi"}))
SETUP = pod(EQUAL, initContainers=[container("setup", requests={"memory": "64Mi"})])
UNITS = pod(container(requests={"memory": "1G"}, limits={"memory": "1Gi"}))
PRIORITY = pod(container(), priority=1000)
ONE_WITHOUT = pod(container(limits=MEMORY), container("proxy", requests={"cpu": "1"}))
SMALL = pod(container(requests={"memory": "64Mi"}, limits={"memory": "1Gi"}))
WHOLE = pod(container(), resources={"limits": {"memory": "1Gi"}})
CLUSTER = pod(container(), priority=2000000000, priorityClassName="system-cluster-critical")
NODE = pod(container(requests=MEMORY), priority=2000001000, priorityClassName="system-node-critical")
JAVA = pod(container(limits=MEMORY, args=["java", "-Xmx1g", "-jar", "app.jar"]))
HUGE = pod(container(limits={"memory": "1Gi", "hugepages-2Mi": "2Gi", "cpu": "1"}))
UNSIZED = pod(container(requests=MEMORY), volumes=[TMPFS])
LARGE = pod(container(limits=MEMORY, volumeMounts=MOUNT), volumes=[sized("600Mi")])
SHM = pod(container(limits=MEMORY, volumeMounts=MOUNT), volumes=[TMPFS])
OWNER = {"ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": True}]}
FILLED = "LimitRanger plugin set: memory request for container app"
RANGED = pod(container(requests=MEMORY), metadata={"annotations": {"kubernetes.io/limit-ranger": FILLED}})

# id: (a pod that makes it speak, words of its summary, pods that keep it silent)
CASES = {
    "guaranteed-tied-oom-score": (GUARANTEED, "pause", [NO_CPU_LIMIT, pod(container())]),
    "static-pod-without-priority-class": (
        pod(EQUAL, metadata=STATIC),
        "no priority class",
        [pod(EQUAL), pod(EQUAL, metadata=STATIC, priorityClassName="system-node-critical")],
    ),
    "system-cluster-critical-not-protected": (
        CLUSTER,
        "BestEffort pod its oom_score_adj is 1000",
        [with_(CLUSTER, FIRST, EQUAL), with_(CLUSTER, ["spec", "priorityClassName"], "system-node-critical")],
    ),
    "node-critical-without-limit": (
        NODE,
        "app has no memory limit",
        [with_(NODE, [*FIRST, "resources"], {"limits": MEMORY}), with_(NODE, ["spec", "priorityClassName"], None)],
    ),
    "oomkilled-exit-mismatch": (
        pod(EQUAL, status={"containerStatuses": [ENDED]}),
        "exit code 1",
        [
            pod(EQUAL, status={"containerStatuses": [{"name": "app"}]}),
            with_(
                pod(EQUAL, status={"containerStatuses": [ENDED]}),
                ["status", "containerStatuses", 0, "lastState"],
                {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
            ),
        ],
    ),
    "guaranteed-near-miss-cpu": (NO_CPU_LIMIT, "cpu limit of app", [GUARANTEED, SMALL]),
    "guaranteed-near-miss-one-container": (
        PROXY,
        "proxy alone",
        [GUARANTEED, pod(EQUAL, container("a"), container("b")), pod(container(requests=MEMORY)), SETUP],
    ),
    "guaranteed-near-miss-init": (SETUP, "setup alone", [GUARANTEED, PROXY]),
    "guaranteed-unit-mismatch": (
        UNITS,
        "requests 953.7 MiB and is limited to 1.0 GiB",
        [SMALL, with_(UNITS, [*FIRST, "resources", "requests", "memory"], "900M")],
    ),
    "besteffort-important-workload": (
        PRIORITY,
        "priority 1000",
        [with_(PRIORITY, ["spec", "priority"], 0), with_(PRIORITY, FIRST, container(requests=MEMORY))],
    ),
    "burstable-zero-memory-request": (
        ONE_WITHOUT,
        "no memory request: proxy",
        [SMALL, pod(container()), dict(WHOLE, metadata={})],
    ),
    "burstable-tiny-request": (
        SMALL,  # 64 MiB of 64 GiB are 0.098 %
        "requests 64.0 MiB, less than 0.2 %",
        [NO_CPU_LIMIT, pod(container(requests={"cpu": "1"})), GUARANTEED],
    ),
    "pod-level-resources-incomplete": (
        WHOLE,
        "limits memory but not cpu",
        [GUARANTEED, with_(WHOLE, ["spec", "resources", "limits", "cpu"], "1")],
    ),
    "limitrange-altered-qos": (
        RANGED,
        "which made the pod Burstable; as it was written it is BestEffort",
        [
            with_(RANGED, ["metadata", "annotations"], {}),
            with_(RANGED, ["metadata", "annotations"], {"kubernetes.io/limit-ranger": "somebody wrote this"}),
            with_(RANGED, [*FIRST, "resources", "requests"], {"cpu": "1", "memory": "1Gi"}),
        ],
    ),
    "burstable-unbounded-memory": (
        ONE_WITHOUT,
        "no memory limit: proxy",
        [NO_CPU_LIMIT, pod(container()), pod(container(requests=MEMORY), resources={"limits": MEMORY})],
    ),
    "limit-missing-on-one-container": (
        ONE_WITHOUT,
        "proxy has no memory limit",
        [NO_CPU_LIMIT, pod(container(requests=MEMORY)), with_(ONE_WITHOUT, ["spec", "resources"], {"limits": MEMORY})],
    ),
    "memory-limit-below-runtime-minimum": (
        with_(SMALL, [*FIRST, "resources", "limits", "memory"], "10M"),
        "limit of 9.5 MiB",
        [SMALL, with_(SMALL, [*FIRST, "resources", "limits", "memory"], "16Mi")],
    ),
    "jvm-go-heap-exceeds-limit": (
        JAVA,
        "-Xmx lets the heap of app grow to 1.0 GiB, 100 %",
        [with_(JAVA, [*FIRST, "args"], ["-Xmx512m"]), with_(JAVA, [*FIRST, "resources"], {}), SMALL],
    ),
    "hugepages-in-request-only": (
        HUGE,
        "2.0 GiB of huge pages",
        [SMALL, with_(HUGE, [*FIRST, "resources", "limits", "hugepages-2Mi"], "512Mi")],
    ),
    "memory-emptydir-unsized": (
        UNSIZED,
        "cache has no sizeLimit",
        [
            SHM,
            with_(UNSIZED, ["spec", "volumes"], [sized("1Gi")]),
            with_(UNSIZED, ["spec", "volumes"], [{"name": "cache"}]),
        ],
    ),
    "memory-emptydir-exceeds-limit": (
        LARGE,  # 600 of 1024 MiB
        "may hold 600.0 MiB",
        [with_(LARGE, ["spec", "volumes"], [sized("512Mi")]), with_(LARGE, [*FIRST, "volumeMounts"], [])],
    ),
    "dev-shm-charged": (
        SHM,
        "at /dev/shm without a sizeLimit",
        [LARGE, with_(SHM, [*FIRST, "volumeMounts"], [{"name": "cache", "mountPath": "/tmp"}])],
    ),
}


def record(of, **more):
    version, capacity = (1, 36), 64 * GIB
    known = {
        "pod": pod_memory.of_pod(of),
        "expected": expected_adj.of_pod(of, capacity, version),
        "capacity_bytes": capacity,
        "kubelet_version": version,
        "badness_model": "floored",
    }
    return dict(known, **more)


def found_in(of, **more):
    return {one.id: one for one in judge(record(of, **more), catalogue.RULES)}


@pytest.mark.parametrize("name", sorted(CASES))
def test_rule_speaks(name):
    of, words, _silent = CASES[name]
    assert words in found_in(of)[name].summary


@pytest.mark.parametrize("name", sorted(CASES))
def test_rule_is_silent(name):
    for of in CASES[name][2]:
        assert name not in found_in(of), of


@pytest.mark.parametrize("name", sorted(CASES))
def test_remedy_names_what_it_is_about(name):
    of = CASES[name][0]
    text = found_in(of)[name].remedy
    assert "{" not in text
    assert "[" not in text


def test_fixed_kernel_breaks_no_tie():
    assert "guaranteed-tied-oom-score" not in found_in(GUARANTEED, badness_model="signed")


def test_old_kubelet_protected_every_static_pod():
    assert "static-pod-without-priority-class" not in found_in(pod(EQUAL, metadata=STATIC), kubelet_version=(1, 21))


def test_stateful_set_is_important():
    assert "StatefulSet" in found_in(pod(container(), metadata=OWNER))["besteffort-important-workload"].summary


@pytest.mark.parametrize(
    "more, setting, heap",
    [
        ({"args": ["-Xmx1024m"]}, "-Xmx", GIB),
        ({"args": ["-XX:MaxRAMPercentage=95.5"]}, "-XX:MaxRAMPercentage", int(GIB * 0.955)),
        ({"command": ["node", "--max-old-space-size=1000", "x.js"]}, "--max-old-space-size", 1000 << 20),
        ({"env": [{"name": "GOMEMLIMIT", "value": "1GiB"}]}, "GOMEMLIMIT", GIB),
        ({"env": [{"name": "GOMEMLIMIT", "value": "1073741824"}]}, "GOMEMLIMIT", GIB),
        ({"env": [{"name": "JAVA_TOOL_OPTIONS", "value": "-Dx=1 -Xmx1G"}]}, "-Xmx", GIB),
        ({"env": [{"name": "NODE_OPTIONS", "value": "--max_old_space_size=1024"}]}, "--max-old-space-size", GIB),
    ],
)
def test_heap_is_read_from_arguments_and_variables(more, setting, heap):
    evidence = found_in(pod(container(limits=MEMORY, **more)))["jvm-go-heap-exceeds-limit"].evidence
    assert (evidence["setting"], evidence["heap_bytes"]) == (setting, heap)


@pytest.mark.parametrize(
    "more",
    [
        {"args": ["-Xmxfoo", "-Xmx9gx"]},
        {"env": [{"name": "GOMEMLIMIT", "valueFrom": {"secretKeyRef": {}}}]},
        {"args": "-Xmx1g"},
        {"args": [None, 5, {"a": "-Xmx1g"}]},
    ],
)
def test_what_is_no_heap_setting_is_none(more):
    assert "jvm-go-heap-exceeds-limit" not in found_in(pod(container(limits=MEMORY, **more)))


def test_arguments_and_variables_are_never_shown():
    of = pod(container(limits=MEMORY, args=["-Xmx1g", "--password=hunter2"], env=[{"name": "T", "value": "hunter2"}]))
    assert "hunter2" not in repr(found_in(of)) + repr(record(of))


def test_rule_without_its_input_is_skipped_with_the_reason():
    known = record(GUARANTEED)
    del known["badness_model"]
    why = "the node's kernel was not tested: it may or may not round negative OOM scores up to 1"
    assert ("guaranteed-tied-oom-score", why) in catalogue.skipped(known)
    assert "guaranteed-tied-oom-score" not in dict(catalogue.skipped(record(GUARANTEED)))
    assert "guaranteed-tied-oom-score" not in {one.id for one in judge(known, catalogue.RULES)}


@pytest.mark.parametrize(
    "of", [{}, {"spec": {}}, {"spec": {"containers": [{}], "volumes": "x", "initContainers": [5]}, "status": []}]
)
def test_damaged_pod_makes_no_rule_fail(of):
    assert isinstance(judge(record(of), catalogue.RULES), list)


def test_pod_limit_is_the_peak_of_containers_and_init_containers():
    sidecar = container("s", limits={"memory": "1Gi"}, restartPolicy="Always")
    setup = container("i", limits={"memory": "3Gi"})
    of = pod(container(limits={"memory": "2Gi"}), initContainers=[sidecar, setup])
    assert pod_memory.of_pod(of).limit_bytes == 4 * GIB  # the setup beside the sidecar, above 2 and 1
