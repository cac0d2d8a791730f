# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Victims tied to pods and containers: real scenes with pods composed for them, and records by hand for the rest."""

import json

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.oom_event import NOWHERE
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import pods, tying
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pods import Container, Pod, PodIndex
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.tying import Survivor
from tests.support import scenes

A, B, C = (letter * 64 for letter in "abc")
UID = "2fc932ce-fdcc-454b-97bd-aadfdeb4c340"
HASH = "d76e26fba3bf2bfd215eb29011d55250"
POD = f"/kubepods/burstable/pod{UID}"
PAUSE = {"comm": "pause", "oom_score_adj": -998}


def records(path):
    follower = events.Follower(NOWHERE)
    with open(str(path), "rb") as log:
        for line in log:
            follower.feed(line)
    follower.flush()
    return follower.take()


def index_of(*given):
    index = PodIndex()
    for pod in given:
        index.put(pod)
    return index


# What died, by the log's own lines and the record of the scene: (pid, comm, role, container), and who was spared.
SCENES = {
    "6.1-floored_runc_cgroupfs_guaranteed-single": [
        ([(152, "pause", "sandbox", None)], (190, "hog-1")),
        ([(177, "work", "container", "app")], None),
    ],
    "6.1-floored_runc_systemd_guaranteed-group": [
        ([(177, "pause", "sandbox", None)], (218, "hog-3")),
        (
            [
                (pid, comm, "container", "app")
                for pid, comm in ((202, "work"), (216, "hog-1"), (217, "hog-2"), (218, "hog-3"))
            ],
            None,
        ),
    ],
    "6.1_runc_cgroupfs_guaranteed-single": [
        ([(835, "hog-1", "process", "app")], None),
        ([(836, "hog-2", "process", "app")], None),
        ([(837, "hog-3", "process", "app")], None),
    ],
    "6.12_runc_systemd_child": [([(912, "hog-1", "process", "app")], None)],
    "6.12_crun_systemd_child": [([(865, "hog-1", "process", "app")], None)],
    "6.12_crun_systemd_guaranteed-group": [
        (
            [(863, "hog-2", "container", "app"), (860, "work", "container", "app"), (864, "hog-3", "container", "app")],
            None,
        )
    ],
    "6.12_runc_cgroupfs_pid1-single": [([(875, "work", "container", "app")], None)],
    "6.12_runc_cgroupfs_mixed-single": [([(967, "hog-1", "process", "app")], None)],
    "7.2_runc_cgroupfs_guaranteed-group": [
        ([(885, "hog-1", "container", "app"), (871, "work", "container", "app")], None)
    ],
    "7.2_runc_systemd_mixed-group": [
        (
            [(983, "hog-1", "container", "app"), (971, "work", "container", "app"), (984, "hog-2", "container", "app")],
            None,
        )
    ],
}


def test_every_scene_is_expected():
    assert sorted(SCENES) == scenes.NAMES


@pytest.mark.parametrize("name", scenes.NAMES)
def test_scene(name):
    scene = scenes.Scene(name)
    index = index_of(*map(pods.of_json, scene.pods()))
    qos = {"mixed": "BestEffort"}.get(scene.record["scene"].split("-")[0], "Guaranteed")
    victim_pod = "besteffort-2" if qos == "BestEffort" else "guaranteed-1"
    found = records(scene.log)
    assert len(found) == len(SCENES[name])
    for record, (victims, spared) in zip(found, SCENES[name]):
        tied = tying.tie(record, index.find, scene.populated)
        got = [(one.pid, one.comm, one.role, one.container.name if one.container else None) for one in tied.victims]
        assert got == victims
        assert {one.pod.name for one in tied.victims} == {victim_pod}
        assert (tied.survivor and tied.survivor[:2]) == spared
        assert (tied.limit_pod.name if tied.limit_pod else None) == (None if qos == "BestEffort" else "guaranteed-1")
        assert record["victim"] is record["victims"][0]
        for row, (_pid, _comm, _role, container) in zip(record["victims"], victims):
            assert (row["namespace"], row["pod"], row["container"], row["qos_class"]) == (
                "shop",
                victim_pod,
                container,
                qos,
            )


