# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/PID/maps: the mappings of files that have no disk behind them."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import maps
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.maps import Mapping

RANGE = "7f3a10000000-7f3a10200000"


def line(device, inode, path):
    return RANGE.encode() + b" rw-s 00000000 " + device + b" " + inode + b"                     " + path + b"\n"


@pytest.mark.parametrize(
    "data, expected",
    [
        pytest.param(
            line(b"00:19", b"3", b"/dev/shm/x"), Mapping(RANGE, "0:25", 3, b"/dev/shm/x"), id="tmpfs-hex-minor"
        ),
        pytest.param(
            line(b"00:1a3", b"3", b"/run/x"), Mapping(RANGE, "0:419", 3, b"/run/x"), id="minor-of-three-digits"
        ),
        pytest.param(line(b"00:fffff", b"3", b"/run/x"), Mapping(RANGE, "0:1048575", 3, b"/run/x"), id="highest-minor"),
        pytest.param(
            line(b"00:01", b"1025", b"/memfd:frames (deleted)"),
            Mapping(RANGE, "0:1", 1025, b"/memfd:frames (deleted)"),
            id="memfd",
        ),
        pytest.param(
            line(b"00:01", b"0", b"/SYSV00000000 (deleted)"),
            Mapping(RANGE, "0:1", 0, b"/SYSV00000000 (deleted)"),
            id="sysv-inode-0",
        ),
        pytest.param(
            line(b"00:01", b"2", b"/dev/zero (deleted)"),
            Mapping(RANGE, "0:1", 2, b"/dev/zero (deleted)"),
            id="shared-anonymous",
        ),
        pytest.param(
            line(b"00:19", b"9", b"/a b\\012c\xff (deleted)"),
            Mapping(RANGE, "0:25", 9, b"/a b\\012c\xff (deleted)"),
            id="blank-newline-and-bytes-in-the-path",
        ),
        pytest.param(
            line(b"00:19", b"18446744073709551615", b"/x"),
            Mapping(RANGE, "0:25", 18446744073709551615, b"/x"),
            id="largest-inode",
        ),
        pytest.param(line(b"fe:00", b"260131", b"/usr/bin/cat"), None, id="file-on-a-disk"),
        pytest.param(
            line(b"fe:00", b"260131", b"/x 00:01 5 /dev/zero (deleted)"), None, id="disk-file-named-like-a-mapping"
        ),
        pytest.param(
            line(b"00:17", b"6", b"/x 00:01 5 /dev/zero (deleted)"),
            Mapping(RANGE, "0:23", 6, b"/x 00:01 5 /dev/zero (deleted)"),
            id="tmpfs-file-named-like-a-mapping",
        ),
        pytest.param(line(b"00:00", b"0", b""), None, id="anonymous"),
        pytest.param(line(b"00:00", b"0", b"[heap]"), None, id="heap"),
        pytest.param(line(b"00:0d", b"7", b"anon_inode:[perf_event]"), None, id="no-path"),
        pytest.param(line(b"00:19", b"9" * 5000, b"/x"), None, id="huge-inode"),
        pytest.param(line(b"00:19", b"3", b"/x").replace(b"rw-s ", b"\n"), None, id="cut"),
    ],
)
def test_one_line(data, expected):
    assert list(maps.parse(data)) == ([] if expected is None else [expected])


SEVERAL = (
    b"00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/dbus-daemon\n"
    b"7f0000000000-7f0000001000 rw-s 00000000 00:01 5 /dev/zero (deleted)\n"
    b"7f0000001000-7f0000003000 rw-s 00000000 00:17 6 /run/x\n"
    b"7fffa0000000-7fffa0021000 rw-p 00000000 00:00 0 [stack]\n"
)
ZERO = Mapping("7f0000000000-7f0000001000", "0:1", 5, b"/dev/zero (deleted)")
RUN = Mapping("7f0000001000-7f0000003000", "0:23", 6, b"/run/x")


def test_mappings_come_in_the_order_of_addresses():
    assert list(maps.parse(SEVERAL)) == [ZERO, RUN]


@pytest.mark.parametrize("devices, expected", [({"0:23"}, [RUN]), ({"0:1", "8:2"}, [ZERO]), ({None}, []), (set(), [])])
def test_only_mappings_of_the_devices_that_are_asked_for(devices, expected):
    assert list(maps.parse(SEVERAL, devices)) == expected
