# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each cause from a report that has it, and none where the evidence is missing."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import oom_cause
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import Slab, Usage, Zone
from tests.support.oom_reports import MIB, kill, of_host, report, row


def stats(**mib):
    return {name: size * MIB for name, size in mib.items()}


HOG = [row(10, "hog", 700), row(11, "small", 10)]
CROWD = [row(pid, "worker", 50) for pid in range(10, 28)]
PAIR = [row(10, "a", 400), row(11, "b", 390)]
SMALL = [row(10, "a", 30)]
FIVE_HUNDRED = [row(10, "a", 500)]


def zone(name, free, low=1, managed=500, node=0, blocks=(), types=(), cma=0):
    """A zone: free memory and min watermark in MiB, counts of free blocks."""
    amounts = [free * MIB, low * MIB, 0, 0, managed * MIB]
    return Zone(node, name, *amounts, list(blocks), cma_free_bytes=cma * MIB, block_types=list(types))


LOW_AND_HIGH = [zone("Normal", 0.5), zone("HighMem", 200)]


def failure(free):
    """An allocation failed without a kill, on a host of which processes have 90 %."""
    return dict(
        of_host(free=free, active_anon=900, inactive_anon=0, slab_unreclaimable=20), outcome="allocation-failed"
    )


KERNEL, USER = "0xcc0(GFP_KERNEL)", "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP)"

CASES = [
    pytest.param(report(HOG, stats=stats(anon=710, file=0, shmem=0)), "one-task", id="one-task"),
    pytest.param(report(CROWD, stats=stats(anon=900)), "many-tasks", id="many-tasks"),
    pytest.param(report(PAIR, stats=stats(anon=790)), "working-set", id="working-set"),
    pytest.param(report(SMALL, stats=stats(anon=30, file=900, shmem=900)), "shared-memory", id="tmpfs-v2"),
    pytest.param(report(SMALL, stats=stats(rss=30, cache=900, active_file=5)), "shared-memory", id="tmpfs-el7"),
    pytest.param(report(SMALL, stats=stats(anon=30, slab=300)), "slab", id="slab"),
    pytest.param(
        report(SMALL, stats=stats(anon=30, slab_reclaimable=100, slab_unreclaimable=150)), "slab", id="slab-parts"
    ),
    pytest.param(report(SMALL, stats=stats(anon=30, pagetables=120)), "page-tables", id="page-tables"),
    pytest.param(report(SMALL, stats=stats(anon=30, kernel=400, slab=10)), "kernel-memory", id="kernel"),
    pytest.param(report(SMALL, stats=stats(anon=30, percpu=150, sock=100)), "kernel-memory", id="percpu-and-sockets"),
    pytest.param(
        report(SMALL, memory=Usage(500 * MIB, 1000 * MIB, 0), kmem=Usage(50 * MIB, 50 * MIB, 9)),
        "kernel-memory",
        id="kmem-limit",
    ),
    pytest.param(report(SMALL, stats=stats(anon=30, unevictable=500)), "locked-memory", id="mlocked"),
    pytest.param(
        report(SMALL, **of_host(active_anon=25, inactive_anon=5, free=10, slab_unreclaimable=100, hugetlb=800)),
        "huge-pages",
        id="huge-pages",
    ),
    pytest.param(
        report(SMALL, **of_host(active_anon=25, inactive_anon=5, free=10, slab_unreclaimable=100)),
        "unaccounted",
        id="unaccounted",
    ),
    pytest.param(
        report(SMALL, **of_host(swap_mib=900, active_anon=25, inactive_anon=5, free=10, slab_unreclaimable=100)),
        "compressed-swap",
        id="swapped-shared-memory-in-zram",
    ),
    pytest.param(
        report(SMALL, slabs=[Slab("kmalloc-2k", 1, 300 * MIB)], **of_host(slab_unreclaimable=400, free=590)),
        "slab",
        id="slab-of-the-host",
    ),
    pytest.param(report(SMALL, **of_host(1000, 500)), "swap-full", id="swap-full"),
    pytest.param(
        report(
            SMALL, order=3, gfp_mask=KERNEL, zones=[zone("Normal", 200, blocks=[51200, 0, 0, 0])], **of_host(free=200)
        ),
        "fragmentation",
        id="fragmentation",
    ),
    pytest.param(
        report(SMALL, order=3, gfp_mask=KERNEL, **of_host(free=200)), "fragmentation", id="fragmentation-without-zones"
    ),
    pytest.param(
        report(SMALL, order=0, gfp_mask=USER, zones=[zone("Normal", 200, low=250)], **of_host(free=200)),
        "reserve",
        id="min-free-kbytes-of-a-quarter",
    ),
    pytest.param(
        report([], order=0, gfp_mask="0x480020(GFP_ATOMIC)", zones=[zone("Normal", 1, low=4)], **failure(1)),
        "atomic",
        id="network-driver",
    ),
    pytest.param(
        report([], order=4, gfp_mask=KERNEL, zones=[zone("Normal", 20, blocks=[5120, 0, 0, 0, 0])], **failure(20)),
        "fragmentation",
        id="large-block-of-a-failure",
    ),
    pytest.param(
        report([], order=0, gfp_mask=KERNEL, zones=[zone("Normal", 20)], **failure(20)),
        "unknown",
        id="failure-that-could-be-served",
    ),
    pytest.param(
        report([], order=0, gfp_mask=KERNEL, zones=[zone("Normal", 1, low=4)], **failure(1)),
        "anonymous",
        id="failure-of-a-full-host",
    ),
    pytest.param(report([], stats=stats(anon=990)), "anonymous", id="no-table"),
    pytest.param(report(SMALL, stats=stats(anon=990)), "anonymous", id="moved-away"),
    pytest.param(
        report(SMALL, order=0, gfp_mask="0xcc4(GFP_KERNEL|GFP_DMA32)", **of_host(free=200)), "one-zone", id="dma32"
    ),
    pytest.param(
        report(SMALL, order=0, gfp_mask="0xd0", zones=LOW_AND_HIGH, **of_host(free=200)),
        "one-zone",
        id="lowmem-of-32-bit",
    ),
    pytest.param(report(HOG, **dict(of_host(), scope="cpuset")), "restricted-nodes", id="cpuset"),
    pytest.param(report(HOG, **dict(of_host(), scope="sysrq")), "requested", id="sysrq"),
    pytest.param(report([], [kill(10, "a", 1)], memory=None), "unknown", id="bare-kill"),
    pytest.param(report(SMALL), "unknown", id="nothing-reaches-its-threshold"),
]


