# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Look ahead from time to time, warn of what is new, and keep the forecasts until the kills that they are held against.

Only the loop's thread comes in here.
"""

import time
from typing import Dict, List, NamedTuple, Optional

from memcore.models import pod_path
from memcore.models.pods import Container, Pod
from oomwatch import VERSION
from oomwatch.agent import at_risk
from oomwatch.agent.at_risk import Risk
from oomwatch.agent.names import Names
from oomwatch.agent.notes import NONE, Compared, Notes
from oomwatch.agent.outlook import Forecast, Looker
from oomwatch.agent.tallies import Tallies

_PATIENCE = 10.0  # seconds for which a warning waits for the name of its pod
_MOST_WAITING = 64  # warnings; of more the least full are dropped


class Warned(NamedTuple):
    """A warning with the names that are known. pod, container: None where they are not, or there are none."""

    risk: Risk
    pod: Optional[Pod]
    container: Optional[Container]


class Prediction:
    """forecast: the last one, None before the first. boot: the id of this boot, None where it is not known."""

    def __init__(self, root: str, names: Names, tallies: Tallies, boot: Optional[str]) -> None:
        self.forecast: Optional[Forecast] = None
        self._looker = Looker(root)
        self._names = names
        self._tallies = tallies
        self._boot = boot
        self._watch = at_risk.Watch()
        self._notes = Notes()
        self._waiting: List[Risk] = []
        self._since = 0.0

    def look(self, now: float) -> None:
        """Make a forecast. now: seconds that never go back."""
        self.forecast = found = self._looker.look(now)
        if found is None:
            return
        self._notes.add(found, time.time())
        key = (VERSION, found.badness_model, found.tie_rule or "unknown")
        self._tallies.replace("oomwatch_build_info", {key: 1})
        new = at_risk.fullest_first(self._watch.look(found))
        if new:
            self._waiting = (self._waiting + new)[:_MOST_WAITING]
            self._since = now
        for place in map(_place, new):
            if place is not None:
                self._names.ask(place.uid, place.container_id)

    def warnings(self, now: float) -> List[Warned]:
        """The new warnings, once the names of their pods are known or were waited for long enough."""
        if not self._waiting:
            return []
        is_late = now >= self._since + _PATIENCE or not self._names.is_answering
        places = [(risk, _place(risk)) for risk in self._waiting]
        if not is_late and any(place is not None and self._names.is_asking(place.uid) for _risk, place in places):
            return []
        self._waiting = []
        return [self._named(risk, place) for risk, place in places]

    def compare(self, event: Dict, killed_at: float) -> Compared:
        """A kill against the forecast before it. killed_at: seconds since the epoch.

        NONE for a kill of another boot or another host, as a followed file may have it.
        """
        if self._boot is None or event["id"].partition(":")[0] != self._boot:
            return Compared(NONE, False)
        self._looker.may_learn = True
        return self._notes.compare(event, killed_at)

    def _named(self, risk: Risk, place) -> Warned:
        pod = None if place is None else self._names.find(place.uid)
        return Warned(risk, pod, None if pod is None else pod.container(place.container_id))


def _place(risk: Risk) -> Optional[pod_path.PodPath]:
    found = pod_path.pods(risk.domain.path or "")
    return found[0] if found else None
