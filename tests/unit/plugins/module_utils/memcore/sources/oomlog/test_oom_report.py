# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM reports out of kernel logs: captured and composed logs against what a person reads in them."""

import collections
import pathlib

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import oom_report
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import (
    Kill,
    Reaped,
    TaskRow,
    Usage,
    Zone,
)
from tests.support import log_formats

LOGS = pathlib.Path(__file__).resolve().parents[5] / "fixtures" / "oomlogs"
CONTAINER = (
    "/kubepods/burstable/podd11ab7b0-d6db-4a24-a7de-4a2faf1e6980"
    "/9f02d9fa0049eb2655fc83c765f142362b2cb403b57b70ba3185071015ca3b64"
)
KB = 1024


def expected_events():
    """{log: [row of expected.tsv as a dict]}."""
    lines = [line for line in (LOGS / "expected.tsv").read_text().splitlines() if not line.startswith("#")]
    columns = lines[0].split("\t")
    found = collections.OrderedDict()
    for line in lines[1:]:
        event = dict(zip(columns, line.split("\t")))
        found.setdefault(event["log"], []).append(event)
    return found


EXPECTED = expected_events()
# Those whose lines are records each: not from dmesg, and no console wrote into them.
SPLICED = {"4.19.78-global-storm-ratelimited.kmsg.txt", "4.19.78-memcg-v2-equal-adj-tie.kmsg.txt"}
WHOLE = [name for name in EXPECTED if name.endswith(".kmsg.txt") and name not in SPLICED]
QUIET = [name for name in WHOLE if "noise" not in name and "storm" not in name]


def lines_of(name):
    return (LOGS / name).read_bytes().splitlines(True)


def reports(lines):
    return list(oom_report.read(lines))


def one(*lines):
    found = reports(lines)
    assert len(found) == 1, found
    return found[0]


def what(report):
    """The names of what is missing."""
    return [name for name, _why in report.missing]


def summary(report):
    """A report as a row of expected.tsv has it."""

    def named(pid, comm):
        return "-" if comm is None else "{0}:{1}".format(pid, comm)

    def cgroup(path):
        return "-" if path is None else path.replace(CONTAINER, "CONTAINER")

    rows = report.tasks or []
    alone = [kill for kill in report.kills if not kill.in_group]
    assert len(alone) == 1
    return {
        "usec": str(report.time_usec),
        "scope": report.scope,
        "trigger": named(report.trigger_pid, report.trigger_comm),
        "victim": named(alone[0].pid, alone[0].comm),
        "limit_cgroup": cgroup(report.limit_cgroup),
        "task_cgroup": cgroup(report.task_cgroup),
        "rows": "-" if report.tasks is None else str(len(rows)),
        "first": named(rows[0].pid, rows[0].comm) if rows else "-",
        "last": named(rows[-1].pid, rows[-1].comm) if rows else "-",
        "group_cgroup": cgroup(report.group_cgroup),
        "group_kills": "|".join(named(kill.pid, kill.comm) for kill in report.kills if kill.in_group) or "-",
        "outcome": report.outcome,
    }


def test_every_log_has_an_expectation():
    assert set(EXPECTED) == {path.name for path in LOGS.glob("*.txt")}
    assert len(EXPECTED) == 69


@pytest.mark.parametrize("name", EXPECTED)
def test_a_log_gives_the_events_that_a_person_reads(name):
    wanted = [{key: event[key] for key in event if key not in ("log", "event")} for event in EXPECTED[name]]
    # The page allocations that failed in between are events of their own.
    ooms = [report for report in reports(lines_of(name)) if report.outcome != "allocation-failed"]
    assert [summary(report) for report in ooms] == wanted


@pytest.mark.parametrize("name", EXPECTED)
def test_the_release_is_that_of_the_log(name):
    version = name.replace("SYNTH-", "").split("-memcg")[0].split("-global")[0].split("-alloc")[0].split("-sysrq")[0]
    # Debian's packages are built from that version; their release names the ABI.
    known = {"5.10.223": "5.10.0-32-cloud-amd64", "6.1.176": "6.1.0-50-cloud-amd64"}
    for report in reports(lines_of(name)):
        if report.trigger_comm is None:
            assert report.release is None
        else:
            assert report.release.startswith(known.get(version, version))


