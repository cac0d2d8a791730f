# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the node's policy report, by server-side apply, in whichever API of policy reports the cluster has."""

import hashlib
import json
from typing import Dict, Optional, Sequence, Union

from oomwatch.kube import report_object
from oomwatch.kube.client import Answer, Client, Unreachable
from oomwatch.kube.report_object import OPENREPORTS, WGPOLICY, Kind

_MANAGER = "oomwatch"
_WRITE_AGAIN = (
    3600.0  # seconds after which a report that has not changed is written again: somebody may have removed it
)
_CHOICES = {"auto": (OPENREPORTS, WGPOLICY), "openreports": (OPENREPORTS,), "wgpolicy": (WGPOLICY,), "off": ()}


class Reporting:
    """wanted: as --report has it. trouble: one sentence, None while all is well or there is nowhere to report to."""

    def __init__(self, client: Client, wanted: str) -> None:
        self.trouble: Optional[str] = None
        self._client = client
        self._wanted = wanted
        self._kind: Optional[Kind] = None
        self._written: Optional[bytes] = None
        self._at = 0.0

    def write(
        self, node: Dict, findings: Sequence[Dict], suppressed: Sequence[Dict], skipped: Sequence[Dict], now: float
    ) -> None:
        """Write the report where it has changed. node: v1 Node. now: seconds since the epoch."""
        if not _CHOICES[self._wanted]:
            return
        if not node.get("metadata", {}).get("uid"):
            self.trouble = "No report is written, because the node's own object, which would own it, was not read"
            return
        if self._kind is None:
            self._discover()
        if self._kind is None:
            return
        report = report_object.made(self._kind, node, findings, suppressed, skipped, now)
        digest = hashlib.sha256(json.dumps(_without_time(report), sort_keys=True).encode()).digest()
        if digest == self._written and now - self._at < _WRITE_AGAIN:
            return
        path = f"{self._kind.path}/{self._kind.plural}/{report['metadata']['name']}"
        query = {"fieldManager": _MANAGER, "force": "true"}
        answer = self._client.request("apply", path, query, report, self._kind.plural)
        self._heed(answer, digest, now)

    def _discover(self) -> None:
        """The first of the wanted APIs that the server has."""
        self.trouble = None
        for kind in _CHOICES[self._wanted]:
            answer = self._client.request("get", kind.path, resource="apis")
            if isinstance(answer, Unreachable):
                self.trouble = answer.reason
                return
            if answer.status == 200 and _has(answer.body, kind):
                self._kind = kind
                return
            if answer.status not in (200, 404):
                self.trouble = f"The API server answered {answer.status} when it was asked for {kind.group}"
                return
        if self._wanted != "auto":
            (kind,) = _CHOICES[self._wanted]
            self.trouble = (
                f"The cluster does not have {kind.group}/{kind.version}, so no report is written; install its "
                "CustomResourceDefinitions, or set --report to auto or off"
            )

    def _heed(self, answer: Union[Answer, Unreachable], digest: bytes, now: float) -> None:
        kind = self._kind
        if isinstance(answer, Unreachable):
            self.trouble = answer.reason
        elif answer.status in (200, 201):
            self.trouble, self._written, self._at = None, digest, now
        elif answer.status == 404:
            self._kind, self._written = None, None  # the definition was removed; it is looked for at the next audit
        elif answer.status == 403:
            self.trouble = (
                f"The agent has no right to write its report (ClusterRole: {kind.plural} in group {kind.group}, verbs "
                f"get, create and patch){_said(answer)}"
            )
        else:
            self.trouble = f"The API server answered {answer.status} to the node's report{_said(answer)}"


def _has(body, kind: Kind) -> bool:
    rows = body.get("resources") if isinstance(body, dict) else None
    return isinstance(rows, list) and any(isinstance(row, dict) and row.get("name") == kind.plural for row in rows)


def _without_time(report: Dict) -> Dict:
    rows = [{name: value for name, value in row.items() if name != "timestamp"} for row in report["results"]]
    return dict(report, results=rows)


def _said(answer: Answer) -> str:
    return f": {answer.message}" if answer.message else ""
