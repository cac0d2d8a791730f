# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real kernels run out of memory in hundreds of random scenes: whom they kill was said before, and is explained after.

The scenes come from a seed (MEMFACTS_SEED is another). Each boot's line and each doubtful choice is printed, the rows
are left in build/oom-scenarios.jsonl, and tests/lab/oom_scenarios.py repeats any of them.
"""

import collections
import concurrent.futures
import os

import pytest

from tests.lab import kernels, lab, oom_judge, oom_plan, oom_scenarios
from tests.lab.oom_scenarios import SWAP_MB, Boot

# The first test waits for a boot with many scenes, and for what is played twice more.
pytestmark = [pytest.mark.lab, pytest.mark.timeout(2 * oom_scenarios.SECONDS, method="signal")]

SEED = int(os.environ.get("MEMFACTS_SEED", "9066"))
MANY, SOME = tuple(range(18)), tuple(range(8))
FLOORED = ("6.1-floored-first", "6.1-floored-last")
# The emulated first: they take longest.
BOOTS = (
    Boot("6.12", "v2", 0, SEED, SOME),
    Boot("7.x", "v2", SWAP_MB, SEED, SOME),
    Boot("6.1-floored-first", "v2", 0, SEED, MANY),
    Boot("6.1-floored-first", "v1", SWAP_MB, SEED, MANY),
    Boot("6.1-floored-last", "v2", SWAP_MB, SEED, MANY),
    Boot("6.1-floored-last", "v1", 0, SEED, MANY),
    Boot("5.10-uml", "v2", SWAP_MB, SEED, MANY),
    Boot("5.10-uml", "v1", 0, SEED, MANY),
    Boot("6.1-uml", "v2", 0, SEED, MANY),
    Boot("6.1-uml", "v1", SWAP_MB, SEED, MANY),
)
NAMES = [f"{boot.kernel}-{boot.cgroup}" for boot in BOOTS]
RESULTS = os.path.join(oom_scenarios.HERE, "..", "..", "build", "oom-scenarios.jsonl")


@pytest.fixture(scope="module")
def boots(tmp_path_factory):
    """What each boot brought, by name; two guests run at a time."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        yield {
            name: pool.submit(oom_scenarios.play, boot, str(tmp_path_factory.mktemp(name)))
            for name, boot in zip(NAMES, BOOTS)
        }


def brought(boots, name):
    """The boot's results, or None where its kernel cannot be had or died, which is news of the test of that boot."""
    try:
        return boots[name].result()
    except (kernels.Unavailable, lab.GuestDied) as error:
        print(error)
        return None


@pytest.mark.parametrize("name", NAMES)
def test_prediction_kernel_and_replay_agree(name, boots):
    try:
        played = boots[name].result()
    except kernels.Unavailable as error:
        pytest.skip(str(error))

    print(oom_scenarios.line_of(played))
    assert played.wrong() == []
    assert len({row.number for row in played.rows}) == len(played.boot.numbers)


def test_hundreds_of_kills_match_the_prediction(boots):
    every = [played for played in (brought(boots, name) for name in NAMES) if played is not None]
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for played in every for line in oom_scenarios.lines_of(played))
    counts = sum((played.counts() for played in every), collections.Counter())
    kills = [row for played in every for row in played.rows if row.killed]
    for played in every:
        print(oom_scenarios.line_of(played))
    for row in kills:
        if row.prediction == oom_judge.CLOSE:
            print(f"doubtful: {row}")

        for line in played.not_again:
            print(f"did not agree at first, and did when played again: {played.boot.kernel} {line}")

    assert len(kills) >= 300
    assert {*FLOORED} < {played.boot.kernel for played in every}
    assert len({played.boot.kernel for played in every}) >= 4
    assert counts[oom_judge.NO] == 0
    assert sum(played.lost for played in every) <= 3
    assert counts[oom_judge.CLOSE] + sum(len(played.not_again) for played in every) <= len(kills) * 0.02
    # A floored kernel's first tie nobody can foresee; afterwards its log tells who wins one.
    assert counts[oom_judge.YES] >= len(kills) * 0.75


@pytest.mark.parametrize("cgroup", ["v1", "v2"])
@pytest.mark.parametrize("is_exact", [True, False])
def test_plans_come_from_the_seed_alone_and_can_be_played(cgroup, is_exact):
    guest = oom_plan.Guest(cgroup, SWAP_MB, oom_scenarios.MEM_MB, is_exact)
    plans = [oom_plan.plan(SEED, number, guest) for number in range(200)]
    assert plans == [oom_plan.plan(SEED, number, guest) for number in range(200)]
    assert plans != [oom_plan.plan(SEED + 1, number, guest) for number in range(200)]
    for plan in plans:
        names = [program.name for program in (*plan.programs, plan.trigger)]
        assert len(set(names)) == len(names)
        assert {program.group for program in plan.programs} <= {group.path for group in plan.groups}
        assert 1 <= plan.kills <= len(oom_plan.candidates(plan))
        held = sum(program.private for program in oom_plan.candidates(plan) if program.name != plan.trigger.name)
        assert held < oom_plan.total(plan, guest)
        assert all(-1000 <= program.adj <= 1000 for program in plan.programs)


def test_plans_have_all_that_matters():
    plans = [
        oom_plan.plan(SEED, number, oom_plan.Guest(cgroup, swap_mb, oom_scenarios.MEM_MB, True))
        for number in range(60)
        for cgroup in ("v1", "v2")
        for swap_mb in (0, SWAP_MB)
    ]
    groups = [group for plan in plans for group in plan.groups]
    programs = [program for plan in plans for program in plan.programs]
    assert any(plan.domain is None for plan in plans)
    assert any(group.kills_all for group in groups)
    assert any(group.limit is not None and group.limit < 1000 for group in groups)
    assert any(group.swap for group in groups) and any(group.swappiness == 0 for group in groups)
    assert any(plan.trigger.adj != oom_plan.UNKILLABLE for plan in plans)
    for field in ("shared", "mapped", "file", "threads", "parent"):
        assert any(getattr(program, field) for program in programs), field
    adjustments = {program.adj for program in programs}
    assert min(adjustments) == -1000 and max(adjustments) > 900
    assert max(plan.domain.count("/") for plan in plans if plan.domain) >= 2


@pytest.mark.parametrize("later, is_wrong", [((False, False), False), ((False, True), True), ((True, True), True)])
def test_mismatch_counts_only_if_its_seed_reproduces_it(monkeypatch, tmp_path, later, is_wrong):
    turns = iter((True, *later))

    def judged(boot, numbers, folder):
        said = ["the kernel took another"] if next(turns) else []
        return {number: oom_scenarios.Judged([], said, 1, False) for number in numbers}

    monkeypatch.setattr(oom_scenarios, "judged", judged)
    played = oom_scenarios.play(Boot("6.1-uml", "v2", 0, SEED, (7,)), str(tmp_path))

    told = ["scene 7, the kernel took another"]
    assert (played.wrong(), played.not_again) == ((told, []) if is_wrong else ([], told))
