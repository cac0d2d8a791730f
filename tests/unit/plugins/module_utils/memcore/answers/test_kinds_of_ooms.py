# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of OOM it is: user space's kill, a failed allocation, a panic, a series. None is taken for another.

The logs are composed by the templates of the kernel's and the programs' sources.
"""

import json
import os

import pytest

try:
    import jsonschema
except ImportError:  # on the Pythons of managed hosts the tests run without it, as the code does
    jsonschema = None

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.event_id import same_event
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.event_list import EventList
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_page

ROOT = os.path.join(os.path.dirname(__file__), *[os.pardir] * 6)
OTHERS = os.path.join(ROOT, "tests", "unit", "fixtures", "public-ooms", "not-kernel-killers.txt")
with open(os.path.join(ROOT, "schemas", "event.schema.json"), encoding="utf-8") as schema:
    SCHEMA = json.load(schema)
MIB = 1 << 20


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def of(*lines):
    found = list(events.read(lines))
    for event in found:
        check_schema(event)
    return found


def check_schema(event):
    if jsonschema is not None:
        jsonschema.Draft202012Validator(SCHEMA).validate(event)


def host_oom(second, pid=4242, comm="hog"):
    return [
        f"[{second}.000001] sh invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        f"[{second}.000002] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        f"[{second}.000003] [{pid:7}]     0 {pid:5}   200000    57000   630784        0             0 {comm}",
        f"[{second}.000004] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
        f"task_memcg=/system.slice/a.service,task={comm},pid={pid},uid=0",
        f"[{second}.000005] Out of memory: Killed process {pid} ({comm}) total-vm:800000kB, anon-rss:228000kB, "
        "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:616kB oom_score_adj:0",
    ]


def test_killers_of_user_space_have_their_reasons():
    with open(OTHERS, "rb") as log:
        oomd, earlyoom, kubelet, lmkd = of(*log)
    assert [one["source"] for one in (oomd, earlyoom, kubelet, lmkd)] == ["systemd-oomd", "earlyoom", "kubelet", "lmkd"]
    assert oomd["victim"] is None
    assert (oomd["killer"]["unit"], oomd["killer"]["processes"]) == ("app-firefox.scope", 37)
    assert (oomd["killer"]["measured_percent"], oomd["killer"]["threshold_percent"]) == (63.21, 50.0)
    assert (earlyoom["victim"]["pid"], earlyoom["victim"]["comm"]) == (4120, "Web Content")
    assert "firefox" not in json.dumps(earlyoom)
    assert kubelet["killer"]["pods"] == [{"namespace": "default", "pod": "web-0", "pod_uid": None}]
    assert lmkd["victim"]["oom_score_adj"] == 900
    for event in (oomd, earlyoom, kubelet, lmkd):
        assert event["verdict"]["by_rule"]["result"] == "unknown"
        assert not event["verdict"]["by_rule"]["sure"]
        assert event["findings"] == []
        assert event["kernel_release"] is None


def test_summary_of_user_space_says_what_ran_short_who_died_and_what_to_do():
    with open(OTHERS, "rb") as log:
        oomd = next(events.read(log))
    assert oomd["summary"].startswith(
        "Tasks of user@1000.service waited for memory 63.2 % of the time, above the threshold of 50 % for more than "
        "20 s. systemd-oomd killed app-firefox.scope (37 processes). Cap the unit"
    )


@pytest.mark.parametrize("tag", ["systemd-oomd[812]", "myapp[77]", "earlyoom[1]"])
def test_program_that_quotes_the_kernel_is_not_the_kernel(tag):
    quoted = "Out of memory: Killed process 4242 (hog) total-vm:8kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB"
    assert of(f"Nov 30 03:12:01 web1 {tag}: {quoted}") == []
    [kernels] = of(quoted)
    assert (kernels["source"], kernels["killer"]) == ("kernel", None)


def test_report_of_the_kernel_is_whole_though_user_space_kills_meanwhile():
    prefix = "Nov 30 03:12:01 web1 kernel: "
    alone = of(*[prefix + line for line in host_oom(500)])
    [oomd] = [
        "Nov 30 03:12:01 web1 systemd-oomd[812]: Killed /a.slice/b.service due to memory pressure for /a.slice being "
        "63.21% > 50.00% for > 20s with reclaim activity"
    ]
    lines = [prefix + line for line in host_oom(500)]
    for at in range(1, len(lines)):
        found = of(*lines[:at], oomd, *lines[at:])
        assert [event["source"] for event in found] == ["kernel", "systemd-oomd"]
        assert found[0] == alone[0]


def test_events_come_in_the_order_of_the_log():
    oomd = "[ {}.000001] host systemd-oomd[1]: Killed /{} due to memory pressure for / being 63.21% > 50.00% for > 20s"
    kernel = [line.replace("] ", "] host kernel: ", 1) for second in (200, 400) for line in host_oom(second, second)]
    lines = [
        oomd.format(100, "a.service"),
        *kernel[:5],
        oomd.format(300, "b.service"),
        *kernel[5:],
        oomd.format(500, "c.service"),
    ]
    found = of(*lines)
    assert [event["uptime_seconds"] for event in found] == pytest.approx([100, 200, 300, 400, 500], abs=0.01)
    follower = events.Follower(clock=Clock())
    for line in lines:
        follower.feed(line)
    follower.flush()
    assert [event["id"] for event in follower.take()] == [event["id"] for event in found]


def test_two_programs_that_kill_in_one_second_are_two_events():
    base = "Nov 30 03:12:01 h systemd-oomd[1]: Killed /{} due to memory pressure for / being 63.21% > 50.00% for > 20s"
    one, other = of(base.format("a.service"), base.format("b.service"))
    assert one["id"] == other["id"]  # neither has a pid, and both the same second
    assert not same_event(one, other)
    assert same_event(one, dict(one))


BLOCK = """\
CPU: 1 PID: 812 Comm: nginx Not tainted 5.15.0-91-generic #101-Ubuntu
Call Trace:
 <IRQ>
 warn_alloc.cold+0x7b/0xdf
