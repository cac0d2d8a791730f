# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of pods from the folders and links that the kubelet makes for logs; the folders here are composed."""

import os

import pytest

from memcore.models import tying
from memcore.models.pods import Container, Pod
from oomwatch.agent import pod_folders

A, B, C = (letter * 64 for letter in "abc")
UID = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
OLD = "11111111-2222-3333-4444-555555555555"
HASH = "d76e26fba3bf2bfd215eb29011d55250"


class Node:
    """A folder as a node's root."""

    def __init__(self, root):
        self.root = root
        self.pods = root / "var/log/pods"
        self.links = root / "var/log/containers"
        self.pods.mkdir(parents=True)
        self.links.mkdir()

    def container(self, namespace, pod, uid, name, *ids):
        """One container, with the ids that it has had, oldest first."""
        folder = self.pods / f"{namespace}_{pod}_{uid}" / name
        folder.mkdir(parents=True)
        for restarts, one in enumerate(ids):
            link = self.links / f"{pod}_{namespace}_{name}-{one}.log"
            link.symlink_to(f"/var/log/pods/{namespace}_{pod}_{uid}/{name}/{restarts}.log")

    def find(self, uid):
        return pod_folders.find(str(self.root), uid)


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_pod_with_a_container_that_was_restarted(node):
    node.container("shop", "cart-1", UID, "app", A, B)
    node.container("shop", "cart-1", UID, "waits")
    node.container("shop", "other", OLD, "app", C)
    assert node.find(UID) == Pod(
        uid=UID,
        config_hash=None,
        namespace="shop",
        name="cart-1",
        owner_kind=None,
        owner=None,
        qos_class=None,
        node=None,
        static=False,
        containers=(Container(B, "app", None, (A,)), Container(None, "waits", None)),
    )


def test_static_pod(node):
    node.container("kube-system", "etcd-node-1", HASH, "etcd", A)
    found = node.find(HASH)
    assert (found.uid, found.config_hash, found.static, found.name) == (HASH, HASH, True, "etcd-node-1")


def test_pod_that_was_made_anew_has_its_own_ids(node):
    node.container("shop", "db-0", OLD, "db", A)
    node.container("shop", "db-0", UID, "db", B)
    assert [node.find(uid).containers for uid in (OLD, UID)] == [
        (Container(A, "db", None),),
        (Container(B, "db", None),),
    ]


def test_restarts_are_counted_as_numbers(node):
    ids = ["%064x" % number for number in range(12)]
    node.container("shop", "cart-1", UID, "app", *ids)
    (found,) = node.find(UID).containers
    assert found.id == ids[11]
    assert found.earlier == tuple(reversed(ids[3:11]))  # eight, the newest first


def test_what_is_not_the_kubelets(node):
    node.container("shop", "cart-1", UID, "app", A)
    (node.pods / "lost+found").mkdir()
    (node.pods / f"a_b_{OLD}").write_text("a file")
    (node.links / f"cart-1_shop_app-{B}.log").write_text("no link")
    (node.links / f"cart-1_shop_app-{C}.log").symlink_to("/etc/shadow")
    (node.links / f"cart-1_shop_x-{C}.log").symlink_to(f"/var/log/pods/shop_cart-1_{UID}/y/0.log")
    os.mkfifo(str(node.links / "cart-1_shop_pipe"))
    assert node.find(OLD) is None
    assert node.find(UID).containers == (Container(A, "app", None),)


def test_links_to_folders_are_not_followed(node, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "app").mkdir()
    (node.pods / f"shop_cart-1_{UID}").symlink_to(str(elsewhere))
    assert node.find(UID) is None


def test_uid_is_matched_whole(node):
    node.container("shop", "cart-1", UID, "app", A)
    assert [node.find(uid) for uid in (UID[1:], "", "app", "../..", UID + "x")] == [None] * 5


def test_node_without_these_folders(tmp_path):
    assert pod_folders.find(str(tmp_path), UID) is None
    (tmp_path / "var").write_text("a file")
    assert pod_folders.find(str(tmp_path), UID) is None


def test_pod_without_the_folder_of_links(node):
    node.container("shop", "cart-1", UID, "app", A)
    for link in node.links.iterdir():
        link.unlink()
    node.links.rmdir()
    assert node.find(UID).containers == (Container(None, "app", None),)


def test_folders_beyond_the_bound_are_left(node, monkeypatch):
    for number in range(5):
        node.container("shop", f"cart-{number}", f"{number}{UID[1:]}", "app")
    monkeypatch.setattr(pod_folders, "_MOST_ENTRIES", 3)
    assert sum(node.find(f"{number}{UID[1:]}") is not None for number in range(5)) == 3


def test_victim_is_tied_by_folders_alone(node):
    node.container("shop", "cart-1", UID, "app", A)
    row = dict.fromkeys(("unit", "namespace", "pod", "container", "pod_uid", "container_id", "qos_class"))
    row.update(pid=7, comm="app", oom_score_adj=500, cgroup=f"/kubepods/burstable/pod{UID}/{A}", kind="pod")
    record = {
        "victims": [row],
        "victim": row,
        "limit_owner": None,
        "group_kill": False,
        "group_cgroup": None,
        "candidates": [],
        "verdict": {"model": "signed", "agrees": True, "by_cause": {"result": "right"}},
    }
    tied = tying.tie(record, node.find, lambda cgroup: True)
    assert tied.victims[0].role == "process"
    assert (row["namespace"], row["pod"], row["container"], row["qos_class"]) == ("shop", "cart-1", "app", "Burstable")
