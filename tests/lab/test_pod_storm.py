# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random real kills in pods: no forecast of the agent is wrong while it is sure, and many are sure.

A few on each kernel; `python3 -m tests.lab.pod_storm` plays as many as one likes.
"""

import os

import pytest

from tests.lab import kernels, oom_plan, oom_scenarios, pod_plan, pod_storm

pytestmark = [pytest.mark.lab, pytest.mark.timeout(2 * oom_scenarios.SECONDS, method="signal")]

SEED = int(os.environ.get("MEMFACTS_SEED", "14"))
KILLS = {"6.1-uml": 30, "5.10-uml": 30, "6.1-floored-first": 30, "6.1-floored-last": 30}


@pytest.mark.parametrize("kernel", KILLS)
def test_no_forecast_is_wrong_while_it_is_sure(kernel, tmp_path):
    try:
        tally = pod_storm.play(kernel, SEED, KILLS[kernel], str(tmp_path))
    except kernels.Unavailable as error:
        pytest.skip(str(error))

    print(pod_storm.table([tally]))
    for line in (*tally.failures, *tally.wrong()):
        print(line)
    assert len(tally.kills) >= KILLS[kernel]
    assert tally.wrong() == []
    # Being never sure would be right, and of no use.
    assert tally.count("right", True) >= len(tally.kills) * 0.1


def test_pods_come_from_the_seed_alone_and_are_of_every_class():
    guest = oom_plan.Guest("v2", 0, oom_scenarios.MEM_MB, True)
    plans = [pod_plan.plan(SEED, number, guest) for number in range(100)]
    assert plans == [pod_plan.plan(SEED, number, guest) for number in range(100)]
    assert plans != [pod_plan.plan(SEED + 1, number, guest) for number in range(100)]
    adjs = {one.adj for plan in plans for one in plan.programs if one.name != "pause"}
    assert {-997, 1000} < adjs and any(0 < adj < 1000 for adj in adjs)
    assert 20 < sum(bool(plan.later) for plan in plans) < 80
    assert 20 < sum("cri-containerd" in plan.domain for plan in plans) < 80
    # What the programs hold at the start leaves room, so that none of them dies before the forecast.
    for plan in plans:
        limit = next(group.limit for group in plan.groups if group.path == plan.domain)
        assert sum(one.private for one in plan.programs if one.group.startswith(plan.domain)) < limit * 0.8
