# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledgers of old kernels, each worked out by hand from the figures in its tree (composed-*.tree), in kB."""

import pytest

KIB = 1024

# Parts that the kernel does not tell are None; unaccounted is what is left of MemTotal, line by line below.
LEDGERS = {
    # 195640 MemTotal
    # - 1712 MemFree - 256 pcp (count: 25 + 39 pages)                           = 193672
    # - 183264 AnonPages (185868 + 1596 on the lists, 4200 of them Shmem) - 4200 =   6208
    # - 296 - 3224 slab - 528 stacks - 448 page tables                          =   1712
    # - 212 vmalloc (32 + 8 + 13 pages; not the 4372 kB of VmallocUsed, which is ranges) - 368 Percpu = 1132
    "composed-3.10.0-1160.el7": {
        "free": 1712,
        "pcp_free": 256,
        "page_cache": 0,
        "buffers": 0,
        "swap_cache": 0,
        "anon": 183264,
        "shmem": 4200,
        "slab_reclaimable": 296,
        "slab_unreclaimable": 3224,
        "kernel_reclaimable_other": None,
        "kernel_stacks": 528,
        "page_tables": 448,
        "secondary_page_tables": None,
        "vmalloc": 212,
        "percpu": 368,
        "hugetlb": 0,
        "zram": None,
        "balloon": None,
        "sockets": 0,
        "unaccounted": 1132,
    },
    # 3880000 MemTotal
    # - 1212044 MemFree - 6400 pcp (300 + 300 + 500 + 500 pages)                = 2661556
    # - 760000 anon - 1376000 (1400000 Cached - 24000 Shmem) - 24000 - 3188     =  498368
    # - 1600 swap cache: of 4000 kB, 2400 are mapped again, since AnonPages + Cached + Buffers + SwapCached = 2167188
    #   and the LRU lists have 2164788                                          =  496768
    # - 120000 - 64000 slab - 1024 misc (256 pages) - 6400 stacks - 11200 page tables = 294144
    # - 22400 vmalloc (100 + 2049 + 1200 + 203 + 2048 pages; 20 stacks are not in it) = 271744
    # - 262144 Hugetlb                                                          =    9600
    # - 400 TCP (100 pages)                                                     =    9200
    "composed-4.18.0-240.el8": {
        "free": 1212044,
        "pcp_free": 6400,
        "page_cache": 1376000,
        "buffers": 3188,
        "swap_cache": 1600,
        "anon": 760000,
        "shmem": 24000,
        "slab_reclaimable": 120000,
        "slab_unreclaimable": 64000,
        "kernel_reclaimable_other": 1024,
        "kernel_stacks": 6400,
        "page_tables": 11200,
        "secondary_page_tables": None,
        "vmalloc": 22400,
        "percpu": None,
        "hugetlb": 262144,
        "zram": 0,
        "zswap": 0,  # nr_zspages is there and 0
        "balloon": None,
        "sockets": 400,
        "unaccounted": 9200,
    },
    # 191404 MemTotal
    # - 1648 MemFree - 140 pcp (14 + 21 pages)                                  = 189616
    # - 179732 AnonPages (182336 + 1596 on the lists, 4200 of them Shmem) - 4200 =   5684
    # - 448 - 3588 slab - 560 stacks - 424 page tables                          =    664
    # - 180 vmalloc (16 + 6 + 23 pages; 36 stacks of 4 are KernelStack's) - 264 Percpu = 220
    "composed-4.19.78": {
        "free": 1648,
        "pcp_free": 140,
        "page_cache": 0,
        "buffers": 0,
        "swap_cache": 0,
        "anon": 179732,
        "shmem": 4200,
        "slab_reclaimable": 448,
        "slab_unreclaimable": 3588,
        "kernel_reclaimable_other": None,
        "kernel_stacks": 560,
        "page_tables": 424,
        "secondary_page_tables": None,
        "vmalloc": 180,
        "percpu": 264,
        "hugetlb": 0,
        "zram": None,
        "balloon": None,
        "sockets": 0,
        "unaccounted": 220,
    },
    # 150120 MemTotal
    # - 1340 MemFree - 88 pcp (9 + 13 pages)                                    = 148692
    # - 139264 AnonPages (141868 + 1596 on the lists, 4200 of them Shmem) - 4200 =   5228
    # - 412 - 3608 slab - 544 stacks - 324 page tables                          =    340
    # - 180 vmalloc (724 VmallocUsed - 544 stacks)                              =    160
    # - 264 Percpu, whose first chunk MemTotal has never had                    =   -104
    "composed-5.4.59": {
        "free": 1340,
        "pcp_free": 88,
        "page_cache": 0,
        "buffers": 0,
        "swap_cache": 0,
        "anon": 139264,
        "shmem": 4200,
        "slab_reclaimable": 412,
        "slab_unreclaimable": 3608,
        "kernel_reclaimable_other": 0,
        "kernel_stacks": 544,
        "page_tables": 324,
        "secondary_page_tables": None,
        "vmalloc": 180,
        "percpu": 264,
        "hugetlb": 0,
        "zram": 0,
        "balloon": None,
        "sockets": 0,
        "unaccounted": -104,
    },
    # 16384000 MemTotal
    # - 5909248 MemFree - 40960 pcp (4 CPUs: 500 + 2060 pages each)             = 10433792
    # - 3276800 anon - 5980160 (6144000 Cached - 163840 Shmem) - 163840 - 204800 =  808192
    # - 512000 - 184320 slab - 2048 misc (512 pages) - 1280 stacks - 40960 page tables = 67584
    # - 43008 vmalloc (44288 VmallocUsed - 1280 stacks) - 8192 Percpu           =    16384
    # - 4096 TCP (1024 pages)                                                   =    12288
    "case-00-healthy": {
        "free": 5909248,
        "pcp_free": 40960,
        "page_cache": 5980160,
        "buffers": 204800,
        "swap_cache": 0,
        "anon": 3276800,
        "shmem": 163840,
        "slab_reclaimable": 512000,
        "slab_unreclaimable": 184320,
        "kernel_reclaimable_other": 2048,
        "kernel_stacks": 1280,
        "page_tables": 40960,
        "secondary_page_tables": 0,
        "vmalloc": 43008,
        "percpu": 8192,
        "hugetlb": 0,
        "zram": 0,
        "zswap": 0,
        "balloon": None,
        "sockets": 4096,
        "unaccounted": 12288,
    },
}

