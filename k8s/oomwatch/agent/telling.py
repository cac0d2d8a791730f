# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM event goes out: counted in the metrics, said on the output, sent to the API server as Events."""

import json
from typing import Dict, Optional

from memcore.answers import events
from memcore.models.tying import Tied
from memcore.render import event_page
from oomwatch import terminal
from oomwatch.agent import outlook
from oomwatch.agent.lines import Lines
from oomwatch.agent.outlook import Forecast
from oomwatch.agent.tallies import Tallies
from oomwatch.kube import event_object
from oomwatch.kube.delivery import Delivery, Item
from oomwatch.terminal import JSON, TEXT

_UNKNOWN = "unknown"


class Teller:
    """Where events go. output: text, json or none, which has no lines; delivery: None where no API server is told."""

    def __init__(
        self, output: str, lines: Optional[Lines], tallies: Tallies, delivery: Optional[Delivery], node: str
    ) -> None:
        self._output = output
        self._lines = lines
        self._tallies = tallies
        self._delivery = delivery
        self._node = node

    def tell(self, record: Dict, tied: Tied, killed_at: float, forecast: Optional[Forecast]) -> None:
        """Complete the record and send it everywhere. killed_at: seconds since the epoch.

        A series that is told again, since its count has grown, is the incident that was counted before.
        """
        is_again = events.is_again(record)
        event = events.told(record)
        if not is_again:
            self._count(event, tied, forecast)
        self._say(event)
        if self._delivery is not None:
            objects = event_object.objects(event, tied, self._node, self._node)
            if objects:
                # What a counter shows is one Event, whose note has the count.
                count = 1 if event["source"] == "counter" else event["repeats"] + 1
                self._delivery.put(Item(event["id"], "kill", objects, killed_at, count))

    def _count(self, event, tied, forecast) -> None:
        if event["outcome"] == "allocation-failed":
            return  # an event, but no incident: nothing was killed
        add = self._tallies.add
        limit = event["limit_owner"]
        kind = limit["kind"] if limit and limit["kind"] else _UNKNOWN
        add("oomwatch_incidents_total", scope=event["scope"] or _UNKNOWN, source=event["source"], limit_kind=kind)
        for victim, row in zip(tied.victims, event["victims"]):
            add("oomwatch_victims_total", **_labels(victim, row))
        if event["killer"] is not None:
            return  # verdicts and predictions are about the kernel's rule
        for name in ("rule", "cause", "useful"):
            result = event["verdict"]["useful" if name == "useful" else f"by_{name}"]["result"]
            add("oomwatch_verdicts_total", by=name, result=result)
        add("oomwatch_predictions_total", result=outlook.judged(forecast, event))

    def _say(self, event) -> None:
        if self._output == JSON:
            self._lines.put(json.dumps(event))
        elif self._output == TEXT:
            self._lines.put("\n".join(event_page.one(event, terminal.width())))


def _labels(victim, row) -> Dict[str, str]:
    """A victim's labels: of a pod its workload, of the host its unit. Never a pid, a name of a process or a pod."""
    pod, container = victim.pod, victim.container
    if pod is None:
        labels = dict.fromkeys(("namespace", "owner_kind", "container", "qos_class"), "")
        return dict(labels, owner=row["unit"] or "", owner_kind="Unit" if row["unit"] else "")
    return {
        "namespace": pod.namespace or "",
        "owner_kind": pod.owner_kind or "",
        "owner": pod.owner or "",
        "container": container.name if container is not None else victim.role if victim.role == "sandbox" else "",
        "qos_class": pod.qos_class or row["qos_class"] or "",
    }
