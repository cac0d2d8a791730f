# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the ledger as a whole."""

import pytest

from tests.support import healthy_host

MIB = 1 << 20


def _unaccounted(share, host):
    host.facts["memory"].update(unaccounted_bytes=healthy_host.ram(share), unaccounted_percent=share)


def _idle_huge_pages(share, host):
    # one page is reserved; two pools make up what is idle
    half = healthy_host.ram(share) // MIB // 2
    host.facts["memory"]["hugepages"] = [_pool(half + 2, half + 2, 2), _pool(half, half, 0)]


def _pool(total, free, reserved, page=2):
    sizes = {"page": page, "total": total, "free": free, "reserved": reserved, "surplus": 0}
    return {f"{name}_bytes": mib * MIB for name, mib in sizes.items()}


def _swap_full(share, host):
    # of 10000 MiB; 5 % of RAM are available
    free = 10000 - round(share * 100)
    host.facts["memory"].update(swap_free_bytes=free * MIB, available_bytes=5000 * MIB)


MEASURES = {"unaccounted-high": _unaccounted, "hugepages-idle": _idle_huge_pages, "swap-full": _swap_full}


def test_what_nobody_owns_is_told_with_the_loaded_suspects(facts, raised):
    facts["memory"].update(
        unaccounted_bytes=20000 * MIB,
        unaccounted_percent=20.0,
        unaccounted_by_lru_bytes=19000 * MIB,
        uncertainty_bytes=30 * MIB,
        page_takers=["ath11k", "vfio"],
    )

    (finding,) = raised()

    assert finding._asdict() == {
        "id": "unaccounted-high",
        "severity": "warning",
        "summary": "19.5 GiB (20.0 % of RAM) is in use, but no counter names its owner; loaded drivers that allocate "
        "pages outside the counters: ath11k, vfio",
        "evidence": {
            "unaccounted_bytes": 20000 * MIB,
            "percent_of_ram": 20.0,
            "by_lru_bytes": 19000 * MIB,
            "uncertainty_bytes": 30 * MIB,
            "suspects": ["ath11k", "vfio"],
        },
        "remedy": "A driver probably allocated these pages. Compare with a similar host, and unload drivers that are "
        "not needed. On Linux 6.10 or later boot with sysctl.vm.mem_profiling=1: /proc/allocinfo then names the code "
        "that holds the memory.",
        "remedy_commands": ["lsmod", "sort -rn /proc/allocinfo | head"],
        "remedy_effect": "none",
        "ref": "docs/findings.md#unaccounted-high",
    }


@pytest.mark.parametrize("takers", [pytest.param([], id="none-loaded"), pytest.param(None, id="modules-not-readable")])
def test_without_a_suspect_none_is_named(takers, facts, raised):
    facts["memory"].update(unaccounted_bytes=20000 * MIB, unaccounted_percent=20.0, page_takers=takers)

    (finding,) = raised()

    assert finding.summary == "19.5 GiB (20.0 % of RAM) is in use, but no counter names its owner"


@pytest.mark.parametrize(
    "uncertainty, found",
    [
        pytest.param(5999, ["unaccounted-high"], id="more-than-the-counters-drift"),
        pytest.param(6000, [], id="as-much-as-the-counters-drift"),
        pytest.param(None, ["unaccounted-high"], id="drift-not-known"),
    ],
)
def test_what_the_counters_may_hold_back_is_not_called_a_leak(uncertainty, found, facts, raised):
    facts["memory"].update(
        unaccounted_bytes=6000 * MIB,
        unaccounted_percent=6.0,
        uncertainty_bytes=None if uncertainty is None else uncertainty * MIB,
    )

    assert [finding.id for finding in raised()] == found


def test_counters_that_claim_more_than_there_is_are_no_leak(facts, raised):
    facts["memory"].update(unaccounted_bytes=-6000 * MIB, unaccounted_percent=-6.0)

    assert raised() == []


@pytest.mark.parametrize(
    "pools, idle",
    [
        pytest.param([_pool(10000, 10000, 10000)], None, id="all-reserved-by-a-running-database"),
        pytest.param([_pool(10000, 0, 0)], None, id="all-in-use"),
        pytest.param([_pool(10000, 10000, 4000)], 6000, id="some-reserved"),
        pytest.param([_pool(4000, 3000, 0), _pool(4096, 2048, 0, page=1024)], 5048, id="two-sizes-together"),
        pytest.param([], None, id="no-pools"),
    ],
)
def test_huge_pages_are_idle_only_if_nobody_uses_or_has_reserved_them(pools, idle, facts, raised):
    facts["memory"]["hugepages"] = pools

    findings = raised()

    assert [finding.evidence["idle_bytes"] for finding in findings] == ([] if idle is None else [idle * MIB])


def test_each_pool_is_told_with_what_is_idle_of_it(facts, raised):
    pool = _pool(10000, 8000, 2000)
    facts["memory"]["hugepages"] = [pool]

    (finding,) = raised()

    assert finding.summary == "5.9 GiB of huge pages (6.0 % of RAM) are neither used nor reserved"
    assert finding.evidence == {"idle_bytes": 6000 * MIB, "pools": [dict(pool, idle_bytes=6000 * MIB)]}
    # 10000 MiB of 2 MiB pages less 6000 MiB that are idle
    assert finding.remedy_commands[1:] == ["echo 2000 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"]


def test_a_pool_with_nothing_idle_is_left_alone(facts, raised):
    facts["memory"]["hugepages"] = [_pool(4000, 0, 0), _pool(8192, 8192, 1024, page=1024)]

    (finding,) = raised()

    assert finding.remedy_commands[1:] == ["echo 1 > /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"]


def test_full_swap_is_told_beside_what_is_available(facts, raised):
    facts["memory"].update(swap_free_bytes=300 * MIB, available_bytes=4000 * MIB)

    (finding,) = raised()

    assert finding.summary == "9.5 GiB of 9.8 GiB swap is used (97.0 %), and only 3.9 GiB of RAM (4.0 %) is available"
    assert finding.evidence == {
        "swap_total_bytes": 10000 * MIB,
        "swap_free_bytes": 300 * MIB,
        "swap_cached_bytes": 0,
        "available_bytes": 4000 * MIB,
        "swap_used_percent": 97.0,
        "available_percent_of_ram": 4.0,
    }


@pytest.mark.parametrize(
    "given, found",
    [
        pytest.param({"available_bytes": 9990 * MIB}, ["swap-full"], id="memory-is-scarce"),
        pytest.param({"available_bytes": 10000 * MIB}, [], id="memory-is-available"),
        pytest.param({"swap_cached_bytes": 1000 * MIB}, ["swap-full"], id="some-is-in-ram-too"),
        pytest.param({"swap_cached_bytes": 1001 * MIB}, [], id="much-is-in-ram-too"),
        pytest.param({"swap_cached_bytes": None}, ["swap-full"], id="cached-not-known"),
        pytest.param({"swap_total_bytes": 0}, [], id="no-swap"),
        pytest.param({"swap_total_bytes": None, "swap_free_bytes": None}, [], id="swap-not-known"),
        pytest.param({"available_bytes": None}, [], id="available-not-known"),
    ],
)
def test_full_swap_is_no_finding_while_memory_is_available(given, found, facts, raised):
    facts["memory"].update(dict({"swap_free_bytes": 0, "available_bytes": 5000 * MIB}, **given))

    assert [finding.id for finding in raised()] == found
