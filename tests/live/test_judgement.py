# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several attempts on a busy host prove of planted memory: noise is no complaint, a wrong collector is."""

import pytest

from tests.live import judgement, plants

MIB = plants.MIB
PLANT = plants.Planted("memfd", 32 * MIB, {"ledger.shmem": lambda facts: facts["memory"]["ledger"]["shmem"]}, {}, {})


def facts(shmem, anon):
    """The facts of a host of 1000 MiB on which only these two differ."""
    ledger = {"shmem": shmem * MIB, "anon": anon * MIB, "free": (1000 - shmem - anon) * MIB}
    return {"memory": {"ledger": ledger, "unaccounted_bytes": 0, "total_bytes": 1000 * MIB}, "shmem": {}}


def attempt(number, found=32, stray=0, noise=0, burst=0):
    """An attempt in which so many MiB are found, go astray, and are moved by others: between looks, and meanwhile."""
    looks = iter(
        [
            facts(100, 200),
            facts(100, 200),
            facts(100 + found, 200 + stray + burst),
            facts(100 + found, 200 + stray + burst + noise),
        ]
    )
    readings = judgement.Readings(lambda: next(looks))
    readings.baseline()
    readings.planted()
    return judgement.judged(PLANT, readings, number)


def verdict(*attempts, is_last=True):
    result = judgement.together([attempt(number, **given) for number, given in enumerate(attempts, 1)], is_last)
    return result if result is None else sorted(result.complaints)


def test_one_quiet_correct_attempt_is_enough():
    assert verdict({}, is_last=False) == []


@pytest.mark.parametrize("wrong", [{"stray": 32}, {"stray": 3}, {"stray": -32}], ids=["twice", "a-tenth", "taken-off"])
def test_error_in_every_quiet_attempt_is_a_complaint(wrong):
    assert verdict(*[wrong] * 8) == ["ledger.anon"]


@pytest.mark.parametrize("found", [0, 16, 29, 64], ids=["nothing", "half", "a-tenth-less", "twice"])
def test_incomplete_find_in_every_attempt_is_a_complaint(found):
    assert verdict(*[{"found": found}] * 8) == ["ledger.shmem"]


def test_a_burst_of_others_is_waited_out():
    assert verdict({"burst": 40}, is_last=False) is None
    assert verdict({"burst": 40}, {"burst": -30}, {}, is_last=False) == []


def test_a_loud_attempt_proves_nothing_by_itself():
    assert verdict({"noise": 40}, is_last=False) is None
    assert verdict({"noise": 40}) == ["ledger.anon"]


BURSTS = [25, -20, 15, -30, 5, -10, 20, -15]


def test_median_decides_on_a_busy_host():
    loud = [{"noise": 40, "burst": burst} for burst in BURSTS]
    assert verdict(*loud, is_last=False) == []


def test_double_counting_on_a_busy_host_is_a_complaint():
    loud = [{"noise": 40, "burst": burst, "stray": 32} for burst in BURSTS]
    assert verdict(*loud) == ["ledger.anon"]
