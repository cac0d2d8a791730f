# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How often the kernel's OOM killer has killed: oom_kill of /proc/vmstat, and for which memory cgroup it rose.

The host's counter is the gate. Notifications come for other counters too (reclaim at a limit), and a folder for every
cgroup that starts; as long as nobody was killed nothing else is read.
"""

import os
import time
from typing import Callable, Dict, List, Optional, Tuple

from memcore.errors import ParseError
from memcore.sources import saved_state
from oomwatch.agent import memory_cgroups
from oomwatch.agent.cgroup_tree import Rise, Tree
from oomwatch.agent.cgroup_watch import CgroupWatch, Known
from oomwatch.agent.memory_cgroups import ZERO, Counters

__all__ = ["KillCounters", "Rise"]

_GRACE = 2.0  # seconds in which the counters of cgroups follow that of the host, and a parent's those of its children
_REST = 0.2  # seconds without waiting for notifications, after some that were of no kill
_SELDOM, _OFTEN = 1.0, 0.2  # seconds between two looks at the host's counter
_RESCAN = 60.0
_PAGE = 4096
_MOST_PAGES = 16
_MOST_ROWS = 4096  # of the state
_LONGEST_PATH = 4096


class KillCounters:
    """total: the host's counter, None where it cannot be read or there is none (before Linux 4.13).

    every: seconds after which to look() at the latest. fileno() changes: while notifications come that are of no kill
    it is None, so that they do not wake the agent all the time; ask for it again after each look(). trouble: one
    sentence, None while all is well.
    """

    def __init__(
        self,
        root: str,
        state: Optional[Dict],
        boot_id: Optional[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """state: of an earlier run. Kills since then are the first look()'s; of an earlier boot, all of this boot's.

        Without a state kills before now are none of the agent's.
        """
        self._clock = clock
        self._boot_id = boot_id
        self._vmstat = _Vmstat(os.path.join(root, "proc/vmstat"))
        self.total: Optional[int] = self._vmstat.oom_kill()
        before = _read(state, boot_id)
        now = clock()
        self._owed = 0  # kills by the host's counter that no cgroup has explained yet
        self._risen_at = now - _GRACE
        if before is not None and self.total is not None and self.total > before[0]:
            self._owed = self.total - before[0]
            self._risen_at = now
        self._rest_until = now
        self._scanned_at = now
        self._hierarchy = memory_cgroups.hierarchy(root)
        self._root = root
        self._watch: Optional[CgroupWatch] = None
        self._tree: Optional[Tree] = None
        if self._hierarchy is not None:
            known, others = (None, None) if before is None else before[1:]
            self._watch = CgroupWatch(self._hierarchy, known, others)
            top_counts = self._watch.read("") is not None
            self._tree = Tree(self._watch.top, self._hierarchy.is_local, self._hierarchy.prefix, top_counts)

    @property
    def every(self) -> float:
        is_notified = self._watch is not None and self._hierarchy.version == "v2" and not self._watch.unwatched
        return _SELDOM if is_notified and not self._is_resting() and not self._owed else _OFTEN

    @property
    def trouble(self) -> Optional[str]:
        if self._watch is None:
            return (
                f"No memory cgroups are at {os.path.join(self._root, 'sys/fs/cgroup')}, so kills are counted for the "
                "host as a whole: let the agent read the host's /sys/fs/cgroup."
            )
        if self.total is None:
            return (
                f"{os.path.join(self._root, 'proc/vmstat')} has no oom_kill, so kills of the whole host cannot be "
                "counted: let the agent read the host's /proc; the counter came with Linux 4.13."
            )
        if self._watch.left_out:
            return "There are more memory cgroups than the agent follows; kills in the others are counted above them."
        return self._watch.trouble

    def fileno(self) -> Optional[int]:
        return None if self._watch is None or self._is_resting() else self._watch.fileno()

    def look(self) -> List[Rise]:
        """What rose since the last look. It never waits and never raises."""
        now = self._clock()
        has_news = self._watch is not None and self._watch.follow()
        self._look_at_the_host(now)
        rises: List[Rise] = []
        if self._tree is not None and (self._owed or self._watch.dirty):
            if self.total is None or now < self._risen_at + _GRACE:
                rises = self._explained()
            else:
                rises = self._given_up()
        if has_news and not rises:
            self._rest_until = now + _REST
        if self._watch is not None and now >= self._scanned_at + _RESCAN:
            self._scanned_at = now
            self._watch.rescan(False)
        return rises

    def populated(self, cgroup: str) -> Optional[bool]:
        """Whether processes are in a cgroup or below it; False when it is gone, None when it cannot be told."""
        return None if self._hierarchy is None else memory_cgroups.populated(self._hierarchy, cgroup)

    def state(self) -> Dict:
        """What a later run needs to know what happened meanwhile."""
        rows = []
        is_whole = True
        for node in self._tree.top.walk() if self._tree is not None else ():
            if node.seen == ZERO:
                continue
            if len(rows) >= _MOST_ROWS:
                is_whole = False
                break
            rows.append([saved_state.saved_text(node.path), node.inode, *node.seen])
        return {"boot": self._boot_id, "total": self.total, "is_whole": is_whole, "cgroups": rows}

    def close(self) -> None:
        self._vmstat.close()
        if self._watch is not None:
            self._watch.close()

    def _is_resting(self) -> bool:
        return self._clock() < self._rest_until

    def _look_at_the_host(self, now: float) -> None:
        before, self.total = self.total, self._vmstat.oom_kill()
        if before is not None and self.total is not None and self.total > before:
            self._owed += self.total - before
            self._risen_at = now

    def _explained(self) -> List[Rise]:
        if self._owed:
            self._watch.seek()
        rises = self._tree.rises(self._watch.read, self._owed)
        self._watch.dirty.clear()
        self._owed = max(0, self._owed - sum(rise.kills for rise in rises))
        return rises

    def _given_up(self) -> List[Rise]:
        """No kill is behind the notifications, or it was of no cgroup that is followed.

        Unless those below have counted what those above never did: Linux before 5.2 counts for each cgroup alone.
        """
        rises = []
        if self._owed and not self._tree.is_local and self._tree.looks_local(self._watch.read):
            self._tree.become_local()
            rises = self._tree.rises(self._watch.read, self._owed)
        self._owed = 0
        self._watch.clear_dirty()
        return rises


class _Vmstat:
    """One counter of /proc/vmstat, which is kept open: it is read five times a second."""

    def __init__(self, path: str) -> None:
        try:
            self._descriptor: Optional[int] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError):
            self._descriptor = None

    def oom_kill(self) -> Optional[int]:
        """The kernel gives about a page a read(2), in whole lines; the counter is on the first or second."""
        if self._descriptor is None:
            return None
        data = b""
        try:
            for _page in range(_MOST_PAGES):
                more = os.pread(self._descriptor, _PAGE, len(data))
                data += more
                start = data.find(b"\noom_kill ")
                end = data.find(b"\n", start + 1)
                if start >= 0 and end >= 0:
                    number = data[start + 10 : end]
                    return int(number) if number.isdigit() else None
                if not more:
                    return None
        except OSError:
            pass
        return None

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _read(state: object, boot_id: Optional[str]) -> Optional[Tuple[int, Known, Optional[Counters]]]:
    """The host's counter, those of cgroups, and what other cgroups had; None where there is no state to go on from."""
    try:
        fields = saved_state.Fields(state, ["boot", "total", "is_whole", "cgroups"])
        boot = fields.text_or_none("boot", _LONGEST_PATH)
        total = fields.number_or_none("total")
        is_whole = fields.flag("is_whole")
        rows = fields.rows("cgroups", _MOST_ROWS, "tnnnn")
        known = {saved_state.text_saved(row[0], "cgroups"): (row[1], Counters(*row[2:])) for row in rows}
    except ParseError:
        return None
    if boot is None or boot_id is None:
        return None
    if boot != boot_id:
        return 0, {}, ZERO
    return total or 0, known, ZERO if is_whole else None
