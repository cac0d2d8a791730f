# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The case that the agent exists for, with nothing made up: a real kubelet's Guaranteed pod on a floored kernel.

The pod reaches its limit, the kernel kills its tiny `pause` first and spares the hogs. An Event on the pod says so.
"""

import contextlib
import json
import re

import pytest

from tests.cluster import api, node, objects
from tests.lab import kernels

pytestmark = pytest.mark.lab

LISTEN = "127.0.0.1:9750"
SECONDS = 60  # only ends what hangs


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A running node."""
    running = node.Node(str(tmp_path_factory.mktemp("node") / "files"))
    try:
        running.start()
    except kernels.Unavailable as error:
        pytest.skip(str(error))
    with contextlib.closing(running):
        yield running


@pytest.fixture
def agent(shop):
    """The agent on the node, once it is ready."""
    service = shop.agent
    service.start("--output", "json", "--kube", "in-cluster", "--listen", LISTEN)
    try:
        api.until(lambda: "ok" in service.get(f"{LISTEN}/readyz"), "ready agent", SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{service.errors()}") from error
    yield service
    service.stop()


def events_of(shop, pod):
    """{reason: note} of the agent's Events on a pod."""
    return {
        event["reason"]: event["note"]
        for event in shop.events()
        if event["regarding"].get("uid") == pod["metadata"]["uid"]
        and event.get("reportingController") == "memfacts.linux/oomwatch"
    }


def test_pause_dies_and_an_event_on_the_pod_says_so_and_names_the_hog(shop, agent):
    pod = shop.run(objects.guaranteed_pod("cart", shop.name))
    adj = {row["comm"]: row["oom_score_adj"] for row in shop.processes(pod)}
    assert adj == {"pause": -998, "work": -997, "hog-1": -997, "hog-2": -997, "hog-3": -997}
    shop.grow(pod)
    api.until(lambda: "OOMKilledSandbox" in events_of(shop, pod), "Event of the agent on the pod", SECONDS)

    assert shop.killed()[:2] == ["pause", "work"]
    notes = events_of(shop, pod)
    assert "pause" in notes["OOMKilledSandbox"]
    assert re.search(r"hog-[123] \(pid \d+", notes["OOMKilledWrongVictim"])
    (first, *_rest) = agent.lines()
    victim = first["victim"]
    assert (victim["comm"], victim["namespace"], victim["pod"]) == ("pause", node.NAMESPACE, "cart")
    assert (victim["pod_uid"], victim["qos_class"]) == (pod["metadata"]["uid"], "Guaranteed")
    assert first["limit_owner"]["kind"] == "pod"
    # No environment, no argument and no command line of the pod is told.
    assert '"4", "3", "10"' not in json.dumps(agent.lines())


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
