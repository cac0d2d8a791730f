# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a log has, the reader gives reports of the promised shape; its work grows as the log does."""

import json
import pathlib
import re
import sys
import typing

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import oom_records, oom_report
from tests.support import log_formats
from tests.support.examples import examples

LOGS = pathlib.Path(__file__).resolve().parents[5] / "fixtures" / "oomlogs"
NAMES = [
    "SYNTH-3.10.0-1160.el7-memcg-v1.kmsg.txt",
    "SYNTH-4.18.0-240.el8-memcg-v1.kmsg.txt",
    "4.4.155-global.kmsg.txt",
    "4.19.78-memcg-v2-oomgroup.kmsg.txt",
    "4.19.78-memcg-interleaved-noise.kmsg.txt",
    "5.4.59-memcg-v2.kmsg.txt",
    "6.1.176-memcg-v2-oomgroup.kmsg.txt",
    "6.1.176-global.kmsg.txt",
    "6.18.15-sysrq-f.kmsg.txt",
    "6.18.15-memcg-v2.kmsg.txt",
]
OUTCOMES = {"killed", "no-killable-process", "panic", "already-exiting", "unknown"}
SCOPES = {"memcg", "global", "cpuset", "mempolicy", "sysrq", None}
HUGE = b"9" * 5000


def records_of(name):
    return log_formats.records((LOGS / name).read_bytes().splitlines(True))


RECORDS = {name: records_of(name) for name in NAMES}
ALL = [record for name in NAMES for record in RECORDS[name]]
ODD_LINES = [
    b"",
    b"\0" * 50,
    b"\xff\xfe\n",
    b"[",
    b"{",
    b'{"MESSAGE":[75]}',
    b"__CURSOR=a",
    b"MESSAGE",
    b"-- Boot 5a6fc4d1c6cc4b6fb9d3f37cc1d1f1a5 --",
    b"[    0.000000] Linux version 6.1.0",
    b"** 3 printk messages dropped **",
    b"4,1,1,c;",
    b"4,99999999999999999999,99999999999999999999,-;x invoked oom-killer: ",
    b"[99999.999999] oom_kill_process: 3 callbacks suppressed",
    b"[    1.000000] Out of memory and no killable processes...",
    b"[    1.000000] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled",
    b"[    1.000000] Mem-Info:",
    b"[    1.000000] Unreclaimable slab info:",
    b"[    1.000000] oom-kill:constraint=",
    b"[    1.000000] Killed process 1 (",
    b"[    1.000000] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
]

_NOTHING = type(None)


def shape(kind, value):
    """Whether a value is of a type as `typing` states it."""
    origin, arguments = getattr(kind, "__origin__", None), getattr(kind, "__args__", None)
    if origin is typing.Union:
        return any(value is None if one is _NOTHING else shape(one, value) for one in arguments)
    if origin in (list, typing.List):
        return value.__class__ is list and all(shape(arguments[0], item) for item in value)
    if origin in (dict, typing.Dict):
        return value.__class__ is dict and all(
            shape(arguments[0], key) and shape(arguments[1], item) for key, item in value.items()
        )
    if origin in (tuple, typing.Tuple):
        return value.__class__ is tuple and len(value) == len(arguments) and all(map(shape, arguments, value))
    if hasattr(kind, "_fields"):
        return value.__class__ is kind and all(map(shape, typing.get_type_hints(kind).values(), value))
    assert kind in (int, str, bool), kind
    return value.__class__ is kind


def check(lines):
    """Read them, and hold each report to what oom_records.py promises."""
    found = list(oom_report.read(lines))
    for report in found:
        assert shape(oom_records.Report, report), report
        assert report.outcome in OUTCOMES
        assert report.scope in SCOPES
        assert (report.outcome == "killed") == bool(report.kills)
        assert report.page_size in (4096, 8192, 16384, 32768, 65536, 262144)
        assert all(isinstance(why, str) and why for _what, why in report.missing)
        assert json.dumps(report, ensure_ascii=False).encode("utf-8")
        names = [task.comm for task in report.tasks or []] + [kill.comm for kill in report.kills]
        assert all(name.isprintable() for name in names)
    return found


