# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The OOMs of the last hour as rules about pods have them. The loop adds them, the audit reads them."""

import collections
import threading
from typing import Deque, Dict, List, NamedTuple, Tuple

from memcore.models.pod_evidence import PodOom
from memcore.models.tying import Tied

KEPT_SECONDS = 3600.0
_MOST = 512


class Recent(NamedTuple):
    """ooms: by the uid of the pod, the oldest first; node_ooms: those of the node's own limits.

    watched_since: Unix time from which on they are all.
    """

    ooms: Dict[str, Tuple[PodOom, ...]]
    node_ooms: Tuple[PodOom, ...]
    watched_since: float


class RecentOoms:
    """Any thread may call. watched_since: Unix time from which on every OOM is known."""

    def __init__(self, watched_since: float) -> None:
        self._since = watched_since
        self._lock = threading.Lock()
        self._rows: Deque[Tuple[float, str, PodOom]] = collections.deque()

    def watched_since(self, now: float) -> float:
        """Since when every OOM is known: what is older was forgotten."""
        return max(self._since, now - KEPT_SECONDS)

    def add(self, event: Dict, tied: Tied, at: float) -> None:
        """Remember an event. at: Unix time of the kill."""
        from memcore.models import pod_oom  # rules about pods are not loaded before there is something for them

        owner = event["limit_owner"]
        rows = [(at, uid, oom) for uid, oom in pod_oom.of_event(event, tied)]
        if event["scope"] == "global" or (owner is not None and owner["kind"] in ("kubepods", "qos")):
            rows.append((at, "", pod_oom.of_node(event, tied)))
        with self._lock:
            self._rows.extend(rows)
            if len(self._rows) > _MOST:
                self._since = self._rows[len(self._rows) - _MOST - 1][0]
            while len(self._rows) > _MOST:
                self._rows.popleft()

    def recent(self, now: float) -> Recent:
        """Those of the last hour."""
        with self._lock:
            while self._rows and self._rows[0][0] < now - KEPT_SECONDS:
                self._rows.popleft()
            rows = list(self._rows)
        ooms: Dict[str, List[PodOom]] = {}
        for _at, uid, oom in rows:
            ooms.setdefault(uid, []).append(oom)
        of_node = ooms.pop("", [])
        by_uid = {uid: tuple(found) for uid, found in ooms.items()}
        return Recent(by_uid, tuple(of_node), self.watched_since(now))
