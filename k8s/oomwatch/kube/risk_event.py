# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A warning before an OOM as an Event of events.k8s.io/v1 on the pod."""

import hashlib
from typing import Dict, Optional, Sequence, Tuple

from memcore.models.pods import Container, Pod
from oomwatch.kube import event_note, event_object

AT_RISK = "OOMAtRisk"
ACTION = "Audit"
_AGAIN_SECONDS = 3600  # the API server forgets Events after an hour by default


def made(
    pod: Pod, container: Optional[Container], sentences: Sequence[str], situation: Tuple, node: str, now: float
) -> Dict:
    """The Event. situation: what it warns of; within an hour the same warning has the same name, also after a restart
    of the agent, so that the API server refuses (409) what it has already. now: seconds since the epoch."""
    regarding = event_object.pod_reference(pod, container)
    key = "\n".join((AT_RISK, node, regarding["uid"], repr(situation), str(int(now // _AGAIN_SECONDS))))
    return {
        "apiVersion": event_object.API,
        "kind": "Event",
        "metadata": {
            "name": event_object.name_of(pod.name, hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()),
            "namespace": pod.namespace,
        },
        "eventTime": event_object.moment(now),
        "type": "Warning",
        "reason": AT_RISK,
        "action": ACTION,
        "note": event_note.cut(list(sentences)),
        "regarding": regarding,
        "related": event_object.node_reference(node),
        "reportingController": event_object.CONTROLLER,
        "reportingInstance": event_object.instance(node),
    }
