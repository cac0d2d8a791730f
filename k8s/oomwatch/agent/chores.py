# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the agent does from time to time: look ahead, warn, tell the service manager that it is alive."""

import time
from typing import Callable, Dict, Optional

from oomwatch.agent import service
from oomwatch.agent.health import Health
from oomwatch.agent.parts import Parts
from oomwatch.agent.prediction import Prediction
from oomwatch.agent.telling import Teller

_NOTES_EVERY = 1.0


class Chores:
    """Each at its time. complain: says a sentence to the operator."""

    def __init__(
        self, parts: Parts, health: Health, complain: Callable[[str], None], prediction: Prediction, teller: Teller
    ) -> None:
        self._parts = parts
        self._health = health
        self._prediction = prediction
        self._teller = teller
        self._complain = complain
        self._watchdog = service.watchdog_seconds()
        self._next_forecast = self._next_notes = time.monotonic()
        self._next_watchdog = time.monotonic() if self._watchdog else float("inf")
        self._troubles: Dict[str, Optional[str]] = {}

    @property
    def due(self) -> float:
        """The moment of the next, in seconds that never go back."""
        return min(self._next_forecast, self._next_watchdog, self._next_notes)

    def do(self, now: float) -> None:
        """Do what is due."""
        if now >= self._next_watchdog:
            self._next_watchdog = now + self._watchdog / 2
            service.notify("WATCHDOG=1")
        if now >= self._next_notes:
            self._next_notes = now + _NOTES_EVERY
            self._note_troubles()
            for warned in self._prediction.warnings(now):
                self._teller.warn(warned)
        if now >= self._next_forecast:
            self._prediction.look(now)
            # From the end of the look: one that takes long is not repeated at once.
            self._next_forecast = time.monotonic() + self._parts.settings.predict_every

    def _note_troubles(self) -> None:
        """Say once what no longer works, and when it works again."""
        for name, trouble in self._health.troubles().items():
            self._parts.tallies.set("oomwatch_source_up", 0 if trouble else 1, source=name)
            before = self._troubles.get(name)
            if trouble != before:
                self._complain(trouble if trouble else f"{name} works again")
            self._troubles[name] = trouble
