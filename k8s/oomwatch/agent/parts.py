# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a running agent reads from and remembers, put together by its settings and by what an earlier agent saved."""

import time
from typing import Dict, Optional

from memcore.answers import events
from memcore.errors import ParseError
from memcore.gather.oom_event import Origin
from memcore.sources import host
from oomwatch.agent import kernel_log
from oomwatch.agent.accounts import Accounts
from oomwatch.agent.kernel_clock import KernelClock
from oomwatch.agent.kill_counters import KillCounters
from oomwatch.agent.names import Names
from oomwatch.agent.state_file import StateFile
from oomwatch.agent.tallies import Tallies
from oomwatch.config import Settings

STATE = "state.json"
_KIND, _VERSION = "oomwatch.state", 1
_ROWS = 100  # of each list of an event, so that the victims of a group are counted


class Parts:
    """The parts, each of which can save its state as JSON. names, tallies: shared with other threads."""

    def __init__(
        self,
        settings: Settings,
        names: Names,
        tallies: Tallies,
        state_file: Optional[StateFile],
        state: Optional[Dict] = None,
    ) -> None:
        """state_file: None where nothing is kept on disk. state: of an agent before in this process."""
        self.settings = settings
        self.names = names
        self.tallies = tallies
        self.clock = KernelClock()
        self._file = state_file
        saved = _Saved(state_file.load() if state is None and state_file is not None else state)
        boot = events.origin_of(host.at(settings.root)).boot_id
        self.origin = Origin(settings.node, boot, None)
        self.earlier_boot = saved.boot if saved.boot != boot else None
        self.earlier_until = saved.at
        self._saved_follower = saved.of("follower")
        since = settings.since
        if since == "last" and self.earlier_boot is not None:
            since = "boot"  # all of this boot is new
        tallies.resume(saved.of("tallies") or {})
        self.accounts = Accounts(boot, saved.of("accounts"))
        self.counters = KillCounters(settings.root, saved.of("counters"), boot)
        self.log = kernel_log.opened(settings.kernel_log, settings.root, since, saved.of("log"), boot)
        is_one_boots = self.log.origin_boot is not None
        # A followed file may be of any host and boot, so that its old lines explain none of this boot's counts.
        self.is_from_boot = since == "boot" and is_one_boots
        self._origin = self.origin if is_one_boots else self.origin._replace(boot_id=None)
        self.follower = _follower(self._saved_follower if since == "last" else None, self._origin)

    def follower_of_earlier_boot(self) -> events.Follower:
        """One that knows what was told of the boot before."""
        return _follower(self._saved_follower, Origin(self.settings.node, self.earlier_boot, None))

    @property
    def is_reading(self) -> bool:
        """Whether the kernel's log is being read, so that reports may still come."""
        return self.log.source != "none" and self.log.trouble is None

    @property
    def why_unreported(self) -> str:
        """Why no report of a kill was read, as the second half of a sentence."""
        if self.is_reading:
            return "the kernel's log has no line of it"
        return self.log.trouble or "the kernel's log is not read (--kernel-log none)"

    def state(self) -> Dict:
        """What the parts of another agent go on from, as JSON has it."""
        return {
            "kind": _KIND,
            "version": _VERSION,
            "boot": self.origin.boot_id,
            "saved_at": time.time(),
            "log": self.log.state(),
            "follower": self.follower.state(),
            "counters": self.counters.state(),
            "accounts": self.accounts.state(),
            "tallies": self.tallies.state(),
        }

    def save(self) -> bool:
        """Save the state of all parts; False where that failed, True where it is on disk or nothing is kept there."""
        return self._file is None or self._file.save(self.state())

    def close(self) -> None:
        """Close the log and the counters."""
        self.log.close()
        self.counters.close()


def _follower(state: Optional[Dict], origin: Origin) -> events.Follower:
    if state is not None:
        try:
            return events.Follower.resume(state, origin, _ROWS)
        except ParseError:
            pass  # what was unfinished is lost, the place in the log is not
    return events.Follower(origin, _ROWS)


class _Saved:
    """What the agent before left: each part's own state, or None."""

    def __init__(self, saved: Optional[Dict]) -> None:
        is_ours = isinstance(saved, dict) and saved.get("kind") == _KIND and saved.get("version") == _VERSION
        self._saved = saved if is_ours else {}

    def of(self, part: str) -> Optional[Dict]:
        """The state of one part."""
        found = self._saved.get(part)
        return found if isinstance(found, dict) else None

    @property
    def at(self) -> float:
        """When it was saved, in seconds since the epoch."""
        found = self._saved.get("saved_at")
        return float(found) if isinstance(found, (int, float)) else 0.0

    @property
    def boot(self) -> Optional[str]:
        """The id of the boot in which it was saved."""
        found = self._saved.get("boot")
        return found if isinstance(found, str) else None
