# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shmem taken apart: the law of the sum, refusals, and what is in swap."""

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import shmem
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.shmem import OpenFile, Tree
from tests.support.examples import examples

MIB = 1 << 20
MAYBE = st.one_of(st.none(), st.integers(0, 1 << 50))
KINDS = ("memfd", "deleted", "anonymous_shared")


def held(kind, size, inode=1):
    return OpenFile(kind, "/x", "0:1", inode, size, (7,))


@hypothesis.given(
    total=st.integers(0, 1 << 50),
    tmpfs_used=MAYBE,
    sysv=MAYBE,
    gpu=MAYBE,
    swapped=MAYBE,
    held=st.fixed_dictionaries(dict.fromkeys(KINDS, MAYBE)),
)
@hypothesis.settings(max_examples=examples(100))
def test_the_parts_less_what_is_swapped_out_make_up_the_total(**given):
    tree = shmem.reconcile(**given)
    known = [tree.tmpfs, tree.deleted, tree.sysv, tree.memfd, tree.anonymous_shared, tree.gpu, tree.unattributed]
    assert sum(part or 0 for part in known) - (tree.swapped or 0) == tree.total == given["total"]
    assert all(part is None or part >= 0 for part in known[:-1])


def test_deleted_files_are_parted_from_the_tmpfs_that_they_are_in():
    tree = shmem.reconcile(
        100, tmpfs_used=60, sysv=5, gpu=0, swapped=8, held={"memfd": 7, "deleted": 20, "anonymous_shared": 9}
    )
    assert tree == Tree(
        total=100, tmpfs=40, deleted=20, sysv=5, memfd=7, anonymous_shared=9, gpu=0, swapped=8, unattributed=27
    )


def test_what_is_not_known_is_part_of_the_unattributed():
    tree = shmem.reconcile(100, tmpfs_used=None, sysv=None, gpu=None, swapped=None, held=dict.fromkeys(KINDS))
    assert tree == Tree(100, None, None, None, None, None, None, None, 100)


def test_more_in_deleted_files_than_in_all_tmpfs_leaves_none_for_the_rest():
    tree = shmem.reconcile(
        100, tmpfs_used=10, sysv=0, gpu=0, swapped=0, held={"memfd": 0, "deleted": 30, "anonymous_shared": 0}
    )
    assert (tree.tmpfs, tree.unattributed) == (0, 70)


def test_without_a_total_there_is_no_rest():
    assert shmem.reconcile(None, 10, 0, 0, 0, dict.fromkeys(KINDS, 0)).unattributed is None


@pytest.mark.parametrize(
    "files, complete, expected",
    [
        pytest.param([], True, (0, 0, 0), id="nothing-found-by-a-whole-search"),
        pytest.param([], False, (None, None, None), id="nothing-found-by-a-refused-search"),
        pytest.param([held("memfd", 3), held("memfd", 4, inode=2)], True, (7, 0, 0), id="summed-up"),
        pytest.param([held("memfd", 3)], False, (3, None, None), id="at-least-so-much"),
        pytest.param([held("deleted", None)], True, (0, None, 0), id="one-that-could-not-be-measured"),
        pytest.param([held("deleted", None), held("deleted", 4, inode=2)], True, (0, 4, 0), id="one-of-two-measured"),
        pytest.param([held("deleted", 0)], False, (None, 0, None), id="an-empty-one"),
        pytest.param(
            [held("sysv", 9), held("file", 9), held("gpu", None)], True, (0, 0, 0), id="other-kinds-count-elsewhere"
        ),
    ],
)
def test_bytes_of_held_files_by_kind(files, complete, expected):
    assert shmem.held_bytes(files, complete) == dict(zip(KINDS, expected))


@pytest.mark.parametrize(
    "swap_total, swap_free, swap_cached, anon_swapped, expected",
    [
        pytest.param(0, 0, 0, None, 0, id="no-swap"),
        pytest.param(100, 40, 5, 30, 25, id="slots-nobody's-private-memory-explains"),
        pytest.param(100, 40, 5, 70, 0, id="never-negative"),
        pytest.param(100, 100, 0, 0, 0, id="swap-not-used"),
        pytest.param(100, 40, 5, None, None, id="some-processes-refused"),
    ],
)
def test_shared_memory_in_swap(swap_total, swap_free, swap_cached, anon_swapped, expected):
    assert shmem.swapped_out(swap_total, swap_free, swap_cached, anon_swapped) == expected
