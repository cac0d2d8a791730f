# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a cgroup or a mount is. The vectors are real paths with what they must parse to (tests/unit/fixtures)."""

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import owner
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.owner import Owner
from tests.support.cgroup_paths import ROWS, told

ID = "0123456789abcdef" * 4
UID = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
HASH = "d76e26fba3bf2bfd215eb29011d55250"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row["path"].split("/")[-1][:60] + "-%d" % n)
        for n, row in enumerate(ROWS, 2)
        if row["pod_uid"]
    ],
)
def test_a_path_of_a_pod_names_pod_class_container_and_runtime(row):
    assert owner.of_cgroup(row["path"]) == Owner(
        "pod",
        runtime=told(row["runtime"]),
        container=told(row["container_id"]),
        pod_uid=row["pod_uid"],
        qos_class=told(row["qos"]),
    )


@pytest.mark.parametrize("row", [pytest.param(row, id=row["path"][-60:]) for row in ROWS if not row["pod_uid"]])
def test_what_is_no_pod_is_not_taken_for_one(row):
    found = owner.of_cgroup(row["path"])
    assert found.kind != "pod"
    assert (found.pod_uid, found.qos_class, found.volume) == (None, None, None)


def test_the_vectors_are_all_there():
    assert len(ROWS) == 70


@pytest.mark.parametrize(
    "path, runtime, container",
    [
        pytest.param(f"/system.slice/docker-{ID}.scope", "docker", ID, id="docker-systemd"),
        pytest.param(f"/docker/{ID}", "docker", ID, id="docker-cgroupfs"),
        pytest.param(f"/docker/{ID}/system.slice/nginx.service", "docker", ID, id="systemd-inside-docker"),
        pytest.param(f"/machine.slice/libpod-{ID}.scope/container", "podman", ID, id="podman"),
        pytest.param(
            f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope",
            "podman",
            ID,
            id="podman-rootless",
        ),
        pytest.param(f"/libpod_parent/libpod-{ID}", "podman", ID, id="podman-cgroupfs"),
        pytest.param(f"/system.slice/cri-containerd-{ID}.scope", "containerd", ID, id="containerd-without-kubernetes"),
        pytest.param("/lxc/web", "lxc", "web", id="lxc-v1"),
        pytest.param("/lxc.payload.web/system.slice/cron.service", "lxc", "web", id="lxc-v2"),
        pytest.param("/lxc.payload/web", "lxc", "web", id="lxc-3"),
        pytest.param("/machine.slice/machine-web.scope", "machine", "web", id="machinectl"),
        pytest.param(
            "/machine.slice/machine-qemu\\x2d3\\x2dvm.scope/libvirt", "machine", "qemu\\x2d3\\x2dvm", id="libvirt-guest"
        ),
    ],
)
def test_plain_containers(path, runtime, container):
    assert owner.of_cgroup(path) == Owner("container", runtime=runtime, container=container)


@pytest.mark.parametrize(
    "path, unit",
    [
        ("/system.slice/cron.service", "cron.service"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("/user.slice/user-1000.slice/session-2.scope", "session-2.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-foo-12.scope", "app-gnome-foo-12.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service", "dbus.service"),
        ("/system.slice/dev-hugepages.mount", "dev-hugepages.mount"),
        ("/system.slice/dev-zram0.swap", "dev-zram0.swap"),
        ("/system.slice/docker.socket", "docker.socket"),
        ("/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn@web.service"),
        (f"/machine.slice/libpod-conmon-{ID}.scope", f"libpod-conmon-{ID}.scope"),
        (f"/system.slice/crio-conmon-{ID}.scope", f"crio-conmon-{ID}.scope"),
        ("/system.slice/kubelet.service", "kubelet.service"),
    ],
)
def test_units_are_the_deepest_one_of_the_path(path, unit):
    assert owner.of_cgroup(path) == Owner("unit", unit=unit)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/system.slice",
        "/user.slice/user-1000.slice",
        "/a.services",
        "/process_api/9073",
        "/lxc.monitor.web",
        "/docker/abc",
    ],
)
def test_everything_else_is_the_host(path):
    assert owner.of_cgroup(path) == owner.HOST == Owner("host")


