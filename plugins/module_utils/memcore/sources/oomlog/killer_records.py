# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a program in user space says of its own kill, as a plain record: made by other_killers.py.

Sizes in bytes; None is what its lines do not say. Texts are decoded and printable. No command line is in it.
"""

from typing import NamedTuple, Optional, Tuple

SYSTEMD_OOMD, EARLYOOM, NOHANG, LMKD = "systemd-oomd", "earlyoom", "nohang", "lmkd"
KUBELET, TALOS = "kubelet", "talos"
KILLERS = (SYSTEMD_OOMD, EARLYOOM, NOHANG, LMKD, KUBELET, TALOS)

# What reached its threshold.
PRESSURE, AVAILABLE, USED, SWAP_USED, CACHE, UNKNOWN = (
    "memory-pressure",
    "memory-available",
    "memory-and-swap-used",
    "swap-used",
    "file-cache",
    "unknown",
)


class Pod(NamedTuple):
    """A pod by its name, or where only a cgroup is named by its uid."""

    namespace: Optional[str]
    name: Optional[str]
    uid: Optional[str] = None


class Decision(NamedTuple):
    """One kill, or one eviction.

    killer: one of KILLERS. reason: what reached its threshold. said: the reason in the program's own words.
    measured_in: the cgroup that was measured, None for the host.
    measured_percent, threshold_percent: of `memory-pressure` the share of time in which tasks waited for memory, of
    `memory-available` what was left of RAM, else what was used of it. measured_bytes, threshold_bytes: the same in
    bytes. swap_measured_percent, swap_threshold_percent: of swap, left or used as for the memory.
    for_seconds: for so long it was above the threshold. signal: the last one sent, None where none is named.
    pid, comm, uid, adj, rss_bytes: the process that was killed. cgroup, unit: what was killed as a whole.
    processes: how many that were. pods: those that were evicted. is_done: False where only the decision is in the log.
    time_usec, stamp, boot_id: of its first line, as LogLine has them. after: how many reports of the kernel began
    before it in the log.
    """

    killer: str
    reason: str = UNKNOWN
    said: Optional[str] = None
    measured_in: Optional[str] = None
    measured_percent: Optional[float] = None
    threshold_percent: Optional[float] = None
    measured_bytes: Optional[int] = None
    threshold_bytes: Optional[int] = None
    swap_measured_percent: Optional[float] = None
    swap_threshold_percent: Optional[float] = None
    for_seconds: Optional[float] = None
    signal: Optional[str] = None
    pid: Optional[int] = None
    comm: Optional[str] = None
    uid: Optional[int] = None
    adj: Optional[int] = None
    rss_bytes: Optional[int] = None
    cgroup: Optional[str] = None
    unit: Optional[str] = None
    processes: Optional[int] = None
    pods: Tuple[Pod, ...] = ()
    is_done: bool = True
    time_usec: Optional[int] = None
    stamp: Optional[str] = None
    boot_id: Optional[str] = None
    after: int = 0


class Part(NamedTuple):
    """What one line says: fields of a decision.

    kind: `before`: of one that may come; `kill`: it happened; `plan`: it will; `after`: more of one that was said;
    `cancel`: it was none; `end`: nothing more comes.
    """

    kind: str
    fields: dict


BEFORE, KILL, PLAN, AFTER, CANCEL, END = "before", "kill", "plan", "after", "cancel", "end"
