# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was requested, and whether the free memory of the report could have served it.

Figures of the zones are those of real reports where a test says so; the answers were worked out by hand from
__zone_watermark_ok() of mm/page_alloc.c.
"""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import allocation_request, gfp
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import Usage, Zone
from tests.support.oom_reports import MIB, of_host, report

KERNEL, USER = "0xcc0(GFP_KERNEL)", "0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP)"
KB = 1024


def zone(name, free, low, node=0, **more):
    """A zone of free and min in kB as the kernel prints them."""
    more = {key: value * KB if key.endswith("bytes") else value for key, value in more.items()}
    more.setdefault("cma_free_bytes", 0)
    blocks = more.pop("blocks", [])
    return Zone(node, name, free * KB, low * KB, 0, 0, more.pop("managed_bytes", 0), blocks, **more)


def asked(zones=(), order=0, mask=KERNEL, **fields):
    known = dict(of_host(), zones=list(zones), order=order, gfp_mask=mask, release="6.12.117")
    known.update(fields)
    return allocation_request.of_report(report(**known))


@pytest.mark.parametrize(
    "printed, zone_name, movable, flags",
    [
        ("0x201da", "Movable", True, []),  # up to 4.5 only the number: page cache
        ("0xd0", "Normal", False, []),
        ("0x2", "HighMem", False, []),
        ("0xcc1(GFP_KERNEL|GFP_DMA)", "DMA", False, ["GFP_KERNEL", "GFP_DMA"]),
        ("0xcc4(GFP_KERNEL|GFP_DMA32)", "DMA32", False, ["GFP_KERNEL", "GFP_DMA32"]),
        ("0x14200ca(GFP_HIGHUSER_MOVABLE)", "Movable", True, ["GFP_HIGHUSER_MOVABLE"]),
        ("0x100cc8(GFP_USER|__GFP_MOVABLE)", "Normal", True, ["GFP_USER", "__GFP_MOVABLE"]),
    ],
)
def test_flags_of_a_mask(printed, zone_name, movable, flags):
    found = gfp.parse(printed)
    assert (found.highest_zone, found.movable, found.flags) == (zone_name, movable, flags)


@pytest.mark.parametrize("printed", [None, "", "GFP_KERNEL", "(null)"])
def test_no_mask(printed):
    assert gfp.parse(printed) is None


def test_size_of_the_request():
    found = asked(order=3, page_size=65536)
    assert (found.order, found.bytes, found.gfp_flags) == (3, 524288, ["GFP_KERNEL"])


@pytest.mark.parametrize("fields", [{"order": None}, {"order": -1}, {"order": 0, "scope": "sysrq"}])
def test_nothing_was_requested(fields):
    assert asked(**fields) is None


# 6.12, 320 MiB with an area of CMA: a page table could not be had while 53 MiB of CMA were free.
CMA = [
    zone("DMA", 1028, 116, lowmem_reserve_pages=[0, 250, 250, 250, 250]),
    zone("DMA32", 54880, 1964, lowmem_reserve_pages=[0] * 5, cma_free_bytes=54400),
]


def test_free_cma_is_of_no_use_to_the_kernel():
    """DMA has 1028 kB, and keeps 116 + 250 * 4 = 1116; DMA32 has 54880 - 54400 = 480, and keeps 1964."""
    found = asked(CMA)
    assert (found.could_be_served, found.obstacle) == ("no", allocation_request.ZONES_FULL)
    assert found.usable_bytes == (1028 + 480) * KB
    assert [tuple(one) for one in found.unusable] == [("CMA", 54400 * KB)]
    assert "DMA32 of node 0: 480.0 KiB free, reserve 1.9 MiB" in found.why
    assert "53.1 MiB of CMA" in found.why


def test_free_cma_will_do_for_a_process():
    found = asked(CMA, mask=USER)
    assert (found.could_be_served, found.unusable) == ("yes", [])


def test_cma_that_the_zones_do_not_show():
    hidden = [one._replace(cma_free_bytes=None) for one in CMA]
    meminfo = dict(of_host()["meminfo"], free_cma=54400 * KB)
    assert asked(hidden, meminfo=meminfo).could_be_served == "unknown"
    assert asked(hidden, meminfo=meminfo, mask=USER).could_be_served == "yes"


def test_kernel_data_cannot_be_in_highmem():
    """5.10 on a board without NUMA: all of low memory is one zone."""
    zones = [
        zone("DMA", 519112, 10428, node=None, cma_free_bytes=513592),
        zone("HighMem", 3152464, 512, node=None),
    ]
    found = asked(zones)
    assert (found.could_be_served, found.zones) == ("no", ["DMA"])
    assert [tuple(one) for one in found.unusable] == [("HighMem", 3152464 * KB), ("CMA", 513592 * KB)]
    assert asked(zones, mask=USER).could_be_served == "yes"


@pytest.mark.parametrize(
    "free, answer",
    [(1000, "no"), (2000, "no"), (2004, "yes")],  # a page more than the reserve of 1000 kB and 250 pages
)
def test_reserve_of_a_lower_zone(free, answer):
    zones = [zone("DMA", free, 1000, lowmem_reserve_pages=[0, 250, 250, 250]), zone("DMA32", 10, 1000)]
    assert asked(zones).could_be_served == answer


def test_reserve_against_normal_is_told_from_that_against_movable():
    """Two zones above have memory: the first step is Normal's, the second Movable's."""
    zones = [
        zone("DMA", 3000, 1000, lowmem_reserve_pages=[0, 0, 400, 900]),
        zone("Normal", 10, 1000, lowmem_reserve_pages=[0, 0, 0, 500]),
        zone("Movable", 10, 1000, lowmem_reserve_pages=[0, 0, 0, 0]),
    ]
    assert asked(zones).could_be_served == "yes"  # 3000 > 1000 + 400 * 4
    assert asked(zones, mask=USER).could_be_served == "no"  # 3000 < 1000 + 900 * 4


def test_lost_reserve_leaves_it_open():
    zones = [zone("DMA", 3000, 1000), zone("Normal", 10, 1000)]
    assert asked(zones).could_be_served == "unknown"
    assert asked([one._replace(free_bytes=900 * KB) for one in zones]).could_be_served == "no"


@pytest.mark.parametrize(
    "blocks, types, answer",
    [
        ([5000, 10, 0, 0], [], "no"),  # order 2 needs a block of 16 kB
        ([5000, 10, 0, 1], ["UME", "U", "", "M"], "yes"),
        ([5000, 10, 0, 1], ["UME", "U", "", "C"], "no"),  # only CMA, and the request is not movable
        ([5000, 10, 1, 0], ["UME", "U", "H", ""], "no"),  # kept for atomic requests
    ],
)
def test_block_of_the_order(blocks, types, answer):
    found = asked([zone("Normal", 20080, 1000, blocks=blocks, block_types=types)], order=2)
    assert found.could_be_served == answer
    if answer == "no":
        assert found.obstacle == allocation_request.NO_BLOCK
        assert "no free block of 16.0 KiB" in found.why


def test_blocks_that_the_log_lost():
    assert asked([zone("Normal", 20080, 1000)], order=2).could_be_served == "unknown"


def test_atomic_request_may_take_most_of_the_reserve():
    """Of 1000 kB an ordinary request leaves all, GFP_NOFS|__GFP_HIGH 500, GFP_ATOMIC 375."""
    for free, answers in (
        (1100, ("yes",) * 3),
        (600, ("no", "yes", "yes")),
        (400, ("no", "no", "yes")),
        (300, ("no",) * 3),
    ):
        zones = [zone("Normal", free, 1000)]
        masks = (KERNEL, "0x460(GFP_NOFS|__GFP_HIGH)", "0x480020(GFP_ATOMIC)")
        assert tuple(asked(zones, mask=mask).could_be_served for mask in masks) == answers, free


def test_number_alone_does_not_tell_how_atomic_it_is():
    answers = [asked([zone("Normal", free, 1000)], mask="0x20").could_be_served for free in (600, 400, 300)]
    assert answers == ["yes", "unknown", "no"]


def test_old_kernels_want_free_memory_in_larger_blocks():
    """Up to 4.3: after the single pages are left out, half of the watermark must be free (here 125 pages of 250)."""
    zones = [zone("Normal", 4 * 1100, 1000, blocks=[1000, 10, 20, 0])]
    assert asked(zones, order=1, release="3.10.0-1160.el7.x86_64").could_be_served == "no"
    assert asked(zones, order=1, release="4.19.78").could_be_served == "yes"
    assert asked(zones, order=1, release=None).could_be_served == "unknown"


def test_nodes_that_a_cpuset_allows():
    zones = [zone("Normal", 100, 1000), zone("Normal", 90000, 1000, node=1)]
    found = asked(zones, mask=USER, scope="cpuset", mems_allowed="0")
    assert (found.could_be_served, found.nodes, found.zones) == ("no", "0", ["Normal of node 0"])
    assert [tuple(one) for one in found.unusable] == [("other nodes", 90000 * KB)]
    assert asked(zones, mask=USER, scope="cpuset", mems_allowed="0-1").could_be_served == "yes"
    assert asked(zones, mask=USER, scope="mempolicy", nodemask="1").could_be_served == "yes"


def test_request_for_one_node_that_the_log_does_not_name():
    zones = [zone("Normal", 100, 1000), zone("Normal", 90000, 1000, node=1)]
    assert asked(zones, mask="0x6c0(GFP_KERNEL|__GFP_THISNODE)").could_be_served == "unknown"
    assert asked(zones[:1], mask="0x6c0(GFP_KERNEL|__GFP_THISNODE)").could_be_served == "no"


def test_zones_that_the_log_lost():
    """The host had 100 MiB free, the only zone of the log 4."""
    meminfo = dict(of_host()["meminfo"], free=100 * MIB)
    found = asked([zone("DMA", 4096, 8192)], meminfo=meminfo)
    assert (found.could_be_served, found.why) == ("unknown", "The log lacks the lines of some zones.")


@pytest.mark.parametrize(
    "limits, answer, told",
    [
        ({"memory": Usage(100 * MIB, 100 * MIB, 7)}, "no", "the limit of memory, 100.0 MiB, left 0 B"),
        ({"memory": Usage(90 * MIB, 100 * MIB, 7)}, "yes", "10.0 MiB were free below"),
        (
            {"memory": Usage(90 * MIB, 100 * MIB, 7), "memory_swap": Usage(200 * MIB, 200 * MIB, 7)},
            "no",
            "the limit of memory and swap, 200.0 MiB, left 0 B",
        ),
        (
            {"memory": Usage(90 * MIB, 100 * MIB, 7), "kmem": Usage(20 * MIB, 20 * MIB, 7)},
            "no",
            "the limit of kernel memory, 20.0 MiB",
        ),
        ({"memory": Usage(110 * MIB, 100 * MIB, 7)}, "no", "left 0 B"),  # a limit that was lowered
        ({"memory": None}, "unknown", "does not show the cgroup's limit"),
    ],
)
def test_limit_of_a_cgroup(limits, answer, told):
    found = asked(**dict({"scope": "memcg"}, **limits))
    assert found.could_be_served == answer
    assert told in found.why


def test_every_answer_is_one_sentence():
    zones = [zone("DMA", 10, 1000), zone("Normal", 20, 1000)] + [
        zone("Normal", 10, 1000, node=node) for node in range(1, 9)
    ]
    for found in (
        asked(zones),
        asked(zones, mask=USER, order=9),
        asked(),
        asked(mask=None),
        asked([zone("Device", 1, 1)]),
    ):
        assert found.why.endswith(".") and "\n" not in found.why and ". " not in found.why, found.why


@pytest.mark.parametrize(
    ("reserves", "release", "answer"),
    [
        ([0, 0, 0, 207, 207], "6.12.117", "no"),  # as captured with movablecore=
        ([0, 0, 900, 1107, 1107], "6.12.117", "unknown"),  # a zone Normal with memory is not in the log
        ([], "6.12.117", "unknown"),
        ([0, 0, 0, 207, 207], "5.10.223", "unknown"),  # it prints every zone, so that lines are lost
    ],
)
def test_zones_above_those_of_the_request_are_left_out(reserves, release, answer):
    meminfo = dict(of_host()["meminfo"], free=100 * MIB)
    found = asked([zone("DMA32", 100, 1000, lowmem_reserve_pages=reserves)], meminfo=meminfo, release=release)
    assert found.could_be_served == answer
    higher = [one.bytes for one in found.unusable if one.where == "higher zones"]
    assert higher == ([100 * MIB - 100 * KB] if answer == "no" else [])
