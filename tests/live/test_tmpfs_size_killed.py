# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tmpfs_size killed at random moments: every file is the old or the new one, and undo gives back what was."""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from tests import CHECKOUT
from tests.live import tmpfs_size
from tests.live.tmpfs_size import FSTAB, MIB, RECORD, state

pytestmark = tmpfs_size.MARKS

# Each asks for more than the one before: a first size, another one, and all given back.
STEPS = [{"path": "/mnt", "size": "20M"}, {"path": "/mnt", "size": "30M"}, {"state": "absent"}]
FSTABS = [FSTAB, FSTAB.replace(b"size=4m", b"size=20M"), FSTAB.replace(b"size=4m", b"size=30M")]
SIZES = [10 * MIB, 20 * MIB, 30 * MIB]


@pytest.fixture
def declared():
    """A box whose fstab names the mount."""
    with tmpfs_size.box() as made:
        made.write("/etc/fstab", FSTAB)
        yield made


@pytest.mark.slow
def test_killed_at_100_moments_every_file_is_old_or_new_and_undo_gives_back_what_was(declared):
    chance = random.Random(29)
    before = state(declared)
    whole = [seconds_of(declared, step) for step in STEPS]
    killed = 0
    for number in range(1000):
        which = number % 3
        for step in STEPS[:which]:
            declared.run("tmpfs_size", **step)
        hit = is_killed(declared, STEPS[which], chance.uniform(0, whole[which]))
        assert declared.read("/etc/fstab") in FSTABS
        assert declared.space("/mnt")[0] in SIZES
        record = declared.read(RECORD)
        assert record is None or json.loads(record.decode())["version"] == 2
        assert declared.run("tmpfs_size", state="absent").get("failed") is None
        assert state(declared) == before, f"after the run number {number}"
        killed += hit
        # A run that was over before its kill was shorter than those that were measured on a busier machine.
        whole[which] *= 1 if hit else 0.9
        if killed == 100:
            break
    assert killed == 100


def seconds_of(box, step):
    """How long a run takes."""
    begin = time.monotonic()
    box.run("tmpfs_size", **step)
    return time.monotonic() - begin


def is_killed(box, step, seconds):
    """Begin a run and kill it and its programs after so many seconds; whether it was still running."""
    run = subprocess.Popen(
        box.command("tmpfs_size", **step),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=CHECKOUT,
        start_new_session=True,
    )
    time.sleep(seconds)
    os.killpg(run.pid, signal.SIGKILL)
    return run.wait() == -signal.SIGKILL
