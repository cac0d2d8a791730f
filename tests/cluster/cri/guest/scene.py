# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the scene of /lab/out/plan.json inside the guest, and writes /lab/out/record.json.

The plan: name, runtime, driver, group, settle (seconds), rounds: a list of rounds, each a list of {spec, identity}, and
agent: null or {options, variables}. The record has one entry for each round, and `agent`.
"""

import json
import os
import re
import subprocess
import time

import observe
import pods
from agent_beside import Agent
from cgroups import DRIVERS, ROOT, read, write
from cri_client import Cri

OUT = "/lab/out"
MIB = 1 << 20
END_SECONDS = 90  # for a shortage to end


def main():
    with open(f"{OUT}/plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    cri, driver = Cri("/lab/messages/api.pb"), DRIVERS[plan["driver"]]()
    record = {"kernel": os.uname().release, "containerd": cri.call("Version").get("runtime_version"), "agent": None}
    record["rounds"] = []
    agent = plan["agent"] and Agent(OUT, plan["agent"]["options"], plan["agent"]["variables"])
    ready = agent and agent.wait_until_ready()
    try:
        for number, members in enumerate(plan["rounds"], 1):
            record["rounds"].append(_play(cri, driver, plan, number, members))
    finally:
        if agent:
            time.sleep(plan["settle"])  # for what is under way to its API server
            record["agent"] = {"ready": ready[0], "said": ready[1], **agent.finish()}
        with open(f"{OUT}/record.json", "w", encoding="utf-8") as stream:
            json.dump(record, stream)


def _play(cri, driver, plan, number, members):
    told, running = [], []
    cri.stream("GetContainerEvents", told)
    for member in members:
        running.append(pods.start(cri, driver, plan, member["spec"], member["identity"]))
    before = observe.snapshot("before", driver, running, cri)
    units = _units(before["cgroups"]) if plan["driver"] == "systemd" else {}
    mark = f"lab: {plan['name']}: round {number}\n"
    write("/dev/kmsg", mark)
    went = time.time()
    booted = went - time.clock_gettime(time.CLOCK_MONOTONIC)  # which the kernel's time stamps count from
    for pod in running:
        if not pod["spec"].get("bystander"):
            os.kill(pod["pid"], 10)
    counters = _watch(driver, plan["settle"], running, before["vmstat_oom_kill"])
    after = observe.snapshot("after", driver, running, cri)
    log = subprocess.run(["dmesg"], check=False, capture_output=True, text=True, errors="replace").stdout
    for pod in running:
        pod["stop_error"] = pods.stop(cri, pod)
    stopped = observe.snapshot("stopped", driver, running, cri)
    for pod in running:
        pods.remove(cri, driver, pod)
    alive = {row["pid"] for row in after["processes"]}
    kept = ("name", "namespace", "uid", "cgroup", "sandbox", "container", "pid", "asked", "oci", "stop_error")
    return {
        "went_at": went,
        "booted_at": booted,
        "oom_kill_delta": after["vmstat_oom_kill"] - before["vmstat_oom_kill"],
        "died": [row for row in before["processes"] if row["pid"] not in alive],
        "pause_alive": {pod["name"]: _has_pause(pod, after) for pod in running},
        "pods": [{name: pod.get(name) for name in kept} for pod in running],
        "last_memory_events": counters,
        "before": before,
        "after": after,
        "stopped": stopped,
        "events": [observe.short(event, running) for event in list(told)],
        "units": units,
        "kernel_log": log[log.rindex("\n", 0, log.index(mark.strip())) + 1 :],
    }


def _has_pause(pod, shot):
    return any(row["role"] == f"pause of {pod['name']}" for row in shot["processes"])


def _watch(driver, settle, running, kills):
    """Wait until nothing dies and no limited pod changes in size for `settle` seconds; the last counters of all.

    A dead container's cgroup is removed at once, so its counters are looked at all the time.
    """
    limited = [pod for pod in running if pod["spec"].get("limit") and not pod["spec"].get("bystander")]
    began = last = time.time()
    seen, held, counters = kills, 0, {}
    while time.time() - began < END_SECONDS:
        time.sleep(0.005 if len(running) == 1 else 0.05)
        for pod in running:
            for which in ("container", "sandbox"):
                text = read(f"{ROOT}{driver.container(pod['cgroup'], pod[which])}/memory.events")
                if text:
                    counters[f"{which} of {pod['name']}"] = text.strip()
        now = observe.oom_kills()
        size = sum(int(read(f"{ROOT}{pod['cgroup']}/memory.current") or 0) for pod in limited)
        if now != seen or abs(size - held) > MIB // 2:
            seen, held, last = now, size, time.time()
        if seen != kills and time.time() - last > settle:
            break
    return counters


def _units(cgroups):
    found = {}
    for path in cgroups:
        unit = os.path.basename(path)
        if re.search(r"\.(slice|scope)$", unit):
            call = ["systemctl", "show", "-p", "OOMPolicy,Delegate,MemoryMax,ManagedOOMMemoryPressure", unit]
            shown = subprocess.run(call, check=False, capture_output=True, text=True).stdout
            found[unit] = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return found


if __name__ == "__main__":
    main()
