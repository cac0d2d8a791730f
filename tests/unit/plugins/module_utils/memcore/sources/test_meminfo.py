# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/meminfo of the oldest and the newest kernel, and of none."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import meminfo

KIB = 1024

# Fields as of 3.10 (fs/proc/meminfo.c of that release): no MemAvailable, KReclaimable, Percpu, Hugetlb.
LINUX_3_10 = """\
MemTotal:        1016232 kB
MemFree:          758456 kB
Buffers:            2072 kB
Cached:           102844 kB
SwapCached:            0 kB
Active:            85224 kB
Inactive:          78460 kB
Active(anon):      58964 kB
Inactive(file):    71820 kB
Unevictable:           0 kB
AnonPages:         58772 kB
Shmem:              6824 kB
Slab:              54864 kB
SReclaimable:      30296 kB
SUnreclaim:        24568 kB
KernelStack:        1888 kB
VmallocTotal:   34359738367 kB
VmallocUsed:        7264 kB
VmallocChunk:   34359728752 kB
HardwareCorrupted:     0 kB
HugePages_Total:       3
HugePages_Free:        2
Hugepagesize:       2048 kB
DirectMap4k:       49024 kB
"""

# From a live 6.18 host.
LINUX_6_18 = """\
MemTotal:       24684092 kB
MemFree:        22110960 kB
MemAvailable:   23740412 kB
Zswap:                 0 kB
KReclaimable:     433796 kB
SecPageTables:         0 kB
VmallocUsed:       19188 kB
VmallocChunk:          0 kB
Percpu:             2616 kB
FilePmdMapped:         0 kB
Balloon:               0 kB
HugePages_Total:       0
HugePages_Surp:        0
Hugepagesize:       2048 kB
Hugetlb:               0 kB
DirectMap1G:    25165824 kB
"""


def test_each_field_of_3_10_in_bytes_and_counts_as_counts():
    assert meminfo.parse(LINUX_3_10) == {
        "MemTotal": 1016232 * KIB,
        "MemFree": 758456 * KIB,
        "Buffers": 2072 * KIB,
        "Cached": 102844 * KIB,
        "SwapCached": 0,
        "Active": 85224 * KIB,
        "Inactive": 78460 * KIB,
        "Active(anon)": 58964 * KIB,
        "Inactive(file)": 71820 * KIB,
        "Unevictable": 0,
        "AnonPages": 58772 * KIB,
        "Shmem": 6824 * KIB,
        "Slab": 54864 * KIB,
        "SReclaimable": 30296 * KIB,
        "SUnreclaim": 24568 * KIB,
        "KernelStack": 1888 * KIB,
        "VmallocTotal": 34359738367 * KIB,
        "VmallocUsed": 7264 * KIB,
        "VmallocChunk": 34359728752 * KIB,
        "HardwareCorrupted": 0,
        "HugePages_Total": 3,
        "HugePages_Free": 2,
        "Hugepagesize": 2048 * KIB,
        "DirectMap4k": 49024 * KIB,
    }


def test_each_field_of_6_18():
    assert meminfo.parse(LINUX_6_18) == {
        "MemTotal": 24684092 * KIB,
        "MemFree": 22110960 * KIB,
        "MemAvailable": 23740412 * KIB,
        "Zswap": 0,
        "KReclaimable": 433796 * KIB,
        "SecPageTables": 0,
        "VmallocUsed": 19188 * KIB,
        "VmallocChunk": 0,
        "Percpu": 2616 * KIB,
        "FilePmdMapped": 0,
        "Balloon": 0,
        "HugePages_Total": 0,
        "HugePages_Surp": 0,
        "Hugepagesize": 2048 * KIB,
        "Hugetlb": 0,
        "DirectMap1G": 25165824 * KIB,
    }


def test_a_field_of_a_kernel_to_come_is_kept():
    assert meminfo.parse("MemTotal: 8 kB\nQuantumPages: 3 kB\n")["QuantumPages"] == 3 * KIB


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("Node 0 MemFree: 7 kB", id="numa-node"),
        pytest.param("MemFree:", id="no-number"),
        pytest.param("MemFree: -1 kB", id="negative"),
        pytest.param("MemFree: " + "9" * 5000 + " kB", id="huge"),
        pytest.param("MemFree: 7 MB", id="other-unit"),
        pytest.param("MemFree: ٧ kB", id="digits-of-another-script"),
    ],
)
def test_a_line_of_another_shape_is_left_out(line):
    assert meminfo.parse("MemTotal: 8 kB\n" + line + "\n") == {"MemTotal": 8 * KIB}


@pytest.mark.parametrize(
    "text, length",
    [
        pytest.param("", 0, id="empty"),
        pytest.param("MemFree: 7 kB\n", 14, id="no-total"),
        pytest.param("MemTotal:", 9, id="cut-in-the-first-line"),
        pytest.param("MemTotal: 0 kB\n", 15, id="no-memory-at-all"),
    ],
)
def test_without_a_total_nothing_can_be_said(text, length):
    with pytest.raises(ParseError) as error:
        meminfo.parse(text)
    assert str(error.value) == f"/proc/meminfo has no MemTotal in its {length} characters; is it cut off?"