# unaccounted_by_lru: on all but the last host the lists hold exactly what the counters by type say;
# there 1024 kB of the page cache are in batches on their way to a list.
BY_LRU = {name: ledger["unaccounted"] for name, ledger in LEDGERS.items()}
BY_LRU["case-00-healthy"] += 1024

# Pages that the CPUs may hold back of one counter, which is kept 14 times: threshold * CPUs, summed over the zones.
DRIFT = {
    "composed-3.10.0-1160.el7": 2 * 8,  # 191 MiB on 2 CPUs: 2 * fls(2) * (1 + fls(1)) = 8
    "composed-4.18.0-240.el8": 2 * 16 + 2 * 24,  # 937 MiB: 4 * (1 + fls(7)) = 16; 2851 MiB: 4 * (1 + fls(22)) = 24
    "composed-4.19.78": 2 * 8,
    "composed-5.4.59": 2 * 8,
    "case-00-healthy": 4 * 36 + 4 * 48,  # 2929 MiB on 4 CPUs: 2 * 3 * (1 + fls(22)); 13070 MiB: 6 * (1 + fls(102))
}

SHMEM = {
    # 1024 kB in /dev/shm; the root is a tmpfs too and has the other 3176
    "composed-3.10.0-1160.el7": {"total": 4200, "tmpfs": 4200, "sysv": 0, "swapped": 0, "unattributed": 0},
    # 8192 in /dev/shm, 9000 in /run, a segment of 56; of 97148 kB in swap, 4000 are cached and mysqld has 93148
    "composed-4.18.0-240.el8": {"total": 24000, "tmpfs": 17192, "sysv": 56, "swapped": 0, "unattributed": 6752},
    # its initramfs is a tmpfs of type rootfs with 3176 kB
    "composed-4.19.78": {"total": 4200, "tmpfs": 3176, "sysv": 1024, "swapped": 0, "unattributed": 0},
    "composed-5.4.59": {"total": 4200, "tmpfs": 4200, "sysv": 0, "swapped": 0, "unattributed": 0},
    "case-00-healthy": {"total": 163840, "tmpfs": 106496, "sysv": 56, "swapped": 0, "unattributed": 57288},
}


