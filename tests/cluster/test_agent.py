# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`oomwatch run` on this host beside a real API server: real OOMs in cgroups that are named as a kubelet names them.

The pods are objects of the API without a kubelet; their processes are this test's. So names, roles and Events are real,
and so are the kernel's reports. test_floored_scene.py has a real kubelet and a real runtime.
"""

import os
import re

import pytest

from tests.cluster import api, host_pods, objects
from tests.cluster.watching import watching

pytestmark = pytest.mark.lab
NODE = "node-1"
EVENTS = "/apis/events.k8s.io/v1/namespaces/shop/events"
SLEEP = "import time; time.sleep(600)"


@pytest.fixture(scope="module", autouse=True)
def shop(server):
    """A node and a namespace."""
    server.admin.create("/api/v1/namespaces", objects.namespace("shop"))
    server.admin.create("/api/v1/nodes", objects.node(NODE))


def events_of(server, uid):
    found = server.admin.get(EVENTS)["items"]
    return [event for event in found if event["regarding"].get("uid") == uid]


def test_child_that_dies_while_its_container_lives_gives_an_event_on_the_pod(server, tmp_path):
    with watching(server, str(tmp_path), NODE) as agent, host_pods.pod(server.admin, NODE, "child", 40) as pod:
        first = pod.start("app", "first", SLEEP)
        assert pod.start("app", "worker", host_pods.HOG).wait(60) == -9
        (event,) = api.until(lambda: events_of(server, pod.uid), "an Event on the pod", 30)
        record = api.until(agent.events, "a line of the agent", 30)[0]
        first.kill()
        first.wait()
    assert event["reason"] == "OOMKilledProcess" and event["type"] == "Warning" and event["action"] == "OOMKill"
    assert event["regarding"]["name"] == "child" and event["regarding"]["kind"] == "Pod"
    assert event["related"]["kind"] == "Node" and event["related"]["name"] == NODE
    assert event["reportingController"] == "memfacts.linux/oomwatch"
    assert "worker" in event["note"]
    victim = record["victim"]
    assert (victim["namespace"], victim["pod"], victim["container"]) == ("shop", "child", "app")
    assert (victim["comm"], victim["qos_class"], victim["kind"]) == ("worker", "Guaranteed", "pod")
    assert record["limit_owner"]["kind"] == "pod" and record["limit_owner"]["cgroup"] == pod.path


def test_container_whose_first_process_dies_is_told_as_a_container(server, tmp_path):
    with watching(server, str(tmp_path), NODE), host_pods.pod(server.admin, NODE, "whole", 40) as pod:
        assert pod.start("app", "main", host_pods.HOG).wait(60) == -9
        (event,) = api.until(lambda: events_of(server, pod.uid), "an Event on the pod", 30)
    assert event["reason"] == "OOMKilledContainer"


def test_pause_that_dies_is_told_as_the_sandbox(server, tmp_path):
    """It dies here because it is the process that grows; on a floored kernel it dies for its place in the list."""
    with watching(server, str(tmp_path), NODE), host_pods.pod(server.admin, NODE, "sandbox", 40) as pod:
        app = pod.start("app", "app", SLEEP)
        assert pod.start("sandbox", "pause", host_pods.HOG).wait(60) == -9
        (event,) = api.until(lambda: events_of(server, pod.uid), "an Event on the pod", 30)
        app.kill()
        app.wait()
    assert event["reason"] == "OOMKilledSandbox"


# Fills a file of a tmpfs, which stays when the process has been killed.
FILL = "stream = open({!r}, 'ab')\nwhile True:\n    stream.write(bytes(1 << 20))\n    stream.flush()\n"


def counts(agent):
    """(incidents, victims, kills by the kernel's counter, unreported) that its metrics show."""
    rows = [line for line in agent.metrics().splitlines() if not line.startswith("#")]
    names = ("incidents_total", "victims_total", "kernel_oom_kill_total", "unreported_kills_total")
    return tuple(
        sum(float(row.rpartition(" ")[2]) for row in rows if row.startswith(f"oomwatch_{name}")) for name in names
    )


def test_tmpfs_that_fills_the_cgroup_and_stays_after_the_restart(server, tmp_path):
    path = f"/dev/shm/memfacts-test-{os.getpid()}"
    with watching(server, str(tmp_path), NODE) as agent, host_pods.pod(server.admin, NODE, "files", 40) as pod:
        before = counts(agent)
        try:
            assert pod.start("app", "main", FILL.format(path)).wait(60) == -9
            api.until(lambda: events_of(server, pod.uid), "an Event on the pod", 30)
            assert pod.start("app", "main", FILL.format(path)).wait(60) == -9
            found = api.until(lambda: len(events_of(server, pod.uid)) == 2 and events_of(server, pod.uid), "two", 30)
            record = api.until(lambda: len(agent.events()) == 2 and agent.events(), "two lines", 30)[1]
        finally:
            os.unlink(path)
        after = api.until(lambda: counts(agent)[2] - before[2] == 2 and counts(agent), "two counted kills", 30)
    assert record["cause"]["class"] == "shared-memory" and record["limit_owner"]["kind"] == "pod"
    for event in found:
        assert event["reason"] == "OOMKilledContainer"
        assert "A restart of the container does not free this memory" in event["note"]
    assert [late - early for late, early in zip(after, before)] == [2, 2, 2, 0]


def test_limit_of_all_pods_gives_an_event_on_the_node(server, tmp_path):
    """Node allocatable: the limit is that of kubepods, and no pod has reached its own."""
    nodes = "/apis/events.k8s.io/v1/namespaces/kube-system/events"
    with watching(server, str(tmp_path), NODE) as agent, host_pods.pod(server.admin, NODE, "many", 400) as pod:
        before = counts(agent)
        host_pods.limit_all(48 << 20)
        quiet = pod.start("sandbox", "pause", SLEEP)
        assert pod.start("app", "main", host_pods.HOG).wait(60) == -9
        (event,) = api.until(
            lambda: [one for one in server.admin.get(nodes)["items"] if one["regarding"]["name"] == NODE], "one", 30
        )
        record = api.until(agent.events, "a line of the agent", 30)[0]
        quiet.kill()
        quiet.wait()
        after = api.until(lambda: counts(agent)[2] > before[2] and counts(agent), "a counted kill", 30)
    assert event["reason"] == "NodeAllocatableOOM" and event["regarding"]["kind"] == "Node"
    assert event["related"]["name"] == "many"
    assert record["limit_owner"]["kind"] == "kubepods" and record["limit_owner"]["cgroup"] == "/kubepods"
    assert re.search(r"main \(pid \d+", event["note"])
    assert [late - early for late, early in zip(after, before)] == [1, 1, 1, 0]


def test_thousands_of_cgroups_that_come_and_go_hide_no_kill(server, tmp_path):
    with watching(server, str(tmp_path), NODE) as agent, host_pods.pod(server.admin, NODE, "crowd", 40) as pod:
        before = counts(agent)
        for number in range(3000):
            os.mkdir(f"{pod.folder}/come-{number}")
            if number == 1500:
                assert pod.start("app", "main", host_pods.HOG).wait(60) == -9
            os.rmdir(f"{pod.folder}/come-{number}")
        (event,) = api.until(lambda: events_of(server, pod.uid), "an Event on the pod", 60)
        after = api.until(lambda: counts(agent)[2] > before[2] and counts(agent), "a counted kill", 30)
        assert agent.ask("/healthz")[0] == 200
    assert event["reason"] == "OOMKilledContainer"
    assert [late - early for late, early in zip(after, before)] == [1, 1, 1, 0]


def test_events_wait_in_the_spool_while_the_api_server_is_away(server, tmp_path):
    state = str(tmp_path / "state")
    with host_pods.pod(server.admin, NODE, "away", 40) as pod:
        with watching(server, str(tmp_path), NODE, "--state-dir", state) as agent:
            assert pod.start("app", "known", host_pods.HOG).wait(60) == -9
            api.until(lambda: events_of(server, pod.uid), "an Event before the outage", 30)
            server.stop()
            try:
                for number in range(3):
                    assert pod.start("app", f"away-{number}", host_pods.HOG).wait(60) == -9
                api.until(lambda: len(agent.events()) == 4, "four lines of the agent", 30)
            finally:
                server.start()
            api.until(lambda: len(counted(events_of(server, pod.uid))) == 4, "four kills in Events", 90)
        first, *others = sorted(events_of(server, pod.uid), key=lambda event: event["eventTime"])
        assert "known" in first["note"] and all("away-" in event["note"] for event in others)


def counted(events):
    """An entry for each kill that Events tell of, alone or in a series."""
    return [event for event in events for _kill in range(event.get("series", {}).get("count", 1))]


def test_agent_that_is_killed_while_it_delivers_loses_and_doubles_nothing(server, tmp_path):
    state = str(tmp_path / "state")
    with host_pods.pod(server.admin, NODE, "restarts", 40) as pod:
        told = []
        for number in range(6):
            folder = str(tmp_path / str(number))
            with pytest.raises(AssertionError), watching(server, folder, NODE, "--state-dir", state) as agent:
                assert pod.start("app", f"hog-{number}", host_pods.HOG).wait(60) == -9
                agent.process.kill()
            told.append(f"hog-{number}")
        with watching(server, str(tmp_path / "last"), NODE, "--state-dir", state):
            api.until(lambda: len(counted(events_of(server, pod.uid))) >= 6, "six kills in Events", 60)
        found = counted(events_of(server, pod.uid))
    assert len(found) == 6, [(event["reason"], event["note"]) for event in found]
    assert sorted(name for name in told for event in found if f"{name} " in event["note"]) == told
