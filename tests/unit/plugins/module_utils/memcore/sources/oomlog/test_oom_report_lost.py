# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM reports of which lines are lost, that do not end, and between which others write.

The lines are composed to the templates of mm/oom_kill.c and its neighbours in the versions named.
"""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import oom_report
from tests.support.composed_log import dmesg, killed, kmsg, one, read, reaped, report, row, why


def test_reports_come_in_the_order_of_the_log_however_many():
    lines = []
    for number in range(40):
        lines += kmsg(report(pid=100 + number), sequence=1000 * number, usec=1000000 * number)
    # 1000 records are missing between two: told of each but the first.
    found = read(lines)
    assert [one.kills[0].pid for one in found] == list(range(100, 140))
    assert [list(why(one)) for one in found] == [[]] + [["log"]] * 39


def test_a_reader_gives_out_what_it_has_when_told_so():
    reader = oom_report.Reader(held=0)
    for line in kmsg(report()):
        reader.feed(line)
    assert reader.take() == []
    reader.flush()
    (first,) = reader.take()
    assert first.kills[0].pid == 8
    assert reader.take() == []
    for line in kmsg(report(pid=9), sequence=114):
        reader.feed(line)
    reader.flush()
    assert [one.kills[0].pid for one in reader.take()] == [9]


@pytest.mark.parametrize("at", range(1, 14))
def test_a_record_that_is_lost_within_a_report_is_told(at):
    lines = kmsg(report())
    del lines[at]
    found = read(lines)
    if at == 13:  # the last: nothing tells that there was more
        assert (found[0].outcome, list(why(found[0]))) == ("unknown", ["kill"])
    else:
        assert len(found) == 1
        assert "log" in why(found[0])
        assert found[0].kills[0].pid == 8


def test_a_kill_of_another_after_a_loss_is_another_event():
    lines = kmsg(report() + [killed(99, "other")])
    del lines[13]
    found = read(lines)
    assert [(one.target_pid, [kill.pid for kill in one.kills]) for one in found] == [(8, []), (None, [99])]
    assert "kill" in why(found[0])


@pytest.mark.parametrize(
    "line, reason",
    [
        (b"[    5.000005] ** 17 printk messages dropped **\n", "17 messages dropped"),
        (b"** 17 printk messages dropped ** [    5.000006] Call Trace:\n", "17 messages dropped"),
        (b"Nov 27 06:53:58 h systemd-journald[291]: Missed 12 kernel messages\n", "missed 12 messages"),
        (b"Nov 27 06:53:58 h systemd-journald[291]: /dev/kmsg buffer overrun, some messages lost.\n", "overwritten"),
    ],
)
def test_what_a_log_says_that_it_lost(line, reason):
    lines = dmesg(report())
    inside = one(lines[:6] + [line] + lines[6:])
    assert reason in why(inside)["log"]
    before = one([line] + lines)
    assert reason in why(before)["log"]
    after = one(lines + [line])
    assert reason in why(after)["log"]


def test_records_of_others_are_not_lost_ones():
    lines = kmsg(report())
    for number, line in enumerate(lines):
        lines[number] = line.replace(b",%d," % (100 + number), b",%d," % (100 + 3 * number))
    noise = b"14,%d,5000000,-;noise\n"
    device = b"6,%d,5000000,-;usb 1-1: x\n SUBSYSTEM=usb\n DEVICE=+usb:1-1\n"
    mixed = []
    for number, line in enumerate(lines):
        mixed += [line, noise % (101 + 3 * number)] + (device % (102 + 3 * number)).splitlines(True)
    assert one(mixed).missing == []
    far = [noise % number for number in range(141 + 1, 1000)]
    second = kmsg(report(pid=9), sequence=1000)
    assert [found.missing for found in read(mixed + far + second)] == [[], []]


def test_user_space_cannot_imitate_a_kill():
    forged = kmsg(report(pid=666), sequence=200, priority=12)
    lines = kmsg(report(), usec=6000000)
    mixed = [line for pair in zip(lines, forged) for line in pair]
    assert one(mixed)._replace(missing=[]) == one(lines)


def test_another_boot_ends_a_report_and_takes_no_reaper_of_the_one_before():
    first, second = kmsg(report()), kmsg(report(pid=9), sequence=3, usec=1000000)
    found = read(first[:12] + second + kmsg([reaped(8)], sequence=50, usec=9000000))
    assert [(one.outcome, one.time_usec, one.reaped) for one in found] == [
        ("unknown", 5000000, []),
        ("killed", 1000000, []),
    ]
    found = read(dmesg(report()) + dmesg(["Linux version 6.1.0"], 0) + dmesg([reaped(8)], 9000000))
    assert [one.reaped for one in found] == [[]]
    found = read(dmesg(report()) + [b"-- Boot 5a6fc4d1c6cc4b6fb9d3f37cc1d1f1a5 --\n"] + dmesg([reaped(8)], 9000000))
    assert [one.reaped for one in found] == [[]]


def test_a_report_that_does_not_go_on_ends_by_time_and_by_lines():
    later = kmsg([killed(9, "hog")], sequence=112, usec=5000000 + 61 * 1000000)
    first, second = read(kmsg(report()[:12]) + later)
    assert (first.outcome, [kill.pid for kill in second.kills]) == ("unknown", [9])
    assert "60 s" in why(first)["end"]
    foreign = ["eth0: link {0}".format(number) for number in range(5001)]
    first, second = read(dmesg(report()[:12] + foreign + [killed(9, "hog")]))
    assert (first.outcome, [kill.pid for kill in second.kills]) == ("unknown", [9])
    assert "5000 lines" in why(first)["end"]


def test_a_table_without_end_is_cut_and_said_so():
    rows = [row(number % 100000, "x") for number in range(70000)]
    found = one(dmesg(report()[:10] + rows + report()[12:]))
    assert len(found.tasks) == 65536
    assert "more than 65536 rows" in why(found)["tasks"]
    assert found.kills[0].pid == 8
