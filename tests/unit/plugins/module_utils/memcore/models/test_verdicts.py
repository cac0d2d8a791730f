# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Was the kill right: by the kernel's rule, by the cause, and was it useful. Cases worked out by hand."""

import pathlib

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import oom_cause, verdicts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.replay import replay
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import Usage, Zone
from tests.support.oom_reports import MIB, kill, of_host, report, row

LOW = (row(10, "first", 1, -998), row(11, "hog", 700, -998), row(12, "last", 5, -998))
GROUP = [kill(pid, "worker", 150, in_group=pid != 10) for pid in range(10, 14)]


def judge(given, earlier=None):
    judged, cause = replay(given, earlier), oom_cause.decide(given)
    return (
        verdicts.by_rule(given, judged),
        verdicts.by_cause(given, judged, cause),
        verdicts.useful(given, judged, cause),
    )


@pytest.mark.parametrize(
    "given, result, settle",
    [
        pytest.param(
            report([row(10, "small", 10), row(11, "hog", 700)], [kill(11, "hog", 690)]), "right", None, id="both-models"
        ),
        pytest.param(report(LOW, [kill(10, "first", 1)], release="4.19.78"), "right", None, id="floored-4.19"),
        pytest.param(report(LOW, [kill(12, "last", 5)], release="5.6.0"), "right", None, id="floored-5.6"),
        pytest.param(
            report(LOW, [kill(10, "first", 1)], release="4.18.0-147.el8.x86_64"), "right", None, id="floored-el8"
        ),
        pytest.param(report(LOW, [kill(11, "hog", 700)], release="6.12.117"), "right", None, id="signed-6.12"),
        # Late releases of 5.4 have the fix, and vendors' kernels may have it.
        pytest.param(report(LOW, [kill(12, "last", 5)]), "right", verdicts.MODEL, id="5.4"),
        pytest.param(
            report(LOW, [kill(12, "last", 5)], release="4.18.0-305.el8.x86_64"), "right", verdicts.MODEL, id="late-el8"
        ),
        pytest.param(report(LOW, [kill(12, "last", 5)], release="6.1.0"), "right", verdicts.MODEL, id="floored-6.1"),
        pytest.param(report(LOW, [kill(11, "hog", 700)], release="5.6.0"), "right", verdicts.MODEL, id="signed-5.6"),
        pytest.param(report(LOW, [kill(12, "last", 5)], release=None), "right", verdicts.MODEL, id="no-release"),
        pytest.param(
            report(LOW, [kill(10, "first", 1)], release="5.6.0"), "right", verdicts.MODEL, id="first-where-last-is-due"
        ),
        pytest.param(
            report(
                (row(10, "a", 1, -998), row(11, "middle", 2, -998), row(12, "hog", 700, -998)),
                [kill(11, "middle", 2)],
                release="4.19.78",
            ),
            "right",
            verdicts.SCAN_ORDER,
            id="order-of-joining",
        ),
        pytest.param(
            report([row(10, "a", 690), row(11, "b", 700)], [kill(10, "a", 690)], release="4.4.155", **of_host(2000)),
            "right",
            verdicts.COUNTERS,
            id="near-tie",
        ),
        pytest.param(
            report([row(10, "small", 10), row(11, "hog", 700)], [kill(11, "hog", 690)], missing=[("log", "3 lost")]),
            "right",
            verdicts.WHOLE_LOG,
            id="lines-lost",
        ),
        pytest.param(report(LOW, [kill(10, "first", 1)], memory=None), "right", verdicts.SIZE, id="no-total"),
        pytest.param(
            report([row(10, "a", 10), row(11, "b", 700)], [kill(10, "a", 10)], release="6.12.0"),
            "unknown",
            verdicts.OUTSIDE,
            id="no-model-explains-it",
        ),
        pytest.param(
            report([row(10, "asker", 10), row(11, "hog", 700)], [kill(10, "asker", 10)], allocating_task=True),
            "right",
            None,
            id="allocating-task",
        ),
        pytest.param(
            report(
                [row(10, "parent", 500), row(11, "child", 100)],
                [kill(11, "child", 100)],
                selected=(10, "parent", 500),
                release="4.19.78",
            ),
            "right",
            verdicts.CHILDREN,
            id="child-sacrificed",
        ),
        pytest.param(report([], [kill(10, "a", 1)]), "unknown", verdicts.WHOLE_TABLE, id="no-table"),
        pytest.param(report([row(10, "a", 10)], [kill(9, "b", 1)]), "unknown", verdicts.WHOLE_TABLE, id="not-in-it"),
        pytest.param(
            report([row(10, "a", 10), row(11, "b", 10, 5)], [kill(10, "a", 1)], memory=None),
            "unknown",
            verdicts.SIZE,
            id="no-size",
        ),
        pytest.param(report([row(10, "a", 10)], outcome="panic"), "unknown", verdicts.NOBODY_KILLED, id="panic"),
        pytest.param(report([row(10, "a", 10)]), "unknown", verdicts.WHOLE_LOG, id="cut"),
    ],
)
def test_by_rule(given, result, settle):
    assert judge(given)[0] == (result, settle is None, settle)


