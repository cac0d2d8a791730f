# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills that the kernel counted beside those whose lines were read."""

from oomwatch.agent.accounts import PATIENCE_SECONDS, Accounts

LATE = PATIENCE_SECONDS + 0.1


def after(accounts, total, lines, now=0.0, is_reading=True):
    accounts.count(total)
    accounts.read(lines)
    return accounts.unreported(now, is_reading)


def test_kills_before_the_watch_began_are_not_unreported():
    accounts = Accounts("boot")
    assert after(accounts, 7, 0) == 0
    assert not accounts.is_behind
    assert accounts.raw == 7


def test_read_from_the_start_of_the_boot_all_kills_of_the_boot_need_a_line():
    accounts = Accounts("boot")
    assert accounts.count(7, from_boot=True) == 7
    accounts.read(5)
    assert accounts.unreported(0.0, True) == 0
    assert accounts.unreported(LATE, True) == 2
    assert accounts.raw == 7


def test_a_kill_whose_line_comes_in_time_is_reported():
    accounts = Accounts("boot")
    accounts.count(0)
    assert after(accounts, 1, 0, now=10.0) == 0
    assert accounts.is_behind
    assert after(accounts, 1, 1, now=11.0) == 0
    assert after(accounts, 1, 0, now=10.0 + LATE) == 0


def test_a_kill_without_a_line_is_unreported_once():
    accounts = Accounts("boot")
    accounts.count(0)
    assert after(accounts, 3, 1, now=10.0) == 0
    assert after(accounts, 3, 0, now=10.0 + LATE) == 2
    assert after(accounts, 3, 0, now=20.0) == 0
    assert after(accounts, 3, 0, now=20.0 + LATE) == 0


def test_without_a_log_there_is_nothing_to_wait_for():
    accounts = Accounts("boot")
    accounts.count(0)
    assert after(accounts, 2, 0, now=10.0, is_reading=False) == 2


def test_group_kill_of_two_processes_counts_three_and_prints_three_lines():
    # Linux 6.1: the chosen process is killed, counted and printed a second time with its group.
    accounts = Accounts("boot")
    accounts.count(0)
    assert after(accounts, 3, 3, now=0.0) == 0
    assert not accounts.is_behind


def test_forged_lines_do_not_excuse_a_later_kill():
    accounts = Accounts("boot")
    accounts.count(0)
    assert after(accounts, 0, 2, now=0.0) == 0
    assert after(accounts, 0, 0, now=LATE) == 0
    assert after(accounts, 1, 0, now=10.0) == 0
    assert after(accounts, 1, 0, now=10.0 + LATE) == 1


def test_kernel_that_does_not_count_kills():
    accounts = Accounts("boot")
    assert after(accounts, None, 0) == 0
    assert accounts.raw == 0


def test_restart_within_a_boot_goes_on_where_it_was():
    before = Accounts("boot")
    before.count(5)
    after(before, 6, 1)
    now = Accounts("boot", before.state())
    assert now.count(9) == 3, "three kills happened while no agent ran"
    now.read(1)
    assert now.unreported(0.0, False) == 2
    assert now.raw == 9


def test_raw_counter_is_carried_over_a_reboot():
    before = Accounts("first")
    before.count(5)
    now = Accounts("second", before.state())
    now.count(2)
    assert now.raw == 7
    assert now.unreported(0.0, False) == 0


def test_damaged_state_counts_for_nothing():
    for state in ({}, {"raw": -1, "counted": 0, "lines": 0}, {"raw": "x", "counted": 0, "lines": 0}):
        accounts = Accounts("boot", state)
        accounts.count(4)
        assert accounts.raw == 4
