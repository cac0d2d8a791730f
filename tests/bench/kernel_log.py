# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel logs to read: captured OOM reports, one after the other, among lines of others."""

import functools
import itertools
import pathlib
from typing import Iterator, List

from tests.bench import places
from tests.support import log_formats

_LOGS = places.CHECKOUT / "tests" / "unit" / "fixtures" / "oomlogs"
_OTHERS = [
    b"usb 1-1: new high-speed USB device number 5 using xhci_hcd",
    b'audit: type=1400 audit(1795762438.123:42): apparmor="DENIED" operation="open" profile="snap.x" name="/etc/hosts"',
    b"IPv6: ADDRCONF(NETDEV_CHANGE): veth12345: link becomes ready",
    b"TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.",
    b"EXT4-fs (dm-3): mounted filesystem with ordered data mode. Opts: (null)",
]


@functools.lru_cache(maxsize=None)
def reports_of_logs() -> List[List[log_formats.Record]]:
    """Each report of the captured logs, to the line before the next."""
    found: List[List[log_formats.Record]] = []
    for path in sorted(pathlib.Path(_LOGS).glob("*.kmsg.txt")):
        lines = [line for line in path.read_bytes().splitlines(True) if line.count(b",", 0, 40) > 2]
        begun = False
        for record in log_formats.records(line for line in lines if line[:1].isdigit() and b";" in line):
            if b" invoked oom-killer: " in record.text:
                found.append([])
                begun = True
            if begun and record.priority < 8:
                found[-1].append(record)
    return found


@functools.lru_cache(maxsize=1)
def mixed(reports: int, lines: int = 0) -> List[log_formats.Record]:
    """So many reports, one after the other of those captured, and lines of others to make it as many lines.

    A millisecond is between two lines, so that a report does not seem to pause.
    """
    known = _short_reports()
    chosen = [known[number * 7 % len(known)] for number in range(reports)]
    spare = lines - sum(map(len, chosen))
    log: List[log_formats.Record] = []
    others = itertools.cycle(_OTHERS)
    for number, report in enumerate(chosen):
        wanted = max(0, spare * (number + 1) // reports - spare * number // reports)
        log += [log_formats.Record(6, 0, 0, "-", next(others)) for _number in range(wanted)]
        log += report
    return [record._replace(sequence=number, usec=number * 1000) for number, record in enumerate(log)]


def kmsg_of(reports: int) -> Iterator[bytes]:
    """The lines of `mixed(reports)` as of /dev/kmsg, made one by one: a long log need not fit into memory.

    Each report is written out once; where it comes again its lines only get numbers and times of their own.
    """
    known = _written()
    chosen = (known[number * 7 % len(known)] for number in range(reports))
    numbered = enumerate(itertools.chain.from_iterable(chosen))
    return (b"%s,%d,%d,%s" % (priority, number, number * 1000, rest) for number, (priority, rest) in numbered)


@functools.lru_cache(maxsize=None)
def _written():
    lines = [[line.split(b",", 3) for line in log_formats.kmsg(report)] for report in _short_reports()]
    return [[(priority, rest) for priority, _sequence, _usec, rest in report] for report in lines]


def _short_reports():
    return [report for report in reports_of_logs() if len(report) < 140]
