# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prefix of a kernel log's lines: what is taken off, what is kept of it, and what is not the kernel's."""

import json

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import kernel_log
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.kernel_log import LogLine
from tests.support.examples import examples


def read(*lines):
    return list(kernel_log.read(lines))


@pytest.mark.parametrize(
    "line, expected",
    [
        pytest.param(
            b"6,339,5140900,-;NET: Registered\n", LogLine("NET: Registered", 339, 5140900, priority=6), id="kmsg"
        ),
        pytest.param(
            b"4,7912,10407176,c;/ mems_allowed=0\n",
            LogLine("/ mems_allowed=0", 7912, 10407176, priority=4, continues=True),
            id="kmsg-continues",
        ),
        pytest.param(b"4,1,2,+;x", LogLine("x", 1, 2, priority=4, continues=True), id="kmsg-of-3.10"),
        pytest.param(b"4,1,2,-,caller=T12;x", LogLine("x", 1, 2, priority=4), id="kmsg-caller"),
        pytest.param(b"4,1,2,-,caller=T12,new=a;x;y", LogLine("x;y", 1, 2, priority=4), id="kmsg-unknown-fields"),
        pytest.param(
            b"6,1,2,-;a\\x0a b\\x5cx41\\xc3\\xbc\\xff",
            LogLine("a\n b\\x41\u00fc\udcff", 1, 2, priority=6),
            id="kmsg-escapes-once",
        ),
        pytest.param(b"[    7.861912] Mem-Info:", LogLine("Mem-Info:", time_usec=7861912), id="dmesg"),
        pytest.param(b"[12345.000001]  stack+0x1/0x2", LogLine(" stack+0x1/0x2", time_usec=12345000001), id="stack"),
        pytest.param(b"[    7.861912] [    T1] x", LogLine("x", time_usec=7861912), id="caller-task"),
        pytest.param(b"[    7.861912][   C12] x", LogLine("x", time_usec=7861912), id="caller-cpu"),
        pytest.param(
            b"[    7.861912] [   55]     0    55 x",
            LogLine("[   55]     0    55 x", time_usec=7861912),
            id="a-row-is-no-caller",
        ),
        pytest.param(b"[Fri Nov 27 06:53:58 2026] x", LogLine("x", stamp="Fri Nov 27 06:53:58 2026"), id="dmesg-human"),
        pytest.param(b"[  +0.000005] x", LogLine("x"), id="dmesg-relative"),
        pytest.param(b"[Nov27 06:53] x", LogLine("x"), id="dmesg-relative-first"),
        pytest.param(b"[    7.861912 <    0.000012>] x", LogLine("x", time_usec=7861912), id="dmesg-delta"),
        pytest.param(b"kern  :warn  : [    1.000000] x", LogLine("x", time_usec=1000000, priority=4), id="dmesg-x"),
        pytest.param(b"<4>[    1.000000] x", LogLine("x", time_usec=1000000, priority=4), id="dmesg-raw"),
        pytest.param(b"<6>x", LogLine("x", priority=6), id="raw-without-time"),
        pytest.param(
            b"2026-11-27T06:53:58,123456+00:00 a b: c",
            LogLine("a b: c", stamp="2026-11-27T06:53:58,123456+00:00"),
            id="dmesg-iso-has-no-host",
        ),
        pytest.param(b"Nov 27 06:53:58 h kernel: x", LogLine("x", stamp="Nov 27 06:53:58"), id="short"),
        pytest.param(b"Nov  7 06:53:58 h kernel: x", LogLine("x", stamp="Nov  7 06:53:58"), id="short-one-digit"),
        pytest.param(
            b"Nov 27 06:53:58 h kernel: [    1.000000] a#012b#011c",
            LogLine("a\nb\tc", time_usec=1000000, stamp="Nov 27 06:53:58"),
            id="rsyslog",
        ),
        pytest.param(
            b"2026-11-27T06:53:58.123456+01:00 h kernel: x",
            LogLine("x", stamp="2026-11-27T06:53:58.123456+01:00"),
            id="rsyslog-iso",
        ),
        pytest.param(
            b"Fri 2026-11-27 06:53:58 UTC h kernel: x", LogLine("x", stamp="Fri 2026-11-27 06:53:58 UTC"), id="full"
        ),
        pytest.param(b"1795762438.250000 h kernel: x", LogLine("x", stamp="1795762438.250000"), id="unix"),
        pytest.param(b"[    1.000000] h kernel: x", LogLine("x", time_usec=1000000), id="monotonic"),
        pytest.param(b"<4>Nov 27 06:53:58 h kernel: x", LogLine("x", stamp="Nov 27 06:53:58", priority=4), id="wire"),
        pytest.param(b"> | > [    1.000000] x", LogLine("x", time_usec=1000000), id="quoted"),
        pytest.param(b"&gt;&nbsp;&lt;4&gt;[    1.000000] x", LogLine("x", time_usec=1000000, priority=4), id="html"),
        pytest.param(b"\0\0\0Nov 27 06:53:58 h kernel: x", LogLine("x", stamp="Nov 27 06:53:58"), id="after-a-crash"),
        pytest.param(b"\x1b[32m[    1.000000] \x1b[0m\x1b[33mx\x1b[0m", LogLine("x", time_usec=1000000), id="colours"),
        pytest.param(b"x y", LogLine("x y"), id="no-prefix"),
        pytest.param(b"[ pid ]   uid", LogLine("[ pid ]   uid"), id="head-of-the-table"),
        pytest.param("[    1.000000] \ud800x", LogLine("\udced\udca0\udc80x", time_usec=1000000), id="odd-text"),
    ],
)
def test_prefix_is_taken_off(line, expected):
    assert read(line) == [expected]


