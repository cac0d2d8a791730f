# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM event goes out: counted in the metrics, said on the output, sent to the API server as Events."""

import json
import time
from typing import Callable, Dict, Optional

from memcore.answers import events
from memcore.models.tying import Tied
from memcore.render import event_page
from oomwatch import terminal
from oomwatch.agent import at_risk
from oomwatch.agent.lines import Lines
from oomwatch.agent.notes import Compared
from oomwatch.agent.prediction import Warned
from oomwatch.agent.recent_ooms import RecentOoms
from oomwatch.agent.tallies import Tallies
from oomwatch.kube import event_object, risk_event
from oomwatch.kube.delivery import Delivery, Item
from oomwatch.terminal import JSON, TEXT

_UNKNOWN = "unknown"


class Teller:
    """Where events go. output: text, json or none, which has no lines; delivery: None where no API server is told.

    compare(event, killed_at): the kill against the forecast before it; it is asked once for each kill, in their order.
    ooms: remembers them for the audit.
    """

    def __init__(
        self,
        output: str,
        lines: Optional[Lines],
        tallies: Tallies,
        delivery: Optional[Delivery],
        node: str,
        compare: Callable[[Dict, float], Compared],
        ooms: Optional[RecentOoms] = None,
    ) -> None:
        self._output = output
        self._lines = lines
        self._tallies = tallies
        self._delivery = delivery
        self._node = node
        self._compare = compare
        self._ooms = ooms

    def tell(self, record: Dict, tied: Tied, killed_at: float) -> None:
        """Complete the record and send it everywhere. killed_at: seconds since the epoch.

        A series that is told again, since its count has grown, is the incident that was counted before.
        """
        is_again = events.is_again(record)
        event = events.told(record)
        if not is_again:
            self._count(event, tied, killed_at)
            if self._ooms is not None and event["outcome"] != "allocation-failed":
                self._ooms.add(event, tied, killed_at)
        self._say(event)
        if self._delivery is not None:
            objects = event_object.objects(event, tied, self._node, self._node)
            if objects:
                # What a counter shows is one Event, whose note has the count.
                count = 1 if event["source"] == "counter" else event["repeats"] + 1
                self._delivery.put(Item(event["id"], "kill", objects, killed_at, count))

    def warn(self, warned: Warned) -> None:
        """Say that something is at risk, on the output and as an Event on the pod."""
        risk, pod, container = warned
        name = None if container is None else container.name
        if self._output == JSON:
            namespace, its_name = (None, None) if pod is None else (pod.namespace, pod.name)
            self._lines.put(
                json.dumps(at_risk.record(risk, {"namespace": namespace, "pod": its_name, "container": name}))
            )
        elif self._output == TEXT:
            sentences = at_risk.sentences(risk, risk.domain.path or "The host")
            self._lines.put("\n".join(terminal.wrapped(f"{sentence}." for sentence in sentences)))
        if self._delivery is not None and pod is not None:
            now = time.time()
            sentences = at_risk.sentences(risk, "The pod" if name is None else f"Container {name}")
            event = risk_event.made(pod, container, sentences, risk.situation, self._node, now)
            self._delivery.put(Item(event["metadata"]["name"], "finding", [event], now))

    def _count(self, event, tied, killed_at) -> None:
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
        add("oomwatch_predictions_total", result=self._compare(event, killed_at).result)

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
