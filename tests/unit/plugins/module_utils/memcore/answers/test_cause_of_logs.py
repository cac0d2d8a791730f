# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes from whole logs: the zones, reserves and statistics as the kernel prints them. The logs are composed."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events

# A 32-bit 4.19 without NUMA: 880 MiB of low memory are full of slab and page tables, 2.5 GiB of HighMem are free.
LOW_MEMORY = """\
[ 9000.000001] rsync invoked oom-killer: gfp_mask=0x6000c0(GFP_KERNEL), nodemask=(null), order=0, oom_score_adj=0
[ 9000.000002] CPU: 0 PID: 700 Comm: rsync Not tainted 4.19.78 #1
[ 9000.000003] Mem-Info:
[ 9000.000004] active_anon:20000 inactive_anon:1000 isolated_anon:0
[ 9000.000005]  active_file:90000 inactive_file:90000 isolated_file:0
[ 9000.000006]  unevictable:0 dirty:0 writeback:0 unstable:0
[ 9000.000007]  slab_reclaimable:60000 slab_unreclaimable:9000
[ 9000.000008]  mapped:5000 shmem:500 pagetables:900 bounce:0
[ 9000.000009]  free:656500 free_pcp:0 free_cma:0
[ 9000.000010] DMA free:3544kB min:788kB low:984kB high:1180kB present:15992kB managed:15916kB mlocked:0kB free_cma:0kB
[ 9000.000011] lowmem_reserve[]: 0 845 4003 4003
[ 9000.000012] Normal free:2456kB min:3312kB low:4140kB high:4968kB managed:866184kB mlocked:0kB free_cma:0kB
[ 9000.000013] lowmem_reserve[]: 0 0 25264 25264
[ 9000.000014] HighMem free:2620000kB min:512kB low:3900kB high:7288kB present:3233800kB managed:3233800kB free_cma:0kB
[ 9000.000015] lowmem_reserve[]: 0 0 0 0
[ 9000.000016] 1035678 pages RAM
[ 9000.000017] 808450 pages HighMem/MovableOnly
[ 9000.000018] 6703 pages reserved
[ 9000.000019] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[ 9000.000020] [    700]     0   700    22000    18000    86016        0             0 rsync
[ 9000.000021] Out of memory: Kill process 700 (rsync) score 17 or sacrifice child
[ 9000.000022] Killed process 700 (rsync) total-vm:88000kB, anon-rss:60000kB, file-rss:12000kB, shmem-rss:0kB
"""

# 4.15: the pod has no memory of its own; its two containers have 60 and 110 MiB.
SUBTREE = """\
[100.000001] app invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null), order=0, oom_score_adj=939
[100.000002] Task in /kubepods/burstable/pod1/b killed as a result of limit of /kubepods/burstable/pod1
[100.000003] memory: usage 204800kB, limit 204800kB, failcnt 99
[100.000004] memory+swap: usage 204800kB, limit 9007199254740988kB, failcnt 0
[100.000005] kmem: usage 1000kB, limit 9007199254740988kB, failcnt 0
[100.000006] Memory cgroup stats for /kubepods/burstable/pod1: cache:0KB rss:0KB shmem:0KB
[100.000007] Memory cgroup stats for /kubepods/burstable/pod1/a: cache:20480KB rss:61440KB shmem:0KB
[100.000008] Memory cgroup stats for /kubepods/burstable/pod1/b: cache:0KB rss:112640KB shmem:0KB
[100.000009] [ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[100.000010] [  300]     0   300    27661    15360   253952        0           939 proxy
[100.000011] [  301]     0   301    54861    28160   302400        0           939 app
[100.000012] Memory cgroup out of memory: Kill process 301 (app) score 1718 or sacrifice child
[100.000013] Killed process 301 (app) total-vm:219444kB, anon-rss:112640kB, file-rss:0kB, shmem-rss:0kB
"""