def entry(**fields):
    return json.dumps(dict({"MESSAGE": "x", "_TRANSPORT": "kernel"}, **fields))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"12,339,5140900,-;Killed process 1 (x)", id="kmsg-user"),
        pytest.param(b"30,339,5140900,-;systemd[1]: x", id="kmsg-daemon"),
        pytest.param(b"<12>[    1.000000] x", id="raw"),
        pytest.param(b"user  :notice: [    1.000000] x", id="dmesg-x"),
        pytest.param(b"Nov 27 06:53:58 h logger: x", id="tag"),
        pytest.param(b"Nov 27 06:53:58 h app[17]: kernel: x", id="tag-with-pid"),
        pytest.param(b"2026-11-27T06:53:58.123456+01:00 h app[17]: x", id="iso"),
        pytest.param(b"Fri 2026-11-27 06:53:58 UTC h app: x", id="full"),
        pytest.param(entry(_TRANSPORT="syslog", SYSLOG_IDENTIFIER="kernel"), id="json-syslog"),
        pytest.param(entry(_TRANSPORT="stdout"), id="json-stdout"),
        pytest.param(entry(SYSLOG_IDENTIFIER="kernel", SYSLOG_FACILITY="1"), id="json-dev-kmsg"),
        pytest.param(entry(SYSLOG_IDENTIFIER="app"), id="json-dev-kmsg-with-a-name"),
        pytest.param(b'{"MESSAGE":"Killed process 1 (x) total-vm:1kB, anon-rss:1kB', id="json-cut"),
    ],
)
def test_what_user_space_wrote_is_left_out(line):
    assert read(line) == []


def test_the_lines_after_a_message_of_user_space_are_left_out_with_it():
    found = read(
        b"Nov 27 06:53:58 h app[1]: first",
        b"                       Killed process 1 (x) total-vm:1kB, anon-rss:1kB, file-rss:1kB",
        b"Nov 27 06:53:58 h kernel: a",
        b"                          b",
    )
    assert [line.text.strip() for line in found] == ["a", "b"]
    assert [line.bare for line in found] == [False, True]


def test_a_monotonic_log_has_other_programs_too():
    found = read(b"[    1.000000] h kernel: x", b"[    2.000000] h systemd[1]: y", b"[    3.000000] h kernel: z")
    assert [line.text for line in found] == ["x", "z"]


def test_a_task_that_calls_itself_like_a_host_and_the_kernel_does_not_turn_dmesg_into_a_journal():
    found = read(b"[    1.000000] x", b"[    2.000000] h kernel: y invoked", b"[    3.000000] h systemd[1]: z")
    assert [line.text for line in found] == ["x", "h kernel: y invoked", "h systemd[1]: z"]


def test_fields_of_a_record_are_no_lines():
    found = read(b"6,1,2,-;usb 1-1: new", b" SUBSYSTEM=usb", b" DEVICE=+usb:1-1", b"6,2,3,-;x")
    assert [line.text for line in found] == ["usb 1-1: new", "x"]


def test_json_has_times_and_the_boot():
    line = entry(
        __REALTIME_TIMESTAMP="1795762438250000",
        __MONOTONIC_TIMESTAMP="9",
        _SOURCE_MONOTONIC_TIMESTAMP="7",
        _BOOT_ID="5a6fc4d1c6cc4b6fb9d3f37cc1d1f1a5",
        PRIORITY="4",
    )
    (found,) = read(line)
    assert found == LogLine("x", None, 7, "1795762438.250000", "5a6fc4d1-c6cc-4b6f-b9d3-f37cc1d1f1a5", 4, False, False)
    assert kernel_log.wall_time(found.stamp) == "2026-11-27T06:53:58.250000Z"


@pytest.mark.parametrize(
    "message, text",
    [
        pytest.param([75, 105, 108, 108, 10, 195, 188, 255], "Kill\n\u00fc\udcff", id="bytes"),
        pytest.param([75, 256], "", id="no-bytes"),
        pytest.param([75, "x"], "", id="no-numbers"),
        pytest.param(None, "", id="too-large-for-the-journal"),
        pytest.param(["a", ["b"]], "", id="many"),
        pytest.param({"a": 1}, "", id="object"),
    ],
)
def test_a_message_may_be_an_array_of_bytes(message, text):
    assert [line.text for line in read(entry(MESSAGE=message))] == [text]


