# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two further reports of each kind of OOM whose cause is easily told wrong: the cause, and what is said of it.

The reports are composed by hand after real ones of the same kind (public-ooms), which another test reads.
"""

import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import oom_event
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import (
    Slab,
    TaskRow,
    Usage,
    Zone,
)
from tests.support.oom_reports import MIB, PAGES, kill, of_host, report, row

KERNEL, USER = "0xcc0(GFP_KERNEL)", "0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP)"
SMALL = [row(10, "small", 30), row(11, "smaller", 10)]


def event(given):
    return events.told(oom_event.record(given, 1, events.NOWHERE, {}, 20))


def told(given, name, *parts, never=()):
    """Check the cause of the report, and that its sentences have the parts, and nothing of `never`."""
    found = event(given)
    text = found["explanation"]
    assert found["cause"]["class"] == name, (found["cause"]["evidence"]["rule"], text)
    for part in parts:
        assert part in text, text
    for part in never:
        assert not re.search(part, text), text
    assert "None" not in text + found["summary"] and "{" not in text + found["summary"], text
    share = found["cause"]["evidence"]["share_percent"]
    assert share is None or share <= 100
    return found


def zone(name, free, low, managed=500, node=0, cma=0, blocks=(), types=()):
    """A zone: free memory, min watermark and size in MiB."""
    amounts = [int(size * MIB) for size in (free, low)] + [0, 0, managed * MIB]
    return Zone(node, name, *amounts, list(blocks), cma_free_bytes=int(cma * MIB), block_types=list(types))


# Free memory in a zone that the request may not use.


def test_low_memory_of_a_32_bit_host_is_full():
    """896 MiB of low memory with 1 MiB free, 2.5 GiB of HighMem free."""
    zones = [zone("DMA", 0.5, 1, 16), zone("Normal", 0.5, 3, 880), zone("HighMem", 2560, 1, 3100)]
    given = report(
        SMALL,
        [kill(10, "small", 30)],
        order=0,
        gfp_mask="0xd0",
        zones=zones,
        **of_host(4000, free=2561, slab_unreclaimable=300),
    )
    found = told(
        given,
        "one-zone",
        "the host had no memory that the request could use, although 2.5 GiB of its 3.9 GiB of RAM were free",
        "Normal of node 0: 512.0 KiB free, reserve 3.0 MiB",
        "2.5 GiB of zone HighMem",
        "64-bit kernel",
        never=["host was out of memory"],
    )
    assert found["summary"].startswith("The host had no memory that the request could use, although 2.5 GiB")


def test_low_memory_of_a_board_is_set_aside_for_devices():
    """Most of low memory is CMA, and HighMem is free: both are told."""
    zones = [zone("DMA", 505, 10, 648, node=None, cma=501), zone("HighMem", 3000, 1, 3188, node=None)]
    given = report(SMALL, [kill(10, "small", 30)], order=0, gfp_mask=KERNEL, zones=zones, **of_host(3836, free=3505))
    found = told(given, "one-zone", "DMA: 4.0 MiB free, reserve 10.0 MiB", "64-bit kernel", "cma=")
    assert [one["where"] for one in found["request"]["unusable"]] == ["HighMem", "CMA"]


def test_slab_that_fills_low_memory_is_slab():
    """The same with 600 MiB of slab: it fills 67 % of the 896 MiB that it can be in."""
    zones = [zone("DMA", 0.5, 1, 16), zone("Normal", 0.5, 3, 880), zone("HighMem", 2560, 1, 3100)]
    given = report(
        SMALL,
        [kill(10, "small", 30)],
        order=0,
        gfp_mask="0xd0",
        zones=zones,
        slabs=[Slab("ext4_inode_cache", 1, 500 * MIB)],
        **of_host(2900, free=2561, slab_unreclaimable=600),
    )
    told(
        given, "slab", "most of it ext4_inode_cache (500.0 MiB)", "2.5 GiB were free, but this request may not use them"
    )


def test_device_that_reaches_4_gib_only():
    zones = [zone("DMA32", 2, 10, 2900), zone("Normal", 4000, 50, 13000)]
    mask = "0xcc4(GFP_KERNEL|GFP_DMA32)"
    given = report(SMALL, [kill(10, "small", 30)], order=0, gfp_mask=mask, zones=zones, **of_host(16000, free=4002))
    told(given, "one-zone", "DMA32 of node 0: 2.0 MiB free, reserve 10.0 MiB", "3.9 GiB of zone Normal", "driver")


@pytest.mark.parametrize("where, said", [("Movable", "movablecore="), ("CMA", "cma=")])
def test_unmovable_request_while_only_movable_memory_is_free(where, said):
    """The largest process has 60 % of RAM, but its pages could have gone where the free memory is."""
    if where == "CMA":
        zones = [zone("DMA32", 151, 3, 1000, cma=150)]
    else:
        zones = [zone("DMA32", 1, 3, 800), zone("Movable", 150, 1, 200)]
    given = report(
        [row(10, "big", 600, anon=600)],
        [kill(10, "big", 600)],
        order=0,
        gfp_mask=KERNEL,
        zones=zones,
        **of_host(1000, free=151, active_anon=600, inactive_anon=0, slab_unreclaimable=20),
    )
    found = told(
        given, "one-zone", "DMA32 of node 0: 1.0 MiB free, reserve 3.0 MiB", said, "big (pid 10), held 600.0 MiB"
    )
    assert found["cause"]["evidence"]["contributing"][0] == "one-task"
    assert found["request"]["could_be_served"] == "no"


def test_reserve_that_is_set_too_large():
    zones = [zone("Normal", 300, 350, 1000, blocks=[100] * 11)]
    given = report(SMALL, [kill(10, "small", 30)], order=0, gfp_mask=USER, zones=zones, **of_host(1000, free=300))
    told(given, "reserve", "300.0 MiB free, reserve 350.0 MiB", "vm.min_free_kbytes", never=["host was out of memory"])


# Leaked slab is slab, and not fragmentation.


def test_leaked_slab_leaves_only_small_blocks():
    """Order 3, 45 MiB free in small blocks, and 600 of 1000 MiB in slab."""
    zones = [zone("Normal", 45, 4, 1000, blocks=[11000, 65, 0, 0, 0])]
    given = report(
        SMALL,
        [kill(10, "small", 30)],
        order=3,
        gfp_mask=KERNEL,
        zones=zones,
        slabs=[Slab("kmalloc-2k", 1, 550 * MIB)],
        **of_host(1000, free=45, slab_unreclaimable=600, active_anon=20, inactive_anon=20),
    )
    found = told(given, "slab", "most of it kmalloc-2k (550.0 MiB)", "slabtop", "needed a free block of 32.0 KiB")
    assert "fragmentation" in found["cause"]["evidence"]["contributing"]


def test_split_memory_without_a_leak_is_fragmentation():
    zones = [zone("Normal", 245, 4, 1000, blocks=[61000, 865, 0, 0, 0])]
    given = report(
        SMALL,
        [kill(10, "small", 30)],
        order=3,
        gfp_mask=KERNEL,
        zones=zones,
        **of_host(1000, free=245, slab_unreclaimable=60, active_anon=300, inactive_anon=20),
    )
    told(given, "fragmentation", "no free block of 32.0 KiB", "compact_memory", never=["host was out of memory"])


# Anonymous memory fills the limit, but the task table does not show who has it.


def test_victim_of_a_report_without_table_held_little():
    given = report([], [kill(10, "helper", 8)], stats={"anon": 980 * MIB, "file": MIB})
    found = told(given, "anonymous", "980.0 MiB, 98 % of the limit", "no task table", never=["helper.* alone held"])
    assert found["cause"]["evidence"]["largest_task"] is None


def test_table_that_lost_its_rows():
    given = report(SMALL, [kill(12, "lost", 700)], table_lost_rows=True, stats={"anon": 980 * MIB})
    told(given, "one-task", "lost (pid 12) alone held 700.0 MiB, 70 % of the limit")
    given = report(SMALL, [kill(12, "lost", 100)], table_lost_rows=True, stats={"anon": 980 * MIB})
    told(given, "anonymous", "the report does not show which process has it", never=["hold only"])


@pytest.mark.parametrize("kept", [{"anon": 980}, {"rss": 980, "cache": 2}])
def test_process_that_moved_left_its_charge(kept):
    given = report(SMALL, [kill(10, "small", 30)], stats={name: mib * MIB for name, mib in kept.items()})
    told(
        given, "anonymous", "980.0 MiB, 98 % of the limit", "hold only 40.0 MiB", "moved", never=["somebody", "left it"]
    )


def test_charge_that_moved_along_is_the_holders():
    """A process brought its memory along: the table and the statistics agree."""
    given = report([row(10, "moved", 900)], [kill(10, "moved", 900)], stats={"anon": 900 * MIB})
    told(given, "one-task", "moved (pid 10) alone held 900.0 MiB", never=["another"])


# The limit of memory and swap was hit.


def memsw(tasks, **fields):
    """1000 MiB of memory, 880 used; 2000 MiB with swap, all used."""
    return report(
        tasks,
        [kill(10, "a", 500)],
        memory=Usage(880 * MIB, 1000 * MIB, 7),
        memory_swap=Usage(2000 * MIB, 2000 * MIB, 7),
        **fields,
    )


def test_memory_and_swap_of_one_process_fill_their_limit():
    found = told(
        memsw([row(10, "a", 500, swap=1000), row(11, "b", 300)]),
        "one-task",
        "a (pid 10) alone held 1.5 GiB, 75 % of the",
        "2.0 GiB",
    )
    assert found["cause"]["evidence"]["of"] == "memsw"
    assert found["cause"]["evidence"]["total_bytes"] == 2000 * MIB


def test_memory_is_full_too_but_could_have_been_swapped():
    """Docker's -m 1000m --memory-swap 2000m: both limits are full, and more swap is what the process lacks."""
    given = memsw([row(10, "a", 500, swap=1000)])._replace(memory=Usage(1000 * MIB, 1000 * MIB, 7))
    told(given, "one-task", "a (pid 10) alone held 1.5 GiB, 75 % of the limit of memory and swap (2.0 GiB)")
    same = given._replace(memory=Usage(2000 * MIB, 2000 * MIB, 7))
    told(same, "one-task", "a (pid 10) alone held 1.5 GiB, 75 % of the limit", never=["limit of memory and swap"])


