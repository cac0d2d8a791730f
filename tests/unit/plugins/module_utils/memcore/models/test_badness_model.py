# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which model a score tells, on the scores that tiny processes of real kernels showed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import (
    FLOORED,
    SIGNED,
    Task,
    oom_score,
    points,
)
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness_model import (
    Sample,
    is_proof,
    told_by,
)

# A tiny process: adj, its scores on 4.4, 4.19 and 5.4.59 (booted), and on 5.10 to 7.3 (booted).
SEEN = [
    (0, (0,), (666,)),
    (100, (99,), (732, 733)),
    (500, (497, 498), (998, 999)),
    (1000, (994, 996), (1329, 1331)),
    (-100, (0,), (600,)),
    (-500, (0,), (334, 336)),
    (-900, (0,), (68, 70)),
]


@pytest.mark.parametrize(("adj", "floored", "signed"), SEEN, ids=[str(row[0]) for row in SEEN])
def test_scores_of_real_kernels_tell_their_model(adj, floored, signed):
    assert {told_by(Sample(42, adj, 0, score)) for score in floored} == {FLOORED}
    assert {told_by(Sample(42, adj, 0, score)) for score in signed} == {SIGNED}


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(Sample(1, 0, 3, 0), id="the-first-task-always-shows-0"),
        pytest.param(Sample(42, -1000, 3, 0), id="never-killed-always-shows-0"),
        pytest.param(Sample(42, -998, 0, 3), id="too-near-to-tell"),
        pytest.param(Sample(42, 1000, 950, 1960), id="where-the-models-cross"),
        pytest.param(Sample(42, 500, 0, 0), id="fits-neither"),
        pytest.param(Sample(42, 0, 0, 333), id="half-way"),
    ],
)
def test_what_tells_nothing_is_not_told(sample):
    assert told_by(sample) is None
    assert not is_proof(sample)


def test_a_zero_alone_is_no_proof():
    assert told_by(Sample(42, 0, 0, 0)) == FLOORED
    assert not is_proof(Sample(42, 0, 0, 0))
    assert is_proof(Sample(42, 500, 0, 498))


@given(
    st.sampled_from([SIGNED, FLOORED]), st.integers(-900, 1000), st.integers(0, 1 << 22), st.integers(1 << 14, 1 << 34)
)
def test_a_small_task_tells_the_model_that_computed_its_score(model, adj, size, total):
    size = min(size, total // 20)
    score = oom_score(points(Task(42, "x", adj, size, 0, 0), total, model), total, model)

    assert told_by(Sample(42, adj, size * 1000 // total, score)) == model
