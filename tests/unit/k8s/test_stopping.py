# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first signal ends a wait, also one that begins before Python runs its handler."""

import os
import select
import signal

from oomwatch.stopping import Stopping


def is_readable(descriptor):
    return bool(select.select([descriptor], [], [], 0)[0])


def test_signal_ends_a_wait_before_the_handler_has_run():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with Stopping() as stopping:
        assert not is_readable(stopping.stop.wake)
        signal.signal(signal.SIGTERM, lambda *_: None)  # in place of the handler, as if it had not run yet
        os.kill(os.getpid(), signal.SIGTERM)
        assert is_readable(stopping.stop.wake)
    assert {number: signal.getsignal(number) for number in before} == before
    assert signal.set_wakeup_fd(-1) == -1


def test_first_signal_is_told_and_leaves_the_program_running():
    with Stopping() as stopping:
        assert not stopping.is_told
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping.is_told and is_readable(stopping.stop.wake)
