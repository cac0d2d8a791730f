# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The case that the agent exists for, with nothing made up: a real kubelet's Guaranteed pod on a floored kernel.

The pod reaches its limit, the kernel kills its tiny `pause` first and spares the hogs. An Event on the pod says so.
"""

import json
import re

import pytest

from tests.cluster import api, node, objects, scene
from tests.cluster.scene import LISTEN, SECONDS, events_of

pytestmark = pytest.mark.lab

# 46 MiB of 64 at the start, so that the limit is near before anything grows.
AT_START = (4, 3, 14, 3, 1, 20)
TIED = "guaranteed-tied-oom-score"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A running node."""
    with scene.running(str(tmp_path_factory.mktemp("node") / "files"), node.KERNEL) as running:
        yield running


@pytest.fixture
def agent(shop):
    """The agent on the node, once it is ready."""
    with scene.watched(shop) as service:
        yield service


def test_it_is_said_before_anybody_dies_and_counted_after(shop, agent):
    before = scene.predictions(agent)
    pod = shop.run(objects.guaranteed_pod("early", shop.name, AT_START))
    api.until(lambda: TIED in scene.findings_of(agent, "early"), "finding before a kill", SECONDS)
    api.until(lambda: "OOMAtRisk" in events_of(shop, pod), "warning before a kill", SECONDS)
    assert set(events_of(shop, pod)) == {"OOMAtRisk"} and shop.killed() == []
    note = events_of(shop, pod)["OOMAtRisk"]
    assert "pause" in note and re.search(r"may spare hog-[123] \(pid \d+\)", note)
    assert scene.predictions(agent) == before
    # While the containers start, those that tie change, and with them the warning.
    risks = [line for line in agent.notices() if line["type"] == "risk" and line["pod"] == "early"]
    assert risks and all((risk["kind"], risk["helps"]) in (("tie", None), ("tie", False)) for risk in risks)

    shop.grow(pod)
    api.until(lambda: "OOMKilledWrongVictim" in events_of(shop, pod), "verdict after the kill", SECONDS)
    after = scene.predictions(agent)
    # Before the first kill nothing tells which of those that tie this kernel takes; pause was among those named, and
    # so was whoever died after it.
    assert after["wrong"] == before["wrong"]
    assert after["right"] + after["tied"] >= before["right"] + before["tied"] + 1


def test_pause_dies_and_an_event_on_the_pod_says_so_and_names_the_hog(shop, agent):
    pod = shop.run(objects.guaranteed_pod("cart", shop.name))
    adj = {row["comm"]: row["oom_score_adj"] for row in shop.processes(pod)}
    assert adj == {"pause": -998, "work": -997, "hog-1": -997, "hog-2": -997, "hog-3": -997}
    before = scene.predictions(agent)
    api.until(lambda: TIED in scene.findings_of(agent, "cart"), "a finding, and with it a forecast", SECONDS)
    shop.grow(pod)
    api.until(lambda: "OOMKilledSandbox" in events_of(shop, pod), "Event of the agent on the pod", SECONDS)

    assert shop.killed()[-2:] == ["pause", "work"]
    notes = events_of(shop, pod)
    assert "pause" in notes["OOMKilledSandbox"]
    assert re.search(r"hog-[123] \(pid \d+", notes["OOMKilledWrongVictim"])
    (first, *_rest) = [line for line in agent.lines() if line["victim"]["pod"] == "cart"]
    victim = first["victim"]
    assert (victim["comm"], victim["namespace"], victim["pod"]) == ("pause", node.NAMESPACE, "cart")
    assert (victim["pod_uid"], victim["qos_class"]) == (pod["metadata"]["uid"], "Guaranteed")
    assert first["limit_owner"]["kind"] == "pod"
    # No environment, no argument and no command line of the pod is told.
    assert '"4", "3", "10"' not in json.dumps([agent.lines(), agent.notices()])
    # The kernel's log has told by now that this kernel takes the first of those that tie.
    after = scene.predictions(agent)
    assert (after["right"], after["wrong"]) == (before["right"] + 1, before["wrong"])


def test_first_process_is_tied_to_its_container(shop, agent):
    pod = shop.run(objects.guaranteed_pod("desk", shop.name))
    shop.grow(pod)
    api.until(lambda: "OOMKilledContainer" in events_of(shop, pod), "Event on the container", SECONDS)

    victims = [line["victim"] for line in agent.lines() if line["victim"]["pod"] == "desk"]
    (first,) = [victim for victim in victims if victim["comm"] == "work"]
    assert first["container"] == "app"
    assert first["container_id"] in pod["status"]["containerStatuses"][0]["containerID"]
    assert 'container="app",namespace="shop"' in agent.get(f"{LISTEN}/metrics")


def test_agent_that_is_told_to_end_ends_well(shop, agent):
    agent.stop()

    assert not agent.is_running()
    journal = agent.journal()
    assert "Deactivated successfully" in "\n".join(journal.splitlines()[-3:])
    assert "Failed with result" not in journal
