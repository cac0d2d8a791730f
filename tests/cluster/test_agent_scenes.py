# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`oomwatch run` beside scenes against containerd's CRI: each OOM is told as what it is, and right in all three counts.

There is no API server: names of pods come from the folders of their logs. What is expected is what the kernel says.
"""

import re

import pytest

from tests.cluster.cri import play
from tests.lab import kernels

pytestmark = pytest.mark.lab


def watched(scene, kernel, runtime, driver, folder):
    """The only round of the scene, and what the agent has told of it."""
    try:
        played = play.play(scene, kernel, runtime, driver, str(folder), play.Agent())
    except kernels.Unavailable as error:
        pytest.skip(str(error))
    assert played.agent["status"] == 0, played.errors
    return played.rounds[0], played


def total(metrics, name):
    rows = [row for row in metrics.splitlines() if row.partition("{")[0].partition(" ")[0] == name]
    return sum(float(row.rpartition(" ")[2]) for row in rows)


def assert_counts(one, played):
    """Incidents, victims and the raw counter, each by what the kernel said itself."""
    log, metrics = one["kernel_log"], played.agent["metrics"]
    pids = re.findall(r"Killed process (\d+) ", log)
    assert total(metrics, "oomwatch_incidents_total") == len(re.findall(" invoked oom-killer: ", log))
    assert total(metrics, "oomwatch_victims_total") == len(set(pids))
    assert total(metrics, "oomwatch_kernel_oom_kill_total") == one["oom_kill_delta"] == len(pids)
    assert total(metrics, "oomwatch_unreported_kills_total") == 0


@pytest.mark.parametrize(("kernel", "runtime", "driver"), [("7.x", "runc", "systemd"), ("6.12", "crun", "systemd")])
def test_limit_of_the_pod(kernel, runtime, driver, tmp_path):
    one, played = watched("guaranteed-single", kernel, runtime, driver, tmp_path)

    assert_counts(one, played)
    (pod,) = one["pods"]
    for line in played.lines:
        limit = line["limit_owner"]
        assert (line["scope"], limit["kind"], limit["cgroup"]) == ("memcg", "pod", pod["cgroup"])
        assert (line["victim"]["pod"], line["victim"]["pod_uid"]) == (pod["name"], pod["uid"])
        assert line["group_kill"] is False


@pytest.mark.parametrize(("kernel", "runtime", "driver"), [("7.x", "runc", "cgroupfs"), ("6.12", "runc", "systemd")])
def test_group_that_is_killed_as_a_whole(kernel, runtime, driver, tmp_path):
    one, played = watched("guaranteed-group", kernel, runtime, driver, tmp_path)

    assert_counts(one, played)
    (line,) = [line for line in played.lines if line["victims"]]
    killed = re.findall(r"Killed process (\d+) ", one["kernel_log"])
    assert line["group_kill"] is True
    assert [victim["pid"] for victim in line["victims"]] == [int(pid) for pid in dict.fromkeys(killed)]


def test_child_of_a_container_that_lives_on(tmp_path):
    one, played = watched("child", "7.x", "crun", "cgroupfs", tmp_path)

    assert_counts(one, played)
    (line,) = played.lines
    assert line["victim"]["comm"] == "hog-1" and line["victim"]["container"] == "app"


def test_node_that_runs_out(tmp_path):
    one, played = watched("mixed-single", "7.x", "runc", "cgroupfs", tmp_path)

    assert_counts(one, played)
    (line,) = played.lines
    assert line["scope"] == "global" and line["limit_owner"]["kind"] == "host"
    assert line["victim"]["qos_class"] == "BestEffort"
    assert 'qos_class="BestEffort"' in played.agent["metrics"]


def test_pause_that_dies_first_on_a_floored_kernel(tmp_path):
    one, played = watched("guaranteed-single", "6.1-floored", "runc", "systemd", tmp_path)

    assert_counts(one, played)
    first = played.lines[0]
    assert first["victim"]["comm"] == "pause"
    # Three hogs fill the limit, and none alone, so that the cause blames no process; Linux 5.9 would spare pause.
    assert first["verdict"]["agrees"] is False and first["verdict"]["expected_comm"].startswith("hog-")
