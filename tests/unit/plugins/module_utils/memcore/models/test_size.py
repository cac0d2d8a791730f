# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people read and write them, at their edges."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.size import human, parse, percent


@pytest.mark.parametrize(
    "size, expected",
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (-1023, "-1023 B"),
        (-1024, "-1.0 KiB"),
        (1535, "1.5 KiB"),
        (1048524, "1023.9 KiB"),
        (1048525, "1.0 MiB"),
        (1 << 20, "1.0 MiB"),
        ((1 << 30) - 1, "1.0 GiB"),
        (12884901888, "12.0 GiB"),
        (1 << 40, "1.0 TiB"),
        (1 << 50, "1.0 PiB"),
        (1 << 64, "16384.0 PiB"),
        (10**21, "888178.4 PiB"),
    ],
)
def test_a_size_has_one_digit_after_the_point_and_never_reads_1024(size, expected):
    assert human(size) == expected


@pytest.mark.parametrize(
    "part, whole, expected",
    [(0, 0, 0.0), (5, 0, 0.0), (1, 3, 33.33), (2, 3, 66.67), (3, 2, 150.0), (-1, 8, -12.5), (1 << 50, 1 << 50, 100.0)],
)
def test_percent_to_two_digits(part, whole, expected):
    assert percent(part, whole) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("0", 0),
        ("1048576", 1 << 20),
        ("512M", 512 << 20),
        ("512m", 512 << 20),
        (" 12 GiB ", 12 << 30),
        ("3kb", 3 << 10),
        ("7B", 7),
        ("1T", 1 << 40),
        ("1P", 1 << 50),
        ("", None),
        ("M", None),
        ("-1", None),
        ("1.5G", None),
        ("1E", None),
        ("50%", None),
        ("max", None),
        ("1 M B", None),
        ("9" * 16, None),
    ],
)
def test_a_size_as_people_write_it(text, expected):
    assert parse(text) == expected
