# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cgroups of pods as the kubelet makes them, by either of its two drivers. Paths begin at the root of the tree."""

import os
import subprocess
import time

ROOT = "/sys/fs/cgroup"
CONTROLLERS = ("cpu", "memory", "pids", "io", "cpuset")
UNIT_SECONDS = 30
TO_SYSTEMD = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


def read(path):
    """A file's text, None where there is none or it is gone already."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def write(path, value):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(str(value))


class Cgroupfs:
    """/kubepods, /kubepods/burstable, /kubepods/besteffort and the pods below, made with mkdir."""

    top = "/kubepods"

    def pod(self, qos, uid):
        return f"/kubepods/pod{uid}" if qos == "guaranteed" else f"/kubepods/{qos}/pod{uid}"

    def parent(self, pod):
        """The name of the pod's cgroup in a call of the CRI."""
        return pod

    def container(self, pod, container):
        return f"{pod}/{container}"

    def make(self, path, values):
        here = ROOT
        for part in path.strip("/").split("/"):
            here = f"{here}/{part}"
            os.makedirs(here, exist_ok=True)
            for controller in CONTROLLERS:
                if controller in (read(f"{here}/cgroup.controllers") or "").split():
                    write(f"{here}/cgroup.subtree_control", f"+{controller}")
        for name, value in values.items():
            write(f"{ROOT}{path}/{name}", value)

    def remove(self, path):
        """The pod's cgroup, which is empty by then."""
        try:
            os.rmdir(ROOT + path)
        except OSError as error:
            print(f"{path} stays: {error}")


class Systemd(Cgroupfs):
    """kubepods.slice and the slices below it, started by systemd as the kubelet's library does, and then written to."""

    top = "/kubepods.slice"

    def pod(self, qos, uid):
        uid = uid.replace("-", "_")
        if qos == "guaranteed":
            return f"/kubepods.slice/kubepods-pod{uid}.slice"
        return f"/kubepods.slice/kubepods-{qos}.slice/kubepods-{qos}-pod{uid}.slice"

    def parent(self, pod):
        return os.path.basename(pod)

    def container(self, pod, container):
        return f"{pod}/cri-containerd-{container}.scope"

    def make(self, path, values):
        above, here = "-.slice", ROOT
        units = path.strip("/").split("/")
        for unit in units:
            here = f"{here}/{unit}"
            if not os.path.isdir(here):
                self._start(unit, above, values if unit == units[-1] else {})
                end = time.monotonic() + UNIT_SECONDS
                while not os.path.isdir(here) and time.monotonic() < end:
                    time.sleep(0.05)
            above = unit
        for name, value in values.items():
            write(f"{ROOT}{path}/{name}", value)

    def remove(self, path):
        subprocess.run(["systemctl", "stop", os.path.basename(path)], check=False)

    def _start(self, unit, above, values):
        properties = [
            ("Description", "s", f"libcontainer container {unit}"),
            ("Wants", "as", "1", above),
            *((f"{name}Accounting", "b", "true") for name in ("Memory", "CPU", "IO", "Tasks")),
            ("DefaultDependencies", "b", "false"),
        ]
        for name, file in (("MemoryMax", "memory.max"), ("CPUWeight", "cpu.weight"), ("TasksMax", "pids.max")):
            if file in values:
                properties.append((name, "t", str(values[file])))
        words = [word for one in properties for word in one]
        call = ["busctl", "--", "call", *TO_SYSTEMD, "StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "replace"]
        subprocess.run([*call, str(len(properties)), *words, "0"], check=True, stdout=subprocess.DEVNULL)


DRIVERS = {"cgroupfs": Cgroupfs, "systemd": Systemd}
