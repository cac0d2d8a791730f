# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""df's output as sos keeps it: sizes, inodes, dashes and odd rows."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import df
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.df import Row

KIB = 1024

# From the lab's 7.3.
BLOCKS = """\
Filesystem      1K-blocks     Used Available  Use% Mounted on
/dev/root         1029548    49144    964020    5% /
tmpfs              234876     3072    231804    2% /dev/shm
"""
INODES = """\
Filesystem         Inodes    IUsed     IFree IUse% Mounted on
/dev/root           65536     1329     64207    3% /
tmpfs               58719        2     58717    1% /dev/shm
"""


def test_each_mount_with_its_blocks_and_inodes():
    assert df.parse(BLOCKS, INODES) == {
        "/": Row(1029548 * KIB, 49144 * KIB, 964020 * KIB, 65536, 1329),
        "/dev/shm": Row(234876 * KIB, 3072 * KIB, 231804 * KIB, 58719, 2),
    }


@pytest.mark.parametrize(
    "row, expected",
    [
        pytest.param(
            "tmpfs 8 4 4 50% /run", {"/run": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)}, id="no-inodes-known"
        ),
        pytest.param(
            "tmpfs 0 0 0 - /sys/fs/cgroup", {"/sys/fs/cgroup": Row(None, None, None, None, None)}, id="no-limit"
        ),
        pytest.param("systemd-1 - - - - /proc/x", {}, id="dashes-of-a-mount-that-is-covered"),
        pytest.param(
            "x 8 4 -4 101% /full", {"/full": Row(8 * KIB, 4 * KIB, -4 * KIB, None, None)}, id="reserve-in-use"
        ),
        pytest.param(
            "tmpfs 8 4 4 50% /my disk 7%",
            {"/my disk 7%": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)},
            id="blanks-in-the-path",
        ),
        pytest.param(
            "a b  c 8 4 4 50% /x", {"/x": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)}, id="blanks-in-the-source"
        ),
        pytest.param(
            "tmpfs tmpfs 8 4 4 50% /x", {"/x": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)}, id="df-T-with-a-type"
        ),
        pytest.param(
            "4 4 4 4 4 4% 8 4 4 50% /x", {"/x": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)}, id="numbers-in-the-source"
        ),
        pytest.param(
            "tmpfs 8 4 4 50% /a\u2028b",
            {"/a\u2028b": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)},
            id="unicode-line-end-in-the-path",
        ),
        pytest.param(
            "/dev/mapper/a-very-long-name-of-a-volume\n            8 4 4 50% /x",
            {"/x": Row(8 * KIB, 4 * KIB, 4 * KIB, None, None)},
            id="row-wrapped-by-an-old-df",
        ),
        pytest.param("tmpfs 8 4 4 50% relative", {}, id="no-path"),
        pytest.param("tmpfs 8 4 4", {}, id="cut"),
        pytest.param("tmpfs " + "9" * 5000 + " 4 4 50% /x", {}, id="huge"),
        pytest.param("df: /run/user/1000/gvfs: Permission denied", {}, id="error-message"),
        pytest.param("", {}, id="empty"),
    ],
)
def test_one_row(row, expected):
    assert df.parse(row + "\n", "") == expected


def test_a_path_that_is_mounted_twice_keeps_the_upper_mount():
    assert df.parse("tmpfs 8 4 4 50% /x\ntmpfs 16 4 12 25% /x\n", "")["/x"].size_bytes == 16 * KIB


@pytest.mark.parametrize(
    "name, blocks, inodes",
    [
        ("df_-al_-x_autofs", True, False),
        ("df_-ali_-x_autofs", False, True),
        ("df_-aliT_-x_autofs", False, True),
        ("df_-alT_-x_autofs", True, False),
        ("lsblk", False, False),
    ],
)
def test_which_file_of_sos_has_what(name, blocks, inodes):
    assert (df.is_blocks(name), df.is_inodes(name)) == (blocks, inodes)