@pytest.mark.parametrize("name", LEDGERS)
def test_the_ledger_is_the_one_worked_out_by_hand(name, collected):
    memory = collected(name)["memory"]

    parts = {part: None if kib is None else kib * KIB for part, kib in LEDGERS[name].items()}
    assert dict(memory["ledger"], unaccounted=memory["unaccounted_bytes"]) == parts


@pytest.mark.parametrize("name", LEDGERS)
def test_the_second_way_of_counting_and_the_drift_are_those_worked_out_by_hand(name, collected):
    memory = collected(name)["memory"]

    assert memory["unaccounted_by_lru_bytes"] == BY_LRU[name] * KIB
    assert memory["uncertainty_bytes"] == DRIFT[name] * 4096 * 14


@pytest.mark.parametrize("name", SHMEM)
def test_shared_memory_is_taken_apart_as_worked_out_by_hand(name, collected):
    shmem = collected(name)["shmem"]

    parts = {part: kib * KIB for part, kib in SHMEM[name].items()}
    assert {part: shmem[f"{part}_bytes"] for part in parts} == parts


# Their memory is in order. On those that were booted a process named `protected` was put at -1000.
FINDINGS = {
    "composed-3.10.0-1160.el7": ["unkillable-workload", "no-oom-reaper"],
    "composed-4.18.0-240.el8": ["floored-badness", "oom-kills"],  # a pod's pause is at -998
    "composed-4.19.78": ["unkillable-workload"],
    "composed-5.4.59": ["unkillable-workload"],
    "case-00-healthy": [],
}


@pytest.mark.parametrize("name", LEDGERS)
def test_what_is_wrong_is_found_and_nothing_else(name, collected):
    assert [finding["id"] for finding in collected(name)["findings"]] == FINDINGS[name]


def test_el7_tells_what_it_cannot_count(collected):
    facts = collected("composed-3.10.0-1160.el7")

    row = next(row for row in facts["cgroups"]["top"] if row["path"] == "/workload")
    assert row == {
        "path": "/workload",
        "current_bytes": 137604 * KIB,
        "limit_bytes": None,
        "anon_bytes": 136956 * KIB,
        "file_bytes": 648 * KIB,
        "shmem_bytes": None,
        "kernel_bytes": 0,
        "slab_reclaimable_bytes": None,
        "slab_unreclaimable_bytes": None,
        "oom_kills": None,
    }
    assert facts["oom"]["kills_since_boot"] is None
    assert facts["cgroups"]["dying"] == 1  # 3 cgroups, the root and /workload have a folder


def test_el8_tells_the_container_that_its_own_limit_killed(collected):
    facts = collected("composed-4.18.0-240.el8")

    path = (
        "/kubepods/burstable/podd11ab7b0-d6db-4a24-a7de-4a2faf1e6980"
        "/9f02d9fa0049eb2655fc83c765f142362b2cb403b57b70ba3185071015ca3b64"
    )
    row = next(row for row in facts["cgroups"]["top"] if row["path"] == path)
    assert row == {
        "path": path,
        "current_bytes": 40836 * KIB,
        "limit_bytes": 40960 * KIB,
        "anon_bytes": 41496576,
        "file_bytes": 0,
        "shmem_bytes": 0,
        "kernel_bytes": 280 * KIB,
        "slab_reclaimable_bytes": None,
        "slab_unreclaimable_bytes": None,
        "oom_kills": 1,
    }
    process = next(row for row in facts["processes"]["top"] if row["pid"] == 65)
    assert (process["comm"], process["oom_score_adj"], process["pod_uid"]) == (
        "name) with (x",
        986,
        "d11ab7b0-d6db-4a24-a7de-4a2faf1e6980",
    )
