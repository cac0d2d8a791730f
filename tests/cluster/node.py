# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real node: systemd, containerd, runc and a kubelet in a user-mode kernel, joined to a real API server.

    with Node(str(folder)) as node:
        pod = node.run(objects.guaranteed_pod("shop", node.name))
        node.agent.start("--output", "json")
        node.grow(pod)

Node, API server and whatever a test runs for them are in one network namespace, which ends with the node. The node has
no CNI, so it never gets ready, and runs pods with hostNetwork only; there is no scheduler, so pods name their node.
"""

import base64
import functools
import json
import os
import re
import shlex
from typing import Any, Dict, List, Optional

from tests.cluster import agent as agents
from tests.cluster import api, apiserver, assets, image, objects
from tests.fleet import fleet, guests, hosts, stock
from tests.lab import debian, kernels

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ("containerd", "runc", "iptables")
MASKED = ("containerd.service",)  # start-node starts it with a configuration of its own
KERNEL = "6.1-floored-first"
NAMESPACE = "shop"
THRESHOLDS = ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available")
NONE = "0%"  # of a threshold: the kubelet does not look at it
KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}},
    "authorization": {"mode": "Webhook"},
    "cgroupDriver": "systemd",
    "failSwapOn": False,
    "resolvConf": "",
    "makeIPTablesUtilChains": False,
    "staticPodPath": "/etc/kubernetes/manifests",
    # A full disk of this machine must not drive pods away.
    "evictionHard": dict.fromkeys(THRESHOLDS, NONE),
    "imageGCHighThresholdPercent": 100,
}
WAIT_SECONDS = 300  # only ends what hangs


class NodeGuest(guests.Guest):
    """A guest with room for containerd, a kubelet and pods."""

    memory_mb = 1536


class Node:
    """One node and its API server, `server`. kubelet: keys of its configuration that differ from KUBELET.

    `folder` gets the API server's files; it must not exist.
    """

    def __init__(self, folder: str, kernel: str = KERNEL, kubelet: Optional[Dict[str, Any]] = None):
        self.name = "node-1"
        row = hosts.Host(self.name, "node", kernel, 21)
        self.fleet = fleet.Fleet("cluster", folder, (row,), NodeGuest, functools.partial(fetch, kernel))
        address = f"{self.fleet.subnet}.1"
        self.server = apiserver.ApiServer(f"{folder}/apiserver", address, self.fleet.name, (self.name,))
        self.kubelet = {**KUBELET, **(kubelet or {})}

    @property
    def agent(self) -> agents.AgentService:
        """`oomwatch run` on the node."""
        return agents.AgentService(self.guest, self.server, os.path.join(self.fleet.scratch, "secrets"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def guest(self) -> guests.Guest:
        return self.fleet.guests[self.name]

    def start(self) -> None:
        """Returns when the kubelet has joined. Raises assets.Unavailable with a sentence for a skipped test."""
        programs = {name: os.path.dirname(assets.path(name)) for name in ("etcd", "kube-apiserver", "kubelet")}
        try:
            self.fleet.start()
        except fleet.Unavailable as error:
            raise assets.Unavailable("node", error) from error
        try:
            self._lay_out(programs["kubelet"])
            self.server.open()
            self.server.install_agent()
            self.server.admin.create("/api/v1/namespaces", objects.namespace(NAMESPACE))
            self._join()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave nothing of the node; the API server's logs stay in its folder."""
        self.server.close()
        self.fleet.stop()

    def _lay_out(self, kubelet):
        """Folders of this machine that the guest sees, read-only."""
        places = {
            "kubelet": kubelet,
            "image": os.path.dirname(image.path()),
            "guest": os.path.join(HERE, "guest"),
            "checkout": agents.checkout(),
        }
        for name, path in places.items():
            self.guest.sh(f"mkdir -p /lab/{name} && mount -t hostfs -o ro,{shlex.quote(path)} {name} /lab/{name}")

    def _join(self):
        cluster = {"server": self.server.url, "certificate-authority-data": _base64(self.server.authority)}
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": "kubelet", "user": {"token": self.server.node_tokens[self.name]}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "kubelet"}}],
        }
        self.guest.sh("mkdir -p /etc/kubernetes")
        self.guest.write("/etc/kubernetes/kubelet.json", json.dumps(self.kubelet))
        self.guest.write("/etc/kubernetes/kubeconfig.json", json.dumps(kubeconfig))
        self.guest.sh(f"sh /lab/guest/start-node {self.name} {self.guest.address}")
        self._until(lambda: self.server.admin.ask("GET", f"/api/v1/nodes/{self.name}")[0] == 200, "node in the API")

    def pods_path(self, name: str = "") -> str:
        return f"/api/v1/namespaces/{NAMESPACE}/pods" + (f"/{name}" if name else "")

    def run(self, pod: Dict) -> Dict:
        """Create a pod; what the API says of it once its containers run and each has its memory."""
        created = self.server.admin.create(self.pods_path(), pod)
        name, uid = created["metadata"]["name"], created["metadata"]["uid"]
        self._until(lambda: self._is_running(name), f"running pod {name}")
        logs = f"/var/log/pods/{NAMESPACE}_{name}_{uid}/*/0.log"
        count = str(len(pod["spec"]["containers"]))
        said = f"cat {logs} | grep -c ' ready$' || true"
        self._until(lambda: self.guest.sh(said).strip() == count, f"word of the containers of {name}")
        return self.server.admin.get(self.pods_path(name))

    def _is_running(self, name):
        statuses = self.server.admin.get(self.pods_path(name)).get("status", {}).get("containerStatuses", [])
        return bool(statuses) and all("running" in one["state"] for one in statuses)

    def remove(self, name: str) -> None:
        """Delete a pod; returns when the kubelet has ended it."""
        self.server.admin.delete(self.pods_path(name))
        self._until(lambda: self.server.admin.ask("GET", self.pods_path(name))[0] == 404, f"end of the pod {name}")

    def processes(self, pod: Dict) -> List[Dict[str, Any]]:
        """pid, comm, oom_score_adj and cgroup of each process of a pod now, in the guest's numbers."""
        uid = pod["metadata"]["uid"].replace("-", "_")
        script = (
            f"cd /sys/fs/cgroup; find . -path '*pod{uid}*' -name cgroup.procs | while read f; do for p in $(cat $f); do"
            " echo $p $(cat /proc/$p/oom_score_adj) ${f%/cgroup.procs} $(cat /proc/$p/comm); done; done 2>/dev/null"
        )
        rows = [line.split(None, 3) for line in self.guest.sh(script).splitlines()]
        names = ("pid", "oom_score_adj", "cgroup", "comm")
        return [dict(zip(names, (int(row[0]), int(row[1]), row[2][1:], row[3]))) for row in rows if len(row) == 4]

    def grow(self, pod: Dict) -> None:
        """Let the growers of each container of the pod grow (see program/work.c)."""
        first = [str(row["pid"]) for row in self.processes(pod) if row["comm"] == "work"]
        self.guest.sh(f"kill -USR1 {' '.join(first)}")

    def killed(self) -> List[str]:
        """Names of the processes that the kernel of the node has killed so far, in its order."""
        return re.findall(r"Killed process \d+ \(([^)]+)\)", self.guest.sh("dmesg"))

    def events(self) -> List[Dict]:
        """Events of events.k8s.io in all namespaces."""
        return self.server.admin.get("/apis/events.k8s.io/v1/events")["items"]

    def _until(self, call, wanted, seconds=WAIT_SECONDS):
        try:
            return api.until(call, wanted, seconds, 0.25)
        except AssertionError as error:
            said = self.guest.sh("journalctl --no-pager -u node-kubelet -u node-containerd -n 25", check=False).output
            raise AssertionError(f"{error}\n{said}\n{self.guest.tail()}") from error


def fetch(kernel: str) -> Dict[str, str]:
    """The disk of a node; what cannot be had is a sentence, as for any fleet."""
    try:
        debian.require(*stock.NEEDS)
        kernels.folder(kernels.find(kernel))
        return {"node": hosts.disk("bookworm", "node", PACKAGES, MASKED)}
    except (OSError, debian.PackageError, kernels.Unavailable) as error:
        raise stock.Unavailable(error) from error


def _base64(path):
    with open(path, "rb") as stream:
        return base64.b64encode(stream.read()).decode()
