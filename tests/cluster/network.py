# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network namespace with an API server in it, and a tap device for one guest of cri/play.py.

with ClusterNetwork(str(folder)) as network:
    pods = network.create_pods("guaranteed-single", rounds=10)
    play.play("guaranteed-single", "7.x", "runc", "systemd", out, network.agent(), network.network, pods)
"""

import hashlib
import os
import subprocess
import time
from typing import Dict, List

from tests import CHECKOUT
from tests.cluster import apiserver, assets, objects
from tests.cluster.cri import play, scenes
from tests.lab import debian

NEEDS = ("ip", "ethtool")
TAP, GATEWAY, GUEST = "tap31", "10.78.0.1", "10.78.0.31"  # seen in this namespace only
NODE, NAMESPACE = "lab", "lab"
END_SECONDS = 60


class ClusterNetwork:
    """`folder` gets the API server's files. Raises assets.Unavailable when it is opened."""

    def __init__(self, folder: str):
        key = hashlib.sha256(os.fsencode(CHECKOUT) + b"cri").hexdigest()[:8]
        self.name = f"memfacts-cri-{key}"
        self.folder = folder
        self.server = apiserver.ApiServer(os.path.join(folder, "apiserver"), GATEWAY, self.name)
        self.network = play.Network(self.name, TAP, f"{GUEST}/24")

    def __enter__(self):
        try:
            debian.require(*NEEDS)
            self._remove()
            self._make()
        except (debian.PackageError, subprocess.CalledProcessError) as error:
            raise assets.Unavailable("network", error) from error
        try:
            self.server.open()
            self.server.install_agent()
            self.server.admin.create("/api/v1/nodes", objects.node(NODE))
            self.server.admin.create("/api/v1/namespaces", objects.namespace(NAMESPACE))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.close()
        self._remove()

    def create_pods(self, scene: str, rounds: int = 1, first: int = 1) -> List[List[Dict[str, str]]]:
        """Pods of a scene in the API, with the uids that it gave them: what play() takes as `rounds`.

        first: the number of the first round, which is part of the pods' names.
        """
        specs = scenes.SCENES[scene].pods
        return [
            [self._create(f"{spec['qos']}-{one}-{number}", spec) for number, spec in enumerate(specs)]
            for one in range(first, first + rounds)
        ]

    def _create(self, name, spec):
        memory = spec.get("limit") or spec.get("request")
        amount = {"cpu": "100m", "memory": f"{memory}Mi"} if memory else None
        limits = amount if spec.get("limit") else None
        pod = objects.pod(name, NODE, [objects.container("app", spec["main"], amount, limits)])
        path = f"/api/v1/namespaces/{NAMESPACE}/pods"
        return {"name": name, "namespace": NAMESPACE, "uid": self.server.admin.create(path, pod)["metadata"]["uid"]}

    def agent(self, *options: str) -> play.Agent:
        """The agent in the guest with the token of its own ServiceAccount."""
        secrets = os.path.join(self.folder, "secrets")
        variables = {**self.server.write_in_cluster(secrets), "NODE_NAME": NODE}
        return play.Agent(("--output", "json", "--kube", "in-cluster", *options), variables, secrets)

    def _make(self):
        inside = ("ip", "netns", "exec", self.name)
        for words in (
            ("ip", "netns", "add", self.name),
            (*inside, "ip", "link", "set", "lo", "up"),
            (*inside, "ip", "tuntap", "add", "dev", TAP, "mode", "tap"),
            (*inside, "ip", "address", "add", f"{GATEWAY}/24", "dev", TAP),
            (*inside, "ip", "link", "set", TAP, "up"),
            # Otherwise checksums are left to a card that is not there: ping works and TCP hangs.
            (*inside, debian.command("ethtool"), "-K", TAP, "tx", "off"),
        ):
            _run(*words)

    def _remove(self):
        if not os.path.exists(f"/run/netns/{self.name}"):
            return
        end = time.monotonic() + END_SECONDS
        while time.monotonic() < end:
            running = _run("ip", "netns", "pids", self.name).split()
            if not running:
                break
            subprocess.run(["kill", "-KILL", *running], stderr=subprocess.DEVNULL, check=False)
            time.sleep(0.1)
        _run("ip", "netns", "del", self.name)


def _run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
