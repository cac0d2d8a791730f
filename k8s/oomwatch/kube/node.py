# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The node's own object, stripped to what rules and reports need."""

from typing import Dict, Union

from oomwatch.kube.client import Answer, Client, Unreachable
from oomwatch.kube.pods import Failure

_STATUS = ("capacity", "allocatable")
_PRESSURE = "MemoryPressure"


def read(client: Client, name: str) -> Union[Dict, Failure]:
    """The v1 Node from the API server's watch cache."""
    answer = client.request("get", f"/api/v1/nodes/{name}", {"resourceVersion": "0"}, resource="nodes")
    if isinstance(answer, Unreachable):
        return Failure(answer.reason, False)
    if answer.status == 200 and isinstance(answer.body, dict):
        return stripped(answer.body)
    return _failure(answer, client, name)


def stripped(node: Dict) -> Dict:
    """The node without labels, images, addresses and all else that is not needed."""
    metadata, status = _object(node, "metadata"), _object(node, "status")
    conditions = status.get("conditions")
    rows = [row for row in conditions if isinstance(row, dict)] if isinstance(conditions, list) else []
    info = _object(status, "nodeInfo")
    kept = {name: metadata[name] for name in ("name", "uid") if name in metadata}
    annotations = _object(metadata, "annotations")
    kept["annotations"] = {name: annotations[name] for name in ("memfacts.linux/ignore",) if name in annotations}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": kept,
        "status": {
            **{name: _object(status, name) for name in _STATUS},
            "nodeInfo": {name: info[name] for name in ("kubeletVersion",) if name in info},
            "conditions": [
                {name: row[name] for name in ("type", "status") if name in row}
                for row in rows
                if row.get("type") == _PRESSURE
            ],
        },
    }


def _failure(answer: Answer, client: Client, name: str) -> Failure:
    if answer.status == 403:
        return Failure("The agent has no right to read its node (ClusterRole: nodes, verb get)", True)
    if answer.status == 404:
        return Failure(f"The API server has no node {name}; set --node to the name that kubectl get nodes shows", True)
    said = f": {answer.message}" if answer.message else ""
    return Failure(f"{client.server} answered {answer.status} to a request for a node{said}", False, answer.retry_after)


def _object(record: Dict, key: str) -> Dict:
    value = record.get(key)
    return value if isinstance(value, dict) else {}