@pytest.mark.parametrize("given, name", CASES)
def test_cause(given, name):
    found = oom_cause.decide(given)
    assert found.name == name
    assert found.rule


def test_every_cause_has_a_case():
    assert {case.values[1] for case in CASES} == set(oom_cause.CAUSES)


@pytest.mark.parametrize("name", sorted(oom_cause.THRESHOLDS))
def test_threshold_is_reached_at_its_value_and_not_below(name):
    """At the threshold the part is a cause, a MiB below it is none."""
    share = oom_cause.THRESHOLDS[name] * 10  # MiB of 1000
    makers = {
        "one-task": lambda mib: report([row(10, "a", mib)]),
        "many-tasks": lambda mib: report([row(pid, "a", mib / 5) for pid in range(10, 15)]),
        "working-set": lambda mib: report([row(10, "a", 210), row(11, "b", mib - 210)]),
        "anonymous": lambda mib: report([], stats={"anon": mib * MIB}),
        "shared-memory": lambda mib: report(SMALL, stats={"shmem": mib * MIB}),
        "slab": lambda mib: report(SMALL, stats={"slab": mib * MIB}),
        "page-tables": lambda mib: report(SMALL, stats={"pagetables": mib * MIB}),
        "kernel-memory": lambda mib: report(SMALL, stats={"kernel": mib * MIB}),
        "locked-memory": lambda mib: report(SMALL, stats={"unevictable": mib * MIB}),
        "huge-pages": lambda mib: report(SMALL, **of_host(hugetlb=mib)),
        "unaccounted": lambda mib: report(
            SMALL, **of_host(active_anon=0, inactive_anon=0, slab_unreclaimable=0, free=1000 - mib)
        ),
        "compressed-swap": lambda mib: report(
            SMALL, **of_host(swap_mib=500, active_anon=0, inactive_anon=0, slab_unreclaimable=0, free=1000 - mib)
        ),
    }
    reached = oom_cause.decide(whole(makers[name](share)))
    below = oom_cause.decide(whole(makers[name](share - 5)))
    assert name in [reached.name, *reached.contributing]
    assert name not in [below.name, *below.contributing]


def whole(given):
    """Rows of whole pages."""
    tasks = [
        one._replace(rss_pages=int(one.rss_pages), total_vm_pages=int(one.total_vm_pages)) for one in given.tasks or []
    ]
    return given._replace(tasks=tasks)


@pytest.mark.parametrize(
    "tasks, kept, name, contributing",
    [
        # 700/500 = 1.4 beats 250/200 = 1.25; 150/100 = 1.5 is more, but page tables are less than half of the process.
        pytest.param(
            HOG, {"anon": 700, "slab": 250, "pagetables": 150}, "one-task", ["page-tables", "slab"], id="task"
        ),
        pytest.param(FIVE_HUNDRED, {"anon": 500, "slab": 400}, "slab", ["one-task"], id="slab-beside-half"),
        pytest.param(HOG, {"anon": 710, "unevictable": 700}, "one-task", ["locked-memory"], id="task-that-locks"),
        pytest.param(CROWD, {"anon": 900, "unevictable": 600}, "many-tasks", ["locked-memory"], id="crowd-that-locks"),
        pytest.param(SMALL, {"anon": 30, "slab": 210, "unevictable": 700}, "slab", ["locked-memory"], id="locked-last"),
    ],
)
def test_which_of_several_parts_used_the_memory_up(tasks, kept, name, contributing):
    found = oom_cause.decide(report(tasks, stats=stats(**kept)))
    assert (found.name, found.contributing) == (name, contributing)


def test_shared_pages_of_many_are_not_counted_for_each():
    """A hundred processes map the same 800 MiB; the cgroup has 20 MiB of anonymous memory."""
    crowd = [row(pid, "postgres", 801) for pid in range(10, 110)]
    found = oom_cause.decide(report(crowd, stats=stats(anon=20, file=800, shmem=800)))
    assert (found.name, found.contributing) == ("shared-memory", [])


def test_memory_that_became_free_since_is_no_sign_of_a_zone():
    """The allocation could have used any zone: another kill had freed memory when the block was printed."""
    zones = [zone("DMA", 1), zone("Normal", 149)]
    found = oom_cause.decide(report(HOG, order=0, gfp_mask=USER, zones=zones, **of_host(free=150)))
    assert (found.name, found.contributing) == ("one-task", [])


def test_whose_limit_it_was():
    assert oom_cause.decide(report(HOG)).limit_is == "own"
    assert oom_cause.decide(report(HOG, task_cgroup="/a/b")).limit_is == "ancestor"
    assert oom_cause.decide(report(HOG, limit_cgroup=None)).limit_is is None
    assert oom_cause.decide(report(HOG, **of_host())).limit_is == "host"
