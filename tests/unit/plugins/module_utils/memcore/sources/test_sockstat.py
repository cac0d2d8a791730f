# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/net/sockstat: counters by protocol."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import sockstat

# From a live 6.18 host; 7.3 has no UDPLITE.
LINUX_6_18 = """\
sockets: used 18
TCP: inuse 3 orphan 0 tw 0 alloc 3 mem 31
UDP: inuse 0 mem 0
UDPLITE: inuse 0
RAW: inuse 0
FRAG: inuse 0 memory 0
"""


def test_each_protocol_with_its_counters():
    assert sockstat.parse(LINUX_6_18) == {
        "sockets": {"used": 18},
        "TCP": {"inuse": 3, "orphan": 0, "tw": 0, "alloc": 3, "mem": 31},
        "UDP": {"inuse": 0, "mem": 0},
        "UDPLITE": {"inuse": 0},
        "RAW": {"inuse": 0},
        "FRAG": {"inuse": 0, "memory": 0},
    }


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("", {}, id="empty"),
        pytest.param("TCP: inuse 3 mem", {"TCP": {"inuse": 3}}, id="cut-before-the-number"),
        pytest.param("TCP: inuse 3 mem -4", {"TCP": {"inuse": 3}}, id="negative"),
        pytest.param("TCP: mem " + "9" * 5000 + " inuse 3", {"TCP": {"inuse": 3}}, id="huge"),
        pytest.param("TCP: ", {"TCP": {}}, id="no-counter"),
        pytest.param("TCP inuse 3", {}, id="no-colon"),
    ],
)
def test_what_is_no_counter_is_left_out(text, expected):
    assert sockstat.parse(text) == expected
