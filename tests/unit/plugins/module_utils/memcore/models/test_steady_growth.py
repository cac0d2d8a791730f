# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A time until a limit is only said for growth on a straight line, and its span gets wider the less straight it is."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.steady_growth import reach, steady

MIB = 1 << 20


def line(*sizes, every=60):
    return [(number * every, size * MIB) for number, size in enumerate(sizes)]


def test_straight_line_has_its_own_pace_and_no_doubt():
    growth = steady(line(10, 16, 22, 28, 34))
    assert growth.pace == pytest.approx(6 * MIB / 60)
    assert growth.slowest == pytest.approx(growth.fastest)
    assert (growth.samples, growth.span_seconds) == (5, 240)
    # 36 MiB are left, at 6 MiB a minute.
    assert reach(growth, 34 * MIB, 70 * MIB).soonest_seconds == pytest.approx(360)


def test_noise_makes_the_span_wider():
    growth = steady(line(10, 17, 22, 27, 34))
    assert growth.slowest < 5.9 * MIB / 60 < growth.fastest
    span = reach(growth, 34 * MIB, 70 * MIB)
    assert span.soonest_seconds < 360 < span.latest_seconds


@pytest.mark.parametrize(
    "samples",
    [
        line(10, 16, 22, 28),  # too few
        line(10, 16, 22, 21, 34),  # one that is lower than the one before
        line(10, 10, 10, 10, 10),  # no growth
        line(10, 10, 10, 10, 60),  # a leap is no growth
        line(10, 40, 42, 43, 44),  # growth that ends
        [(0, 10 * MIB)] * 5,  # no time has passed
    ],
)
def test_other_growth_is_not_steady(samples):
    assert steady(samples) is None


def test_last_samples_count():
    """A leap long ago says nothing about now."""
    assert steady(line(10, 500, *range(510, 660, 10))).pace == pytest.approx(10 * MIB / 60)


def test_limit_that_is_reached_is_reached_now():
    assert reach(steady(line(1, 2, 3, 4, 5)), 6 * MIB, 5 * MIB) == (0.0, 0.0)
