# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of a tmpfs: which are refused and why, what files mean by theirs, and that a size is whole pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import amount as tmpfs_size
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.amount import Amount

GIB = 1 << 30
NUMBERS = st.integers(min_value=1, max_value=1 << 50)


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("4096", Amount(4096), id="bytes"),
        pytest.param("64k", Amount(65536), id="small-k"),
        pytest.param("64K", Amount(65536), id="large-K"),
        pytest.param("512m", Amount(GIB // 2), id="m"),
        pytest.param("1G", Amount(GIB), id="G"),
        pytest.param("1t", Amount(1024 * GIB), id="t"),
        pytest.param(" 1G ", Amount(GIB), id="blanks-around"),
        pytest.param("20%", Amount(None, 20), id="percent"),
        pytest.param("150%", Amount(None, 150), id="more-than-ram"),
    ],
)
def test_a_size_is_read(text, expected):
    assert tmpfs_size.asked("size", text) == expected


@pytest.mark.parametrize(
    "text, reason",
    [
        pytest.param("", "is not a size", id="nothing"),
        pytest.param("1.5g", "is not a size", id="fraction"),
        pytest.param("1,5g", "is not a size", id="comma"),
        pytest.param("-1", "is not a size", id="negative"),
        pytest.param("+1", "is not a size", id="plus"),
        pytest.param("0x10", "is not a size", id="hex"),
        pytest.param("1GiB", "is not a size", id="GiB"),
        pytest.param("1 G", "is not a size", id="blank-inside"),
        pytest.param("5x", "is not a size", id="unknown-unit"),
        pytest.param("1e9", "is not a size", id="exponent"),
        pytest.param("12.5%", "is not a size", id="fraction-of-percent"),
        pytest.param("\u0661G", "is not a size", id="arabic-digit"),
        pytest.param("1G\n", None, id="newline-at-the-end-is-blank"),
        pytest.param("9" * 30, "is not a size", id="many-digits"),
        pytest.param("unlimited", "is not a size", id="word"),
        pytest.param("0", "which the kernel reads as no limit", id="zero"),
        pytest.param("000", "which the kernel reads as no limit", id="zeros"),
        pytest.param("0k", "which the kernel reads as no limit", id="zero-k"),
        pytest.param("0%", "which the kernel reads as no limit", id="zero-percent"),
        pytest.param("010m", "would read as octal", id="octal"),
        pytest.param("9999999999T", "more than any machine", id="too-large"),
    ],
)
def test_what_is_no_size_is_refused_in_one_sentence(text, reason):
    if reason is None:
        assert tmpfs_size.asked("size", text) == Amount(GIB)
        return
    with pytest.raises(OptionError) as caught:
        tmpfs_size.asked("size", text)
    message = str(caught.value)
    assert message.startswith("size is '") and reason in message
    assert message.endswith(".") and ". " not in message and "\n" not in message


def test_inodes_are_no_percentage():
    with pytest.raises(OptionError) as caught:
        tmpfs_size.asked("inodes", "10%", percent=False)
    assert str(caught.value) == "inodes is '10%', which is not a size; give bytes, or a number with k, M, G or T."


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("1g", Amount(GIB), id="small-unit"),
        pytest.param("010", Amount(8), id="octal"),
        pytest.param("0x10k", Amount(16384), id="hex"),
        pytest.param("1p", Amount(1 << 50), id="peta"),
        pytest.param("50%", Amount(None, 50), id="percent"),
        pytest.param("0", Amount(0), id="no-limit"),
        pytest.param("08", None, id="neither-octal-nor-decimal"),
        pytest.param("1.5g", None, id="fraction"),
        pytest.param("", None, id="empty"),
    ],
)
def test_what_a_file_says_is_taken_as_the_kernel_takes_it(text, expected):
    assert tmpfs_size.written(text) == expected


@given(NUMBERS)
def test_what_is_written_means_what_was_asked(number):
    text = Amount(number).text
    assert tmpfs_size.written(text) == Amount(number) == tmpfs_size.asked("size", text)


@given(st.integers(min_value=1, max_value=1000))
def test_a_percentage_stays_one(percent):
    amount = Amount(None, percent)
    assert tmpfs_size.written(amount.text) == amount == tmpfs_size.asked("size", amount.text)


@given(NUMBERS, st.sampled_from([4096, 16384, 65536]))
def test_a_tmpfs_gets_whole_pages_and_never_less_than_asked(number, page):
    size = tmpfs_size.mounted(Amount(number), 8 * GIB, page)
    assert size % page == 0
    assert 0 <= size - number < page


def test_a_share_of_ram_is_rounded_as_the_kernel_does():
    # shmem_parse_one(): size = percent * totalram / 100 rounded down, then up to pages. 10 % of 1000 pages and 1 %.
    assert tmpfs_size.mounted(Amount(None, 10), 1000 * 4096, 4096) == 100 * 4096
    assert tmpfs_size.mounted(Amount(None, 33), 10 * 4096, 4096) == 4 * 4096


@pytest.mark.parametrize(
    "number, expected",
    [(1, "1"), (1024, "1K"), (1025, "1025"), (1 << 20, "1M"), (1536 << 20, "1536M"), (1 << 40, "1T")],
)
def test_the_largest_unit_that_leaves_it_whole(number, expected):
    assert tmpfs_size.shortened(number) == expected
