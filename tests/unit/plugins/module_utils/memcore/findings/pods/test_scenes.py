# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on OOM kills of real kernels under containerd, with pods composed for them: before the kill and after it."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events, pod_judgement
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.oom_event import NOWHERE
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import (
    exit_reading,
    pod_memory,
    pod_oom,
    tying,
)
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import pods as pod_index
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pod_evidence import (
    Evidence,
    Kernel,
    NodeNow,
)
from tests.support import scenes

NODE = {"status": {"capacity": {"memory": "1490Mi"}, "nodeInfo": {"kubeletVersion": "v1.36.2"}}}
RESOURCES = {"limits": {"cpu": "1", "memory": "64Mi"}, "requests": {"cpu": "1", "memory": "64Mi"}}
# What rules about OOMs find in each scene, by its log; the scenes of a mixed node hit the limit of all pods.
FOUND = {
    "6.1-floored_runc_cgroupfs_guaranteed-single": {"guaranteed-pause-killed", "pod-limit-oom"},
    "6.1-floored_runc_systemd_guaranteed-group": {"guaranteed-pause-killed", "pod-limit-oom"},
    "6.1_runc_cgroupfs_guaranteed-single": {"pod-limit-oom"},
    "6.12_runc_systemd_child": {"pod-limit-oom"},
    "6.12_crun_systemd_child": {"pod-limit-oom"},
    "6.12_crun_systemd_guaranteed-group": {"pod-limit-oom", "group-kill-surprise"},
    "6.12_runc_cgroupfs_pid1-single": {"pod-limit-oom"},
    "6.12_runc_cgroupfs_mixed-single": set(),
    "7.2_runc_cgroupfs_guaranteed-group": {"pod-limit-oom", "group-kill-surprise"},
    "7.2_runc_systemd_mixed-group": set(),
}


def ooms_of(scene, given):
    index = pod_index.PodIndex()
    for pod in given:
        index.put(pod_index.of_json(pod))
    follower = events.Follower(NOWHERE)
    for line in scene.log.read_bytes().splitlines(keepends=True):
        follower.feed(line)
    follower.flush()
    found = {}
    for record in follower.take():
        for uid, oom in pod_oom.of_event(record, tying.tie(record, index.find, scene.populated)):
            found.setdefault(uid, []).append(oom)
    return {uid: tuple(ooms) for uid, ooms in found.items()}


def guaranteed(scene):
    given = scene.pods()
    for pod in given:
        pod["spec"]["containers"][0]["resources"] = RESOURCES
        pod["status"]["qosClass"] = "Guaranteed"
    return given


def judged(given, name, ooms, watched=None):
    model = "floored" if "floored" in name else "signed"
    evidence = Evidence(1.0, NodeNow(Kernel(badness_model=model)), ooms=ooms, watched_since=watched)
    return {row["id"] for row in pod_judgement.of_node(NODE, given, evidence).findings}


def test_every_scene_is_expected():
    assert sorted(FOUND) == scenes.NAMES


@pytest.mark.parametrize("name", scenes.NAMES)
def test_rules_after_the_kill(name):
    scene = scenes.Scene(name)
    given = guaranteed(scene)
    assert judged(given, name, ooms_of(scene, given), 0.0) - {"guaranteed-tied-oom-score"} == FOUND[name]


@pytest.mark.parametrize("name", scenes.NAMES)
def test_tie_is_told_before_the_kill_on_floored_kernels_only(name):
    assert judged(guaranteed(scenes.Scene(name)), name, {}) == (
        {"guaranteed-tied-oom-score"} if "floored" in name else set()
    )


@pytest.mark.parametrize("name", scenes.NAMES)
def test_kill_that_no_status_shows_is_hidden(name):
    """The composed pods run, and have no earlier end."""
    scene = scenes.Scene(name)
    given = guaranteed(scene)
    found = ooms_of(scene, given)
    assert found
    for pod in given:
        memory = pod_memory.of_pod(pod)
        readings = exit_reading.of_pod(memory, found.get(memory.uids[0], ()))
        assert {one.shown for one in readings} <= {exit_reading.HIDDEN}
        assert len(readings) == sum(len(oom.deaths) for oom in found.get(memory.uids[0], ()))
