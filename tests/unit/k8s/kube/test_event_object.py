# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM events as objects of events.k8s.io/v1: their shape by the API server's rules, and what their notes say."""

import copy
import functools
import re

import hypothesis
import pytest
from hypothesis import strategies as st

from memcore.answers import events
from memcore.gather.oom_event import Origin
from memcore.models import pods, tying
from memcore.models.pods import Pod, PodIndex
from oomwatch.kube import event_note, event_object
from tests.support import scenes

BOOT = "2720b512-ca14-4546-bef5-4ebce0aefcf7"
BOOTED = 1796061895.0  # 2026-11-30T18:04:55Z
HASH = "d76e26fba3bf2bfd215eb29011d55250"
LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
MICRO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$")


def scene(name, change=lambda pod: pod, populated=None):
    """(event, tied) of each OOM of a scene, its pods' JSON changed before it is read."""
    found = scenes.Scene(name)
    index = PodIndex()
    for one in found.pods():
        index.put(pods.of_json(change(one)))
    follower = events.Follower(Origin("node-1", BOOT, BOOTED))
    with open(str(found.log), "rb") as log:
        for line in log:
            follower.feed(line)
    follower.flush()
    for record in follower.take():
        tied = tying.tie(record, index.find, populated or found.populated)
        yield events.told(record), tied


def told(name, **given):
    return [one for event, tied in scene(name, **given) for one in made(event, tied)]


def made(event, tied, node="node-1", reporter="oomwatch-x7x7x"):
    return event_object.objects(event, tied, node, reporter, 0.0)


def complaints(found):
    """What an API server (1.20 and later) would have against a new Event: the rules of ValidateEventCreate."""
    regarding = found["regarding"]
    is_node = regarding["kind"] == "Node"
    rules = {
        "apiVersion": (found["apiVersion"], found["kind"]) == ("events.k8s.io/v1", "Event"),
        "namespace": found["metadata"]["namespace"] == ("kube-system" if is_node else regarding["namespace"]),
        "name": len(found["metadata"]["name"]) <= 253
        and re.fullmatch(rf"{LABEL}(\.{LABEL})*", found["metadata"]["name"]),
        "eventTime": MICRO.match(found["eventTime"]),
        "type": found["type"] in ("Normal", "Warning"),
        "reason": 0 < len(found["reason"]) <= 128,
        "action": 0 < len(found["action"]) <= 128,
        "controller": re.fullmatch(
            rf"{LABEL}(\.{LABEL})*/[A-Za-z0-9][-A-Za-z0-9_.]{{0,62}}", found["reportingController"]
        ),
        "instance": 0 < len(found["reportingInstance"]) <= 128,
        "note": 0 < len(found["note"].encode()) <= 1024 and "\n" not in found["note"],
        "known fields": set(found)
        <= {
            *("apiVersion", "kind", "metadata", "eventTime", "type", "reason", "action", "note"),
            *("regarding", "related", "reportingController", "reportingInstance"),
        },
    }
    return [name for name, is_met in rules.items() if not is_met]


@pytest.mark.parametrize("name", scenes.NAMES)
def test_api_server_would_take_the_events_of_every_scene(name):
    found = told(name)
    assert found
    assert [complaints(one) for one in found] == [[]] * len(found)
    names = [one["metadata"]["name"] for one in found]
    assert len(set(names)) == len(names)
    assert names == [one["metadata"]["name"] for one in told(name)]  # so that a second delivery is refused


REASONS = {
    "6.1-floored_runc_cgroupfs_guaranteed-single": ["OOMKilledSandbox", "OOMKilledWrongVictim", "OOMKilledContainer"],
    "6.1-floored_runc_systemd_guaranteed-group": ["OOMKilledSandbox", "OOMKilledWrongVictim", "OOMKilledContainer"],
    "6.1_runc_cgroupfs_guaranteed-single": ["OOMKilledProcess"] * 3,
    "6.12_runc_systemd_child": ["OOMKilledProcess"],
    "6.12_crun_systemd_child": ["OOMKilledProcess"],
    "6.12_crun_systemd_guaranteed-group": ["OOMKilledContainer"],
    "6.12_runc_cgroupfs_pid1-single": ["OOMKilledContainer"],
    "6.12_runc_cgroupfs_mixed-single": ["OOMKilledProcess", "NodeOOM"],
    "7.2_runc_cgroupfs_guaranteed-group": ["OOMKilledContainer"],
    "7.2_runc_systemd_mixed-group": ["OOMKilledContainer", "NodeOOM"],
}


