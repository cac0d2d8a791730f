# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a log that grows: each once, whenever it is asked for, and across restarts."""

import json
import os

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import growing_log
from tests.support import log_formats
from tests.support.composed_log import dmesg, killed, kmsg, reaped, report, row
from tests.support.examples import examples

LOGS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "oomlogs")
NAMES = sorted(name for name in os.listdir(LOGS) if name.endswith(".txt"))
BOOT, LATER_BOOT = "2720b512-ca14-4546-bef5-4ebce0aefcf7", "5a6fc4d1-c6cc-4b6f-b9d3-f37cc1d1f1a5"
RUNNING = events.Origin("web3", BOOT, 1795762438.0)
BOOTED_AGAIN = events.Origin("web3", LATER_BOOT, 1795800000.0)
GROUP = "Tasks in /a are going to be killed due to memory.oom.group set"
KILLED = b"[%5d.%06d] Out of memory: Killed process %d (x) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB\n"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def lines_of(name):
    with open(os.path.join(LOGS, name), "rb") as log:
        return log.read().splitlines(True)


def fed(lines, origin=events.NOWHERE, clock=None):
    follower = events.Follower(origin, clock=clock or Clock())
    for line in lines:
        follower.feed(line)
    return follower


def resumed(follower, origin=events.NOWHERE, clock=None):
    """By way of a file."""
    state = json.dumps(follower.state(), ensure_ascii=False).encode("utf-8")
    return events.Follower.resume(json.loads(state.decode("utf-8")), origin, clock=clock or Clock())


def victims(records):
    return [record["victim"]["pid"] if record["victim"] else None for record in records]


@pytest.mark.parametrize("name", NAMES)
def test_log_in_chunks_gives_the_events_of_the_whole(name):
    lines = lines_of(name)
    whole = list(events.read(lines))
    for size in (1, 7, 64):
        follower = events.Follower()
        found = []
        for number, line in enumerate(lines):
            follower.feed(line)
            if number % size == 0:
                found += follower.take()
        follower.flush()
        assert [events.told(record) for record in found + follower.take()] == whole
        assert follower.take() == []


def test_record_can_be_completed_before_it_is_told():
    follower = fed(kmsg(report()))
    follower.flush()
    [record] = follower.take()
    assert "explanation" not in record and "findings" not in record and "explanation" not in record["verdict"]
    record["victim"].update(namespace="shop", pod="web-0")
    told = events.told(record)
    assert told["victim"]["pod"] == "web-0" and told["explanation"] and isinstance(told["findings"], list)


def test_event_is_given_out_when_the_next_one_begins():
    follower = fed(kmsg(report()))
    assert follower.take() == []
    follower.feed(kmsg(report(pid=9), sequence=200, usec=6000000)[0])
    assert victims(follower.take()) == [8]


def test_event_is_given_out_when_its_log_has_paused():
    clock = Clock()
    follower = fed(kmsg(report()), clock=clock)
    clock.now += 1.9
    follower.flush(2)
    assert follower.take() == [] and follower.is_waiting
    clock.now += 0.1
    follower.flush(2)
    assert victims(follower.take()) == [8] and not follower.is_waiting
    clock.now += 100
    follower.flush(2)
    follower.flush()
    assert follower.take() == []


def test_lines_of_others_do_not_keep_an_event_back():
    clock = Clock()
    follower = fed(kmsg(report()), clock=clock)
    for number in range(100):
        clock.now += 0.1
        follower.feed(b"6,%d,%d,-;eth0: link is up\n" % (200 + number, 6000000 + number))
    follower.flush(2)
    assert victims(follower.take()) == [8]


def test_report_without_its_kill_waits_for_a_minute():
    clock = Clock()
    lines = kmsg(report())
    follower = fed(lines[:12], clock=clock)
    clock.now += 59
    follower.flush(1)
    assert follower.take() == []
    clock.now += 1
    follower.flush(1)
    [cut] = follower.take()
    assert (cut["outcome"], cut["victim"]) == ("unknown", None)
    assert {"source": "end", "reason": "no line of the report in 60 s"} in cut["incomplete"]


def test_report_without_its_kill_is_given_out_where_the_log_ends():
    follower = fed(kmsg(report())[:12])
    follower.flush()
    [cut] = follower.take()
    assert cut["outcome"] == "unknown"


