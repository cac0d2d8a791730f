# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Is the agent alive, and does all that it reads from and writes to work? For /healthz, /readyz and the metrics."""

import time
from typing import Callable, Dict, Optional, Tuple

_LONGEST_STEP = 60.0  # seconds in which the loop has to come round, also on a host that is out of memory


class Health:
    """troubles: of each source its present trouble in one sentence, or None. heartbeat: when the loop last turned."""

    def __init__(self, troubles: Dict[str, Callable[[], Optional[str]]], heartbeat: Callable[[], float]) -> None:
        self._troubles = troubles
        self._heartbeat = heartbeat

    def troubles(self) -> Dict[str, Optional[str]]:
        """Each source with its trouble."""
        return {name: trouble() for name, trouble in self._troubles.items()}

    def is_alive(self) -> Tuple[bool, str]:
        """Whether the loop goes round. An API server that is away is no reason to start the agent again."""
        silent = time.monotonic() - self._heartbeat()
        if silent <= _LONGEST_STEP:
            return True, "ok"
        return False, f"the agent's loop has not come round for {silent:.0f} s"

    def is_ready(self) -> Tuple[bool, str]:
        """Whether all sources work."""
        wrong = [f"{name}: {trouble}" for name, trouble in self.troubles().items() if trouble is not None]
        return not wrong, "; ".join(wrong) or "ok"