@pytest.mark.parametrize("name", scenes.NAMES)
def test_reasons(name):
    assert [one["reason"] for one in told(name)] == REASONS[name]


def test_pods_event():
    (found,) = told("6.12_runc_systemd_child")
    note = found.pop("note")
    assert found.pop("metadata")["name"].startswith("guaranteed-1.")
    assert found == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "eventTime": "2026-11-30T18:05:05.000000Z",  # 10.21 s after the boot; events have whole seconds
        "type": "Warning",
        "reason": "OOMKilledProcess",
        "action": "OOMKill",
        "reportingController": "memfacts.linux/oomwatch",
        "reportingInstance": "oomwatch-x7x7x",
        "regarding": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": "shop",
            "name": "guaranteed-1",
            "uid": "00000001-1111-4222-8333-444455556666",
            "fieldPath": "spec.containers{app}",
        },
        "related": {"apiVersion": "v1", "kind": "Node", "name": "node-1", "uid": "node-1"},
    }
    assert note == (
        "The kernel killed hog-1 (pid 912, 47.9 MiB) in container app; the container goes on running, so the pod's "
        "status does not show this kill. Pod shop/guaranteed-1 reached its limit of 64.0 MiB: hog-1 (pid 912) held "
        "74 % of it. Cap hog-1 or give it more memory."
    )


def test_nodes_event_is_of_the_node_and_names_the_pod():
    pod, node = told("7.2_runc_systemd_mixed-group")
    assert node["regarding"] == {"apiVersion": "v1", "kind": "Node", "name": "node-1", "uid": "node-1"}
    assert node["metadata"]["namespace"] == "kube-system"
    assert node["related"] == {key: value for key, value in pod["regarding"].items() if key != "fieldPath"}
    assert node["note"] == (
        "The node ran out of memory (737.7 MiB of RAM): hog-1 (pid 983) held 51 % of it. The kernel killed hog-1 (pid "
        "983, 378.9 MiB) and 2 more processes in pod shop/besteffort-2, container app, BestEffort. Cap hog-1 or give "
        "it more memory."
    )
    assert pod["note"] == (
        "The kernel killed all of container app, because memory.oom.group is set; hog-1 (pid 983, 378.9 MiB) was "
        "chosen first. The node ran out of memory (737.7 MiB of RAM): hog-1 (pid 983) held 51 % of it. Cap hog-1 or "
        "give it more memory."
    )


def test_notes_where_a_kernel_without_the_fix_kills_pause():
    sandbox, wrong, container = [one["note"] for one in told("6.1-floored_runc_cgroupfs_guaranteed-single")]
    limit = "Pod shop/guaranteed-1 reached its limit of 64.0 MiB"
    assert sandbox == (
        "The kernel killed the pod's pause container, pause (pid 152, 680.0 KiB), so Kubernetes restarts the whole pod "
        f"sandbox and every container in it. {limit}: 5 processes held 99 % of it together. It was the wrong process: "
        "hog-1 (pid 190, 20.8 MiB) was spared. Update the kernel, or raise the largest process's oom_score_adj so that "
        "it is killed first."
    )
    assert wrong == (
        "The kernel killed the wrong process: pause (pid 152, 680.0 KiB) died and freed 68.0 KiB, while hog-1 (pid "
        f"190, 20.8 MiB) was spared. {limit}: 5 processes held 99 % of it together. This kernel (6.1.192-pre59oom) "
        "lacks the fix of Linux 5.9 (commit 9066e5cfb73c): it rounds negative OOM scores up to 1, so that "
        "processes with a low oom_score_adj tie, whatever their size. Update the node's kernel; until then raise the "
        "oom_score_adj of hog-1 to 0 or more."
    )
    assert container == (
        f"The kernel killed work (pid 177, 4.7 MiB), and container app ended with it. {limit}: 4 processes held 99 % "
        "of it together. Linux 5.9 or later would kill hog-1 (pid 190, 20.8 MiB) instead. Update the kernel, or raise "
        "the largest process's oom_score_adj so that it is killed first."
    )


