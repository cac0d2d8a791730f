# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The date of a record of the kernel's log."""

from oomwatch.agent.kernel_clock import KernelClock


class Clocks:
    wall, monotonic = 1_000_000.0, 500.0


def clock():
    now = Clocks()
    return now, KernelClock(lambda: now.wall, lambda: now.monotonic)


def test_without_any_record_the_monotonic_clock_is_taken_for_the_kernels():
    _now, made = clock()
    assert made.booted == 1_000_000.0 - 500.0


def test_kernel_clock_that_runs_ahead_is_corrected_by_records_that_have_just_come():
    now, made = clock()
    made.came(503.0)  # stamped 3 s ahead of CLOCK_MONOTONIC
    made.came(502.6)  # read 0.4 s late
    assert made.booted + 503.0 == now.wall


def test_date_follows_the_wall_clock_when_that_is_set():
    now, made = clock()
    made.came(500.0)
    now.wall -= 3600.0
    assert made.booted + 500.0 == 1_000_000.0 - 3600.0


def test_stamp_is_that_of_the_last_record():
    now, made = clock()
    made.read([b"6,10,502900000,-;a line", b"6,11,503000000,-;another", b" SUBSYSTEM=cpu", b"no record"])
    assert made.booted + 503.0 == now.wall


def test_lines_without_a_stamp_say_nothing():
    _now, made = clock()
    made.read([b"<6>[  503.000000] of syslog(2)"])
    assert made.booted == 1_000_000.0 - 500.0