def cut_line(lines, at, where):
    lines[at] = lines[at][:where]


def cut_front(lines, at, where):
    lines[at] = lines[at][where:]


def break_line(lines, at, where):
    lines[at : at + 1] = [lines[at][:where], lines[at][where:]]


def drop(lines, at, where):
    del lines[at : at + 1 + where % 5]


def keep_until(lines, at, _where):
    del lines[at + 1 :]


def keep_from(lines, at, _where):
    del lines[:at]


def double(lines, at, where):
    lines[at:at] = lines[at : at + 1 + where % 40]


def swap(lines, at, where):
    other = (at + where) % len(lines)
    lines[at], lines[other] = lines[other], lines[at]


def insert_odd(lines, at, where):
    lines.insert(at, ODD_LINES[where % len(ODD_LINES)])


def insert_record(lines, at, where):
    show = list(log_formats.FORMATS.values())[where % len(log_formats.FORMATS)]
    lines[at:at] = list(show([ALL[where % len(ALL)]]))


def change_byte(lines, at, where):
    line = lines[at]
    place = where % (len(line) + 1)
    lines[at] = line[:place] + bytes([where % 256]) + line[place + 1 :]


def change_text(lines, at, where):
    words = [
        b"9" * 25,
        b"\\x0a",
        b"\n",
        b" ",
        b"(",
        b")",
        b",",
        b":",
        b"-1",
        b"invoked oom-killer: ",
        b"\xc3\xbc",
        b"0",
    ]
    line = lines[at]
    place = where % (len(line) + 1)
    lines[at] = line[:place] + words[where % len(words)] + line[place:]


def enlarge_number(lines, at, where):
    line = lines[at]
    place = next((p for p in range(where % (len(line) + 1), len(line)) if line[p : p + 1].isdigit()), len(line))
    lines[at] = line[:place] + HUGE + line[place:]


CHANGES = [
    cut_line,
    cut_front,
    break_line,
    drop,
    keep_until,
    keep_from,
    double,
    swap,
    insert_odd,
    insert_record,
    change_byte,
    change_text,
    enlarge_number,
]
PART = st.tuples(st.sampled_from(NAMES), st.sampled_from(list(log_formats.FORMATS)))
CHANGE = st.tuples(st.sampled_from(CHANGES), st.integers(0, 400), st.integers(0, 2000))


@hypothesis.given(parts=st.lists(PART, min_size=1, max_size=3), changes=st.lists(CHANGE, max_size=12))
@hypothesis.settings(max_examples=examples(300))
def test_reports_that_were_changed_anyhow(parts, changes):
    lines = [line for name, style in parts for line in log_formats.FORMATS[style](RECORDS[name])]
    for change, at, where in changes:
        if lines:
            change(lines, at % len(lines), where)
    check(lines)


@hypothesis.given(
    picks=st.lists(st.tuples(st.integers(0, len(ALL) - 1), st.sampled_from(list(log_formats.FORMATS))), max_size=60)
)
@hypothesis.settings(max_examples=examples(100))
def test_lines_of_reports_in_any_order_and_format(picks):
    check([line for number, style in picks for line in log_formats.FORMATS[style]([ALL[number]])])


@hypothesis.given(st.lists(st.binary(max_size=80) | st.sampled_from(ODD_LINES), max_size=30))
def test_any_lines(lines):
    check(lines)


