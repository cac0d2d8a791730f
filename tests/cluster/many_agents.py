# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many agents cost one API server: `python -m tests.cluster.many_agents [AGENTS [PODS]]`.

Each agent is the part that talks to the API server (client, pod cache, delivery) with its own connections and node; all
are threads of one process. They start at once, as after a roll-out: each lists its pods. Then nothing happens for a
while, and at last there is an OOM on each node. The server's processor time is measured in each part, and printed.
"""

import argparse
import os
import sys
import tempfile
import time

from tests import CHECKOUT
from tests.cluster import agent, apiserver, assets, objects

sys.path[:0] = [os.path.join(CHECKOUT, name) for name in agent.CODE]
NAMESPACE = "many"
IDLE_SECONDS = 60.0
WAIT_SECONDS = 600.0  # ends what hangs
NODES = 5000  # of the cluster that is extrapolated to


class One:
    """One agent's part that talks to the API server."""

    def __init__(self, credentials, node: str):
        from memcore.models.pods import PodIndex, of_json
        from oomwatch.agent.tallies import Tallies
        from oomwatch.kube.client import Client
        from oomwatch.kube.delivery import Delivery
        from oomwatch.kube.pod_cache import PodCache
        from oomwatch.kube.pods import ApiPods
        from oomwatch.kube.spool import Spool

        self.node, self.tallies = node, Tallies()
        self.cache = PodCache(ApiPods(Client(credentials, self.tallies), node), of_json, PodIndex())
        self.delivery = Delivery(Client(credentials, self.tallies), Spool(None, self.tallies), self.tallies)
        self.cache.start()
        self.delivery.start()

    def requests(self) -> int:
        """How many it has made."""
        families = {metric.name: rows for metric, rows in self.tallies.families()}
        return int(sum(value for _labels, value in families["oomwatch_api_requests_total"]))

    def put(self, pod) -> None:
        """An OOM of this pod."""
        from oomwatch.kube.delivery import Item

        uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
        regarding = {"apiVersion": "v1", "kind": "Pod", "namespace": NAMESPACE, "name": name, "uid": uid}
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        event = objects.event(f"{name}.{self.node}", regarding, "OOMKilledProcess", at)
        self.delivery.put(Item(name, "kill", [event], time.time()))

    def close(self) -> None:
        self.cache.close()
        self.delivery.close(5)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description="Measure what many agents cost one API server.")
    parser.add_argument("agents", type=int, nargs="?", default=500)
    parser.add_argument("pods", type=int, nargs="?", default=4, help="of each node")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="lab-many-") as folder:
        try:
            with apiserver.ApiServer(f"{folder}/apiserver") as server:
                _measure(server, folder, asked.agents, asked.pods)
        except assets.Unavailable as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _measure(server, folder, count, pods_a_node):
    from oomwatch.kube.credentials import Access, Credentials

    server.install_agent()
    server.admin.create("/api/v1/namespaces", objects.namespace(NAMESPACE))
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    pods = {}
    for number in range(count):
        for one in range(pods_a_node):
            pod = objects.guaranteed_pod(f"pod-{number}-{one}", f"node-{number}")
            pods[number] = server.admin.create(path, pod)
    print(f"{count * pods_a_node} pods on {count} nodes", flush=True)
    _write(f"{folder}/token", server.agent_token())
    access = Access(server.url, ca_file=server.authority, token_file=f"{folder}/token")
    gauge = Gauge(server)
    agents = [One(Credentials(access), f"node-{number}") for number in range(count)]
    _until(lambda: all(one.requests() for one in agents))
    lists = gauge.told("start: each lists the pods of its node", agents)
    time.sleep(IDLE_SECONDS)
    gauge.told(f"nothing happens for {IDLE_SECONDS:.0f} s", agents)
    for number, one in enumerate(agents):
        one.put(pods[number])
    _until(lambda: not any(one.delivery.length for one in agents))
    events = gauge.told("an OOM on each node: one Event each", agents)
    for one in agents:
        one.close()
    print(f"memory of the server: {server.memory_bytes() >> 20} MiB")
    print(f"{NODES} nodes that start within 10 s: {lists * NODES / 10:.2f} cores of the server for these 10 s")
    print(f"{NODES} nodes with an OOM an hour each: {100 * events * NODES / 3600:.2f} % of a core of the server")


class Gauge:
    """Processor time of the server, and requests, since the last time."""

    def __init__(self, server):
        self.server, self.cpu, self.requests, self.at = server, server.cpu_seconds(), 0, time.monotonic()

    def told(self, what, agents) -> float:
        """Print what came since; the server's processor seconds for each request."""
        cpu, requests, now = self.server.cpu_seconds(), sum(one.requests() for one in agents), time.monotonic()
        spent, made, took = cpu - self.cpu, requests - self.requests, now - self.at
        self.cpu, self.requests, self.at = cpu, requests, now
        each = f"{1000 * spent / made:.1f} ms of the server's processor each" if made else "none"
        print(f"{what}: {made} requests in {took:.1f} s, {each}; {100 * spent / took:.1f} % of a core", flush=True)
        return spent / made if made else 0.0


def _until(is_so):
    end = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the agents did not come to an end")
        time.sleep(0.2)


def _write(path, text):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


if __name__ == "__main__":
    sys.exit(main())
