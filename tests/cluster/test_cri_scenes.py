# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes against containerd's CRI play as the kernels' rules say, so that what the agent tells of them can be judged.

The order among equal hogs, oom_kill with group kill, and the reason that the CRI gives differ from run to run.
Nothing here needs them.
"""

import re

import pytest

from tests.cluster.cri import play, scenes
from tests.lab import kernels

pytestmark = pytest.mark.lab


def played(scene, kernel, runtime, driver, folder):
    """The only round of the scene, and the names in the kernel's reports, in order."""
    try:
        (one,) = play.play(scene, kernel, runtime, driver, str(folder)).rounds
    except kernels.Unavailable as error:
        pytest.skip(str(error))
    return one, re.findall(r"Killed process \d+ \((.*?)\)", one["kernel_log"])


def dead(one):
    """{(role, comm)} of the pods' processes that died."""
    return {(row["role"].split(" of ")[0], row["comm"]) for row in one["died"] if " of " in row["role"]}


ALL = {("container", name) for name in ("work", "hog-1", "hog-2", "hog-3")}


@pytest.mark.parametrize(("kernel", "runtime", "driver"), [("7.x", "runc", "systemd"), ("6.12", "crun", "cgroupfs")])
def test_group_kill_ends_the_container_and_spares_pause(kernel, runtime, driver, tmp_path):
    one, killed = played("guaranteed-group", kernel, runtime, driver, tmp_path)

    assert dead(one) == ALL
    assert set(one["pause_alive"].values()) == {True}
    assert killed[0].startswith("hog-")
    assert "are going to be killed due to memory.oom.group set" in one["kernel_log"]


@pytest.mark.parametrize(("kernel", "runtime", "driver"), [("7.x", "crun", "systemd"), ("6.12", "runc", "systemd")])
def test_child_dies_while_the_first_process_lives(kernel, runtime, driver, tmp_path):
    one, killed = played("child", kernel, runtime, driver, tmp_path)

    assert (killed, dead(one), one["oom_kill_delta"]) == (["hog-1"], {("container", "hog-1")}, 1)
    (said,) = one["after"]["cri"]
    assert said["container"]["state"] == "CONTAINER_RUNNING"


@pytest.mark.parametrize("driver", play.DRIVERS)
def test_floored_kernel_kills_pause_first(driver, tmp_path):
    one, killed = played("guaranteed-single", "6.1-floored", "runc", driver, tmp_path)

    assert killed[:2] == ["pause", "work"]
    assert dead(one) == {*ALL, ("pause", "pause")}
    adj = {row["role"].split(" of ")[0]: row["oom_score_adj"] for row in one["before"]["processes"]}
    assert (adj["pause"], adj["container"], adj["shim"]) == (-998, -997, -998)


def test_shortage_of_the_node_kills_in_the_besteffort_pod(tmp_path):
    one, killed = played("mixed-single", "7.x", "runc", "cgroupfs", tmp_path)

    besteffort = [number for number, pod in enumerate(scenes.MIXED, 1) if pod["qos"] == "besteffort"]
    assert killed == ["hog-1"]
    assert {row["role"] for row in one["died"] if " of " in row["role"]} == {f"container of pod-1-{besteffort[0]}"}
    assert "constraint=CONSTRAINT_NONE" in one["kernel_log"]


def test_rounds_are_told_apart(tmp_path):
    names = [play.identities(1, number) for number in (1, 2)]
    both = play.play("child", "6.1", "runc", "cgroupfs", str(tmp_path), rounds=names).rounds

    assert [one["pods"][0]["uid"] for one in both] == [round[0]["uid"] for round in names]
    for one in both:
        assert len(re.findall("Killed process", one["kernel_log"])) == one["oom_kill_delta"] == 1
        assert one["pods"][0]["uid"] in one["kernel_log"]
