# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a memory cgroup by each row of the history of mem_cgroup_get_limit(), later mem_cgroup_get_max()."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import total_of_memcg

LIMIT, SWAP = 25600, 5000  # pages of the limit, and of the host's swap


@pytest.mark.parametrize(
    "swap_limit, of_host, may_swap, memsw, total",
    [
        # 3.10 to 4.4, and v1 up to 5.9: min(limit + swap of the host, memsw limit) unless swappiness is 0.
        pytest.param(None, SWAP, True, 27000, 27000, id="v1-memsw-limit-below-limit-and-swap"),
        pytest.param(None, SWAP, True, 40000, 30600, id="v1-memsw-limit-above-limit-and-swap"),
        pytest.param(None, SWAP, True, LIMIT, LIMIT, id="v1-memsw-limit-is-the-limit"),
        pytest.param(None, SWAP, True, None, 30600, id="v1-no-memsw-limit-or-no-accounting-of-swap"),
        pytest.param(None, SWAP, False, 40000, LIMIT, id="v1-swappiness-0"),
        pytest.param(None, 0, True, 40000, LIMIT, id="v1-host-without-swap"),
        # 4.9 and later, v2: limit + min(swap limit, swap of the host) unless swappiness is 0.
        pytest.param(2560, SWAP, True, None, 28160, id="v2-swap-limit-below-the-hosts-swap"),
        pytest.param(9000, SWAP, True, None, 30600, id="v2-swap-limit-above-the-hosts-swap"),
        pytest.param(None, SWAP, True, None, 30600, id="v2-swap-limit-max"),
        pytest.param(0, SWAP, True, None, LIMIT, id="v2-swap-forbidden"),
        pytest.param(9000, 0, True, None, LIMIT, id="v2-host-without-swap-as-under-docker"),
        pytest.param(None, 0, True, None, LIMIT, id="v2-host-without-swap-and-no-swap-limit"),
        pytest.param(2560, SWAP, False, None, LIMIT, id="v2-swappiness-0"),
    ],
)
def test_each_row_of_the_kernels_history(swap_limit, of_host, may_swap, memsw, total):
    assert total_of_memcg(LIMIT, swap_limit, of_host, may_swap, memsw) == total


def test_no_cgroup_has_no_pages_at_all():
    assert total_of_memcg(0, 0, 0, True, None) == 1


pages = st.integers(0, 1 << 40)


@given(pages, pages, pages, st.booleans())
def test_the_formulas_of_v1_before_and_since_5_10_are_the_same_since_memsw_is_never_below_the_limit(
    limit, more, of_host, may_swap
):
    memsw = limit + more
    before = min(limit + of_host, memsw) if may_swap else limit
    since = limit + min(memsw - limit, of_host) if may_swap else limit
    assert total_of_memcg(limit, None, of_host, may_swap, memsw) == max(before, 1) == max(since, 1)