def test_no_process_has_half_of_memory_and_swap():
    """700 MiB would be most of the limit of memory, but that was not hit."""
    told(memsw([row(10, "a", 700), row(11, "b", 180, swap=900)]), "one-task", "b (pid 11) alone held 1.1 GiB, 54 %")
    told(memsw([row(10, "a", 700), row(11, "b", 180, swap=500)]), "working-set", never=["alone held"])


# No share is above 100 percent.


def test_only_process_maps_more_than_its_cgroup_is_charged_with():
    told(
        report([row(10, "a", 5)], memory=Usage(2 * MIB, 2 * MIB, 7)), "one-task", "a (pid 10) alone held 2.0 MiB, 100 %"
    )


def test_which_of_several_processes_is_charged_nothing_tells():
    tasks = [row(10, "a", 5), row(11, "b", 4)]
    found = told(report(tasks, [kill(12, "c", 1)], memory=Usage(2 * MIB, 2 * MIB, 7)), "unknown")
    assert found["cause"]["evidence"]["share_percent"] is None


def test_kill_line_tells_own_memory_from_mapped_files():
    tasks = [row(10, "a", 5)]
    told(
        report(tasks, [kill(10, "a", 1)], memory=Usage(2 * MIB, 2 * MIB, 7)),
        "one-task",
        "held 1.0 MiB, 50 % of the limit",
    )