def test_note_names_the_largest_process_where_another_died():
    _pause, _wrong, container = told("6.1-floored_runc_systemd_guaranteed-group")
    assert "4 processes held 99 % of it together, the largest of them hog-3 (pid 218, 20.3 MiB)." in container["note"]


def test_note_where_nothing_tells_whether_the_container_lives():
    (found,) = told("6.12_runc_systemd_child", populated=lambda cgroup: None)
    assert found["reason"] == "OOMKilledProcess"
    assert found["note"].startswith(
        "The kernel killed hog-1 (pid 912, 47.9 MiB) in container app; whether its container goes on running is not "
        "known. Pod shop/guaranteed-1 reached"
    )


def of_log(name):
    """Objects of a whole log of fixtures/oomlogs, whose pods are composed from the paths in it."""

    def find(uid):
        return Pod(uid, None, "shop", "cart-1", "Deployment", "cart", "Burstable", "node-1", False, ())

    follower = events.Follower(Origin("node-1"))
    for line in (scenes.FOLDER.parent / "oomlogs" / name).read_bytes().splitlines():
        follower.feed(line)
    follower.flush()
    found = [(record, tying.tie(record, find, lambda cgroup: True)) for record in follower.take()]
    return [one for record, tied in found for one in made(events.told(record), tied)]


def test_note_says_what_frees_shared_memory():
    found = of_log("4.19.78-memcg-v1.dmesg.txt")[1]
    assert found["note"].endswith(
        " reached its limit of 40.0 MiB: tmpfs and other shared memory held 81 % of it (32.5 MiB). A restart of the "
        "container does not free this memory: delete files in the pod's emptyDir volumes (medium: Memory) and in "
        "/dev/shm, or delete the pod, and set a sizeLimit."
    )


def test_wrong_victim_of_a_limit_of_a_container():
    process, wrong = of_log("5.4.59-memcg-v2-equal-adj-tie.kmsg.txt")[:2]
    assert [process["reason"], wrong["reason"]] == ["OOMKilledProcess", "OOMKilledWrongVictim"]
    assert "It was the wrong process: big2nd (pid 65, 28.4 MiB) was spared." in process["note"]
    assert "mid3rd (pid 67, 11.1 MiB) died and freed 10.6 MiB, while big2nd (pid 65, 28.4 MiB)" in wrong["note"]


def static(pod):
    found = copy.deepcopy(pod)
    found["metadata"]["annotations"] = {"kubernetes.io/config.hash": HASH, "kubernetes.io/config.mirror": HASH}
    return found


def test_static_pods_event_is_where_kubectl_looks_for_it():
    (found,) = told("6.12_runc_systemd_child", change=static)
    assert found["regarding"]["uid"] == HASH


@pytest.mark.parametrize(
    "part, kind, field, words",
    [
        ("initContainers", None, "spec.initContainers{app}", "in init container app;"),
        ("initContainers", "Always", "spec.initContainers{app}", "in sidecar container app;"),
        ("ephemeralContainers", None, "spec.ephemeralContainers{app}", "in ephemeral container app;"),
    ],
)
def test_other_kinds_of_containers(part, kind, field, words):
    def change(pod):
        found = copy.deepcopy(pod)
        found["spec"][part] = [dict(found["spec"].pop("containers")[0], restartPolicy=kind)]
        found["status"][part[:-1] + "Statuses"] = found["status"].pop("containerStatuses")
        return found

    (found,) = told("6.12_runc_systemd_child", change=change)
    assert found["regarding"]["fieldPath"] == field
    assert words in found["note"]


@functools.lru_cache(maxsize=None)
def first(name="6.12_runc_systemd_child"):
    return next(scene(name))


def with_victims(tied, *roles, pods_of=None):
    """The tied event as if so many processes with these roles had died of its first pod, or of the pods given."""
    one = tied.victims[0]
    return tied._replace(
        victims=tuple(
            one._replace(role=role, pod=pods_of[place] if pods_of else one.pod) for place, role in enumerate(roles)
        )
    )