def test_nothing_is_missing_where_a_log_is_whole():
    for name in WHOLE:
        for report in reports(lines_of(name)):
            bare = report.trigger_comm is None
            composed = name.startswith("SYNTH-4.18")  # records were taken out of it, so their numbers have gaps
            suppressed = any("left out 3 reports" in why for _what, why in report.missing)
            assert what(report) == (["report"] if bare else ["log"] if composed or suppressed else []), (name, report)


def test_el7_columns_and_kill_line():
    (report,) = reports(lines_of("SYNTH-3.10.0-1160.el7-global.kmsg.txt"))
    assert report.tasks[1] == TaskRow(56, 56, 0, 5366, 5230, None, None, None, 14, None, 0, 100, "my (odd) name")
    assert report.selected == (59, "big proc", 683)
    assert report.kills == [
        Kill(59, "big proc", 0, 138200 * KB, 136956 * KB, 4 * KB, 648 * KB, None, None, False, False)
    ]
    assert (report.gfp_mask, report.order, report.trigger_adj) == ("0x24280ca", 0, 0)
    assert report.meminfo["ram"] == 51070 * 4096
    assert report.meminfo["slab_unreclaimable"] == 806 * 4096
    assert report.meminfo["kernel_stack"] == 528 * KB
    assert report.meminfo["free_swap"] == report.meminfo["total_swap"] == 0


def test_two_levels_of_page_tables_are_summed_in_4_4():
    first = reports(lines_of("4.4.155-memcg-v1.kmsg.txt"))[0]
    # [   67]     0    67     8950     8794      21       3        0           986 python3
    row = first.tasks[-1]
    assert (row.pid, row.page_tables_pages, row.page_tables_bytes, row.swap_pages, row.adj) == (67, 24, None, 0, 986)
    assert first.kills[0].shmem_bytes is None  # 4.4 counts it as file
    assert first.memory == Usage(40876 * KB, 40960 * KB, 8)
    assert first.memory_swap == Usage(40876 * KB, None, 0)
    assert first.kmem == Usage(0, None, 0)
    assert first.swap is None
    assert first.stats["rss"] == 40876 * KB
    assert (first.constraint, first.target_pid, first.selected) == (None, None, (67, "python3", 1798))


def test_4_19_has_page_tables_in_bytes_and_the_reaper():
    first, second, third = reports(lines_of("4.19.78-memcg-v2.kmsg.txt"))
    # [     67]     0    67     8950     8728   110592        0           986 python3
    assert first.tasks[-1] == TaskRow(67, 67, 0, 8950, 8728, None, None, None, None, 110592, 0, 986, "python3")
    assert first.reaped == [Reaped(67, "python3", 0, 0, 0)]
    assert second.reaped == []
    assert third.reaped == [Reaped(69, "filler", 0, 0, 0)]


def test_5_4_to_6_7_print_the_statistics_as_one_record():
    first = reports(lines_of("6.1.176-memcg-v2-oomgroup.kmsg.txt"))[0]
    assert (first.stats["anon"], first.stats["pagetables"], first.stats["thp_collapse_alloc"]) == (41545728, 163840, 0)
    assert len(first.stats) == 47
    assert first.memory == Usage(40960 * KB, 40960 * KB, 73)
    assert first.swap == Usage(0, 0, 0)
    assert first.memory_swap is first.kmem is None
    assert first.constraint == "CONSTRAINT_MEMCG"
    assert (first.nodemask, first.target_pid, first.target_comm) == ("(null)", 122, "python3")
    assert first.kills[0].page_tables_bytes == 108 * KB
    assert first.kills[0].adj == 986