# zram and zswap.


def zram(tasks, swap, used, named=500):
    """1000 MiB of RAM, of which the counters name `named`; swap and its use in MiB."""
    block = of_host(1000, swap, free=10, active_anon=named - 30, inactive_anon=10, slab_unreclaimable=10)
    block["meminfo"]["free_swap"] = (swap - used) * MIB
    return report(tasks, [kill(10, "tab", 100)], release="6.1.0", **block)


def test_many_processes_in_zram():
    """1500 MiB swapped take 500 MiB: 1000 MiB of room. 22 tabs of 20 + 60 MiB."""
    tabs = [row(pid, "tab", 20, swap=60, anon=20) for pid in range(10, 32)]
    found = told(
        zram(tabs, 1500, 1500),
        "many-tasks",
        "22 processes named tab (user id 0) together held 1.7 GiB",
        "500.0 MiB of RAM appear in no counter",
        "gave only about 1000.0 MiB of room",
        "probably",
    )
    assert found["cause"]["evidence"]["contributing"] == ["compressed-swap", "swap-full"]


def test_zswap_in_front_of_a_disk_that_is_half_used():
    found = told(
        zram([row(10, "tab", 450, swap=600, anon=450)], 2000, 900),
        "one-task",
        "tab (pid 10) alone held 1.0 GiB",
        "400.0 MiB",
    )
    assert found["cause"]["evidence"]["contributing"] == ["compressed-swap"]


