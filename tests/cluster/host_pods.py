# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods of a real API server whose cgroups and processes the test makes on this host, named as a kubelet names them."""

import contextlib
import os
import secrets
import subprocess
import sys
from typing import Dict, Iterator, NamedTuple

import pytest

from tests.cluster import api, objects

PAUSE_ADJ = -998
# Takes memory until the kernel ends it. Of a program's name the kernel keeps 15 bytes.
HOG = "kept = []\nwhile True:\n    kept.append(bytearray(1 << 20))\n"
ENTER = """\
import os, sys
cgroup, adj, name, code = sys.argv[1:]
open(cgroup + "/cgroup.procs", "w").write(str(os.getpid()))
try:
    open("/proc/self/oom_score_adj", "w").write(adj)
except PermissionError:
    pass  # this run lacks CAP_SYS_RESOURCE
open("/proc/self/comm", "w").write(name)
exec(code)
"""


class HostPod(NamedTuple):
    """cgroup: the pod's folder; ids: of containers by name, the sandbox as "sandbox"; path: as in the kernel."""

    name: str
    uid: str
    folder: str
    path: str
    ids: Dict[str, str]

    def start(self, container: str, name: str, code: str, adj: int = 0) -> subprocess.Popen:
        """A process of this name in the container's cgroup."""
        folder = os.path.join(self.folder, self.ids[container])
        return subprocess.Popen([sys.executable, "-c", ENTER, folder, str(adj), name, code])


def memory_folder() -> str:
    """Where this host lets memory cgroups be made; the test is skipped where it does not."""
    if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        return "/sys/fs/cgroup/memory"
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return "/sys/fs/cgroup"
    pytest.skip("no memory controller to make a cgroup in")


@contextlib.contextmanager
def pod(admin: api.Client, node: str, name: str, limit_mib: int, namespace: str = "shop") -> Iterator[HostPod]:
    """A Guaranteed pod with a sandbox and one container `app`, whose limit is the pod's."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    made = admin.create(path, objects.guaranteed_pod(name, node, limit_mib=limit_mib))
    ids = {"sandbox": secrets.token_hex(32), "app": secrets.token_hex(32)}
    status = {"name": "app", "ready": True, "restartCount": 0, "image": "x", "imageID": "x", "state": {"running": {}}}
    status["containerID"] = f"containerd://{ids['app']}"
    admin.patch(
        f"{path}/{name}/status",
        {"status": {"phase": "Running", "qosClass": "Guaranteed", "containerStatuses": [status]}},
    )
    uid = made["metadata"]["uid"]
    base = memory_folder()
    folder = f"{base}/kubepods/pod{uid}"
    _make(base, folder)
    _limit(folder, limit_mib << 20)
    for one in ids.values():
        os.mkdir(f"{folder}/{one}")
    try:
        yield HostPod(name, uid, folder, f"/kubepods/pod{uid}", ids)
    finally:
        for one in ids.values():
            _remove(f"{folder}/{one}")
        _remove(folder)
        _remove(f"{base}/kubepods")
        admin.delete(f"{path}/{name}?gracePeriodSeconds=0")


def limit_all(size: int) -> None:
    """A limit in bytes for all pods together, as the kubelet sets it; it goes with the last pod."""
    _limit(f"{memory_folder()}/kubepods", size)


def _make(base, folder):
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(f"{base}/cgroup.subtree_control"):  # v2
        for place in (base, os.path.dirname(folder), folder):
            with open(f"{place}/cgroup.subtree_control", "w", encoding="ascii") as stream:
                stream.write("+memory")


def _limit(folder, size):
    for name, value in (
        ("memory.limit_in_bytes", size),
        ("memory.memsw.limit_in_bytes", size),
        ("memory.max", size),
        ("memory.swap.max", 0),
    ):
        if os.path.exists(f"{folder}/{name}"):
            with open(f"{folder}/{name}", "w", encoding="ascii") as stream:
                stream.write(str(value))


def _remove(folder):
    """A cgroup whose processes have ended; `kubepods` may be of other tests as well."""

    def is_gone():
        with contextlib.suppress(OSError):
            os.rmdir(folder)
        return not os.path.exists(folder)

    if folder.endswith("/kubepods"):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    else:
        api.until(is_gone, f"{folder} is removed", 30)