@pytest.mark.parametrize("name", scenes.NAMES)
def test_scene_without_any_pod_known(name):
    scene = scenes.Scene(name)
    for record in records(scene.log):
        before = json.loads(json.dumps(record))
        tied = tying.tie(record, lambda uid: None, scene.populated)
        assert record == before
        assert {one.pod for one in tied.victims} == {None}
        # pause with its fixed oom_score_adj is enough to tell a sandbox
        assert [one.role == "sandbox" for one in tied.victims] == [one.comm == "pause" for one in tied.victims]


def test_scene_is_tied_again_when_its_pods_are_known():
    scene = scenes.Scene("6.12_runc_systemd_child")
    (record,) = records(scene.log)
    tying.tie(record, lambda uid: None, lambda cgroup: None)
    again = json.loads(json.dumps(record))  # through a state file
    tied = tying.tie(again, index_of(*map(pods.of_json, scene.pods())).find, scene.populated)
    assert tied.victims[0].role == "process"
    assert again["victim"] is again["victims"][0]
    assert again["victim"]["pod"] == "guaranteed-1"


APP = (Container(A, "app"),)


def pod(uid=UID, containers=APP, **fields):
    named = {"owner_kind": "Pod", "owner": "cart-1", "qos_class": "Burstable", "node": "node-1", "static": False}
    return Pod(uid, None, "shop", "cart-1", containers=tuple(containers), **dict(named, **fields))


def row(cgroup, kind="pod", **fields):
    empty = dict.fromkeys(("unit", "namespace", "pod", "container", "pod_uid", "container_id", "qos_class"))
    return dict(empty, pid=7, comm="app", oom_score_adj=500, cgroup=cgroup, kind=kind, **fields)


def record(*rows, **fields):
    by_cause = {"result": "unknown", "who": None}
    known = {
        "victims": list(rows),
        "victim": rows[0] if rows else None,
        "limit_owner": {"cgroup": POD, "kind": "pod"},
        "group_kill": False,
        "group_cgroup": None,
        "candidates": [],
        "verdict": {"model": "signed", "agrees": True, "expected_pid": 7, "expected_comm": "app", "by_cause": by_cause},
    }
    return dict(known, **fields)


def role(given, find=lambda uid: None, populated=lambda cgroup: None):
    return tying.tie(given, find, populated).victims[0].role


def alive(cgroup):
    return True


@pytest.mark.parametrize(
    "cgroup, kind, populated, expected",
    [
        (f"{POD}/{A}", "pod", True, "process"),
        (f"{POD}/{A}", "pod", False, "container"),
        (f"{POD}/{A}", "pod", None, "unknown"),
        (POD, "pod", True, "unknown"),
        (f"{POD}/crio-conmon-{A}", "pod", True, "monitor"),
        (f"/system.slice/crio-conmon-{A}.scope", "unit", True, "monitor"),
        (f"/machine.slice/libpod-conmon-{A}.scope", "unit", None, "monitor"),
        (f"/docker/{A}", "container", True, "process"),
        (f"/docker/{A}", "container", False, "container"),
        (f"/docker/{A}", "container", None, "unknown"),
        ("/system.slice/cron.service", "unit", True, "unit"),
        ("/user.slice", "host", True, "process"),
        ("/", "host", None, "process"),
        ("/kubepods", "host", None, "unknown"),
        (None, None, True, "unknown"),
    ],
)
def test_role(cgroup, kind, populated, expected):
    assert role(record(row(cgroup, kind)), index_of(pod()).find, lambda _cgroup: populated) == expected


