# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/sysvipc/shm: columns by name, since kernels differ."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import sysvipc
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.sysvipc import Segment

HEADER = (
    "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
    "      atime      dtime      ctime                   rss                  swap\n"
)
# From the lab's 5.10: one segment in use, one whose creator is gone.
IN_USE = (
    "         0          0   600               5242880   781   781      1     0     0     0    "
    " 0 1795448130          0 1795448130               5242880                     0\n"
)
ORPHAN = (
    "-559038737      32769  1666               1048576   781   782      0    33     0     0    "
    " 0 1795448130 1795448130 1795448130                524288                524288\n"
)


def test_each_segment():
    assert sysvipc.parse(HEADER + IN_USE + ORPHAN) == [
        Segment(0, 0, "600", 5242880, 781, 1, 0, 5242880, 0),
        Segment(-559038737, 32769, "1666", 1048576, 781, 0, 33, 524288, 524288),
    ]


def test_a_kernel_without_rss_and_swap_tells_only_the_size():
    # Up to 2.6.32 (ipc/shm.c) the table ended with ctime.
    header, row = (
        text[: text.index(last) + len(last)] + "\n" for text, last in ((HEADER, "ctime"), (IN_USE, "0 1795448130"))
    )
    assert sysvipc.parse(header + row) == [Segment(0, 0, "600", 5242880, 781, 1, 0, None, None)]


def test_columns_in_another_order():
    assert sysvipc.parse("uid nattch new cpid size perms shmid key\n7 6 x 5 4 600 2 1\n") == [
        Segment(1, 2, "600", 4, 5, 6, 7, None, None)
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(HEADER, id="no-segment"),
        pytest.param(IN_USE, id="no-header"),
        pytest.param(HEADER + IN_USE[:60], id="cut-row"),
        pytest.param(HEADER[:40] + "\n" + IN_USE, id="cut-header"),
        pytest.param(HEADER + IN_USE.replace("5242880", "--5"), id="two-signs"),
        pytest.param(HEADER + IN_USE.replace("5242880", "-"), id="sign-alone"),
        pytest.param(HEADER + IN_USE.replace("5242880", "5²"), id="superscript"),
        pytest.param(HEADER + IN_USE.replace("5242880", "9" * 5000), id="huge"),
        pytest.param(HEADER + IN_USE.replace("600", "rw-"), id="permissions-in-words"),
    ],
)
def test_what_is_no_segment_is_left_out(text):
    assert sysvipc.parse(text) == []
