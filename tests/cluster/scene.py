# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenes with a real kubelet share: a node with the agent on it, and what the agent has said so far."""

import contextlib
import re
from typing import Dict, Iterator, List, Optional

import pytest

from tests.cluster import api, node
from tests.cluster.agent import AgentService
from tests.lab import kernels

LISTEN = "127.0.0.1:9750"
SECONDS = 300  # only ends what hangs
OPTIONS = (
    "--output",
    "json",
    "--kube",
    "in-cluster",
    "--listen",
    LISTEN,
    "--predict-every",
    "2s",
    "--audit-every",
    "3s",
)


@contextlib.contextmanager
def running(folder: str, kernel: str) -> Iterator[node.Node]:
    """A node that has joined; the test is skipped where it cannot be had."""
    one = node.Node(folder, kernel)
    try:
        one.start()
    except kernels.Unavailable as error:
        pytest.skip(str(error))
    with contextlib.closing(one):
        yield one


@contextlib.contextmanager
def watched(shop: node.Node) -> Iterator[AgentService]:
    """The agent on the node, once it is ready."""
    service = shop.agent
    service.start(*OPTIONS)
    try:
        api.until(lambda: "ok" in service.get(f"{LISTEN}/readyz"), "ready agent", SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{service.errors()}") from error
    yield service
    service.stop()


def events_of(shop: node.Node, pod: Dict) -> Dict[str, str]:
    """{reason: note} of the agent's Events on a pod."""
    return {
        event["reason"]: event["note"]
        for event in shop.events()
        if event["regarding"].get("uid") == pod["metadata"]["uid"]
        and event.get("reportingController") == "memfacts.linux/oomwatch"
    }


def predictions(service: AgentService) -> Dict[str, int]:
    """How many kills had which result of oomwatch_predictions_total."""
    text = service.get(f"{LISTEN}/metrics")
    rows = re.findall(r'^oomwatch_predictions_total\{result="(\w+)"\} ([0-9.]+)$', text, re.MULTILINE)
    return {result: int(float(count)) for result, count in rows}


def audits(service: AgentService) -> int:
    """How often the agent has read its node so far, which it does at each audit once the pods are listed."""
    text = service.get(f"{LISTEN}/metrics")
    rows = re.findall(r'^oomwatch_api_requests_total\{[^}]*resource="nodes"[^}]*\} ([0-9.]+)$', text, re.MULTILINE)
    return int(sum(map(float, rows)))


def findings_of(service: AgentService, name: str) -> List[str]:
    """The ids of findings about a pod that were told as new and not yet as gone."""
    found: Dict[str, Optional[str]] = {}
    for line in service.notices():
        if line["type"] == "finding" and (line["object"] or {}).get("name") == name:
            found[line["id"]] = line["change"]
    return [name for name, change in found.items() if change == "new"]
