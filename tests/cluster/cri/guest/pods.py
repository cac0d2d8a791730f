# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of a scene, made as the kubelet makes them: the cgroup first, then three calls of the CRI."""

import json
import os
import time

import grpc
from cgroups import read
from observe import mem_total

MIB = 1 << 20
NODE_NETWORK = {"namespace_options": {"network": "NODE", "pid": "CONTAINER"}}
READY_SECONDS = 120
LOGS, LINKS = "/var/log/pods", "/var/log/containers"  # where the kubelet has them


def adj(spec):
    """What the kubelet gives a container: -997, 1000, or 1000 less the request's share of memory in thousandths."""
    if spec["qos"] == "guaranteed":
        return -997
    if spec["qos"] == "besteffort":
        return 1000
    return min(999, max(3, 1000 - 1000 * spec["request"] * MIB // mem_total()))


def start(cri, driver, plan, spec, identity):
    """A running pod whose processes have their first memory, as a dictionary."""
    pod = {"spec": spec, "cgroup": driver.pod(spec["qos"], identity["uid"]), **identity}
    values = {"pids.max": 4096, "cpu.weight": 4}
    if spec.get("limit"):
        values["memory.max"] = spec["limit"] * MIB
    driver.make(pod["cgroup"], values)
    logs = f"{LOGS}/{identity['namespace']}_{identity['name']}_{identity['uid']}"
    os.makedirs(f"{logs}/app", exist_ok=True)
    pod["log"] = f"{logs}/app/0.log"
    labels = {f"io.kubernetes.pod.{name}": identity[name] for name in ("name", "namespace", "uid")}
    sandbox = {
        "metadata": {**{name: identity[name] for name in ("name", "namespace", "uid")}, "attempt": 0},
        "log_directory": logs,
        "labels": labels,
        "linux": {"cgroup_parent": driver.parent(pod["cgroup"]), "security_context": NODE_NETWORK},
    }
    asked = {"config": sandbox, "runtime_handler": plan["runtime"]}
    pod["sandbox"] = cri.call("RunPodSandbox", asked)["pod_sandbox_id"]
    resources = _resources(spec, plan["group"])
    container = {
        "metadata": {"name": "app", "attempt": 0},
        "image": {"image": "lab.local/work:1"},
        "log_path": "app/0.log",
        "command": ["/work"],
        "args": ["main", *(str(number) for number in spec["main"])],
        "labels": {**labels, "io.kubernetes.container.name": "app"},
        "linux": {"resources": resources, "security_context": NODE_NETWORK},
    }
    asked = {"pod_sandbox_id": pod["sandbox"], "sandbox_config": sandbox, "config": container}
    pod["container"] = cri.call("CreateContainer", asked)["container_id"]
    cri.call("StartContainer", {"container_id": pod["container"]})
    name = f"{identity['name']}_{identity['namespace']}_app-{pod['container']}.log"
    os.symlink(pod["log"], f"{LINKS}/{name}")
    _wait_until_ready(pod["log"])
    pod["asked"] = {"cgroup_parent": sandbox["linux"]["cgroup_parent"], "resources": resources}
    pod.update(_made(cri, pod["container"]))
    return pod


def _resources(spec, group):
    resources = {"oom_score_adj": adj(spec), "cpu_shares": 102, "cpu_period": 100000}
    if spec.get("limit"):
        resources["memory_limit_in_bytes"] = spec["limit"] * MIB
        resources["memory_swap_limit_in_bytes"] = spec["limit"] * MIB
    if group:
        resources["unified"] = {"memory.oom.group": "1"}
    return resources


def _wait_until_ready(log):
    end = time.monotonic() + READY_SECONDS
    while "ready" not in (read(log) or ""):
        if time.monotonic() > end:
            raise TimeoutError(f"a container does not get ready; its log: {read(log)!r}")
        time.sleep(0.05)


def _made(cri, container):
    """The container's first process, and what reached the runtime's specification."""
    info = json.loads(cri.call("ContainerStatus", {"container_id": container, "verbose": True})["info"]["info"])
    made = info.get("runtimeSpec", {})
    linux = made.get("linux", {})
    resources = {name: value for name, value in linux.get("resources", {}).items() if name != "devices"}
    adj_of_process = made.get("process", {}).get("oomScoreAdj")
    oci = {"cgroupsPath": linux.get("cgroupsPath"), "resources": resources, "oomScoreAdj": adj_of_process}
    return {"pid": info["pid"], "oci": oci}


def stop(cri, pod):
    """End the container; what was wrong, or None."""
    try:
        cri.call("StopContainer", {"container_id": pod["container"], "timeout": 5})
    except grpc.RpcError as error:
        return error.details()
    return None


def remove(cri, driver, pod):
    """Leave nothing of the pod but its log."""
    for name in ("StopPodSandbox", "RemovePodSandbox"):
        try:
            cri.call(name, {"pod_sandbox_id": pod["sandbox"]})
        except grpc.RpcError as error:
            print(f"{name} of {pod['name']}: {error.details()}")
    driver.remove(pod["cgroup"])