@pytest.mark.parametrize(
    "late",
    [
        pytest.param([reaped(8)], id="reaper"),
        pytest.param([GROUP, killed(8, "hog"), killed(5, "pause"), reaped(8), reaped(5)], id="group"),
        pytest.param(["Kill process 9 (hog) sharing same memory"], id="sharer"),
    ],
)
@pytest.mark.parametrize("pause", [0, 2])
def test_line_that_comes_late_makes_no_second_event(late, pause):
    clock = Clock()
    follower = fed(kmsg(report()), clock=clock)
    clock.now += 2
    follower.flush(pause)
    assert victims(follower.take()) == [8]
    for line in kmsg(late, sequence=114, usec=7000000):
        follower.feed(line)
    clock.now += 2
    follower.flush(pause)
    assert follower.take() == []
    for line in kmsg(report(pid=9), sequence=300, usec=9000000):
        follower.feed(line)
    follower.flush()
    assert victims(follower.take()) == [9]


def test_name_with_a_newline_is_whole_after_a_pause():
    clock = Clock()
    follower = fed([b"[    5.000000] Out of memory: Killed process 7 (two\n"], clock=clock)
    clock.now += 1
    follower.flush(2)
    follower.feed(b"[    5.000000] lines) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB\n")
    clock.now += 2
    follower.flush(2)
    [record] = follower.take()
    assert record["victim"]["comm"] == "two\\nlines"


SAVED = [
    "4.19.78-global-storm-ratelimited.kmsg.txt",
    "4.19.78-memcg-v2-oomgroup.kmsg.txt",
    "5.10.223-memcg-v2.dmesg.txt",
    "6.18.15-memcg-v2.kmsg.txt",
    "SYNTH-3.10.0-1160.el7-memcg-v1.kmsg.txt",
]


@pytest.mark.parametrize("name, takes", [(name, takes) for name in SAVED for takes in (1, 5)] + [(SAVED[1], 10**6)])
def test_follower_that_is_resumed_at_every_line_gives_each_event_once(name, takes):
    lines = lines_of(name)
    follower = events.Follower()
    found = []
    for number, line in enumerate(lines):
        follower.feed(line)
        if number % takes == 0:
            found += follower.take()
        follower = resumed(follower)
    follower.flush()
    assert [events.told(record) for record in found + follower.take()] == list(events.read(lines))


@pytest.mark.parametrize("style", ["journal_export", "journal_json", "short_monotonic", "rsyslog", "quoted", "bare"])
def test_follower_is_resumed_in_other_formats(style):
    lines = list(log_formats.FORMATS[style](log_formats.records(lines_of("6.1.176-memcg-v2-oomgroup.kmsg.txt"))))
    follower = events.Follower()
    found = []
    for number, line in enumerate(lines):
        follower.feed(line)
        found += follower.take()
        if number % 7 == 0:
            follower = resumed(follower)
    follower.flush()
    assert [events.told(record) for record in found + follower.take()] == list(events.read(lines))


RECORDS = {name: log_formats.records(lines_of(name)) for name in SAVED[1:2] + SAVED[3:]}
PART = st.tuples(st.sampled_from(sorted(RECORDS)), st.sampled_from(sorted(log_formats.FORMATS)))
CHANGE = st.tuples(
    st.sampled_from(["cut", "drop", "double", "swap", "break"]), st.integers(0, 999), st.integers(0, 300)
)
STEP = st.tuples(st.integers(0, 1200), st.sampled_from(["take", "pause", "long pause", "end", "save"]))


def changed(lines, what, at, where):
    at %= len(lines)
    other = (at + where) % len(lines)
    if what == "cut":
        lines[at] = lines[at][:where]
    elif what == "drop":
        del lines[at : at + where % 20]
    elif what == "double":
        lines[at:at] = lines[at : at + where % 40]
    elif what == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at : at + 1] = [lines[at][:where], lines[at][where:]]
    return lines or [b"\n"]


def followed(lines, steps, origin, saves):
    """What a follower gives that is taken, pauses and restarts at those lines; without `saves` it never restarts."""
    clock = Clock()
    follower = events.Follower(origin, clock=clock)
    found = []
    for number, line in enumerate(lines):
        follower.feed(line)
        for step in steps.get(number, []):
            if step == "take":
                found += follower.take()
            elif step == "save" and saves:
                follower = resumed(follower, origin, clock)
            elif step != "save":
                clock.now += {"pause": 2, "long pause": 70, "end": 0}[step]
                follower.flush(0 if step == "end" else 1)
    follower.flush()
    return found + follower.take()


