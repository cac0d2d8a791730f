# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/slabinfo of both allocators."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import slabinfo
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.slabinfo import Cache

HEADER = (
    "slabinfo - version: 2.1\n"
    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
    " : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n"
)
DENTRY = "dentry               803    819    192   21    1 : tunables    0    0    0 : slabdata     39     39      0\n"
LARGE = "kmalloc-4k            19     56   4096    8    8 : tunables    0    0    0 : slabdata      7      7      0\n"


def test_each_cache_with_the_pages_of_all_its_slabs():
    assert slabinfo.parse(HEADER + DENTRY + LARGE) == [
        Cache("dentry", 803, 819, 192, 39),
        Cache("kmalloc-4k", 19, 56, 4096, 56),
    ]


@pytest.mark.parametrize(
    "line, expected",
    [
        # CONFIG_SLAB with CONFIG_DEBUG_SLAB (mm/slab.c up to 6.7) adds statistics behind.
        pytest.param(
            "size-64             2960   3068     64   59    1 : tunables  120   60    8 : slabdata     52     50      2"
            " : globalstat   25480   3172   541  133    0    5    0    0    0 : cpustat  33610   1652  31560    746\n",
            Cache("size-64", 2960, 3068, 64, 50),
            id="slab-with-statistics",
        ),
        pytest.param(
            DENTRY.replace("dentry ", "a:b(c)-\udcff "), Cache("a:b(c)-\udcff", 803, 819, 192, 39), id="odd-name"
        ),
        pytest.param(
            DENTRY.replace("   803", "9" * 15).replace("39      0", "9" * 15 + " 0"),
            Cache("dentry", 999999999999999, 819, 192, 999999999999999),
            id="many",
        ),
        pytest.param(DENTRY.replace("803", "9" * 5000), None, id="huge-objects"),
        pytest.param(DENTRY.replace("39      0", "9" * 5000 + " 0"), None, id="huge-slabs"),
        pytest.param(DENTRY[:60], None, id="cut"),
        pytest.param("", None, id="empty"),
    ],
)
def test_one_line(line, expected):
    assert slabinfo.parse(HEADER + line) == ([] if expected is None else [expected])