def test_zram_with_what_does_not_compress():
    """480 MiB swapped, 500 in no counter, of which 50 may be anything: the swap gave nothing."""
    tab = row(10, "tab", 400, swap=470, anon=400)
    told(
        zram([tab], 480, 480), "one-task", "tab (pid 10) alone held 870.0 MiB", "gave no room at all", never=["drivers"]
    )


def test_more_unnamed_memory_than_was_swapped_is_no_zram():
    """490 MiB that no counter names cannot be what 100 MiB of swapped pages take."""
    told(zram(SMALL, 100, 100), "unaccounted", "appear in no counter", "drivers", never=["zram", "zswap"])


def test_large_swap_on_disk_does_not_explain_unnamed_memory():
    told(zram(SMALL, 20000, 9000), "unaccounted", never=["zram", "zswap"])


@pytest.mark.parametrize("pool, name", [(300, "compressed-swap"), (150, "unknown")])
def test_zswap_of_a_cgroup(pool, name):
    """memory.stat names it; it is charged as kernel memory, and is none of the kernel's own."""
    stats = {"anon": 400 * MIB, "kernel": (pool + 20) * MIB, "zswap": pool * MIB, "zswapped": 900 * MIB}
    given = report([row(10, "a", 200, swap=100), row(11, "b", 190, swap=100)], [kill(10, "a", 200)], stats=stats)
    given = given._replace(tasks=given.tasks[:1], stats=dict(stats, anon=200 * MIB))
    told(given, name, *(["zswap", "memory.zswap.max"] if pool == 300 else []), never=["no counter"])


# What is locked or in huge pages does not hide the process that used the memory up.


def test_leak_beside_a_process_that_locked_its_heap():
    """The host's counters of anonymous memory do not have locked pages."""
    tasks = [row(10, "elastic", 400, anon=400), row(11, "leak", 540, anon=540)]
    given = report(
        tasks,
        [kill(11, "leak", 540)],
        release="6.12.1",
        **of_host(1000, free=10, active_anon=540, inactive_anon=0, unevictable=400, slab_unreclaimable=20),
    )
    found = told(given, "one-task", "leak (pid 11) alone held 540.0 MiB, 54 %")
    assert found["cause"]["evidence"]["contributing"] == ["locked-memory"]


