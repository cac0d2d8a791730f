# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""One judgement of a host and of the pods on it. It is imported by the agent, and what it needs only when it judges."""

import json
import time
from typing import Dict, List, Optional

from oomwatch.agent.recent_ooms import Recent


def judge(root: str, node: Dict, pods: Optional[List[Dict]], ooms: Optional[Recent], seen: str) -> Dict:
    """{findings, suppressed, skipped, failures, seen}, which is JSON. Rows about the host have the object None.

    node: v1 Node as far as it is known. pods: None where they are not known. seen: of the one before, at first "{}".
    """
    from memcore.errors import MemfactsError

    try:
        of_host = [dict(row, object=None, container=None, uid=None) for row in _host_findings(root)]
        if pods is None:
            return _answer(of_host, [], [], seen)
        judged, seen = _of_pods(root, node, pods, ooms, seen)
    except (MemfactsError, OSError) as error:
        return dict(_answer([], [], [], seen), failures=[f"The host was not judged: {error}"])
    from memcore.findings.pods import instead

    of_host = instead.left(of_host, judged.findings + judged.suppressed)
    return _answer(judged.findings + of_host, judged.suppressed, judged.skipped, seen)


def _answer(findings, suppressed, skipped, seen) -> Dict:
    return {"findings": findings, "suppressed": suppressed, "skipped": skipped, "seen": seen, "failures": []}


def _host_findings(root: str) -> List[Dict]:
    from memcore.answers import facts
    from memcore.gather.options import Options
    from memcore.sources import host

    return facts.collect(host.at(root), Options(scan_files=False))["findings"]


def _of_pods(root, node, pods, ooms, seen):
    from memcore.answers import pod_judgement
    from memcore.gather import pod_evidence
    from memcore.gather.options import Options
    from memcore.gather.survey import Survey
    from memcore.sources import host
    from oomwatch.agent.outlook import Looker

    now = time.time()
    forecast = Looker(root).look(0.0)
    known = pod_evidence.Known() if forecast is None else pod_evidence.Known(forecast.badness_model, forecast.tie_rule)
    before = {path: pod_evidence.of_json(row) for path, row in json.loads(seen).items()}
    evidence, after = pod_evidence.gather(Survey(host.at(root), Options(namespaces=False)), known, now, before)
    if ooms is not None:
        evidence = evidence._replace(**ooms._asdict())
    if "status" not in node and evidence.node.kernel.memory_bytes is not None:
        # The node's own object could not be read; the kubelet reports MemTotal as its capacity.
        node = dict(node, status={"capacity": {"memory": str(evidence.node.kernel.memory_bytes)}})
    return pod_judgement.of_node(node, pods, evidence), json.dumps(after)
