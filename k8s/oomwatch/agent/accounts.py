# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Are all kills explained? The kernel's counter of kills beside the kill lines that were read of its log.

__oom_kill_process() (mm/oom_kill.c) raises `oom_kill` of /proc/vmstat by one and prints one line "Killed process", also
for a victim that is killed a second time with its group. So both rise by the same amount, the line a moment later. What
the counter has more after some seconds was never reported: the ring buffer was overwritten, or the log is not readable.
"""

from typing import Dict, Optional

PATIENCE_SECONDS = 2.0  # for which a line may be on its way through a journal or a syslog daemon
_FIELDS = ("raw", "counted", "lines", "boot")


class Accounts:
    """Kills by the counter and by lines. All figures count from the moment when this agent's watch began."""

    def __init__(self, boot: Optional[str], state: Optional[Dict] = None) -> None:
        """boot: the running boot's id. state: of an earlier agent; of another boot only its sum is of use."""
        self.raw = 0  # kills by the kernel's counter, over all boots that were watched
        self._boot = boot
        self._total: Optional[int] = None  # the counter as it was read last
        self._counted = 0  # of this boot, by the counter
        self._lines = 0  # of this boot, by lines, and those that were told as unreported
        self._since: Optional[float] = None  # since when the counter has been ahead
        if state is not None:
            self._resume(state)

    def _resume(self, state) -> None:
        fields = [state.get(name) for name in _FIELDS]
        if any(not isinstance(value, int) or value < 0 for value in fields[:3]):
            return
        self.raw, counted, lines, boot = fields
        total = state.get("total")
        if boot == self._boot and boot is not None and isinstance(total, int):
            self._total, self._counted, self._lines = total, counted, lines

    def count(self, total: Optional[int], from_boot: bool = False) -> int:
        """Take note of the counter; by how much it rose. The first reading is the base, unless all of this boot counts.

        from_boot: the log is read from the boot's beginning, so that the counter has to be as well.
        """
        if total is None:
            return 0
        before = (0 if from_boot else total) if self._total is None else self._total
        if self._total is None:
            self.raw += total  # what the host's counter shows, and that of earlier boots
        risen = max(0, total - before)
        if self._total is not None:
            self.raw += risen
        self._total = total
        self._counted += risen
        return risen

    def read(self, lines: int) -> None:
        """So many more kill lines were read."""
        self._lines += lines

    def unreported(self, now: float, is_reading: bool) -> int:
        """Kills of which no line came in time, each once. now: seconds that never go back.

        is_reading: the log is being read. Else there is nothing to wait for.
        """
        missing = self._counted - self._lines
        if missing == 0:
            self._since = None
            return 0
        if self._since is None:
            self._since = now
        if is_reading and now - self._since < PATIENCE_SECONDS:
            return 0
        self._since = None
        self._lines = self._counted  # lines without a count (forged, or before the base) excuse no later kill
        return max(0, missing)

    @property
    def is_behind(self) -> bool:
        """Whether lines are missing that may still come."""
        return self._counted != self._lines

    def state(self) -> Dict:
        """What another Accounts goes on from, as JSON has it."""
        return {
            "raw": self.raw,
            "counted": self._counted,
            "lines": self._lines,
            "boot": self._boot,
            "total": self._total,
        }