# 5.10: a network driver may not wait, and found only what is kept for urgent requests.
FAILURE = """\
[ 5000.000001] swapper/0: page allocation failure: order:0, mode:0x480020(GFP_ATOMIC), nodemask=(null)
[ 5000.000002] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 5.10.223 #1
[ 5000.000005] Mem-Info:
[ 5000.000006] active_anon:20000 inactive_anon:100000 isolated_anon:0
[ 5000.000007]  active_file:60000 inactive_file:40000 isolated_file:0
[ 5000.000008]  unevictable:0 dirty:0 writeback:0
[ 5000.000009]  slab_reclaimable:6000 slab_unreclaimable:9000
[ 5000.000010]  mapped:5000 shmem:500 pagetables:900 bounce:0
[ 5000.000011]  free:400 free_pcp:0 free_cma:0
[ 5000.000012] Node 0 DMA32 free:1600kB min:5120kB reserved_highatomic:0KB managed:1000000kB free_cma:0kB
[ 5000.000013] lowmem_reserve[]: 0 0 0 0
[ 5000.000014] Node 0 DMA32: 400*4kB (UME) 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB = 1600kB
[ 5000.000016] 262000 pages RAM
[ 5000.000017] 0 pages HighMem/MovableOnly
[ 5000.000018] 12000 pages reserved
"""


def event(text):
    [found] = events.read(text.encode().splitlines(True))
    return found


def test_low_memory_full_of_inodes():
    """DMA: 3544 kB of 788 + 845 pages; Normal: 2456 of 3312. Slab has 269.5 of their 861.4 MiB: less than half."""
    found = event(LOW_MEMORY)
    request = found["request"]
    assert (request["highest_zone"], request["zones"]) == ("Normal", ["DMA", "Normal"])
    assert (request["could_be_served"], request["usable_bytes"]) == ("no", (3544 + 2456) * 1024)
    assert request["unusable"] == [{"where": "HighMem", "bytes": 2620000 * 1024}]
    assert "DMA: 3.5 MiB free, reserve 4.1 MiB" in request["why"]  # 788 + 845 * 4 = 4168 kB
    assert found["cause"]["class"] == "one-zone"
    assert "2.5 GiB of its 3.9 GiB of RAM were free" in found["explanation"]


def test_slab_fills_most_of_low_memory():
    """The same with 468.8 of 861.4 MiB in slab: 12 % of all RAM, but 54 % of the zones that it can be in."""
    found = event(LOW_MEMORY.replace("slab_reclaimable:60000", "slab_reclaimable:111000"))
    assert found["cause"]["class"] == "slab"
    assert found["cause"]["evidence"]["contributing"] == ["one-zone"]
    assert "468.8 MiB, 54 % of the zones that this request may use" in found["explanation"]


def test_processes_of_a_subtree():
    """110 MiB of 200 are one process's."""
    found = event(SUBTREE)
    assert found["cause"]["class"] == "one-task"
    assert found["cause"]["evidence"]["parts"]["anon_bytes"] == (61440 + 112640) * 1024
    assert "app (pid 301) alone held 110.0 MiB, 55 % of the limit" in found["explanation"]


def test_atomic_allocation_fails_without_a_full_host():
    """1600 kB are free; of the watermark of 5120 an atomic request must leave 3/8, which are 1920."""
    found = event(FAILURE)
    assert (found["outcome"], found["cause"]["class"]) == ("allocation-failed", "atomic")
    assert "DMA32 of node 0: 1.6 MiB free, reserve 1.9 MiB" in found["request"]["why"]
    assert "could not wait" in found["explanation"]
    assert "out of memory" not in found["explanation"] + found["summary"]


def test_large_block_fails_without_a_full_host():
    """Order 5 is 128 KiB in one block; all 39 MiB are single pages."""
    text = FAILURE.replace("order:0, mode:0x480020(GFP_ATOMIC)", "order:5, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)")
    text = (
        text.replace("free:400 ", "free:10000 ").replace("free:1600kB", "free:40000kB").replace("400*4kB", "10000*4kB")
    )
    found = event(text)
    assert (found["cause"]["class"], found["request"]["could_be_served"]) == ("fragmentation", "no")
    assert "no free block of 128.0 KiB" in found["explanation"]


def test_files_in_the_tmpfs_of_one_container_fill_the_limit_of_the_pod():
    """110 of 200 MiB are files of container b; its process has 30."""
    text = SUBTREE.replace("/b: cache:0KB rss:112640KB shmem:0KB", "/b: cache:112640KB rss:30720KB shmem:112640KB")
    text = text.replace("28160   302400", " 7680   302400").replace("anon-rss:112640kB", "anon-rss:30720kB")
    found = event(text)
    assert found["cause"]["class"] == "shared-memory"
    assert found["cause"]["evidence"]["parts"]["shmem_bytes"] == 112640 * 1024
    assert "110.0 MiB, 55 % of the limit" in found["explanation"]