def test_one_event_for_each_pod():
    event, tied = first()
    other = tied.victims[0].pod._replace(uid="1", name="cart-2", namespace="market")
    found = made(event, with_victims(tied, "process", "container", pods_of=[tied.victims[0].pod, other]))
    assert [(one["reason"], one["regarding"]["namespace"], one["regarding"]["name"]) for one in found] == [
        ("OOMKilledProcess", "shop", "guaranteed-1"),
        ("OOMKilledContainer", "market", "cart-2"),
    ]
    assert [complaints(one) for one in found] == [[], []]


@pytest.mark.parametrize(
    "roles, reason",
    [
        (["process"], "OOMKilledProcess"),
        (["unknown"], "OOMKilledProcess"),
        (["monitor"], "OOMKilledProcess"),
        (["process", "container"], "OOMKilledContainer"),
        (["container", "sandbox", "process"], "OOMKilledSandbox"),
    ],
)
def test_reason_is_what_kubernetes_has_to_make_anew(roles, reason):
    event, tied = first()
    (found,) = made(event, with_victims(tied, *roles))
    assert found["reason"] == reason


def test_monitor_is_told_as_such():
    event, tied = first()
    (found,) = made(event, with_victims(tied, "monitor"))
    assert found["note"].startswith(
        "The kernel killed hog-1 (pid 912, 47.9 MiB), the monitor that CRI-O runs beside a container of the pod. "
    )


@pytest.mark.parametrize(
    "scope, kind, cgroup, reasons, begin",
    [
        ("global", "host", None, ["OOMKilledProcess", "NodeOOM"], "The node ran out of memory"),
        (
            "memcg",
            "kubepods",
            "/kubepods.slice",
            ["OOMKilledProcess", "NodeAllocatableOOM"],
            "The node's memory for pods (/kubepods.slice) reached its limit of 64.0 MiB",
        ),
        (
            "memcg",
            "qos",
            "/kubepods/burstable",
            ["OOMKilledProcess", "NodeAllocatableOOM"],
            "The QoS class /kubepods/burstable reached its limit of 64.0 MiB",
        ),
        ("memcg", "unit", "/system.slice/cron.service", ["OOMKilledProcess"], "cron.service reached its limit"),
        ("memcg", "other", "/batch", ["OOMKilledProcess"], "The cgroup /batch reached its limit"),
        ("cpuset", "host", None, ["OOMKilledProcess"], "The memory nodes of a cpuset were full"),
        ("sysrq", "host", None, ["OOMKilledProcess"], "Someone requested an OOM kill (sysrq-f)"),
    ],
)
def test_nodes_get_events_of_their_own_limits_alone(scope, kind, cgroup, reasons, begin):
    event, tied = first()
    event = dict(event, scope=scope, limit_owner=dict(event["limit_owner"], kind=kind, cgroup=cgroup))
    found = made(event, tied)
    assert [one["reason"] for one in found] == reasons
    assert [complaints(one) for one in found] == [[]] * len(reasons)
    assert begin in found[0]["note"]
    assert found[-1]["note"].startswith(begin) or len(found) == 1


def test_limit_that_is_not_known():
    event, tied = first()
    assert [one["reason"] for one in made(dict(event, scope=None, limit_owner=None), tied)] == ["OOMKilledProcess"]


@pytest.mark.parametrize("source", ["systemd-oomd", "earlyoom", "nohang", "lmkd", "kubelet", "talos"])
def test_other_killers_give_no_event(source):
    event, tied = first("7.2_runc_systemd_mixed-group")
    assert made(dict(event, source=source), tied) == []


def test_allocation_failure_gives_no_event():
    event, tied = first("7.2_runc_systemd_mixed-group")
    assert made(dict(event, outcome="allocation-failed"), tied) == []


def test_unknown_pod_leaves_the_nodes_event():
    event, tied = first("7.2_runc_systemd_mixed-group")
    (found,) = made(event, tied._replace(victims=tuple(one._replace(pod=None) for one in tied.victims)))
    assert found["reason"] == "NodeOOM"
    assert "related" not in found


def test_node_that_could_kill_nobody():
    event, tied = first("7.2_runc_systemd_mixed-group")
    event = dict(event, victim=None, victims=[], outcome="panic")
    (found,) = made(event, tied._replace(victims=()))
    assert found["note"] == (
        "The node ran out of memory (737.7 MiB of RAM): hog-1 (pid 983) held 51 % of it. The kernel panicked instead "
        "of killing a process. Cap hog-1 or give it more memory."
    )
    assert complaints(found) == []


