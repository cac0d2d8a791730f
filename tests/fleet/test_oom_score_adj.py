# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj on real hosts: who is written to, what is on disk, what an interruption or bad input leaves."""

import concurrent.futures
import json

import pytest

from tests.fleet import stock

pytestmark = pytest.mark.lab

RECORDS = "/var/lib/memfacts"
STORM_SECONDS = 2000  # seconds: only to stop what hangs, as it goes on until it has seen enough

STORMY = ("bookworm-v2", "bullseye-v1")
ENOUGH = 10  # lives that found at their end what the module had written


def test_two_thousand_short_lives_and_no_write_on_a_wrong_process(hosts, controller):
    pid_max = {name: hosts[name].read("/proc/sys/kernel/pid_max") for name in STORMY}
    for name in STORMY:
        hosts[name].upload(stock.storm(), "/opt/storm")
        hosts[name].sh("echo 600 >/proc/sys/kernel/pid_max")  # pids come round again in seconds
    runs = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        storms = [
            pool.submit(hosts[name].sh, f"nice /opt/storm 2000 {ENOUGH}", timeout=STORM_SECONDS) for name in STORMY
        ]
        try:
            while not all(storm.done() for storm in storms):
                runs.append(controller.task("oom_score_adj", STORMY, pattern="^blink$", value=500, missing="ignore"))
        except BaseException:
            for name in STORMY:
                hosts[name].sh("pkill -9 -x storm", check=False)
            raise
    for name in STORMY:
        hosts[name].sh(f"echo {pid_max[name]} >/proc/sys/kernel/pid_max; rm -rf /opt/storm {RECORDS}")
    for seen in (json.loads(storm.result()) for storm in storms):
        assert seen["bystander"]["0"] >= 2000
        assert seen["bystander"]["500"] == seen["bystander"]["else"] == seen["blink"]["else"] == 0
        # This proves something only where pids were used again and writes went on all the time.
        assert seen["pids"] < seen["born"] / 4
        assert seen["blink"]["500"] >= ENOUGH
    rows = [row for run in runs for result in run.results for row in result.data["processes"]]
    assert {row["comm"] for row in rows} == {"blink"}
