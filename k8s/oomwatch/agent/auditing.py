# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Judge the node and its pods: once, or from time to time by a thread of its own, since it may wait for a server."""

import json
import random
import threading
import time
from typing import Callable, Dict, List, NamedTuple, Optional

from memcore.findings.rule import SEVERITIES
from oomwatch.agent import judging
from oomwatch.agent.apart import Apart
from oomwatch.agent.findings_ledger import Ledger
from oomwatch.agent.lines import Lines
from oomwatch.agent.recent_ooms import RecentOoms
from oomwatch.agent.tallies import Tallies
from oomwatch.kube.pods import give_memory_back

_FIRST_WITHIN = 10.0  # seconds: a thousand agents that start at once do not ask at once
_STEP = 0.05  # seconds between two looks whether the judging has ended
_AFTER_TROUBLE = 60.0  # seconds until the next audit where this one was not whole


class Audited(NamedTuple):
    """findings, suppressed, skipped: rows as answers/pod_judgement.py gives them, those about the host with object
    None. node: v1 Node, {} where it was not read. has_pods: whether the pods were judged. failures: why not all was.
    """

    findings: List[Dict]
    suppressed: List[Dict]
    skipped: List[Dict]
    node: Dict
    has_pods: bool
    failures: List[str]


class Source(NamedTuple):
    """Where pods and the node come from. list_pods(take): a failure or None; read_node(): the node or a failure."""

    list_pods: Callable
    read_node: Callable


class Auditor:
    """audit() as often as it is asked to. source: None where there is no server. ooms: None where none are known.

    run(call): runs the judging, which takes much memory for a moment, and returns its answer, which is JSON; None
    where there is no answer.
    """

    def __init__(
        self,
        root: str,
        node: str,
        source: Optional[Source],
        ooms: Optional[RecentOoms] = None,
        run: Callable[[Callable[[], Dict]], Optional[Dict]] = lambda call: call(),
    ) -> None:
        self._root = root
        self._node = node
        self._source = source
        self._ooms = ooms
        self._run = run
        self._seen = "{}"

    def audit(self) -> Optional[Audited]:
        """Judge all that can be read; None where the judging gave no answer."""
        failures: List[str] = []
        pods: Optional[List[str]] = None  # as text, which takes a tenth of the memory
        node: Dict = {}
        if self._source is not None:
            texts: List[str] = []
            pods = texts
            failure = self._source.list_pods(lambda pod: texts.append(json.dumps(pod)))
            if failure is not None:
                failures.append(failure.sentence)
                pods = None
            found = self._source.read_node()
            if isinstance(found, dict):
                node = found
            else:
                failures.append(found.sentence)
        known = node if node or pods is None else {"metadata": {"name": self._node}}
        # Read here: another thread may have the lock at the moment of the fork, and the child's copy stays locked.
        ooms = None if self._ooms is None else self._ooms.recent(time.time())
        answer = self._run(lambda: judging.judge(self._root, known, _read(pods), ooms, self._seen))
        if answer is None:
            return None
        self._seen = answer["seen"]
        rows = (answer["findings"], answer["suppressed"], answer["skipped"])
        return Audited(*rows, node, pods is not None, failures + answer["failures"])


class Auditing(threading.Thread):
    """Start it as a thread. report(audited, now): told of each audit, such as to write it to the API server.

    trouble: why the last audit was not whole, in one sentence, or None.
    """

    def __init__(
        self,
        auditor: Auditor,
        every: float,
        tallies: Tallies,
        lines: Optional[Lines],
        report: Optional[Callable[[Audited, float], None]] = None,
    ) -> None:
        """lines: for JSON; None where findings are not printed."""
        super().__init__(name="audit", daemon=True)
        self.trouble: Optional[str] = None
        self._auditor, self._every, self._tallies, self._lines = auditor, every, tallies, lines
        self._report = report
        self._ledger = Ledger()
        self._ending = threading.Event()

    def run(self) -> None:
        """Audit until close."""
        pause = random.uniform(0, min(_FIRST_WITHIN, self._every))
        while not self._ending.wait(pause):
            self.once()
            pause = self._every if self.trouble is None else min(self._every, _AFTER_TROUBLE)

    def once(self) -> None:
        """Audit now."""
        audited = self._auditor.audit()
        if audited is None:
            self.trouble = "The node was not judged this time"
        else:
            self._take(audited)
        del audited
        give_memory_back()

    def _take(self, audited: Audited) -> None:
        self.trouble = audited.failures[0] if audited.failures else None
        told = self._ledger.take(audited.findings, audited.has_pods)
        self._tallies.replace("oomwatch_findings", self._ledger.counts())
        if self._lines is not None:
            for line in told:
                self._lines.put(json.dumps(line))
        if self._report is not None and audited.has_pods:
            self._report(audited, time.time())

    def close(self) -> None:
        """Have the thread end; it is not waited for, because it may wait for a server."""
        self._ending.set()


def _read(pods: Optional[List[str]]) -> Optional[List[Dict]]:
    return None if pods is None else [json.loads(text) for text in pods]


def apart() -> Callable[[Callable[[], Dict]], Optional[Dict]]:
    """A function that runs a call in a child process, so that the memory that the call takes goes with the child."""
    worker = Apart()

    def run(call: Callable[[], Dict]) -> Optional[Dict]:
        worker.start(call)
        answer = None
        while answer is None and worker.is_running:
            time.sleep(_STEP)
            answer = worker.take()
        return answer

    return run


def page(audited: Audited, node: str) -> List[str]:
    """The findings for a person, the worst first."""
    found: List[str] = []
    for row in sorted(audited.findings, key=lambda row: -SEVERITIES.index(row["severity"])):
        found.append(f"{row['severity']}: {_where(row, node)}: {row['summary']}. {row['remedy']} [{row['id']}]")
    count = len(audited.findings)
    found.append(f"{count or 'No'} finding{'' if count == 1 else 's'}.")
    if audited.suppressed:
        found.append(f"{len(audited.suppressed)} suppressed by annotations.")
    return found


def record(audited: Audited, node: str) -> Dict:
    """The findings as JSON has them."""
    return {
        "schema_version": 1,
        "node": node,
        "findings": audited.findings,
        "suppressed": audited.suppressed,
        "skipped": audited.skipped,
        "failures": audited.failures,
    }


def _where(row: Dict, node: str) -> str:
    one = row["object"]
    if one is None:
        return f"host {node}"
    name = f"{one['namespace']}/{one['name']}" if one["namespace"] else one["name"]
    container = f", container {row['container']}" if row["container"] else ""
    return f"{one['kind']} {name}{container}"
