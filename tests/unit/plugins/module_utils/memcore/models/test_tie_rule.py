# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wins a tie: by release where that is known (ranges from the kernel's sources), else by an earlier choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import FLOORED, SIGNED
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import UNKNOWN as NO_MODEL
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.tie_rule import (
    FIRST,
    LAST,
    UNKNOWN,
    of_model_and_release,
    of_points,
)


@pytest.mark.parametrize(
    "model, release, expected",
    [
        (FLOORED, "3.10.0-1160.el7.x86_64", FIRST),
        (FLOORED, "3.10.0-327.36.3.el7.x86_64", FIRST),
        (FLOORED, "4.4.0-210-generic", FIRST),
        (FLOORED, "4.14.35-2047.el7uek.x86_64", FIRST),
        (FLOORED, "4.15.0-213-generic", FIRST),
        (FLOORED, "4.19.0-27-amd64", FIRST),
        (FLOORED, "5.2.1", FIRST),
        (FLOORED, "5.3.0-76-generic", LAST),
        (FLOORED, "5.4.59", LAST),
        (FLOORED, "5.8.1", LAST),
        (FLOORED, "4.18.0-80.el8.x86_64", FIRST),
        (FLOORED, "4.18.0-147.8.1.el8_1.x86_64", FIRST),
        (FLOORED, "4.18.0-193.28.1.el8_2.x86_64", UNKNOWN),
        (FLOORED, "4.18.0-240.22.1.el8_3.x86_64", LAST),
        (FLOORED, "4.12.14-122.37-default", UNKNOWN),
        # No known kernel: Debian's 6.1 built without the fix.
        (FLOORED, "6.1.176", UNKNOWN),
        (FLOORED, "5.9.2", UNKNOWN),
        (SIGNED, "5.4.286", LAST),
        (SIGNED, "6.18.15+deb13-cloud-amd64", LAST),
        (SIGNED, "4.18.0-553.el8_10.x86_64", LAST),
        (SIGNED, "4.12.14-122.37-default", UNKNOWN),
        (SIGNED, "4.18.0-147.el8.x86_64", UNKNOWN),
        (NO_MODEL, "4.19.78", UNKNOWN),
        (FLOORED, None, UNKNOWN),
        (FLOORED, "custom", UNKNOWN),
    ],
)
def test_what_model_and_release_tell(model, release, expected):
    rule, evidence = of_model_and_release(model, release)
    assert rule == expected
    assert evidence and (release is None or rule == UNKNOWN or release in evidence)


@pytest.mark.parametrize(
    "scored, chosen, expected",
    [
        pytest.param([(1, 1), (2, 1), (3, 1)], 1, FIRST, id="first"),
        pytest.param([(1, 1), (2, 1), (3, 1)], 3, LAST, id="last"),
        pytest.param([(1, 1), (2, 1), (3, 1)], 2, None, id="in-the-middle"),
        pytest.param([(1, 1), (2, 7), (3, 7)], 3, LAST, id="only-the-top-counts"),
        pytest.param([(1, 1), (2, 1), (3, 7)], 3, None, id="no-tie-at-the-top"),
        pytest.param([(1, 1), (2, 7), (3, 7)], 1, None, id="chosen-for-another-reason"),
        pytest.param([(1, 1), (2, 1)], 9, None, id="not-in-the-table"),
        pytest.param([], 1, None, id="no-table"),
    ],
)
def test_what_one_choice_tells(scored, chosen, expected):
    assert of_points(scored, chosen) == expected


@given(st.lists(st.integers(1, 4), min_size=1, max_size=20), st.sampled_from([FIRST, LAST]))
def test_a_choice_made_by_a_rule_never_tells_the_other(points, rule):
    scored = list(enumerate(points))
    tied = [pid for pid, value in scored if value == max(points)]
    told = of_points(scored, tied[0] if rule == FIRST else tied[-1])
    assert told == (rule if len(tied) > 1 else None)