HOG = (row(11, "hog", 700, anon=700), row(10, "small", 10, anon=10))
CAUSES = [
    pytest.param(report(HOG, [kill(11, "hog", 700)]), "right", ("process", 11, "hog", None), 70.0, id="the-hog-died"),
    pytest.param(report(HOG, [kill(10, "small", 10)]), "wrong", ("process", 11, "hog", None), 70.0, id="it-lives"),
    pytest.param(
        report((row(11, "hog", 600, anon=600), row(10, "other", 200, anon=200)), [kill(10, "other", 200)]),
        "unknown",  # 600 is less than four times 200: the other may be the one that grew
        ("process", 11, "hog", None),
        60.0,
        id="both-are-large",
    ),
    pytest.param(
        report((row(11, "a", 490, anon=490), row(10, "b", 10, anon=10)), [kill(10, "b", 10)]),
        "unknown",
        None,
        None,
        id="nobody-has-half",
    ),
    pytest.param(
        report([row(pid, "worker", 150, anon=150) for pid in range(10, 14)], GROUP, group_cgroup="/g"),
        "right",
        ("cgroup", None, None, "/g"),
        60.0,
        id="group-died-together",
    ),
    pytest.param(
        report([row(pid, "worker", 150, anon=150) for pid in range(10, 14)], GROUP[:1]),
        "unknown",
        None,
        None,
        id="one-of-many",
    ),
    pytest.param(
        report([row(10, "filler", 5)], [kill(10, "filler", 5)], stats={"shmem": 900 * MIB, "anon": 5 * MIB}),
        "unknown",
        ("shared-memory", None, None, None),
        90.0,
        id="shared-memory",
    ),
    pytest.param(
        report([row(10, "a", 5)], [kill(10, "a", 5)], stats={"slab": 500 * MIB, "anon": 5 * MIB}),
        "unknown",
        ("kernel", None, None, None),
        50.0,
        id="slab",
    ),
    pytest.param(report(HOG, outcome="no-killable-process"), "unknown", ("process", 11, "hog", None), 70.0, id="none"),
]


@pytest.mark.parametrize("given, result, who, share", CAUSES)
def test_by_cause_is_never_sure(given, result, who, share):
    found = judge(given)[1]
    assert (found.result, found.sure, found.who, found.share_percent) == (result, False, who, share)
    assert found.settle


def test_before_6_8_the_memory_of_a_process_may_all_be_shared():
    tasks = [row(11, "backend", 700), row(10, "small", 10)]
    mostly_shared = report(tasks, [kill(10, "small", 10)], stats={"shmem": 300 * MIB, "anon": 650 * MIB})
    assert judge(mostly_shared)[1][:3] == ("unknown", False, verdicts.SPLIT)
    own = report(tasks, [kill(10, "small", 10)], stats={"shmem": 50 * MIB, "anon": 690 * MIB})
    assert judge(own)[1][:3] == ("wrong", False, verdicts.HISTORY)
    untold = report(tasks, [kill(10, "small", 10)])
    assert judge(untold)[1][:3] == ("wrong", False, verdicts.SPLIT)


