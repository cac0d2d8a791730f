# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole bench with tiny sizes: every row that it knows is measured, whatever else the machine does meanwhile."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from tests.bench import places
from tests.bench.crowd import Crowd

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces with processes and mounts of their own take root"),
    pytest.mark.timeout(3600),  # only to stop a hang
]
BENCH = [sys.executable, "-m", "tests.bench"]


def output_of(*arguments):
    done = subprocess.run([*BENCH, *arguments], cwd=places.CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def test_a_quick_run_measures_every_row_that_is_listed(tmp_path):
    listed = [line.split()[0] for line in output_of("--list").splitlines()]
    printed = output_of("--quick", "--output", str(tmp_path / "build" / "bench.json"))
    found = json.loads((tmp_path / "build" / "bench.json").read_text(encoding="utf-8"))
    assert "the figures mean nothing" in printed
    assert found["meaningful"] is False
    assert [row["name"] for row in found["rows"]] == listed
    begins = [line.split()[0] for line in printed.splitlines() if line.strip()]
    assert [name for name in listed if name not in begins] == []
    for row in found["rows"]:
        if row["left_out"]:
            assert row["name"].startswith(("scan-psmem-", "fleet-")), "only what must be fetched may be missing"
        else:
            assert row["values"] or row["note"], row["name"]
            assert 0 <= row["others"] <= 1
            assert row["tries"] >= 1


def sleepers(seconds):
    """How many processes sleep for exactly so long."""
    wanted = b"sleep\0" + str(seconds).encode() + b"\0"
    count = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += path.read_bytes() == wanted
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return count


def test_a_crowd_has_as_many_processes_as_asked_for_and_leaves_none():
    seconds = 100000000 + os.getpid()  # nobody else sleeps for so long
    with Crowd(f"echo; exec sleep {seconds} >/dev/null") as crowd:
        for size in (2, 5, 3, 0, 1):
            crowd.resize(size)
            wait_until(lambda size=size: sleepers(seconds) == size, f"{size} processes")
    assert sleepers(seconds) == 0


def wait_until(there, what):
    """A process of the crowd says that it is there before it becomes a sleep."""
    end = time.monotonic() + 120
    while not there():
        assert time.monotonic() < end, f"there are not {what} after two minutes"
        time.sleep(0.02)
