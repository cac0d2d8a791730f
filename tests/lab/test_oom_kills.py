# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random real kills, many of them after programs have grown: no prediction is wrong while it is sure.

A few on each kernel; `python3 -m tests.lab.oom_kills` plays as many as one likes.
"""

import collections
import concurrent.futures
import os

import pytest

from tests.lab import kernels, oom_judge, oom_kills, oom_mixed, oom_plan, oom_scenarios

pytestmark = [pytest.mark.lab, pytest.mark.timeout(2 * oom_scenarios.SECONDS, method="signal")]

SEED = int(os.environ.get("MEMFACTS_SEED", "13"))
# The emulated one first: it takes longest.
KILLS = {"6.12": 16, "6.1-uml": 40, "5.10-uml": 40, "6.1-floored-first": 40, "6.1-floored-last": 40}


@pytest.fixture(scope="module")
def tallies(tmp_path_factory):
    """What each kernel brought, by name; two guests run at a time."""
    folder = str(tmp_path_factory.mktemp("kills"))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        yield {name: pool.submit(oom_kills.play, name, SEED, kills, folder) for name, kills in KILLS.items()}


@pytest.mark.parametrize("kernel", KILLS)
def test_no_prediction_is_wrong_while_it_is_sure(kernel, tallies):
    try:
        tally = tallies[kernel].result()
    except kernels.Unavailable as error:
        pytest.skip(str(error))

    print(oom_kills.table([tally]))
    for line in (*tally.failures, *tally.wrong(), *tally.not_again(), *oom_kills.plans_of(tally)):
        print(line)
    counts = tally.counts()
    assert len(tally.rows) >= KILLS[kernel]
    assert counts[oom_judge.SURE_WRONG] == 0
    assert tally.wrong() == []
    # Being never sure would be right, and of no use.
    assert counts[oom_judge.SURE_RIGHT] >= len(tally.rows) * 0.2


def test_mixed_plans_come_from_the_seed_alone_and_have_growth_and_close_scores():
    guest = oom_plan.Guest("v2", 0, oom_scenarios.MEM_MB, True)
    plans = [oom_mixed.plan(SEED, number, guest) for number in range(200)]
    assert plans == [oom_mixed.plan(SEED, number, guest) for number in range(200)]
    assert plans != [oom_mixed.plan(SEED + 1, number, guest) for number in range(200)]
    kinds = collections.Counter((bool(plan.later), oom_plan.is_decided(plan, guest)) for plan in plans)
    assert min(kinds[True, True], kinds[False, True]) > 20
    assert kinds[False, False] > 5
    assert any(plan.kills > 4 for plan in plans)


@pytest.mark.parametrize("swap_mb", [0, oom_scenarios.SWAP_MB])
@pytest.mark.parametrize("cgroup", ["v1", "v2"])
def test_growth_of_mixed_plans_fits_into_the_domain(cgroup, swap_mb):
    guest = oom_plan.Guest(cgroup, swap_mb, oom_scenarios.MEM_MB, True)
    for plan in (oom_mixed.plan(SEED, number, guest) for number in range(200)):
        names = {one.name for one in oom_plan.candidates(plan)}
        held = sum(one.private for one in oom_plan.candidates(plan) if one.name != plan.trigger.name)
        assert {name for name, _pages in plan.later} <= names
        assert held + sum(pages for _name, pages in plan.later) < oom_plan.total(plan, guest)
