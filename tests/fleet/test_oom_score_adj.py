# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj on real hosts: who is written to, what is on disk, what an interruption or bad input leaves."""

import concurrent.futures
import json

import pytest

from tests.fleet import stock

pytestmark = pytest.mark.lab

RECORDS = "/var/lib/memfacts"
STORMY = ("bookworm-v2", "bullseye-v1")
STORM_SECONDS = 2000  # only to stop what hangs: a storm goes on until it has seen enough
ENOUGH = 10  # lives that found at their end what the module had written


@pytest.fixture
def stormy(hosts):
    """{name: guest} with the program of the storm, and so few pids that they come round again in seconds."""
    chosen = {name: hosts[name] for name in STORMY}
    pid_max = {name: guest.read("/proc/sys/kernel/pid_max") for name, guest in chosen.items()}
    for guest in chosen.values():
        guest.upload(stock.storm(), "/opt/storm")
        guest.sh("echo 600 >/proc/sys/kernel/pid_max")
    yield chosen
    for name, guest in chosen.items():
        guest.sh(f"echo {pid_max[name]} >/proc/sys/kernel/pid_max; rm -rf /opt/storm {RECORDS}")


def test_2000_short_lived_processes_without_a_wrong_write(fleet, stormy, controller):
    runs = []
    call = f"nice /opt/storm 2000 {ENOUGH}"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        storms = [pool.submit(guest.sh, call, timeout=STORM_SECONDS) for guest in stormy.values()]
        try:
            while not all(storm.done() for storm in storms):
                runs.append(controller.task("oom_score_adj", STORMY, pattern="^blink$", value=500, missing="ignore"))
        except BaseException:
            fleet.each(lambda guest: guest.sh("pkill -9 -x storm", check=False), STORMY)
            raise
    for seen in (json.loads(storm.result()) for storm in storms):
        assert seen["bystander"]["0"] >= 2000
        assert seen["bystander"]["500"] == seen["bystander"]["else"] == seen["blink"]["else"] == 0
        # This proves something only where pids were used again and writes went on all the time.
        assert seen["pids"] < seen["born"] / 4
        assert seen["blink"]["500"] >= ENOUGH
    rows = [row for run in runs for result in run.results for row in result.data["processes"]]
    assert {row["comm"] for row in rows} == {"blink"}