def test_leak_that_locks_its_own_memory():
    given = report(
        [row(10, "leak", 900, anon=900)], [kill(10, "leak", 900)], stats={"anon": 900 * MIB, "unevictable": 900 * MIB}
    )
    told(given, "one-task", "leak (pid 10) alone held 900.0 MiB, 90 % of the limit")


def huge(pool, tasks):
    anon = sum(one.anon_pages for one in tasks) // PAGES
    block = of_host(1000, free=10, active_anon=anon, inactive_anon=0, slab_unreclaimable=20, hugetlb=pool)
    return report(tasks, [kill(10, "a", 100)], release="6.12.1", **block)


def test_leak_fills_what_a_pool_of_huge_pages_leaves():
    """450 of 1000 MiB are in the pool; 400 are 73 % of the rest."""
    told(
        huge(450, [row(10, "leak", 400, anon=400), row(11, "b", 50, anon=50)]),
        "one-task",
        "leak (pid 10) alone held 400.0 MiB, 73 % of the memory that the pool of huge pages leaves",
        "The pool of huge pages held 450.0 MiB, 45 % of the memory.",
    )


def test_pool_of_huge_pages_that_leaves_too_little():
    told(huge(850, [row(10, "leak", 100, anon=100)]), "huge-pages", "850.0 MiB, 85 %", "HugePages_Free")
    services = [row(pid, f"service{pid}", 60, anon=60) for pid in range(10, 15)]
    told(huge(600, services), "huge-pages", "600.0 MiB, 60 %")


# Shared memory: files in tmpfs stay, what processes share without a file goes with them.


def shared(pid, comm, own, mib):
    return TaskRow(pid, pid, 26, 0, (own + mib) * PAGES, own * PAGES, 0, mib * PAGES, None, 0, 0, 0, comm)


def test_backends_that_share_buffers():
    """Ten backends map 600 MiB of buffers, one was killed."""
    backends = [shared(pid, "postgres", 8, 600) for pid in range(10, 20)]
    stats = {"anon": 80 * MIB, "file": 600 * MIB, "shmem": 600 * MIB, "file_mapped": 600 * MIB}
    victim = kill(10, "postgres", 8)._replace(shmem_bytes=600 * MIB)
    found = told(
        report(backends, [victim], stats=stats, release="6.12.1"),
        "shared-memory",
        "processes that were not killed have most of it mapped",
        never=["survive", "(?i)delete", "no kill"],
    )
    assert found["findings"] == []
    assert found["cause"]["evidence"]["shared_mapped_by"] == "others"


def test_cache_that_its_only_process_shares_with_nobody():
    """Before 6.8 the line of the kill alone tells what the process mapped."""
    stats = {"anon": 100 * MIB, "file": 600 * MIB, "shmem": 600 * MIB, "file_mapped": 600 * MIB}
    victim = kill(10, "zgc", 50)._replace(shmem_bytes=600 * MIB)
    found = told(
        report([row(10, "zgc", 650), row(11, "sidecar", 52)], [victim], stats=stats),
        "shared-memory",
        "only those that were killed had most of it mapped",
        never=["survive", "(?i)delete"],
    )
    assert found["findings"] == []


def test_files_in_tmpfs_that_nobody_maps():
    stats = {"anon": 40 * MIB, "file": 900 * MIB, "shmem": 900 * MIB, "file_mapped": 3 * MIB}
    found = told(
        report(SMALL, [kill(10, "small", 30)], stats=stats),
        "shared-memory",
        "files in tmpfs",
        "content is lost",
        "emptyDir",
    )
    assert [one["id"] for one in found["findings"]] == ["cgroup-shmem-at-limit"]