POD = "kubepods-burstable-pod2fc932ce_fdcc_454b_97bd_aadfdeb4c340.slice"
LIMITS = [
    pytest.param("/", "host", id="root"),
    pytest.param("/kubepods", "kubepods", id="cgroupfs"),
    pytest.param("/kubepods.slice", "kubepods", id="systemd"),
    pytest.param("/kubelet/kubepods", "kubepods", id="kind-cgroupfs"),
    pytest.param("/kubelet.slice/kubelet-kubepods.slice", "kubepods", id="kind-systemd"),
    pytest.param(f"/docker/{ID}/kubelet/kubepods", "kubepods", id="kind-seen-from-its-host"),
    pytest.param(f"/system.slice/docker-{ID}.scope/kubepods", "kubepods", id="k3d-seen-from-its-host"),
    pytest.param("/lxc.payload.node/kubepods.slice", "kubepods", id="node-in-lxc"),
    pytest.param("/kubepods/burstable", "qos", id="qos-cgroupfs"),
    pytest.param("/kubepods/besteffort", "qos", id="qos-besteffort"),
    pytest.param("/kubepods.slice/kubepods-besteffort.slice", "qos", id="qos-systemd"),
    pytest.param(
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice", "qos", id="qos-kind-systemd"
    ),
    pytest.param(f"/docker/{ID}/kubepods/burstable", "qos", id="qos-k3d"),
    pytest.param(f"/kubepods.slice/kubepods-burstable.slice/{POD}", "pod", id="pod"),
    pytest.param(f"/kubepods.slice/kubepods-burstable.slice/{POD}/cri-containerd-{ID}.scope", "pod", id="container"),
    pytest.param(
        f"/kubepods.slice/kubepods-burstable.slice/{POD}/cri-containerd-{ID}.scope/kubepods", "pod", id="inside-a-pod"
    ),
    pytest.param(f"/kubepods.slice/{POD}/cri-containerd-{ID}.scope/kubepods/besteffort", "pod", id="qos-inside-a-pod"),
    pytest.param(f"/docker/{ID}", "container", id="docker"),
    pytest.param("/system.slice/cron.service", "unit", id="unit"),
    pytest.param("/system.slice/kubelet.service", "unit", id="kubelet"),
    pytest.param("/system.slice", "other", id="slice"),
    pytest.param("/user.slice/user-1000.slice", "other", id="of-a-user"),
    pytest.param("/batch/kubepods-like", "other", id="by-hand"),
    pytest.param("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podNO.slice", "other", id="no-pod"),
]


@pytest.mark.parametrize("path, kind", LIMITS)
def test_kind_of_a_limit(path, kind):
    assert owner.limit_kind(path) == kind


@pytest.mark.parametrize("row", [pytest.param(row, id=row["path"][-60:]) for row in ROWS if row["pod_uid"]])
def test_limit_of_a_pod_or_its_container_has_the_kind_pod(row):
    assert owner.limit_kind(row["path"]) == "pod"


KUBELET = "/var/lib/kubelet/pods"
CONTAINERD = "/run/containerd/io.containerd.grpc.v1.cri/sandboxes"


