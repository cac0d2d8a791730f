# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/zoneinfo: per-CPU lists and thresholds, summed up."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import zoneinfo
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.zoneinfo import Node, Zoneinfo

# Two zones of two CPUs; the layout of the sets is that of 7.3 (from the lab), where count: is padded.
LINUX_7_3 = """\
Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 122365
      nr_balloon_pages 0
  pages free     3808
        boost    0
        min      22
        spanned  4095
        present  3998
        managed  3840
        cma      0
        protection: (0, 443, 443, 443, 443)
      nr_free_pages 3808
  pagesets
    cpu: 0
              count:    5
              high:     0
              batch:    1
              high_min: 13
              high_max: 240
  vm stats threshold: 4
    cpu: 1
              count:    7
              high:     0
              batch:    1
              high_min: 13
              high_max: 240
  vm stats threshold: 4
  node_unreclaimable:  0
  start_pfn:           1
Node 0, zone    DMA32
  pages free     70159
        managed  113599
  pagesets
    cpu: 0
              count:    200
  vm stats threshold: 12
    cpu: 1
              count:    0
  vm stats threshold: 12
Node 0, zone   Device
  pages free     0
        managed  0
        protection: (0, 0, 0, 0, 0)
"""

# From the lab's 5.10 (UML): one CPU, and a kernel without SMP prints no threshold.
LINUX_5_10 = """\
Node 0, zone   Normal
  pages free     94131
        managed  124436
      nr_zspages   18
  pagesets
    cpu: 0
              count: 57
              high:  186
              batch: 31
  node_unreclaimable:  0
"""

# 3.10 (mm/vmstat.c of that release) has the counters of a zone before its sets and all_unreclaimable after them.
LINUX_3_10 = """\
Node 0, zone   Normal
  pages free     175104
        min      11280
        scanned  0
        spanned  262144
        present  262144
        managed  243404
    nr_free_pages 175104
    nr_anon_transparent_hugepages 2
        protection: (0, 0, 0, 0)
  pagesets
    cpu: 0
              count: 117
              high:  186
              batch: 31
  vm stats threshold: 24
    cpu: 1
              count: 31
              high:  186
              batch: 31
  vm stats threshold: 24
  all_unreclaimable: 0
  start_pfn:         1048576
  inactive_ratio:    1
"""


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(LINUX_3_10, Zoneinfo(pcp_pages=148, drift_pages=48, managed_pages=243404), id="3.10"),
        pytest.param(LINUX_5_10, Zoneinfo(pcp_pages=57, drift_pages=0, managed_pages=124436), id="5.10-one-cpu"),
        pytest.param(LINUX_7_3, Zoneinfo(pcp_pages=212, drift_pages=32, managed_pages=117439), id="7.3-two-zones"),
        pytest.param("", Zoneinfo(0, 0, 0), id="empty"),
        pytest.param("              count: " + "9" * 5000, Zoneinfo(0, 0, 0), id="huge"),
    ],
)
def test_the_sums_over_zones_and_cpus(text, expected):
    assert zoneinfo.parse(text) == expected


def test_pages_of_each_memory_node_that_has_any():
    second = LINUX_3_10.replace("Node 0", "Node 1").replace("present  262144", "present  200000")
    empty = "Node 2, zone   Normal\n  pages free     0\n        spanned  0\n        present  0\n        managed  0\n"
    found = zoneinfo.nodes(LINUX_3_10 + second + LINUX_3_10.replace("Normal", "Movable") + empty)
    assert found == {0: Node(present=524288, spanned=524288), 1: Node(present=200000, spanned=262144)}
    assert zoneinfo.nodes("        present  7\n") == {}
