# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits that are kept mean the same after a reboot with more or less RAM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Space
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import before as tmpfs_before
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.amount import Amount, mounted
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.before import Memory
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.record import LiveBefore

# MemTotal of one machine at two boots: a user-mode kernel with mem=512M, 121563 and 124735 pages.
BEFORE, LATER = Memory(121563 * 4096, 4096), Memory(124735 * 4096, 4096)
MEMORY = st.builds(
    Memory, st.integers(min_value=1000, max_value=1 << 30).map(lambda pages: pages * 4096), st.just(4096)
)


def kept(size_bytes, inodes, super_options, memory=BEFORE):
    space = Space(size_bytes, 0, None, inodes, 0)
    limits = dict(tmpfs_before.size(space, super_options, memory), **tmpfs_before.inodes(space, super_options))
    return LiveBefore(memory.total_bytes, None, **limits)


@pytest.mark.parametrize(
    "size_bytes, super_options, later",
    [
        pytest.param(60781 * 4096, "rw", 62367 * 4096, id="kernels-default-is-half-of-ram-cut-to-pages"),
        pytest.param(24313 * 4096, "rw,size=97252k,mode=755", 24947 * 4096, id="20-percent-as-systemd-mounts-run"),
        pytest.param(64 << 20, "rw,size=65536k", 64 << 20, id="a-fixed-size-stays"),
    ],
)
def test_size_after_a_reboot_with_other_ram(size_bytes, super_options, later):
    found = kept(size_bytes, 7, super_options)
    assert tmpfs_before.size_now(found, BEFORE) == size_bytes
    assert tmpfs_before.size_now(found, LATER) == later


@pytest.mark.parametrize("super_options, later", [("rw", 62367), ("rw,nr_inodes=60781", 60781)])
def test_inodes_after_a_reboot_with_other_ram(super_options, later):
    found = kept(4096, 60781, super_options)
    assert tmpfs_before.inodes_now(found, BEFORE) == 60781
    assert tmpfs_before.inodes_now(found, LATER) == later


@given(st.integers(min_value=1, max_value=1 << 40).map(lambda pages: pages * 4096), MEMORY)
def test_without_other_ram_it_is_the_same_size(size_bytes, memory):
    found = kept(size_bytes, 5, f"rw,size={size_bytes // 1024}k,nr_inodes=5", memory)
    assert tmpfs_before.size_now(found, memory) == size_bytes
    assert tmpfs_before.inodes_now(found, memory) == 5


@given(st.integers(min_value=1, max_value=200), MEMORY, MEMORY)
def test_a_share_of_ram_is_that_share_of_other_ram(percent, memory, later):
    size_bytes = mounted(Amount(None, percent), memory.total_bytes, 4096)
    found = kept(size_bytes, 5, f"rw,size={size_bytes // 1024}k", memory)
    if found.size_share == percent:  # with few pages two percentages may give the same size
        assert tmpfs_before.size_now(found, later) in (
            size_bytes,
            mounted(Amount(None, percent), later.total_bytes, 4096),
        )
    assert found.size_share is not None
