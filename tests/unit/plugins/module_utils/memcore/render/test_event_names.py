# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod's name stands in all sentences of an event once it is known, and its uid before."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import pods, tying
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event as words
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_names
from tests.support import scenes

UID = "00000001-1111-4222-8333-444455556666"


def told(name, is_known=True):
    scene = scenes.Scene(name)
    index = pods.PodIndex()
    for pod in scene.pods() if is_known else []:
        index.put(pods.of_json(pod))
    follower = events.Follower()
    with open(str(scene.log), "rb") as log:
        for line in log:
            follower.feed(line)
    follower.flush()
    record = follower.take()[0]
    tying.tie(record, index.find, scene.populated)
    return events.told(record)


def test_process_of_a_known_pod():
    event = told("6.12_runc_systemd_child")
    assert event["summary"].startswith("Pod shop/guaranteed-1 reached its limit of 64.0 MiB: hog-1 (pid 912) held ")
    assert event["explanation"].startswith(
        "The kernel killed hog-1 (pid 912) in pod shop/guaranteed-1, container app, Guaranteed, 10 s after boot: pod "
        "shop/guaranteed-1 was at its limit of 64.0 MiB, and the kill freed "
    )
    assert words.headline(event).startswith("right one killed: hog-1 (pid 912) in pod shop/guaranteed-1, freed ")
    assert UID[:8] not in event["summary"] + event["explanation"] + words.headline(event)


def test_process_of_an_unknown_pod():
    event = told("6.12_runc_systemd_child", is_known=False)
    assert event["summary"].startswith(f"Pod {UID} reached its limit of 64.0 MiB: ")
    assert f"in pod {UID}, container " in event["explanation"]
    assert " in pod 00000001, freed " in words.headline(event)


def test_pause_of_a_known_pod():
    event = told("6.1-floored_runc_cgroupfs_guaranteed-single")
    assert " in pod shop/guaranteed-1, its pause container, Guaranteed, 5 s after boot" in event["explanation"]


POD = f"/kubepods/pod{UID}"
A, B = "a" * 64, "b" * 64
VICTIM = {
    "comm": "app",
    "namespace": "shop",
    "pod": "cart-1",
    "pod_uid": UID,
    "container": "app",
    "container_id": A,
}
UNKNOWN = dict.fromkeys(VICTIM)


@pytest.mark.parametrize(
    "cgroup, kind, victims, expected",
    [
        pytest.param(POD, "pod", [VICTIM], "pod shop/cart-1", id="pod"),
        pytest.param(f"{POD}/{A}", "pod", [VICTIM], "container app of pod shop/cart-1", id="container"),
        pytest.param(f"{POD}/{B}", "pod", [VICTIM], "container bbbbbbbbbbbb of pod shop/cart-1", id="other-container"),
        pytest.param(POD, "pod", [UNKNOWN], f"pod {UID}", id="unknown"),
        pytest.param(f"{POD}/{A}", "pod", [], f"container aaaaaaaaaaaa of pod {UID}", id="no-victim"),
        pytest.param("/kubepods", "kubepods", [VICTIM], None, id="kubepods"),
        pytest.param(None, None, [VICTIM], None, id="none"),
    ],
)
def test_pod_of_a_limit(cgroup, kind, victims, expected):
    assert event_names.limited_pod({"limit_owner": {"cgroup": cgroup, "kind": kind}, "victims": victims}) == expected


def test_inner_pod_of_a_nested_cluster_where_the_victim_is_tied_to_it():
    inner = "e08bc522-213a-4ed5-85c4-cefbc7623b71"
    limit = {"cgroup": f"{POD}/{A}/kubepods/burstable/pod{inner}", "kind": "pod"}
    given = {"limit_owner": limit, "victims": [dict(VICTIM, pod_uid=inner)]}
    assert event_names.limited_pod(given) == "pod shop/cart-1"


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, "container app"),
        ({"container": None}, "container aaaaaaaaaaaa"),
        ({"container": None, "comm": "pause"}, "its pause container"),
        ({"container": None, "comm": "pause", "pod": None}, "container aaaaaaaaaaaa"),
        ({"container": None, "container_id": None}, None),
    ],
)
def test_container(change, expected):
    assert event_names.container(dict(VICTIM, **change)) == expected
