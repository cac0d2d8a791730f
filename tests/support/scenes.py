# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenes of fixtures/scenes: a kernel's log, and the pods that it is about as an API server would have them."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "unit" / "fixtures" / "scenes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.log"))


class Scene:
    """record: the scene's json; log: the path of the kernel's log."""

    def __init__(self, name):
        self.record = json.loads((FOLDER / f"{name}.json").read_text())
        self.log = FOLDER / f"{name}.log"

    def pods(self):
        """JSON of each pod, composed: there was no API server in the scene."""
        return [pod_json(one["name"], one["uid"], one["container"]) for one in self.record["pods"]]

    def populated(self, cgroup):
        """Whether a cgroup had processes after the scene's last kill."""
        return self.record["populated_after"].get(cgroup, False)


def pod_json(name, uid, container_id, namespace="shop", container="app"):
    """A pod with one container, of a Deployment."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "labels": {"pod-template-hash": "5d8f9c7b6"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-5d8f9c7b6", "controller": True}
            ],
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": container}]},
        "status": {
            "containerStatuses": [
                {"name": container, "containerID": f"containerd://{container_id}", "state": {"running": {}}}
            ]
        },
    }