def test_event_without_a_time_has_the_moment_that_is_given():
    event, tied = first()
    (found,) = event_object.objects(dict(event, time=None), tied, "node-1", "node-1", 1796061895.0000019)
    assert found["eventTime"] == "2026-11-30T18:04:55.000002Z"


@pytest.mark.parametrize(
    "time, expected",
    [
        ("2026-11-30T18:04:55Z", "2026-11-30T18:04:55.000000Z"),
        ("2026-11-30T18:04:55.5Z", "2026-11-30T18:04:55.500000Z"),
        ("2026-11-30T18:04:55.123456Z", "2026-11-30T18:04:55.123456Z"),
    ],
)
def test_time_has_microseconds(time, expected):
    event, tied = first()
    assert made(dict(event, time=time), tied)[0]["eventTime"] == expected


def test_names_differ_by_event_node_and_pod():
    event, tied = first()
    base = made(event, tied)[0]["metadata"]["name"]
    other = tied.victims[0].pod._replace(uid="1")
    names = [
        made(dict(event, id=event["id"] + "1"), tied)[0],
        made(event, tied, node="node-2")[0],
        made(event, with_victims(tied, "process", pods_of=[other]))[0],
    ]
    assert len({base, *(one["metadata"]["name"] for one in names)}) == 4


def test_kill_has_one_event_whatever_its_role_looks_like_after_a_restart():
    event, tied = first()
    names = {
        made(event, with_victims(tied, role))[0]["metadata"]["name"] for role in ("process", "container", "sandbox")
    }
    assert len(names) == 1


@pytest.mark.parametrize("name", ["a" * 253, "a.b-" * 63, "A_b", "-", "é"])
def test_name_of_any_pod(name):
    event, tied = first()
    found = made(event, with_victims(tied, "process", pods_of=[tied.victims[0].pod._replace(name=name)]))
    assert complaints(found[0]) == []


def test_long_names_of_nodes():
    event, tied = first()
    (found,) = made(event, tied, node="n" * 253, reporter="n" * 253)
    assert complaints(found) == []
    assert found["related"]["name"] == "n" * 253


@hypothesis.settings(max_examples=20)
@hypothesis.given(
    st.sampled_from([name for name in scenes.NAMES if name.startswith(("6.1-", "7.2"))]),
    st.sets(st.integers(0, 400), max_size=60),
    st.sampled_from([True, False, None]),
    st.booleans(),
)
def test_log_that_lost_lines_makes_events_that_the_server_takes(name, lost, populated, is_known):
    found = scenes.Scene(name)
    index = PodIndex()
    for one in found.pods() if is_known else []:
        index.put(pods.of_json(one))
    follower = events.Follower(Origin(None, BOOT, None))
    for number, line in enumerate(found.log.read_bytes().splitlines()):
        if number not in lost:
            follower.feed(line)
    follower.flush()
    for record in follower.take():
        tied = tying.tie(record, index.find, lambda cgroup: populated)
        assert [complaints(one) for one in made(events.told(record), tied) if complaints(one)] == []


def test_note_is_cut_at_a_sentence():
    assert event_note.cut(["A" * 500, "B" * 500, "C" * 500]) == "A" * 500 + ". " + "B" * 500 + "."
    assert event_note.cut(["A" * 1023]) == "A" * 1023 + "."


def test_first_sentence_is_cut_at_a_word():
    found = event_note.cut(["é" * 300 + " " + "è" * 300])
    assert found == "é" * 300 + "…"
    assert event_note.cut(["é" * 600]) == "é" * 510 + "…"  # 1,020 bytes and 3


@hypothesis.given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=700), min_size=1, max_size=5))
def test_any_note_fits(sentences):
    found = event_note.cut(sentences)
    assert len(found.encode()) <= 1024
    assert found[:20] == (". ".join(sentences) + ".")[:20] or found.endswith("…")


@hypothesis.given(st.text(min_size=1, max_size=40))
def test_any_name_of_a_process_makes_a_note_in_one_line(comm):
    event, tied = first()
    victim = tied.victims[0]._replace(comm=comm)
    (found,) = made(event, tied._replace(victims=(victim,)))
    assert complaints(found) == []