def test_export_has_fields_over_lines():
    text = b"Kill\nmore"
    lines = [b"__CURSOR=s=1", b"_BOOT_ID=x", b"_TRANSPORT=kernel", b"PRIORITY=3", b"MESSAGE"]
    lines += (len(text).to_bytes(8, "little") + text).split(b"\n")
    lines += [b"", b"__CURSOR=s=2", b"_TRANSPORT=stdout", b"MESSAGE=y", b"", b"__CURSOR=s=3", b"MESSAGE=z", b""]
    found = read(*lines)
    assert [(line.text, line.boot_id, line.priority) for line in found] == [("Kill\nmore", "x", 3), ("z", None, None)]


def test_export_with_a_length_that_is_a_newline():
    text = b"0123456789"
    lines = [b"__CURSOR=s=1", b"MESSAGE"] + (len(text).to_bytes(8, "little") + text).split(b"\n") + [b""]
    assert [line.text for line in read(*lines)] == ["0123456789"]


def test_what_journald_says_of_the_kernels_log_is_kept():
    said = [
        b"Nov 27 06:53:58 h systemd-journald[291]: Missed 12 kernel messages",
        entry(MESSAGE="Missed 3 kernel messages", _TRANSPORT="driver", SYSLOG_IDENTIFIER="systemd-journald"),
        b"Nov 27 06:53:58 h systemd-journald[291]: /dev/kmsg buffer overrun, some messages lost.",
        b"Nov 27 06:53:58 h systemd-journald[291]: Time spent on flushing",
    ]
    assert [line.text[:9] for line in read(*said)] == ["Missed 12", "Missed 3 ", "/dev/kmsg"]


@pytest.mark.parametrize(
    "stamp, expected",
    [
        ("1795762438.250000", "2026-11-27T06:53:58.250000Z"),
        ("2026-11-27T06:53:58,123456+00:00", "2026-11-27T06:53:58.123456Z"),
        ("2026-11-27T06:53:58.123456+05:30", "2026-11-27T01:23:58.123456Z"),
        ("2026-11-27T06:53:58-0700", "2026-11-27T13:53:58Z"),
        ("2026-11-27T06:53:58Z", "2026-11-27T06:53:58Z"),
        ("Fri 2026-11-27 06:53:58 UTC", "2026-11-27T06:53:58Z"),
        ("Fri 2026-11-27 06:53:58.123456 GMT", "2026-11-27T06:53:58.123456Z"),
        ("Fri 2026-11-27 06:53:58 CET", None),
        ("2026-11-27 06:53:58", None),
        ("Nov 27 06:53:58", None),
        ("Fri Nov 27 06:53:58 2026", None),
        ("2026-13-27T06:53:58Z", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("999999999999.000000", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wall_time_is_never_guessed(stamp, expected):
    assert kernel_log.wall_time(stamp) == expected


PIECES = st.sampled_from(
    [
        b"4,1,2,-;",
        b"[    1.000000] ",
        b"[Fri Nov 27 06:53:58 2026] ",
        b"<4>",
        b"&lt;4&gt;",
        b"kern  :warn  : ",
        b"Nov 27 06:53:58 h kernel: ",
        b"2026-11-27T06:53:58,123456+00:00 ",
        b"2026-11-27T06:53:58.123456Z h kernel: ",
        b"> ",
        b'{"MESSAGE":"',
        b'"}',
        b"__CURSOR=a",
        b"MESSAGE",
        b"MESSAGE=",
        b"\x05\0\0\0\0\0\0\0",
        b"\x1b[0m",
        b"\\x0a",
        b"\\xff",
        b"#012",
        b"",
    ]
)
LINE = st.lists(PIECES | st.binary(max_size=12), max_size=5).map(b"".join)


@hypothesis.given(st.lists(LINE | LINE.map(lambda line: line.decode("utf-8", "surrogateescape")), max_size=12))
@hypothesis.settings(max_examples=examples(200))
def test_any_lines_give_lines(lines):
    for found in kernel_log.read(lines):
        assert isinstance(found, LogLine)
        assert isinstance(found.text, str)
        found.text.encode("utf-8", "surrogateescape")
        wall = kernel_log.wall_time(found.stamp)
        assert wall is None or wall.endswith("Z")


@hypothesis.given(st.binary(max_size=60).filter(lambda text: b"\n" not in text))
def test_a_records_text_comes_back_whatever_it_has(text):
    escaped = b"".join(b"\\x%02x" % byte if byte < 32 or byte >= 127 or byte == 92 else bytes([byte]) for byte in text)
    (found,) = read(b"4,1,2,-;" + escaped + b"\n")
    assert found.text.encode("utf-8", "surrogateescape") == text
