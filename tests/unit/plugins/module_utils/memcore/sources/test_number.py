# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of one number, and what cgroup v2 writes in their place."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import number


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("60\n", 60, id="sysctl"),
        pytest.param("-1000\n", -1000, id="negative"),
        pytest.param("9223372036854771712\n", 9223372036854771712, id="no-limit-in-v1"),
        pytest.param("max\n", None, id="no-limit-in-v2"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="no-file"),
        pytest.param("1 2\n", None, id="two-numbers"),
        pytest.param("²\n", None, id="a-digit-int-refuses"),
        pytest.param("9" * 5000, None, id="more-digits-than-int-takes"),
    ],
)
def test_a_file_of_one_number(text, expected):
    assert number.parse(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("67108864\n", 67108864, id="bytes"),
        pytest.param("0\n", 0, id="none-at-all"),
        pytest.param("9223372036854771712\n", None, id="no-limit-in-v1"),
        pytest.param("max\n", None, id="no-limit-in-v2"),
        pytest.param(None, None, id="no-file"),
    ],
)
def test_the_size_in_a_file_of_a_cgroup(text, expected):
    assert number.size(text) == expected
