# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes from a kill to its Event: `python3 -m tests.cluster.latency kubelet 10` or `… cri 100`.

For each pod: from the kernel's time stamp of its first kill until a watch on the API server has the first Event of the
agent on that pod. Each figure is printed as soon as it is known, and no test judges it. Both clocks are this machine's;
a user-mode kernel stamps its lines every 10 ms.
"""

import argparse
import contextlib
import re
import sys
import tempfile
import threading
from typing import Dict, Iterator, List, Optional

from tests.cluster import api, network, node, objects
from tests.cluster.cri import play
from tests.lab import kernels, lab

KILL = re.compile(r"^\[ *(\d+\.\d+)\] (?:Memory cgroup out|Out) of memory: Killed process", re.M)
LISTEN = "127.0.0.1:9750"
SCENE = "guaranteed-single"
PODS_A_BOOT = 10  # of the CRI's; a guest that dies takes only these with it
SECONDS = 60  # ends what hangs


class Arrivals(threading.Thread):
    """{uid of a pod: wall clock at which the first Event on it came}."""

    def __init__(self, client: api.Client):
        super().__init__(daemon=True)
        self.client, self.first = client, {}

    def run(self):
        # It ends with the server.
        with contextlib.suppress(OSError, ValueError):
            for at, change in self.client.watch("/apis/events.k8s.io/v1/events", 3600):
                event = change["object"]
                if event.get("reportingController") == "memfacts.linux/oomwatch":
                    self.first.setdefault(event["regarding"].get("uid"), at)


def first_kill(log: str, booted_at: float) -> float:
    """Wall clock of the first kill in a kernel's log."""
    return booted_at + float(KILL.search(log).group(1))


def by_kubelet(count: int, folder: str) -> Iterator[Optional[float]]:
    """Seconds for each of `count` pods of a real kubelet on the floored kernel, None without an Event."""
    with node.Node(f"{folder}/node") as shop:
        arrivals = Arrivals(shop.server.admin)
        arrivals.start()
        shop.agent.start("--output", "json", "--kube", "in-cluster", "--listen", LISTEN)
        api.until(lambda: "ok" in shop.agent.get(f"{LISTEN}/readyz"), "ready agent", SECONDS)
        for number in range(count):
            pod = shop.run(objects.guaranteed_pod(f"pod-{number}", shop.name))
            shop.guest.sh("dmesg --clear")
            shop.grow(pod)
            yield _seconds(pod["metadata"]["uid"], arrivals, _killed(shop))
            shop.remove(pod["metadata"]["name"])


def _killed(shop):
    log = api.until(lambda: _log_with_kill(shop), "kill", SECONDS)
    script = "import time; print(time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))"
    return first_kill(log, float(shop.guest.sh(f'python3 -c "{script}"')))


def _log_with_kill(shop):
    log = shop.guest.sh("dmesg")
    return log if KILL.search(log) else ""


def _seconds(uid: str, arrivals: Arrivals, killed: float) -> Optional[float]:
    with contextlib.suppress(AssertionError):
        api.until(lambda: uid in arrivals.first, "Event", SECONDS)
    return arrivals.first[uid] - killed if uid in arrivals.first else None


def by_cri(count: int, folder: str, kernel: str, runtime: str, driver: str) -> Iterator[Optional[float]]:
    """Seconds for each of `count` pods against the CRI, None without an Event."""
    with network.ClusterNetwork(folder) as place:
        arrivals = Arrivals(place.server.admin)
        arrivals.start()
        for first in range(1, count + 1, PODS_A_BOOT):
            pods = place.create_pods(SCENE, min(PODS_A_BOOT, count + 1 - first), first)
            out = f"{folder}/out-{first}"
            for one in play.play(SCENE, kernel, runtime, driver, out, place.agent(), place.network, pods).rounds:
                uid = one["pods"][0]["uid"]
                yield _seconds(uid, arrivals, first_kill(one["kernel_log"], one["booted_at"]))


def told(seconds: List[Optional[float]]) -> Dict[str, object]:
    """Percentiles, by the nearest rank."""
    known = sorted(one for one in seconds if one is not None)
    ranks = {f"p{share}": known[-(-share * len(known) // 100) - 1] for share in (50, 90, 99) if known}
    return {"kills": len(seconds), "without an Event": len(seconds) - len(known), **ranks, "worst": known[-1:]}


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description="Measure the time from a kill to the agent's Event.")
    parser.add_argument("by", choices=("kubelet", "cri"))
    parser.add_argument("count", type=int)
    parser.add_argument("--kernel", default="7.x")
    parser.add_argument("--runtime", choices=play.RUNTIMES, default="runc")
    parser.add_argument("--driver", choices=play.DRIVERS, default="systemd")
    asked = parser.parse_args(argv)
    seconds = []
    with tempfile.TemporaryDirectory(prefix="lab-latency-") as folder:
        try:
            for one in _measured(asked, folder):
                seconds.append(one)
                print(len(seconds), "none" if one is None else f"{one:.3f}", flush=True)
        except (kernels.Unavailable, lab.GuestDied) as error:
            print(error, file=sys.stderr)
    print(told(seconds))
    return 0 if len(seconds) == asked.count else 1


def _measured(asked, folder):
    if asked.by == "kubelet":
        return by_kubelet(asked.count, folder)
    return by_cri(asked.count, folder, asked.kernel, asked.runtime, asked.driver)


if __name__ == "__main__":
    sys.exit(main())