Mem-Info:
active_anon:1000 inactive_anon:20000 isolated_anon:0
 active_file:1000 inactive_file:1000 isolated_file:0
 slab_reclaimable:1000 slab_unreclaimable:2000
 free:150000 free_pcp:0 free_cma:0
Node 0 active_anon:4000kB inactive_anon:80000kB active_file:4000kB inactive_file:4000kB unevictable:0kB
Node 0 Normal free:600000kB min:4000kB low:5000kB high:6000kB active_anon:4000kB present:1048576kB managed:1000000kB
lowmem_reserve[]: 0 0 0 0 0
Node 0 Normal: 50000*4kB (U) 50000*8kB (UM) 0*16kB 0*32kB 0*64kB = 600000kB
2100 total pagecache pages
Free swap  = 0kB
Total swap = 0kB
262144 pages RAM
0 pages HighMem/MovableOnly
12144 pages reserved""".splitlines()
FAILED = "nginx: page allocation failure: order:4, mode:0x40a20(GFP_ATOMIC|__GFP_COMP), nodemask=(null),cpuset=/"


def printed(second, *lines):
    return [f"[{second}.{number:06}] {line}" for number, line in enumerate(lines, 1)]


def test_failed_allocation_is_an_event_without_a_kill():
    [event] = of(*printed(100, FAILED, *BLOCK))
    assert (event["outcome"], event["victim"], event["victims"]) == ("allocation-failed", None, [])
    assert event["trigger"] == {"pid": 812, "comm": "nginx", "oom_score_adj": None}
    assert (event["request"]["order"], event["request"]["bytes"]) == (4, 16 * 4096)
    assert (event["cause"]["class"], event["request"]["could_be_served"]) == ("fragmentation", "no")
    assert event["id"] == "unknown:100000001:0"
    assert "Nothing was killed" in event["summary"]
    assert "64.0 KiB" in event["summary"]


@pytest.mark.parametrize(
    "line, comm, order",
    [
        ("swapper/0: page allocation failure. order:1, mode:0x20", "swapper/0", 1),  # 2.6
        ("kworker/u4:1: page allocation failure: order:2, mode:0x204020", "kworker/u4:1", 2),  # 3.10
        ("a: b: page allocation failure: order:0, mode:0x1080020(GFP_ATOMIC), nodemask=(null)", "a: b", 0),  # 4.13
        ("insmod: vmalloc: allocation failure: 8192 bytes, mode:0xcc0(GFP_KERNEL), nodemask=(null)", "insmod", None),
        (
            "insmod: vmalloc error: size 1048576, page order 0, failed to allocate pages, mode:0xcc0(GFP_KERNEL)",
            "insmod",
            None,
        ),
        (
            "insmod: vmalloc error: size 64, exceeds total pages, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
            "insmod",
            None,
        ),
        ("vmap allocation for size 1052672 failed: use vmalloc=<size> to increase size", None, None),
    ],
)
def test_failed_allocations_of_all_versions(line, comm, order):
    [event] = of(f"[ 100.000001] {line}")
    assert event["outcome"] == "allocation-failed"
    assert (event["trigger"] and event["trigger"]["comm"]) == comm
    assert (event["request"] and event["request"]["order"]) == order


def test_line_of_old_vmalloc_and_the_one_after_it_are_one_failure():
    lines = printed(
        100,
        "vmalloc: allocation failure, allocated 4096 of 8192 bytes",
        "insmod: page allocation failure: order:0, mode:0xd2",
    )
    [event] = of(*lines)
    assert event["trigger"]["comm"] == "insmod"


def test_stall_is_no_failure():
    line = "kswapd0: page allocation stalls for 10004ms, order:0, mode:0x14000c0(GFP_KERNEL), nodemask=(null)"
    assert of(f"[ 100.000001] {line}") == []


def test_failure_does_not_take_the_kill_that_follows():
    bare = "Out of memory: Killed process 9 (hog) total-vm:8kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB"
    failed, killed = of(*printed(100, FAILED, *BLOCK), *printed(101, bare))
    assert (failed["outcome"], killed["outcome"]) == ("allocation-failed", "killed")
    failed, killed = of(*printed(100, FAILED, *BLOCK), *host_oom(200))
    assert (failed["victim"], killed["victim"]["pid"]) == (None, 4242)
    assert killed["cause"]["evidence"]["parts"]["free_bytes"] is None  # the block was the failure's


def test_failure_inside_a_report_is_an_event_of_its_own():
    lines = host_oom(200)
    found = of(*lines[:2], *printed(200, FAILED), *lines[2:])
    assert sorted(event["outcome"] for event in found) == ["allocation-failed", "killed"]
    killed = next(event for event in found if event["victim"])
    assert [row["pid"] for row in killed["candidates"]] == [4242]


def test_failures_that_were_not_printed_are_counted():
    [event] = of(*printed(100, FAILED, *BLOCK), *printed(110, "warn_alloc: 12 callbacks suppressed", FAILED, *BLOCK))
    assert event["repeats"] == 13  # 12, and the second that was printed


def nobody(second, cgroup="/kubepods/a"):
    return [
        f"[{second}.000001] sh invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-1000",
        f"[{second}.000002] memory: usage 10240kB, limit 10240kB, failcnt 77",
        f"[{second}.000003] Memory cgroup stats for {cgroup}:",
        f"[{second}.000004] anon 8192",
        f"[{second}.000005] Out of memory and no killable processes...",
    ]


def test_endless_series_is_one_event():
    lines = [line for second in range(100, 160, 2) for line in nobody(second)]
    [event] = of(*lines)
    assert (event["outcome"], event["repeats"], event["uptime_seconds"]) == ("no-killable-process", 29, 100.000001)


def test_series_of_two_cgroups_and_one_that_begins_again_are_apart():
    lines = [*nobody(100), *nobody(101, "/kubepods/b"), *nobody(102), *nobody(103, "/kubepods/b"), *nobody(400)]
    found = of(*lines)
    assert [(event["limit_owner"]["cgroup"], event["repeats"]) for event in found] == [
        ("/kubepods/a", 1),
        ("/kubepods/b", 1),
        ("/kubepods/a", 0),
    ]


def test_kills_are_never_folded():
    assert [event["repeats"] for event in of(*host_oom(100, 1), *host_oom(101, 1))] == [0, 0]


def test_follower_tells_a_series_at_once_and_then_its_count():
    clock = Clock()
    follower = events.Follower(clock=clock)

    def feed(second):
        for line in nobody(second):
            follower.feed(line)
        clock.now += 0.5
        follower.flush(0.3)
        return follower.take()

    [first] = feed(100)
    assert (first["repeats"], events.is_again(first)) == (0, False)
    told = [again for second in range(101, 231) for again in feed(second)]  # 130 more in 65 seconds of the clock
    assert [(one["id"], events.is_again(one)) for one in told] == [(first["id"], True)]
    assert follower.is_counting
    so_far = told[0]["repeats"]
    assert 115 <= so_far <= 120  # after 60 seconds
    clock.now += 11
    [last] = follower.take()
    assert (last["id"], last["repeats"], follower.is_counting) == (first["id"], 130, False)
    event = events.told(last)
    check_schema(event)
    assert event["uptime_seconds"] == 100.000001
    clock.now += 1000
    assert follower.take() == []


def test_series_goes_on_after_a_restart():
    clock = Clock()
    follower = events.Follower(clock=clock)
    for line in nobody(100):
        follower.feed(line)
    follower.flush(0.0)
    [first] = follower.take()
    for line in [*nobody(101), *nobody(102)]:
        follower.feed(line)
    follower.flush(0.3)
    clock.now += 1
    follower.flush(0.3)
    assert follower.take() == []
    resumed = events.Follower.resume(json.loads(json.dumps(follower.state())), clock=clock)
    for line in nobody(103):
        resumed.feed(line)
    resumed.flush()
    [again] = resumed.take()
    assert (again["id"], again["repeats"], events.is_again(again)) == (first["id"], 3, True)


@pytest.mark.parametrize(
    "panic, words",
    [
        ("Out of memory: system-wide panic_on_oom is enabled", "because vm.panic_on_oom is 1"),
        ("Out of memory: compulsory panic_on_oom is enabled", "because vm.panic_on_oom is 2"),
        ("out of memory. Compulsory panic_on_oom is selected.", "because vm.panic_on_oom is 2"),
    ],
)
def test_panic_is_the_first_thing_said(panic, words):
    [event] = of(*printed(100, "sh invoked oom-killer: gfp_mask=0xd0, order=0", f"Kernel panic - not syncing: {panic}"))
    assert event["panic"] == panic
    for text in (event["summary"], event["explanation"]):
        assert text.startswith("The kernel panicked")
        assert words in text
    assert "Set vm.panic_on_oom to 0" in event["summary"]
    page = event_page.render(EventList("log", [event], 1, 2, None, []))
    assert page[0].startswith("Kernel panic")


def memcg(memory, memsw=None, kmem=None):
    """usage and limit in kB of each."""
    lines = [
        "a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0",
        "Task in /a/b killed as a result of limit of /a",
    ]
    for name, pair in (("memory", memory), ("memory+swap", memsw), ("kmem", kmem)):
        if pair:
            lines.append(f"{name}: usage {pair[0]}kB, limit {pair[1]}kB, failcnt 1")
    return of(
        *printed(100, *lines, "Memory cgroup out of memory: Kill process 9 (hog) score 990 or sacrifice child"),
        *printed(101, "Killed process 9 (hog) total-vm:800kB, anon-rss:700kB, file-rss:0kB"),
    )[0]


@pytest.mark.parametrize(
    "given, resource, limit_kib",
    [
        (((1000, 1000),), "memory", 1000),
        (((1000, 1000), (1500, 2000)), "memory", 1000),
        (((1000, 1000), (1000, 1000)), "memory", 1000),  # docker run -m without swap
        (((600, 1000), (2000, 2000)), "memsw", 2000),
        (((600, 1000), (700, 2000), (300, 300)), "kmem", 300),
        (((600, 1000), (700, 2000)), None, 1000),
        (((600, 1000),), "memory", 1000),
    ],
)
def test_which_limit_was_hit(given, resource, limit_kib):
    owner = memcg(*given)["limit_owner"]
    assert (owner["resource"], owner["limit_bytes"]) == (resource, limit_kib << 10)


def test_words_name_the_limit_of_memory_and_swap():
    assert "its limit of 2.0 MiB of memory and swap" in memcg((600, 1000), (2048, 2048))["summary"]
