# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quantities by value: the table of suffixes is that of apimachinery's resource.Quantity."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import quantity


@pytest.mark.parametrize(
    "text, nano",
    [
        ("1", 10**9),
        ("1000m", 10**9),
        (1, 10**9),
        (0.5, 5 * 10**8),
        (".5", 5 * 10**8),
        ("5.", 5 * 10**9),
        ("+2", 2 * 10**9),
        ("-1", -(10**9)),
        ("1n", 1),
        ("1u", 1000),
        ("0.1n", 1),  # rounded up
        ("1e3", 10**12),
        ("1E3", 10**12),
        ("12E", 12 * 10**27),
        ("1e-3", 10**6),
        ("1k", 10**12),
        ("1Ki", 1024 * 10**9),
        ("1.5Gi", 3 * 2**29 * 10**9),
        ("0", 0),
    ],
)
def test_in_billionths(text, nano):
    assert quantity.nano(text) == nano


@pytest.mark.parametrize(
    "text, whole",
    [
        ("64Mi", 67108864),
        ("1G", 10**9),
        ("1Gi", 2**30),
        ("100m", 1),
        ("1.5", 2),
        ("1Ei", 2**60),
        ("9000E", 2**63 - 1),
        (128974848, 128974848),
    ],
)
def test_in_whole_units_is_rounded_up(text, whole):
    assert quantity.whole(text) == whole


@pytest.mark.parametrize(
    "value", ["", ".", "m", "Mi", "1 Mi", "1mi", "1KI", "0x10", "1e", "inf", "nan", "1\n2", None, True, [], {}, b"1"]
)
def test_what_is_no_quantity(value):
    assert quantity.nano(value) is None
    assert quantity.whole(value) is None
