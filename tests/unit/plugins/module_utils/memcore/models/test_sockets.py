# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which socket buffers lie outside slab."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import sockets

MIB = 1 << 20


@pytest.mark.parametrize(
    "tcp, udp, buffers, expected",
    [
        pytest.param(64 * MIB, 0, 10, 64 * MIB, id="tcp-is-in-page-fragments"),
        # 1 kB datagrams: 2304 bytes charged for each
        pytest.param(0, 50000 * 2304, 50000, 0, id="small-datagrams-are-in-slab"),
        # 60 kB datagrams: some 66 kB charged for each
        pytest.param(0, 2000 * 66000, 2000, 2000 * 66000, id="large-datagrams-are-not"),
        pytest.param(MIB, 2000 * 66000, None, MIB, id="ordinary-user-cannot-count-buffers"),
        pytest.param(0, MIB, 0, 0, id="charge-without-a-buffer"),
    ],
)
def test_what_lies_outside_slab(tcp, udp, buffers, expected):
    assert sockets.pages_outside_slab(tcp, udp, buffers) == expected