@pytest.mark.parametrize(
    "cgroup, asked",
    [
        (f"{POD}/{A}/system.slice/nginx.service", f"{POD}/{A}"),
        (f"{POD}/{A}/container", f"{POD}/{A}"),
        (f"/docker/{A}/system.slice/nginx.service", f"/docker/{A}"),
        (f"/system.slice/docker-{A}.scope/a", f"/system.slice/docker-{A}.scope"),
        ("/lxc.payload.web/system.slice/cron.service", "/lxc.payload.web"),
    ],
)
def test_the_containers_own_cgroup_is_asked_about(cgroup, asked):
    asked_about = []
    kind = "pod" if "kubepods" in cgroup else "container"
    assert role(record(row(cgroup, kind)), populated=asked_about.append) == "unknown"
    assert asked_about == [asked]


@pytest.mark.parametrize(
    "victim, group, expected",
    [
        pytest.param(f"{POD}/{A}", f"{POD}/{A}", "container", id="the-container"),
        pytest.param(f"{POD}/{A}/container", f"{POD}/{A}/container", "container", id="crun"),
        pytest.param(f"{POD}/{A}", POD, "container", id="the-pod"),
        pytest.param(POD, POD, "container", id="the-pod-itself"),
        pytest.param(f"{POD}/{A}", "/", "container", id="everything"),
        pytest.param(f"{POD}/{A}/system.slice/a.service", f"{POD}/{A}/system.slice/a.service", "process", id="inside"),
        pytest.param(f"{POD}/{A}", f"{POD}/{A[:-1]}", "process", id="a-name-that-begins-alike"),
    ],
)
def test_group_that_dies(victim, group, expected):
    given = record(row(victim), row(None), group_kill=True, group_cgroup=group)
    assert role(given, populated=alive) == expected


def test_others_of_a_group_are_of_the_groups_cgroup_and_sharers_of_none():
    given = record(row(f"{POD}/{A}"), row(None), row(None, None), group_kill=True, group_cgroup=f"{POD}/{A}")
    tied = tying.tie(given, index_of(pod()).find, alive)
    assert [(one.role, one.container and one.container.name) for one in tied.victims] == [
        ("container", "app"),
        ("container", "app"),
        ("unknown", None),
    ]
    assert [one["container_id"] for one in given["victims"]] == [A, A, None]


@pytest.mark.parametrize(
    "who, known, expected",
    [
        pytest.param(PAUSE, pod(), "sandbox", id="pause"),
        pytest.param(PAUSE, None, "sandbox", id="pause-of-an-unknown-pod"),
        pytest.param({"comm": "pause", "oom_score_adj": 3}, pod(), "sandbox", id="by-name"),
        pytest.param({"comm": "pause", "oom_score_adj": 3}, None, "process", id="the-name-alone-is-not-enough"),
        pytest.param({"comm": "infra", "oom_score_adj": -998}, pod(has_all_ids=True), "sandbox", id="another-image"),
        pytest.param(
            {"comm": "java", "oom_score_adj": -998}, pod(), "process", id="guaranteed-before-1.20-too-young-for-status"
        ),
        pytest.param({"comm": "java", "oom_score_adj": -998}, None, "process", id="guaranteed-before-1.20"),
        pytest.param({"comm": "java", "oom_score_adj": 999}, pod(has_all_ids=True), "process", id="too-young"),
        pytest.param(PAUSE, pod(containers=[Container(B, "pause")]), "process", id="a-container-that-runs-pause"),
    ],
)
def test_sandbox(who, known, expected):
    index = index_of(*([known] if known else []))
    assert role(record(dict(row(f"{POD}/{B}"), **who)), index.find, alive) == expected


def test_container_of_before_is_known():
    given = record(row(f"{POD}/{B}"))
    tying.tie(given, index_of(pod(containers=[Container(A, "app", earlier=(B,))])).find, alive)
    assert given["victim"]["container"] == "app"