def test_from_6_8_rows_tell_anonymous_file_and_shared_memory_apart():
    (report,) = reports(lines_of("6.18.15-memcg-interleaved-noise.kmsg.txt"))
    assert report.tasks == [
        TaskRow(167, 167, 0, 505, 392, 256, 0, 136, None, 40960, 0, -998, "pause"),
        TaskRow(172, 172, 0, 506, 392, 256, 0, 136, None, 45056, 0, 986, "filler"),
    ]
    assert (report.stats["shmem"], report.stats["slab"], report.stats["numa_hint_faults"]) == (39526400, 105448, 0)
    assert len(report.stats) == 65


def test_of_a_group_each_kill_is_named_and_the_first_victim_twice():
    first, second = reports(lines_of("6.1.176-memcg-v2-oomgroup.kmsg.txt"))
    assert first.group_cgroup == first.limit_cgroup == first.task_cgroup == CONTAINER
    kills = [(kill.pid, kill.comm, kill.in_group, kill.repeated) for kill in first.kills]
    assert kills == [
        (122, "python3", False, False),
        (119, "pause", True, False),
        (120, "name) with (x", True, False),
        (122, "python3", True, True),
    ]
    assert [kill.pid for kill in second.kills] == [124, 124]


def test_the_memory_block_is_read_with_its_zones():
    (report,) = reports(lines_of("6.1.176-global.kmsg.txt"))
    meminfo = report.meminfo
    assert meminfo["inactive_anon"] == 48605 * 4096
    assert meminfo["free_pcp"] == 125 * 4096
    assert meminfo["page_cache"] == meminfo["shmem"] == 1050 * 4096
    assert meminfo["reserved"] == 9557 * 4096
    assert meminfo["hugetlb"] == 0
    dma, dma32 = report.zones
    assert dma == Zone(
        0,
        "DMA",
        884 * KB,
        132 * KB,
        164 * KB,
        196 * KB,
        15360 * KB,
        [1, 2, 0, 1, 1, 0, 1, 1, 0, 0, 0],
        present_bytes=15992 * KB,
        cma_free_bytes=0,
        reserved_highatomic_bytes=0,
        lowmem_reserve_pages=[0, 192, 192, 192, 192],
        block_types=["M", "UM", "", "U", "U", "", "U", "U", "", "", ""],
    )
    assert dma32[:7] == (0, "DMA32", 1488 * KB, 1708 * KB, 2132 * KB, 2556 * KB, 208036 * KB)
    assert dma32.free_blocks == [0, 0, 1, 0, 1, 3, 0, 2, 0, 0, 0]


def test_the_block_of_a_failed_allocation_is_not_the_next_reports():
    # storm5: page allocation failure … Mem-Info: … between the first report and the second of this log.
    log = lines_of("6.12.117-global-storm-ratelimited.kmsg.txt")
    first, failed, second = reports(log)[:3]
    assert (first.time_usec, failed.time_usec, second.time_usec) == (5667709, 5736193, 5902840)
    assert (failed.outcome, failed.kills, failed.trigger_comm) == ("allocation-failed", [], "storm5")
    blocks = [line for line in log if b";active_anon:" in line]
    pages = [int(line.split(b" free:")[1].split(b" ")[0]) for line in blocks]
    assert [one.meminfo["free"] for one in (first, failed, second)] == [page * 4096 for page in pages[:3]]


def test_a_line_that_a_console_wrote_into_another_is_taken_out():
    found = reports(lines_of("4.19.78-global-storm-ratelimited.kmsg.txt"))
    # 66 … 0 s[   29.686326] serial8250: too much work for irq4 / torm10
    fourth = {row.pid: row for row in found[3].tasks}
    assert fourth[66] == TaskRow(66, 66, 0, 3574, 3184, None, None, None, None, 65536, 0, 0, "storm10")
    # 69     0    69     4598[   29.751477] serial8250: too much work for irq4 /      4240    77824        0 …
    seventh = {row.pid: row for row in found[6].tasks}
    assert seventh[69] == TaskRow(69, 69, 0, 4598, 4240, None, None, None, None, 77824, 0, 0, "storm13")
    third = reports(lines_of("4.19.78-memcg-v2.dmesg.txt"))[1]
    assert third.stats["cache"] == third.stats["shmem"]