@hypothesis.given(number=st.integers(0, 10**6), size=st.integers(1, 50))
def test_two_logs_mixed_line_by_line(number, size):
    """Two kernels' logs in one file, or two CPUs at once: nothing is said to be whole that is not."""
    first = list(log_formats.dmesg(RECORDS[NAMES[number % len(NAMES)]]))
    second = list(log_formats.dmesg(RECORDS[NAMES[number // len(NAMES) % len(NAMES)]]))
    mixed = []
    while first or second:
        mixed += first[:size] + second[:size]
        del first[:size], second[:size]
    check(mixed)


@pytest.mark.parametrize("name", NAMES)
def test_foreign_lines_between_all_lines_change_nothing(name):
    log = RECORDS[name]
    foreign = log_formats.Record(6, 0, 0, "-", b"usb 1-1: new high-speed USB device number 5 using xhci_hcd")
    last = [number for number, record in enumerate(log) if b"Killed process" in record.text]
    mixed = []
    for number, record in enumerate(log[: last[-1] + 1]):
        mixed += [foreign._replace(usec=record.usec), record] if number else [record]
    wanted = check(log_formats.dmesg(log[: last[-1] + 1]))
    assert check(log_formats.dmesg(mixed)) == wanted


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_part_of_a_number_of_5000_digits_is_taken_for_a_number(name):
    lines = list(log_formats.dmesg(RECORDS[name]))
    kinds = {re.sub(rb"[0-9a-f]+", b"", line): at for at, line in enumerate(lines)}
    for at in sorted(kinds.values()):
        digits = [place for place in range(16, len(lines[at])) if lines[at][place : place + 1].isdigit()]
        for place in digits[:: max(1, len(digits) // 4)]:
            changed = lines[:at] + [lines[at][:place] + HUGE + lines[at][place:]] + lines[at + 1 :]
            numbers = integers_in(check(changed))
            assert not [number for number in numbers if "9" * 9 in str(number) or "9" * 9 in str(number // 1024)]


def integers_in(value):
    """Every integer anywhere in a result."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in integers_in(item)]
    return [value] if value.__class__ is int else []


def calls_for(lines):
    """How many functions are called to read the lines: a measure of work that no busy machine changes."""
    calls = [0]

    def count(_frame, event, _argument):
        if event in ("call", "c_call"):
            calls[0] += 1

    iterator = oom_report.read(lines)
    sys.setprofile(count)
    try:
        for _report in iterator:
            pass
    finally:
        sys.setprofile(None)
    return calls[0]


def numbered(reports, noise):
    """kmsg lines of so many reports with lines of others between them."""
    log, sequence = [], 0
    for number in range(reports):
        records = RECORDS[NAMES[number % len(NAMES)]]
        others = [log_formats.Record(6, 0, 0, "-", b"eth0: link is up")] * noise
        for record in others + records:
            log.append(record._replace(sequence=sequence, usec=sequence * 50))
            sequence += 1
    return list(log_formats.kmsg(log))


@pytest.mark.slow
def test_the_work_for_a_report_does_not_grow_with_their_number():
    few, many = calls_for(numbered(10, 20)), calls_for(numbered(500, 20))
    assert many / 500 < 1.02 * few / 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        b"[    1.000000] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a",
        b"[    1.000000] Killed process 1 (a",
        b"[    1.000000] Tasks in /a",
        b"[    1.000000] x invoked oom-killer: gfp_mask=",
        b"[    1.000000] s[    2.000000] other",
        b"4,1,1,c;oom-kill:constraint=CONSTRAINT_MEMCG,",
        b"4,1,1,c;,",
        b"[    1.000000] Memory cgroup out of memory: Killed process 7 (x) total-vm:1kB, anon-rss:1kB, file-rss:1kB",
        b"[    1.000000] oom_reaper: reaped process 7 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
        b"[    1.000000] Tasks in /a are going to be killed due to memory.oom.group set",
        b"[    1.000000] [      7]     0     7     1000      753    40960        0             0 x",
        b"[    1.000000] active_anon:1",
        b"** 3 printk messages dropped **",
        b"bare",
    ],
)
def test_the_work_for_a_line_does_not_grow_with_their_number(line):
    head = list(log_formats.dmesg(RECORDS["6.1.176-global.kmsg.txt"]))[:60]
    few, many = calls_for(head + [line] * 500), calls_for(head + [line] * 5000)
    assert many < 11 * few
