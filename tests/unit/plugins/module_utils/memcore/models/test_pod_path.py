# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of a cgroup path: the real paths of fixtures/cgroup-paths.tsv, and where a container's cgroup ends."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import pod_path
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pod_path import PodPath
from tests.support.cgroup_paths import ROWS, told

ID = "0123456789abcdef" * 4
INNER = "fedcba9876543210" * 4
UID = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
SLICE = "/kubepods.slice/kubepods-pod2fc932ce_fdcc_454b_97bd_aadfdeb4c340.slice"


@pytest.mark.parametrize("row", [pytest.param(row, id=row["path"][-60:]) for row in ROWS])
def test_every_vector(row):
    found = pod_path.pods(row["path"])
    if not row["pod_uid"]:
        assert found == []
        return
    pod = found[0]
    assert (pod.uid, pod.qos_class, pod.runtime, pod.container_id, pod.driver) == (
        row["pod_uid"],
        told(row["qos"]),
        told(row["runtime"]),
        told(row["container_id"]),
        row["driver"],
    )
    if pod.container_id is None:
        assert pod.container_cgroup is None
    else:
        assert row["path"].startswith(pod.container_cgroup)
        assert pod.container_cgroup.split("/")[-1].split(":")[-1].replace(".scope", "").endswith(pod.container_id)


def test_cluster_inside_a_pod_comes_after_the_pod():
    path = next(row["path"] for row in ROWS if "virtual cluster" in row["note"])
    assert [pod.uid for pod in pod_path.pods(path)] == [
        "a7b74024-f357-4d7e-858f-f0da16d1be6f",
        "e08bc522-213a-4ed5-85c4-cefbc7623b71",
    ]
    inner = pod_path.pods(path)[1]
    assert inner.container_id == "d35e08a556f80149405123b124a22a27339e14c96a8975a8bc49d3594bd12eff"
    assert (inner.container_cgroup, inner.qos_class, inner.driver) == (path, "Burstable", "cgroupfs")


@pytest.mark.parametrize(
    "path, container_cgroup",
    [
        pytest.param(f"{SLICE}/cri-containerd-{ID}.scope/container", f"{SLICE}/cri-containerd-{ID}.scope", id="crun"),
        pytest.param(
            f"{SLICE}/crio-{ID}.scope/system.slice/a.service", f"{SLICE}/crio-{ID}.scope", id="systemd-inside"
        ),
        pytest.param(f"/kubepods/pod{UID}/{ID}/docker/{INNER}", f"/kubepods/pod{UID}/{ID}", id="docker-inside"),
        pytest.param(f"{SLICE}:cri-containerd:{ID}", f"{SLICE}:cri-containerd:{ID}", id="misplaced"),
        pytest.param(f"{SLICE}:cri-containerd:{ID}/a", f"{SLICE}:cri-containerd:{ID}", id="inside-a-misplaced-one"),
        pytest.param(f"/../pod{UID}/{ID}/a", f"/../pod{UID}/{ID}", id="relative"),
    ],
)
def test_container_ends_where_its_own_cgroups_begin(path, container_cgroup):
    (pod,) = pod_path.pods(path)
    assert (pod.container_id, pod.container_cgroup) == (ID, container_cgroup)


@pytest.mark.parametrize("leaf", [f"{ID}.mount", f"cri-containerd-{ID}.mount", f"{ID}.scope-x", ID[1:], ID + "0"])
def test_what_only_looks_like_a_container(leaf):
    assert pod_path.pods(f"/kubepods/pod{UID}/{leaf}") == [PodPath(UID, "Guaranteed")]
