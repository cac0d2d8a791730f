# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What balloon drivers say."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import balloon

# drivers/misc/vmw_balloon.c: the format as of 3.10, and that of 4.20 and later.
LINUX_3_10 = """\
balloon capabilities:   0x1e
used capabilities:       0x6
is resetting:           n
target:               131072 pages
current:              130048 pages
rateSleepAlloc:          2048 pages/sec
"""
LINUX_5 = """\
balloon capabilities  :             0x1e
used capabilities     :              0x6
is resetting          :                n
target                :           131072
current               :           130048
timer                 :              512
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(LINUX_3_10, 130048, id="3.10"),
        pytest.param(LINUX_5, 130048, id="5.x"),
        pytest.param(LINUX_5.replace("130048", "     0"), 0, id="empty-balloon"),
        pytest.param("current: " + "9" * 5000 + " pages\n", None, id="huge"),
        pytest.param("currently: 5 pages\n", None, id="other-word"),
        pytest.param("current: 5 pages/sec\n", None, id="a-rate"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_pages_in_a_vmware_balloon(text, expected):
    assert balloon.vmware_pages(text) == expected


@pytest.mark.parametrize(
    "features, expected",
    [
        # /sys/bus/virtio/devices/*/features: a character a bit, the lowest first.
        pytest.param("0010000000000000000000000000000011000000000000000000000000000000\n", True, id="deflate-on-oom"),
        pytest.param("1101110000000000000000000000000010000000000000000000000000000000\n", False, id="all-but-that"),
        pytest.param("00\n", False, id="cut"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_virtio_balloon_stays_in_the_total_only_if_the_guest_may_take_it_back(features, expected):
    assert balloon.virtio_counts_in_total(features) is expected
