# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the agent does from time to time: look ahead, judge the host, tell the service manager that it is alive."""

import time
from typing import Callable, Dict, Optional

from memcore.answers import facts
from memcore.errors import MemfactsError
from memcore.gather.options import Options
from memcore.sources import host
from oomwatch import VERSION
from oomwatch.agent import outlook, service
from oomwatch.agent.health import Health
from oomwatch.agent.parts import Parts

_NOTES_EVERY = 1.0


class Chores:
    """Each at its time. complain: says a sentence to the operator."""

    def __init__(self, parts: Parts, health: Health, complain: Callable[[str], None]) -> None:
        self._parts = parts
        self._health = health
        self._complain = complain
        self._watchdog = service.watchdog_seconds()
        self._next_forecast = self._next_audit = self._next_notes = time.monotonic()
        self._next_watchdog = time.monotonic() if self._watchdog else float("inf")
        self._troubles: Dict[str, Optional[str]] = {}
        self.forecast: Optional[outlook.Forecast] = None

    @property
    def due(self) -> float:
        """The moment of the next, in seconds that never go back."""
        return min(self._next_forecast, self._next_audit, self._next_watchdog, self._next_notes)

    def do(self, now: float) -> None:
        """Do what is due."""
        if now >= self._next_watchdog:
            self._next_watchdog = now + self._watchdog / 2
            service.notify("WATCHDOG=1")
        if now >= self._next_notes:
            self._next_notes = now + _NOTES_EVERY
            self._note_troubles()
        if now >= self._next_forecast:
            self._look_ahead(now)
            # From the end of the look: one that takes long is not repeated at once.
            self._next_forecast = time.monotonic() + self._parts.settings.predict_every
        if now >= self._next_audit:
            self._audit()
            self._next_audit = time.monotonic() + self._parts.settings.audit_every

    def _look_ahead(self, now: float) -> None:
        found = outlook.look(self._parts.settings.root, now)
        self.forecast = found
        if found is not None:
            key = (VERSION, found.badness_model, found.tie_rule or "unknown")
            self._parts.tallies.replace("oomwatch_build_info", {key: 1})

    def _note_troubles(self) -> None:
        """Say once what no longer works, and when it works again."""
        for name, trouble in self._health.troubles().items():
            self._parts.tallies.set("oomwatch_source_up", 0 if trouble else 1, source=name)
            before = self._troubles.get(name)
            if trouble != before:
                self._complain(trouble if trouble else f"{name} works again")
            self._troubles[name] = trouble

    def _audit(self) -> None:
        """Count the host's findings by rule."""
        try:
            found = facts.collect(host.at(self._parts.settings.root), Options(scan_files=False))["findings"]
        except (MemfactsError, OSError):
            return
        rows: Dict = {}
        for finding in found:
            key = (finding["id"], finding["severity"])
            rows[key] = rows.get(key, 0) + 1
        self._parts.tallies.replace("oomwatch_findings", rows)
