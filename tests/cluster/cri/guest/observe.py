# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen in the guest at one moment: processes, cgroup files, and what the CRI says of each pod."""

import glob
import os
import re

import grpc
from cgroups import ROOT, read

CGROUP_FILES = (
    *("cgroup.controllers", "cgroup.subtree_control", "cgroup.procs", "cgroup.events", "cpu.weight", "cpu.max"),
    *(
        "memory.current",
        "memory.events",
        "memory.events.local",
        "memory.high",
        "memory.low",
        "memory.max",
        "memory.min",
    ),
    *("memory.oom.group", "memory.peak", "memory.swap.max", "pids.current", "pids.max"),
)
SIZES = ("VmRSS", "RssAnon", "RssFile", "RssShmem", "VmPTE", "VmSwap")
STATUS = ("state", "exit_code", "reason", "message", "started_at", "finished_at")


def mem_total():
    """In bytes."""
    return int(re.search(r"MemTotal:\s+(\d+)", read("/proc/meminfo")).group(1)) * 1024


def oom_kills():
    """oom_kill of /proc/vmstat."""
    return int(re.search(r"^oom_kill (\d+)", read("/proc/vmstat"), re.M).group(1))


def snapshot(label, driver, pods, cri):
    """One moment, as a dictionary for the record."""
    sizes = re.findall(r"^(MemTotal|MemFree|MemAvailable|SwapTotal):\s+(\d+)", read("/proc/meminfo"), re.M)
    return {
        "label": label,
        "uptime": float(read("/proc/uptime").split()[0]),
        "vmstat_oom_kill": oom_kills(),
        "meminfo_kB": {name: int(value) for name, value in sizes},
        "processes": sorted(_processes(driver, pods), key=lambda row: row["pid"]),
        "cgroups": dict(_cgroups(driver.top)),
        "cri": [_said(pod, cri) for pod in pods],
    }


def _processes(driver, pods):
    for path in glob.glob("/proc/[0-9]*/status"):
        folder = os.path.dirname(path)
        status, command = read(path), read(f"{folder}/cmdline")
        if not status or not command:  # gone, or a thread of the kernel
            continue
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        adj, score = read(f"{folder}/oom_score_adj"), read(f"{folder}/oom_score")
        if adj is None or score is None:
            continue
        comm, cgroup = fields["Name"].strip(), (read(f"{folder}/cgroup") or "").strip().split("::")[-1]
        yield {
            "pid": int(os.path.basename(folder)),
            "ppid": int(fields["PPid"]),
            "comm": comm,
            "cgroup": cgroup,
            "oom_score": int(score),
            "oom_score_adj": int(adj),
            "state": fields["State"].split()[0],
            "role": _role(driver, pods, cgroup, comm),
            "NSpid": fields.get("NSpid", "").split(),
            **{f"{name}_kB": int(fields[name].split()[0]) for name in SIZES if name in fields},
        }


def _role(driver, pods, cgroup, comm):
    for pod in pods:  # crun with systemd puts the processes one level below the scope, in "container"
        for which, word in (("container", "container"), ("sandbox", "pause")):
            if f"{cgroup}/".startswith(f"{driver.container(pod['cgroup'], pod[which])}/"):
                return f"{word} of {pod['name']}"
    return {"containerd-shim": "shim", "containerd": "containerd"}.get(comm[:15], "other")


def _cgroups(top):
    for folder, _folders, _files in os.walk(ROOT + top):
        values = {name: read(f"{folder}/{name}") for name in CGROUP_FILES}
        yield folder[len(ROOT) :], {name: value.strip() for name, value in values.items() if value is not None}


def _said(pod, cri):
    row = {"pod": pod["name"], "log": [line.split(" ", 3)[-1] for line in (read(pod["log"]) or "").splitlines()]}
    try:
        status = cri.call("ContainerStatus", {"container_id": pod["container"]})["status"]
        # A message of protobuf leaves out what is 0.
        row["container"] = {**{name: status.get(name) for name in STATUS}, "exit_code": status.get("exit_code", 0)}
    except grpc.RpcError as error:
        row["container"] = {"error": error.details()}
    try:
        status = cri.call("PodSandboxStatus", {"pod_sandbox_id": pod["sandbox"]})["status"]
        row["sandbox"] = {"state": status.get("state", "SANDBOX_READY")}
    except grpc.RpcError as error:
        row["sandbox"] = {"error": error.details()}
    return row


def short(event, pods):
    """An event of GetContainerEvents without what the record has elsewhere."""
    if "stream_ended" in event:
        return event
    names = {pod[which]: f"{which} of {pod['name']}" for pod in pods for which in ("sandbox", "container")}
    return {
        "type": event.get("container_event_type", "CONTAINER_CREATED_EVENT"),
        "of": names.get(event.get("container_id"), event.get("container_id")),
        "created_at": event.get("created_at"),
        "sandbox_state": event.get("pod_sandbox_status", {}).get("state", "SANDBOX_READY"),
        "statuses": [
            {name: one.get(name, 0 if name == "exit_code" else None) for name in STATUS if name != "message"}
            for one in event.get("containers_statuses", [])
        ],
    }