def test_a_line_that_another_wrote_into_is_not_guessed_where_its_rest_is_lost():
    log = lines_of("4.19.78-global-storm-ratelimited.kmsg.txt")
    log.remove(b"torm10\n")
    fourth = reports(log)[3]
    assert "console" in what(fourth)
    assert {row.pid: row for row in fourth.tasks}[66].comm == "s"


# One of each kind in each format; all others take long together.
SOME = (
    "SYNTH-3.10.0-1160.el7-memcg-v1.kmsg.txt",
    "4.4.155-global.kmsg.txt",
    "5.4.59-memcg-v2-equal-adj-tie.kmsg.txt",
    "6.1.176-memcg-v2-oomgroup.kmsg.txt",
    "6.18.15-global.kmsg.txt",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SOME else [pytest.mark.slow]) for name in QUIET]
)
@pytest.mark.parametrize("style", log_formats.FORMATS)
def test_report_is_the_same_in_every_format(name, style):
    log = log_formats.records(lines_of(name))

    def timeless(report):
        untimed = report._replace(sequence=None, time_usec=None, wall_time=None, boot_id=None, stamp=None, missing=[])
        return untimed._replace(acted_usec=None, acted_stamp=None)

    wanted = [timeless(report) for report in reports(lines_of(name))]
    assert [timeless(report) for report in reports(log_formats.FORMATS[style](log))] == wanted


@pytest.mark.parametrize("style", ["kmsg", "dmesg", "short", "journal_json", "quoted"])
@pytest.mark.parametrize("name", ["6.1.176-memcg-v2-oomgroup.kmsg.txt", "4.19.78-global.kmsg.txt"])
def test_of_a_report_cut_at_its_end_all_is_read_that_is_there(name, style):
    log = list(log_formats.FORMATS[style](log_formats.records(lines_of(name))))
    whole = reports(log)
    for end in range(len(log)):
        found = reports(log[:end])
        assert len(found) <= len(whole)
        for got, wanted in zip(found, whole):
            assert got.trigger_comm == wanted.trigger_comm
            assert (got.tasks or []) == wanted.tasks[: len(got.tasks or [])]
            assert got.kills == wanted.kills[: len(got.kills)]
            assert got.outcome == ("killed" if got.kills else "unknown")
            assert got.kills or "kill" in what(got)
        for got, wanted in list(zip(found, whole))[:-1]:
            assert got._replace(missing=[], reaped=[]) == wanted._replace(missing=[], reaped=[])


@pytest.mark.parametrize("style", ["kmsg", "dmesg", "short", "journal_json", "quoted"])
@pytest.mark.parametrize("name", ["6.1.176-memcg-v2.kmsg.txt", "4.19.78-memcg-v1.kmsg.txt", "6.18.15-global.kmsg.txt"])
def test_of_a_report_cut_at_its_beginning_the_victim_is_read(name, style):
    log = list(log_formats.FORMATS[style](log_formats.records(lines_of(name))))
    whole = reports(log)
    for begin in range(len(log)):
        found = reports(log[begin:])
        assert len(found) <= len(whole)
        for got, wanted in zip(found[::-1], whole[::-1]):
            assert got.kills == wanted.kills or what(got)
            assert got.outcome == "killed"
            assert [kill.pid for kill in got.kills] == [kill.pid for kill in wanted.kills]
            assert got.limit_cgroup in (wanted.limit_cgroup, None)
            if got.trigger_comm is None:
                assert {"trigger", "report"} & set(what(got))
            else:
                assert got._replace(missing=[]) == wanted._replace(missing=[])


@pytest.mark.parametrize("name", ["6.1.176-memcg-v2.kmsg.txt", "4.19.78-memcg-v2-oomgroup.kmsg.txt"])
def test_a_report_cut_within_a_line_says_so(name):
    data = b"".join(lines_of(name)[:60])
    for end in range(0, len(data), 7):
        for got in reports(data[:end].splitlines(True)):
            assert (got.outcome, "kill" in what(got)) in [("killed", False), ("killed", True), ("unknown", True)]
