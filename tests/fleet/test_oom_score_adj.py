# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj on real hosts: who is written to, what is on disk, what an interruption or bad input leaves."""

import concurrent.futures
import json
import os

import pytest

from tests.lab import program

pytestmark = pytest.mark.lab

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDS = "/var/lib/memfacts"


STORMY = ("bookworm-v2", "bullseye-v1")


def test_two_thousand_short_lives_and_no_write_on_a_wrong_process(fleet, hosts, controller):
    binary = program.compiled("storm", os.path.join(HERE, "on_host", "storm.c"), ("-static",))
    pid_max = {name: hosts[name].read("/proc/sys/kernel/pid_max") for name in STORMY}
    for name in STORMY:
        hosts[name].upload(binary, "/opt/storm")
        hosts[name].sh("rm -f /opt/enough; echo 600 >/proc/sys/kernel/pid_max")  # pids come round again in seconds
    with concurrent.futures.ThreadPoolExecutor() as pool:
        storms = [pool.submit(hosts[name].sh, "nice /opt/storm 2000 /opt/enough", timeout=500) for name in STORMY]
        wanted = {"pattern": "^blink$", "value": 500, "missing": "ignore"}
        try:
            runs = [controller.task("oom_score_adj", STORMY, **wanted) for _run in range(4)]
        finally:
            for name in STORMY:
                hosts[name].sh("touch /opt/enough")
    for name in STORMY:
        hosts[name].sh(f"echo {pid_max[name]} >/proc/sys/kernel/pid_max; rm -rf /opt/enough /opt/storm {RECORDS}")
    for seen in (json.loads(storm.result()) for storm in storms):
        assert seen["bystander"]["0"] >= 2000
        assert seen["bystander"]["500"] == seen["bystander"]["else"] == seen["blink"]["else"] == 0
        # This proves something only where pids were used again and writes went on all the time.
        assert seen["pids"] < seen["born"] / 4
        assert seen["blink"]["500"] >= 10
    rows = [row for run in runs for result in run.results for row in result.data["processes"]]
    assert {row["comm"] for row in rows} == {"blink"}