def test_static_pod_is_found_by_its_hash():
    given = record(row(f"/kubepods/burstable/pod{HASH}/{A}"))
    tied = tying.tie(given, index_of(pod()._replace(config_hash=HASH)).find, alive)
    assert tied.victims[0].pod.uid == UID
    assert given["victim"]["pod_uid"] == HASH


INNER = "e08bc522-213a-4ed5-85c4-cefbc7623b71"
NESTED = f"{POD}/{A}/kubepods/besteffort/pod{INNER}/{B}"


@pytest.mark.parametrize(
    "known, uid, container, qos",
    [
        pytest.param([UID, INNER], UID, A, "Burstable", id="both"),
        pytest.param([UID], UID, A, "Burstable", id="of-the-outer-cluster"),
        pytest.param([INNER], INNER, B, "BestEffort", id="of-the-inner-cluster"),
        pytest.param([], UID, A, "Burstable", id="neither"),
    ],
)
def test_outermost_pod_that_the_node_knows(known, uid, container, qos):
    given = record(row(NESTED), limit_owner={"cgroup": NESTED, "kind": "pod"})
    assert tying.uids(given) == [UID, INNER]
    tied = tying.tie(given, index_of(*[pod(one) for one in known]).find, alive)
    assert (given["victim"]["pod_uid"], given["victim"]["container_id"], given["victim"]["qos_class"]) == (
        uid,
        container,
        qos,
    )
    assert (tied.limit_pod.uid if tied.limit_pod else None) == (uid if known else None)


def test_class_of_a_relative_path_is_the_pods():
    given = record(row(f"/../pod{UID}/{A}"))
    tying.tie(given, index_of(pod()).find, alive)
    assert given["victim"]["qos_class"] == "Burstable"


def test_uids_are_those_of_victims_and_limit_each_once():
    other = INNER
    given = record(row(f"{POD}/{A}"), row(None), row(f"/kubepods/pod{other}/{B}"), row("/", "host"))
    assert tying.uids(given) == [UID, other]
    assert tying.uids(record(limit_owner=None)) == []
    assert tying.uids(record()) == [UID]


def test_record_without_a_victim():
    assert tying.tie(record(), index_of(pod()).find, alive) == tying.Tied((), pod(), None)


HOG = {"pid": 9, "comm": "hog", "rss_bytes": 5, "killed": False}
FLOORED = {"model": "floored", "agrees": False, "expected_pid": 9, "expected_comm": "hog"}


def wrong(populated=True, who=None, result="unknown", hogs=(HOG,), lives=None, **fields):
    verdict = dict(FLOORED, by_cause={"result": result, "who": who})
    verdict.update((name, fields.pop(name)) for name in ("model", "agrees") if name in fields)
    given = record(row(f"{POD}/{A}"), verdict=verdict, candidates=list(hogs), **fields)
    return tying.tie(given, index_of(pod()).find, lambda _cgroup: populated, lambda _pid: lives).survivor


def test_survivor():
    assert wrong() == Survivor(9, "hog", 5)
    assert wrong(hogs=()) == Survivor(9, "hog", None)
    assert wrong(result="right") is None
    assert wrong(agrees=True) is None
    assert wrong(model="signed", result="wrong", who={"pid": 8, "comm": "other"}) == Survivor(8, "other", None)
    assert wrong(model="signed", result="wrong", who={"pid": None, "comm": None}) is None
    assert wrong(model="signed", result="wrong", who={"pid": 7, "comm": "app"}) is None  # the victim


def test_who_died_of_the_same_kill_is_no_survivor():
    assert wrong(hogs=[dict(HOG, killed=True)]) is None
    # With a container's first process all of its processes die.
    assert wrong(populated=False) is None
    assert wrong(populated=False, lives=False) is None
    assert wrong(populated=False, lives=True) == Survivor(9, "hog", 5)
    # Of a group each has its line.
    assert wrong(group_kill=True, group_cgroup=f"{POD}/{A}") == Survivor(9, "hog", 5)