def test_a_process_that_was_killed_before_is_not_spared_wrongly():
    found = judge(report(HOG, [kill(10, "small", 10)]), {11: "hog"})[1]
    assert (found.result, found.settle) == ("unknown", verdicts.EARLIER)


def test_by_rule_and_by_cause_differ_on_a_floored_kernel():
    by_rule, by_cause, dummy = judge(report(LOW, [kill(10, "first", 1)], release="4.19.78"))
    assert (by_rule.result, by_rule.sure, by_cause.result, by_cause.sure) == ("right", True, "wrong", False)


# 3000 KiB below its own watermark in one zone; the other has enough.
ZONES = [
    Zone(0, "DMA", 4 << 20, 1 << 20, 0, 0, 0, []),
    Zone(0, "Normal", 1 << 20, (1 << 20) + 3000 * 1024, 0, 0, 0, []),
    Zone(0, "Movable", None, None, None, None, None, []),
]
# 100 MiB free, all of it in single pages.
SPLIT = [Zone(0, "Normal", 100 << 20, 1 << 20, 0, 0, 0, [25600] + [0] * 10)]


@pytest.mark.parametrize(
    "fields, freed_mib, result, needed",
    [
        pytest.param({"order": 0}, 690, "right", 4096, id="a-page-of-a-cgroup"),
        pytest.param({"order": 2}, 690, "right", 16384, id="four-pages"),
        pytest.param({"order": 0}, 9, "unknown", 4096, id="less-than-a-hundredth-of-the-limit"),
        pytest.param({"order": 0}, 0, "wrong", 4096, id="nothing"),
        pytest.param(
            {"order": 0, "memory": Usage(1100 * MIB, 1000 * MIB, 1)}, 60, "wrong", 4096 + 100 * MIB, id="lowered-limit"
        ),
        pytest.param(dict(of_host(), order=0, zones=ZONES), 690, "right", 4096 + 3000 * 1024, id="host"),
        pytest.param(dict(of_host(), order=0, zones=ZONES), 2, "wrong", 4096 + 3000 * 1024, id="host-too-little"),
        pytest.param(dict(of_host(), order=0, zones=[]), 690, "unknown", None, id="host-without-zones"),
        pytest.param({"order": None}, 690, "unknown", None, id="no-order"),
        pytest.param(dict(of_host(), order=-1, scope="sysrq", zones=ZONES), 690, "unknown", None, id="sysrq"),
        pytest.param(
            dict(of_host(free=100), order=3, gfp_mask="0xcc0(GFP_KERNEL)", zones=SPLIT),
            690,
            "unknown",
            32768,
            id="fragmentation",
        ),
        pytest.param(
            dict(of_host(), scope="cpuset", order=0, zones=ZONES), 690, "unknown", 4096 + 3000 * 1024, id="cpuset"
        ),
    ],
)
def test_useful_is_never_sure(fields, freed_mib, result, needed):
    tasks = [row(10, "small", 10), row(11, "hog", 700)]
    found = judge(report(tasks, [kill(11, "hog", freed_mib)], **fields))[2]
    assert found[:2] == (result, False)
    assert (found.freed_bytes, found.needed_bytes) == (freed_mib * MIB, needed)
    assert found.settle


def test_where_nobody_was_killed_nothing_was_freed():
    found = judge(report([row(10, "a", 10)], outcome="panic", order=0))[2]
    assert found == ("unknown", False, verdicts.NOBODY_KILLED, None, 4096)


def test_docs_name_the_thresholds():
    text = (pathlib.Path(__file__).resolve().parents[6] / "docs" / "events.md").read_text()
    assert f"held at least {verdicts.MOST_PERCENT:.0f} % of the domain" in text
    assert f"at least {verdicts.LASTING_PERCENT:.0f} % of the limit or RAM" in text
    assert verdicts.TIMES_THE_VICTIMS == 4 and "at least four times what all victims held together" in text
