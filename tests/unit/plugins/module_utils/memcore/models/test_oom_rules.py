# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release tells about the choice: child sacrifice, root's bonus, the order of cgroups, the counters' drift."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import FLOORED, SIGNED
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.oom_rules import (
    Version,
    drift,
    of_kernel,
    version_of,
)


@pytest.mark.parametrize(
    "release, expected",
    [
        ("3.10.0-1160.el7.x86_64", Version((3, 10), 1160, "el")),
        ("4.18.0-240.22.1.el8_3.x86_64", Version((4, 18), 240, "el")),
        ("4.14.35-2047.501.el7uek.x86_64", Version((4, 14), 2047, None)),
        ("5.4.274-1.el7.elrepo.x86_64", Version((5, 4), 1, None)),
        ("5.3.18-24.37-default", Version((5, 3), 24, "suse")),
        ("6.1", Version((6, 1), None, None)),
        ("6.18.15+deb13-cloud-amd64", Version((6, 18), None, None)),
        ("", None),
        (None, None),
        ("next-20260101", None),
    ],
)
def test_parts_of_a_release(release, expected):
    assert version_of(release) == expected


@pytest.mark.parametrize(
    "release, sacrifice, bonus, order",
    [
        ("3.10.0-1160.el7.x86_64", True, True, False),
        ("4.4.155", True, True, False),
        ("4.16.1", True, True, True),
        ("4.17.0", True, False, True),
        ("4.18.0-80.el8.x86_64", True, False, True),
        ("4.18.0-147.el8.x86_64", False, False, True),
        ("4.19.78", True, False, True),
        ("5.0.1", True, False, True),
        ("5.1.0", False, False, True),
        ("5.4.59", False, False, True),
        (None, False, False, True),
    ],
)
def test_what_old_kernels_do_otherwise(release, sacrifice, bonus, order):
    rules = of_kernel(release, FLOORED, "first")
    assert (rules.child_sacrifice, rules.root_bonus, rules.creation_order) == (sacrifice, bonus, order)


def test_a_signed_kernel_has_none_of_it():
    assert of_kernel("6.1.0-37-amd64", SIGNED, "last") == (SIGNED, "last", False, False, True, True)


@pytest.mark.parametrize(
    "release, cpus, threads, pages",
    [
        ("6.1.176", 64, 1, 4 * 64),  # each thread holds back up to 64 pages of each of four counters
        ("5.10.223", 2, 10, 4 * 64 * 10),
        ("3.10.0-1160.el7.x86_64", 64, 3, 4 * 64 * 3),
        ("6.2.0", 2, 1, 4 * 32 * 2),  # a batch is at least 32 pages, on each CPU
        ("6.18.15", 64, 500, 4 * 128 * 64),  # from 17 CPUs on it is twice their number
        ("6.19.10", 16, 1, 4 * 32 * 16),
        ("7.0.0", 64, 500, 0),  # the sums are exact
        ("7.3.4-cloud-amd64", 64, 500, 0),
        (None, 4, 1, 4 * 32 * 4),
        (None, 4, 100, 4 * 64 * 100),  # it may be an old kernel
        ("5.14.0-503.el9.x86_64", 64, 1, 4 * 128 * 64),  # Red Hat may have taken over the counters of 6.2
        ("5.14.0-503.el9.x86_64", 1, 9, 4 * 64 * 9),
    ],
)
def test_how_far_counters_drift(release, cpus, threads, pages):
    assert drift(release, cpus, threads) == pages