@hypothesis.given(
    parts=st.lists(PART, min_size=1, max_size=2),
    changes=st.lists(CHANGE, max_size=8),
    steps=st.lists(STEP, max_size=25),
    origin=st.sampled_from([events.NOWHERE, RUNNING]),
)
@hypothesis.settings(max_examples=examples(100))
def test_restarts_change_nothing_whatever_the_log_has(parts, changes, steps, origin):
    lines = [line for name, style in parts for line in log_formats.FORMATS[style](RECORDS[name])]
    for change in changes:
        lines = changed(lines, *change)
    at = {}
    for number, step in steps:
        at.setdefault(number % len(lines), []).append(step)
    assert followed(lines, at, origin, saves=True) == followed(lines, at, origin, saves=False)


def test_ring_buffer_that_is_read_again_gives_no_event_twice():
    lines = lines_of("6.1.176-global-storm-ratelimited.kmsg.txt")
    follower = fed(lines, RUNNING)
    follower.flush()
    first = follower.take()
    assert len(first) == 18
    for again in (follower, resumed(follower, RUNNING)):
        for line in lines + kmsg([killed(4711, "new")], sequence=90000, usec=90000000):
            again.feed(line)
        again.flush()
        assert victims(again.take()) == [4711]


def test_ring_buffer_that_is_read_again_by_another_way_gives_no_event_twice():
    log = log_formats.records(lines_of("6.1.176-memcg-v2.kmsg.txt"))
    follower = fed(log_formats.kmsg(log), RUNNING)
    follower.flush()
    assert len(follower.take()) == 3
    for show in (log_formats.dmesg, log_formats.journal_json, log_formats.kmsg):
        follower = resumed(follower, RUNNING)
        for line in show(log):
            follower.feed(line.replace(log_formats.BOOT_ID.encode(), BOOT.replace("-", "").encode()))
        follower.flush()
        assert follower.take() == []


def test_ring_buffer_with_more_events_than_are_remembered_is_read_again():
    lines = [KILLED % (number, 0, 1000 + number) for number in range(1, 701)]
    follower = fed(lines, RUNNING)
    follower.flush()
    assert len(follower.take()) == 700
    follower = resumed(follower, RUNNING)
    for line in lines + [KILLED % (701, 0, 1701)]:
        follower.feed(line)
    follower.flush()
    assert victims(follower.take()) == [1701]


@pytest.mark.parametrize("show", [log_formats.kmsg, log_formats.dmesg])
@pytest.mark.parametrize("end", [60, 120, 140])
def test_report_that_is_half_read_at_a_restart_is_whole_when_the_ring_buffer_is_read_again(show, end):
    lines = list(show(log_formats.records(lines_of("6.1.176-memcg-v2.kmsg.txt"))))
    whole = list(events.read(lines, RUNNING))
    follower = fed(lines[:end], RUNNING)
    found = follower.take()
    follower = resumed(follower, RUNNING)
    for line in lines:
        follower.feed(line)
    follower.flush()
    assert [events.told(record) for record in found + follower.take()] == whole


def test_boots_of_one_file_do_not_take_events_from_each_other():
    lines = lines_of("6.1.176-global.kmsg.txt")
    later = [line.replace(b",7", b",6") for line in lines]
    found = fed(lines + later)
    found.flush()
    assert len(found.take()) == 2


def test_what_an_earlier_boot_left_unfinished_is_told_of_that_boot():
    follower = fed(kmsg(report())[:13], RUNNING)
    follower = resumed(follower, BOOTED_AGAIN)
    [cut] = follower.take()
    assert cut["id"].startswith(BOOT) and cut["time"] == "2026-11-27T06:54:03Z" and cut["outcome"] == "unknown"
    for line in kmsg(report()):
        follower.feed(line)
    follower.flush()
    [new] = follower.take()
    assert new["id"].startswith(LATER_BOOT) and victims([new]) == [8]


def test_earlier_victims_are_known_after_a_restart():
    lines = kmsg(report())
    follower = fed(lines)
    follower.flush()
    follower.take()
    again = kmsg(report(pid=9)[:11] + [row(8, "hog")] + report(pid=9)[11:], 200, 6000000)
    follower = resumed(follower)
    for line in again:
        follower.feed(line)
    follower.flush()
    [record] = follower.take()
    assert record["victim"]["pid"] == 9
    [spared] = [one["spared"] for one in record["candidates"] if one["pid"] == 8]
    assert spared is not None


def test_state_of_the_largest_report_has_a_bound_and_the_report_is_told_as_cut():
    rows = [row(number, "worker") for number in range(1000, 7000)]
    lines = dmesg(report()[:11] + rows)
    follower = fed(lines)
    saved = json.dumps(follower.state())
    assert len(saved) < 2 * growing_log.MOST_KEPT
    follower = resumed(follower)
    for line in dmesg(report()[12:]):
        follower.feed(line)
    follower.flush()
    [record] = follower.take()
    assert victims([record]) == [8]
    assert {"source": "log", "reason": "lines of the report were left out of the saved state, which keeps 256 KiB"} in (
        record["incomplete"]
    )


