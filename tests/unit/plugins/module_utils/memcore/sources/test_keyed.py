# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flat keyed files and OpenZFS's counters."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import keyed, kstat


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("nr_free_pages 94131\nnr_zspages 18\n", {"nr_free_pages": 94131, "nr_zspages": 18}, id="vmstat"),
        pytest.param("nr_unstable -5\n", {"nr_unstable": -5}, id="negative"),
        pytest.param(
            "low 0\noom_kill 18446744073709551615",
            {"low": 0, "oom_kill": 18446744073709551615},
            id="largest-no-line-end",
        ),
        pytest.param("a.b/c-d(e) 1\n", {"a.b/c-d(e)": 1}, id="odd-name"),
        pytest.param("anon N0=4 N1=5\n", {}, id="numa_stat-has-another-shape"),
        pytest.param("a  1\nb\t1\nc 1 \nd +1\ne 0x1\n", {}, id="other-shapes"),
        pytest.param("a " + "9" * 5000 + "\n", {}, id="huge"),
        pytest.param("max max\n", {}, id="word"),
        pytest.param("a 1\na 2\n", {"a": 2}, id="last-of-a-name"),
        pytest.param("", {}, id="empty"),
    ],
)
def test_names_and_numbers(text, expected):
    assert keyed.parse(text) == expected


# module/os/linux/spl/spl-kstat.c: a line about the table, its head, then the counters.
ARCSTATS = """\
13 1 0x01 96 26112 5319043262 1234567890123
name                            type data
hits                            4    123456
size                            4    536870912
memory_available_bytes          3    -2147483648
c_max                           4    8589934592
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(
            ARCSTATS,
            {"hits": 123456, "size": 536870912, "c_max": 8589934592},
            id="arcstats-only-what-cannot-be-negative",
        ),
        pytest.param("size 4 " + "9" * 5000 + "\n", {}, id="huge"),
        pytest.param("size 4\n", {}, id="cut"),
        pytest.param("size\n4\n5\n", {}, id="fields-on-lines-of-their-own"),
        pytest.param("", {}, id="empty"),
    ],
)
def test_counters_of_openzfs(text, expected):
    assert kstat.parse(text) == expected