@pytest.mark.parametrize(
    "mount_point, expected",
    [
        pytest.param(
            f"{KUBELET}/{UID}/volumes/kubernetes.io~empty-dir/cache",
            Owner("pod", pod_uid=UID, volume="empty-dir/cache"),
            id="empty-dir",
        ),
        pytest.param(
            f"{KUBELET}/{UID}/volumes/kubernetes.io~projected/kube-api-access-x",
            Owner("pod", pod_uid=UID, volume="projected/kube-api-access-x"),
            id="projected",
        ),
        pytest.param(
            f"/data/kubelet/pods/{HASH}/volumes/kubernetes.io~secret/a b",
            Owner("pod", pod_uid=HASH, volume="secret/a b"),
            id="other-kubelet-folder-static-pod-and-a-blank",
        ),
        pytest.param(f"{KUBELET}/{UID}/volumes/kubernetes.io~empty-dir/cache/sub", None, id="below-a-volume"),
        pytest.param(f"{KUBELET}/not-a-uid/volumes/kubernetes.io~empty-dir/cache", None, id="no-uid"),
        pytest.param(
            f"{CONTAINERD}/{ID}/shm", Owner("container", runtime="containerd", container=ID), id="containerd-shm"
        ),
        pytest.param(
            f"/run/k3s{CONTAINERD[4:]}/{ID}/shm", Owner("container", runtime="containerd", container=ID), id="k3s-shm"
        ),
        pytest.param(
            f"/var/lib/docker/containers/{ID}/mounts/shm",
            Owner("container", runtime="docker", container=ID),
            id="docker-shm",
        ),
        pytest.param(
            f"/home/u/.local/share/containers/storage/overlay-containers/{ID}/userdata/shm",
            Owner("container", container=ID),
            id="podman-or-cri-o-shm",
        ),
        pytest.param("/run/user/1000", Owner("unit", unit="user-runtime-dir@1000.service"), id="user-runtime-folder"),
        pytest.param("/run/user/1000/doc", None, id="below-a-user-runtime-folder"),
        pytest.param("/run/credentials/getty@tty1.service", Owner("unit", unit="getty@tty1.service"), id="credentials"),
        pytest.param("/run", None, id="the-host's"),
        pytest.param("/dev/shm", None, id="dev-shm"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_owner_of_a_mount(mount_point, expected):
    assert owner.of_mount(mount_point) == expected


@hypothesis.given(
    st.lists(
        st.sampled_from(
            [
                "/",
                "kubepods",
                "-pod" + UID,
                ".slice",
                ".scope",
                "cri-containerd-",
                ID,
                UID,
                "pod",
                ":",
                "\n",
                "é",
                "lxc.",
            ]
        )
    )
)
def test_any_path_has_an_owner(pieces):
    path = "".join(pieces)
    assert owner.of_cgroup(path).kind in ("host", "unit", "container", "pod")
    assert owner.limit_kind(path) in ("host", "unit", "container", "pod", "qos", "kubepods", "other")
    assert owner.of_mount(path) is None or owner.of_mount(path).kind in ("unit", "container", "pod")


TASK = "f209da7f990b45b585488946f0eec404"


@pytest.mark.parametrize(
    "path, runtime, container",
    [
        (f"/ecs/{TASK}/{ID}", "ecs", ID),
        (f"/ecs/{TASK}/{TASK}-2531612879", "ecs", f"{TASK}-2531612879"),  # Fargate
        (f"/ecs/{TASK}", "ecs", TASK),  # the task's own limit
        (f"/docker-ce/{ID}", "docker", ID),
        (f"/actions_job/{ID}", "docker", ID),
        (f"/my-parent/{ID}", None, ID),  # docker run --cgroup-parent
        (f"/system.slice/docker-{ID}.scope/init.scope", "docker", ID),
        (f"/nomad/{UID}", "nomad", UID),
        (f"/nomad.slice/share.slice/{UID}.web.scope", "nomad", f"{UID}.web"),
        (f"/mesos/{UID}", "mesos", UID),
        ("/garden/7b0c5b3e-0f6a-4a4d-6c1b", "garden", "7b0c5b3e-0f6a-4a4d-6c1b"),
        (f"/lxc/web/docker/{ID}", "lxc", "web"),  # the outermost is this host's
    ],
)
def test_containers_below_other_parents(path, runtime, container):
    assert owner.of_cgroup(path) == Owner("container", runtime=runtime, container=container)
    assert owner.limit_kind(path) == "container"


@pytest.mark.parametrize(
    "path, unit",
    [
        ("/system.slice/run-r25ac0dd6.scope", "run-r25ac0dd6.scope"),
        ("/user.slice/user-1001.slice/user@1001.service/app.slice/run-u7.scope", "run-u7.scope"),
    ],
)
def test_transient_scopes_are_units(path, unit):
    assert owner.of_cgroup(path) == Owner("unit", unit=unit)
    assert owner.limit_kind(path) == "unit"