def test_lines_that_are_no_utf_8_are_saved():
    lines = [line.replace(b"hog", b"h\xff\xfcg") for line in dmesg(report())]
    assert any(b"\xff" in line for line in lines)
    follower = resumed(fed(lines))
    follower.flush()
    whole = fed(lines)
    whole.flush()
    assert follower.take() == whole.take()


@pytest.mark.parametrize("boot", ["\\ud800", "\\u20ac", "x" * 5000])
def test_odd_names_of_boots_and_hosts_are_saved(boot):
    kill = "Out of memory: Killed process 7 (x) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB"
    line = b'{"_BOOT_ID":"%s","MESSAGE":"%s","__MONOTONIC_TIMESTAMP":"%d"}' % (boot.encode(), kill.encode(), 10**20 - 1)
    origin = events.Origin("h\udcff")
    follower = resumed(
        fed([line, line.replace(b" 7 ", b" 8 "), b"4,99999999999999999999,1,-;Out of memory"], origin), origin
    )
    follower.flush()
    assert victims(follower.take()) == [7, 8]


def state_of_a_half_read_log():
    lines = lines_of("4.19.78-memcg-v2-oomgroup.kmsg.txt")
    follower = fed(lines[:70], RUNNING)
    follower.take()
    return json.loads(json.dumps(follower.state()))


@pytest.mark.parametrize(
    "state",
    [None, [], {}, "text", 7, {"kind": "memfacts.follower"}, {"kind": "other", "version": 1}],
    ids=json.dumps,
)
def test_foreign_state_is_one_sentence(state):
    with pytest.raises(ParseError, match="^The saved state cannot be used, since .*; remove it to start without one.$"):
        events.Follower.resume(state)


@pytest.mark.parametrize("version", [0, 1, 99])
def test_state_of_another_version_is_refused(version):
    with pytest.raises(ParseError, match="version 2"):
        events.Follower.resume(dict(state_of_a_half_read_log(), version=version))


def places_in(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places_in(item, (*path, key))


PLACES = list(places_in(state_of_a_half_read_log()))
ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        3,
        10**30,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "x",
        "\ud800",
        "\u2026",
        "x" * 10**6,
        [],
        {},
        [[]],
    ]
)


@hypothesis.given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3))
@hypothesis.settings(max_examples=examples(300))
def test_damaged_state_is_refused_or_does_no_harm(damages):
    state = [state_of_a_half_read_log()]
    for path, value in damages:
        inner = state
        try:
            for key in (0, *path)[:-1]:
                inner = inner[key]
            inner[(0, *path)[-1]] = value
        except (TypeError, IndexError, KeyError):
            pass  # an earlier damage took the place away
    try:
        follower = events.Follower.resume(state[0], RUNNING)
    except ParseError:
        return
    for line in lines_of("4.19.78-memcg-v2-oomgroup.kmsg.txt"):
        follower.feed(line)
    follower.flush()
    for record in follower.take():
        json.dumps(events.told(record))


@pytest.mark.parametrize("name", NAMES)
def test_kill_lines_are_as_many_as_the_log_has(name):
    lines = lines_of(name)
    printed = sum(b"Killed process " in line for line in lines)
    assert fed(lines).kill_lines == printed


def test_kill_lines_of_a_late_group_count_though_they_make_no_second_event():
    clock = Clock()
    follower = fed([KILLED % (10, 0, 5), f"[   10.000001] {GROUP}\n".encode()], clock=clock)
    clock.now += 1
    follower.flush(0.1)
    assert len(follower.take()) == 1
    follower.feed(KILLED % (10, 2, 5))
    follower.feed(KILLED % (10, 3, 6))
    follower.flush()
    assert follower.take() == []
    assert follower.kill_lines == 3


def test_follower_that_is_resumed_counts_only_what_it_reads_itself():
    before = fed([KILLED % (10, 0, 5)])
    after = resumed(before)
    assert after.kill_lines == 0
    after.feed(KILLED % (20, 0, 6))
    assert after.kill_lines == 1


def test_dates_follow_the_hosts_clock():
    follower = fed([KILLED % (10, 0, 5), KILLED % (20, 0, 6)], RUNNING)
    first = follower.take()
    follower.flush()
    follower.date_from(RUNNING.booted + 3600.0)
    assert [record["time"] for record in first + follower.take()] == ["2026-11-27T06:54:08Z", "2026-11-27T07:54:18Z"]