def test_rows_that_count_shared_memory_do_not_tell_who_is_largest():
    """4.19: each of ten backends has 420 MiB resident, but 400 of them are the same; java has 500 of its own."""
    backends = [row(pid, "postgres", 410) for pid in range(10, 20)]
    stats = {"rss": 590 * MIB, "cache": 395 * MIB, "shmem": 390 * MIB, "mapped_file": 390 * MIB}
    given = report([*backends, row(30, "java", 500)], stats=stats, release="4.19.78")
    found = told(
        given, "working-set", "11 processes together held 590.0 MiB, 59 % of the limit", "because they share memory"
    )
    assert found["cause"]["evidence"]["largest_task"] is None
    stats["mapped_file"] = 20 * MIB
    told(
        report([row(30, "java", 580), row(31, "sh", 3)], stats=stats), "one-task", "java (pid 30) alone held 580.0 MiB"
    )


def test_shared_memory_of_an_unknown_kind():
    told(
        report(SMALL, [kill(10, "small", 30)], stats={"shmem": 900 * MIB}),
        "shared-memory",
        "the report does not show whether",
        never=["survive", "(?i)delete"],
    )


# Groups.


def test_fork_bomb_is_named():
    forks = [row(pid, "bomb", 9, anon=9) for pid in range(100, 200)] + [row(10, "sshd", 5, anon=5)]
    found = told(
        report(
            forks,
            [kill(100, "bomb", 9)],
            release="6.12.1",
            **of_host(1000, free=10, active_anon=905, inactive_anon=0, slab_unreclaimable=20),
        ),
        "many-tasks",
        "100 processes named bomb (user id 0) together held 900.0 MiB, 90 % of the memory",
        "Limit how many bomb processes run",
    )
    assert found["cause"]["evidence"]["largest_group"] == {"comm": "bomb", "uid": 0, "count": 100, "bytes": 900 * MIB}


def test_prefork_server_beside_a_database():
    """The server's 12 workers hold most, although the database is the largest process."""
    tasks = [row(10, "mysqld", 250)] + [row(pid, "apache2", 60) for pid in range(20, 32)]
    told(
        report(tasks, [kill(10, "mysqld", 250)], stats={"anon": 970 * MIB}),
        "working-set",
        "12 processes named apache2 (user id 0) together held 720.0 MiB, 72 % of the limit",
        "the largest process being mysqld (pid 10)",
    )


def test_group_that_holds_little_is_not_named():
    tasks = [row(10, "a", 400), row(11, "b", 390), row(12, "sh", 1), row(13, "sh", 1)]
    told(
        report(tasks, [kill(10, "a", 400)], stats={"anon": 792 * MIB}),
        "working-set",
        "4 processes together held",
        never=["named sh"],
    )


# Free memory.


def test_memory_that_was_free_again():
    zones = [zone("Normal", 500, 4, 1000, blocks=[10] * 11)]
    given = report(SMALL, [kill(10, "small", 30)], order=0, gfp_mask=USER, zones=zones, **of_host(1000, free=500))
    found = told(
        given, "unknown", "the host was out of memory for a moment (500.0 MiB of its 1000.0 MiB of RAM were free again"
    )
    assert found["request"]["could_be_served"] == "yes"


def test_half_of_the_host_is_free_and_the_zones_are_lost():
    given = report(SMALL, [kill(10, "small", 30)], order=0, gfp_mask=USER, **of_host(1000, free=500))
    told(given, "unknown", "the host could not serve a request, although 500.0 MiB", never=["out of memory"])


# What the report does not show.


def test_largest_process_is_named_where_nothing_tells_how_much_memory_there_was():
    given = report([row(10, "a", 30), row(11, "b", 300)], [kill(11, "b", 300)], scope="global", memory=None)
    told(given, "unknown", "The largest process in it, b (pid 11), held 300.0 MiB.")


def test_page_cache_that_could_not_be_dropped():
    stats = {"anon": 40 * MIB, "file": 900 * MIB, "shmem": 0}
    told(report(SMALL, [kill(10, "small", 30)], stats=stats), "unknown", "900.0 MiB, 90 % of the limit, are page cache")
