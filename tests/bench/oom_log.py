# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading OOM reports out of a kernel log: lines a second in some dresses, cost and memory with more and more reports.

Budget: 100,000 lines of mixed kernel log with 1,000 reports at 150,000 lines a second or more, the cost of a report
flat from 10 to 10,000. By itself: python -m tests.bench.oom_log
"""

import itertools
import pathlib
import time
import tracemalloc
from typing import Iterator, List

from memcore.sources import oom_report
from tests.bench import growth, places
from tests.support import dresses

LOGS = places.CHECKOUT / "tests" / "unit" / "fixtures" / "oomlogs"
LINES, REPORTS, BUDGET = 100000, 1000, 150000
SIZES = [10, 100, 1000, 10000]
_ROUNDS = 7
_OTHERS = [
    b"usb 1-1: new high-speed USB device number 5 using xhci_hcd",
    b'audit: type=1400 audit(1795762438.123:42): apparmor="DENIED" operation="open" profile="snap.x" name="/etc/hosts"',
    b"IPv6: ADDRCONF(NETDEV_CHANGE): veth12345: link becomes ready",
    b"TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.",
    b"EXT4-fs (dm-3): mounted filesystem with ordered data mode. Opts: (null)",
]


def reports_of_logs() -> List[List[dresses.Record]]:
    """Each report of the captured logs, to the line before the next."""
    found: List[List[dresses.Record]] = []
    for path in sorted(pathlib.Path(LOGS).glob("*.kmsg.txt")):
        lines = [line for line in path.read_bytes().splitlines(True) if line.count(b",", 0, 40) > 2]
        begun = False
        for record in dresses.records(line for line in lines if line[:1].isdigit() and b";" in line):
            if b" invoked oom-killer: " in record.text:
                found.append([])
                begun = True
            if begun and record.priority < 8:
                found[-1].append(record)
    return found


def mixed(reports: int, lines: int = 0) -> List[dresses.Record]:
    """So many reports, one after the other of those captured, and lines of others to make it as many lines.

    A millisecond is between two lines, so that a report does not seem to pause.
    """
    known = [report for report in reports_of_logs() if len(report) < 140]
    chosen = [known[number * 7 % len(known)] for number in range(reports)]
    spare = lines - sum(map(len, chosen))
    log: List[dresses.Record] = []
    others = itertools.cycle(_OTHERS)
    for number, report in enumerate(chosen):
        wanted = max(0, spare * (number + 1) // reports - spare * number // reports)
        log += [dresses.Record(6, 0, 0, "-", next(others)) for _number in range(wanted)]
        log += report
    return [record._replace(sequence=number, usec=number * 1000) for number, record in enumerate(log)]


def seconds(lines: List[bytes]) -> float:
    """CPU seconds to read them, the least of some rounds."""
    return min(_once(lines) for _round in range(_ROUNDS))


def _once(lines):
    begun = time.process_time()
    for _report in oom_report.read(lines):
        pass
    return time.process_time() - begun


def bare_seconds(lines: List[bytes]) -> float:
    """The same for a loop that only makes text of each line and parts it from its head."""
    return min(_bare_once(lines) for _round in range(_ROUNDS))


def _bare_once(lines):
    begun = time.process_time()
    for line in lines:
        line.decode("utf-8", "surrogateescape").rstrip("\n").partition(";" if line[:1].isdigit() else "] ")
    return time.process_time() - begun


def seconds_a_log(size: int) -> float:
    """CPU seconds for a log of so many reports; small ones are read often, so that all sizes are disturbed alike."""
    lines = list(dresses.kmsg(mixed(size)))
    times = max(1, SIZES[-1] // size)
    return min(sum(_once(lines) for _time in range(times)) / times for _round in range(3))


def peak_kib(lines: List[bytes]) -> float:
    """The most memory that reading takes while each report is thrown away."""
    tracemalloc.start()
    for _report in oom_report.read(lines):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1024


def measure() -> Iterator[str]:
    """The lines to print."""
    log = mixed(REPORTS, LINES)
    of_reports = sum(len(report) for report in reports_of_logs()) / len(reports_of_logs())
    yield f"{len(log)} lines with {REPORTS} OOM reports (a captured one has {of_reports:.0f} lines), by CPU time"
    for name in ("kmsg", "dmesg_indented", "short", "rsyslog", "journal_json"):
        lines = list(dresses.DRESSES[name](log))
        ours, bare = seconds(lines), bare_seconds(lines)
        per_second = len(lines) / ours
        verdict = f"budget {BUDGET:,}  {'met' if per_second >= BUDGET else 'missed'}"
        yield f"  {name.ljust(15)} {per_second:9,.0f} lines/s  {verdict.ljust(24)}{ours / bare:.1f} x a bare loop"
    costs, peaks = [(0, 0.0)], []
    for size in SIZES:
        costs.append((size, seconds_a_log(size) * 1000))
        peaks.append(peak_kib(list(dresses.kmsg(mixed(size)))))
    grown = growth.growth("OOM reports", costs)
    each = [1000 * cost / size for size, cost in zip(grown.sizes, grown.cpu_ms)]
    yield "  a report:  " + "  ".join(f"{size}: {cost:.0f} us" for size, cost in zip(SIZES, each))
    yield "  to the size before:  " + "  ".join(f"{after / before:.2f} x" for before, after in zip(each, each[1:]))
    yield f"  exponent {grown.exponent:.2f} (1.0 is linear)"
    yield "  peak memory:  " + "  ".join(f"{size}: {peak:.0f} KiB" for size, peak in zip(SIZES, peaks))


if __name__ == "__main__":
    print(*measure(), sep="\n")
