# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod of test_floored_scene.py on a fixed kernel: nothing is flagged, a hog dies, and that is judged right."""

import pytest

from tests.cluster import api, objects, scene
from tests.cluster.scene import SECONDS, events_of

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A running node."""
    with scene.running(str(tmp_path_factory.mktemp("node") / "files"), "6.1-uml") as running:
        yield running


def test_nothing_is_flagged_and_the_kill_is_judged_right(shop):
    with scene.watched(shop) as agent:
        pod = shop.run(objects.guaranteed_pod("cart", shop.name, (4, 3, 14, 3, 1, 20)))
        seen = scene.audits(agent)
        api.until(lambda: scene.audits(agent) >= seen + 2, "an audit that began after the pod ran", SECONDS)
        assert "guaranteed-tied-oom-score" not in scene.findings_of(agent, "cart")
        assert [line for line in agent.notices() if line["type"] == "risk"] == []
        assert events_of(shop, pod) == {} and shop.killed() == []
        before = scene.predictions(agent)

        shop.grow(pod)
        api.until(lambda: events_of(shop, pod), "an Event on the pod", SECONDS)
        (first, *_rest) = agent.lines()
        after = scene.predictions(agent)
    assert shop.killed()[0] in ("hog-1", "hog-2", "hog-3")
    assert first["verdict"]["by_rule"]["result"] == "right"
    assert "OOMKilledWrongVictim" not in events_of(shop, pod)
    # The three are of the same size, so each of them was named.
    assert after["wrong"] == before["wrong"] == 0 and after["tied"] >= before["tied"] + 1
