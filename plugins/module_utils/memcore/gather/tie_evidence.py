# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which of several equals this kernel takes, learnt from whom it took before: its log tells where no release does."""

from typing import Dict, Iterable, List, Optional, Tuple

from ..models import reasons
from ..models.replay import is_scan_order, replay
from ..models.tie_rule import FIRST, LAST, Told, seen_in_log
from ..sources.host import Host, reason
from ..sources.oomlog.log_source import KernelLog
from ..sources.oomlog.oom_report import read
from .host_identity import release_of


def of_log(lines: Iterable[bytes], release: Optional[str]) -> Optional[Told]:
    """The rule and the choice that tells it; None where no report had a tie at the top, or two tell different rules.

    release: of the kernel whose log it is, for reports that lost the line that names it.
    """
    told: Dict[str, List[Tuple[int, str]]] = {FIRST: [], LAST: []}
    earlier: Dict[int, str] = {}
    for report in read(lines):
        judged = replay(report, earlier)
        earlier.update((kill.pid, kill.comm) for kill in report.kills)
        if judged.tie_rule in told and is_scan_order(report, release):
            told[judged.tie_rule].append((judged.chosen_pid, _comm(report, judged.chosen_pid)))
    if bool(told[FIRST]) == bool(told[LAST]):
        return None
    rule = FIRST if told[FIRST] else LAST
    pid, comm = told[rule][-1]
    return seen_in_log(rule, len(told[rule]), comm, pid)


def of_host(host: Host) -> Optional[Told]:
    """The same from the running kernel's log, where it may be read."""
    if not host.live:
        return None
    try:
        with KernelLog(host.full("dev/kmsg")) as log:
            return of_log(log, release_of(host))
    except OSError as error:
        host.lacks("/dev/kmsg", reasons.log_not_readable(reason(error)))
        return None


def _comm(report, pid) -> str:
    return next((row.comm for row in report.tasks or [] if row.pid == pid), "")
