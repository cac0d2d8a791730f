# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that user space writes into the kernel's log are no kills.

Whoever may write to /dev/kmsg chooses the text, but devkmsg_write() (kernel/printk/printk.c) turns facility 0, the
kernel's, into 1 (user). So the priority shows who wrote: facility * 8 + level, as records seen on Linux 6.18 have it.
"""

import json

import pytest

from memcore.answers import events

KILLED = "Out of memory: Killed process 4242 (sshd) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB"


def told(line):
    follower = events.Follower()
    follower.feed(line)
    follower.flush()
    return [record["victim"]["pid"] for record in follower.take()], follower.kill_lines


def journal(facility, transport):
    entry = {"_TRANSPORT": transport, "SYSLOG_FACILITY": str(facility), "PRIORITY": "3", "MESSAGE": KILLED}
    return json.dumps(dict(entry, __REALTIME_TIMESTAMP="1795762438000000", _BOOT_ID="2720b512ca144546bef54ebce0aefcf7"))


@pytest.mark.parametrize(
    "line",
    [
        f"3,100,5000000,-;{KILLED}",
        f"<3>[    5.000000] {KILLED}",
        journal(0, "kernel"),
    ],
)
def test_line_of_the_kernel_is_a_kill(line):
    assert told(line) == ([4242], 1)


@pytest.mark.parametrize(
    "line",
    [
        f"12,100,5000000,-;{KILLED}",
        f"11,100,5000000,-;{KILLED}",
        f"<12>[    5.000000] {KILLED}",
        f"<11>[    5.000000] {KILLED}",
        journal(1, "syslog"),
        journal(3, "stdout"),
    ],
)
def test_line_of_user_space_is_none(line):
    assert told(line) == ([], 0)
