# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the agent has of its cluster: the node's pods, looked up when they are needed, and the delivery of Events."""

import os
from typing import Callable, Dict, Optional

from memcore.models.pods import PodIndex, of_json
from oomwatch.agent.auditing import Audited, Source
from oomwatch.agent.tallies import Tallies
from oomwatch.config import Settings
from oomwatch.kube import credentials, node
from oomwatch.kube.client import Client
from oomwatch.kube.delivery import Delivery
from oomwatch.kube.pod_cache import PodCache
from oomwatch.kube.pods import ApiPods, KubeletPods
from oomwatch.kube.reporting import Reporting
from oomwatch.kube.spool import Spool


class Cluster:
    """cache, audited: None with --pods none; delivery: None with --events off; reporting: None with --report off.

    audited: where the audit has pods and node from.
    """

    def __init__(self, settings: Settings, tallies: Tallies, access: credentials.Credentials) -> None:
        self.cache: Optional[PodCache] = None
        self.delivery: Optional[Delivery] = None
        self.audited: Optional[Source] = None
        self.reporting: Optional[Reporting] = None
        self._spool: Optional[Spool] = None
        source = _source(settings, tallies, access)
        if source is not None:
            self.cache = PodCache(source, of_json, PodIndex())
            client = Client(access, tallies)
            self.audited = Source(source.list, lambda: node.read(client, settings.node))
            self.reporting = Reporting(client, settings.report) if settings.report != "off" else None
        if settings.events == "on":
            self._spool = Spool(settings.state_dir, tallies)
            # A client of its own: a look-up that waits for a server holds up no Event.
            self.delivery = Delivery(Client(access, tallies), self._spool, tallies)

    def troubles(self) -> Dict[str, Callable[[], Optional[str]]]:
        """Of each source, why it does not work."""
        found: Dict[str, Callable[[], Optional[str]]] = {}
        cache, delivery, spool = self.cache, self.delivery, self._spool
        if cache is not None:
            found["pods"] = lambda: cache.state.sentence
        if delivery is not None and spool is not None:
            found["events"] = lambda: delivery.trouble
            found["spool"] = lambda: spool.trouble
        reporting = self.reporting
        if reporting is not None:
            found["report"] = lambda: reporting.trouble
        return found

    def report(self, audited: Audited, now: float) -> None:
        """Write the findings of Kubernetes' objects to the node's policy report. now: seconds since the epoch."""
        if self.reporting is not None:
            findings = [row for row in audited.findings if row["object"] is not None]
            self.reporting.write(audited.node, findings, audited.suppressed, audited.skipped, now)

    def start(self) -> None:
        """Start the threads."""
        for thread in (self.cache, self.delivery):
            if thread is not None:
                thread.start()

    def close(self, seconds: float) -> None:
        """Deliver what can be delivered in so many seconds; the rest stays in the spool."""
        if self.cache is not None:
            self.cache.close()
        if self.delivery is not None:
            self.delivery.close(seconds)


def of(settings: Settings, tallies: Tallies) -> Optional[Cluster]:
    """The cluster by the settings; None where no cluster is asked for. Raises OptionError."""
    access = credentials.chosen(settings.kube, os.environ)
    return None if access is None else Cluster(settings, tallies, access)


def _source(settings, tallies, access):
    if settings.pods == "none":
        return None
    if settings.pods == "kubelet":
        found = credentials.kubelet(access, settings.node, settings.root, os.environ)
        return KubeletPods([Client(one, tallies) for one in found])
    return ApiPods(Client(access, tallies), settings.node)
