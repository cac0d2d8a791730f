# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which processes may have a value, whichever way they were named, and what is said of the others.

What a process has, its children inherit. So a negative value is kept off everything that starts what people and other
programs run, which must stay killable: or a shell that leaks takes the host with it, and nobody can log in any more.
"""

from typing import Dict, List, NamedTuple

from . import sessions, unkillable
from .selection import Candidate, LeftOut

_SHOWN = 3  # processes of one lifeline that a warning names


class Judgement(NamedTuple):
    """chosen may have the value; left_out are not touched; refused must not have it; warnings are sentences."""

    chosen: List[Candidate]
    left_out: List[LeftOut]
    refused: List[Candidate]
    warnings: List[str]


def judge(chosen: List[Candidate], by_pid: Dict[int, Candidate], value: int, allow_unkillable: bool) -> Judgement:
    """Who of the chosen may have the value. `allow_unkillable` lifts what is refused, never what is left out."""
    left_out = _starters(chosen, by_pid, value) if value < 0 else {}
    rest = [process for process in chosen if process.pid not in left_out]
    refused = [] if allow_unkillable else _refused(rest, by_pid, value, left_out)
    wrong = {process.pid for process in refused}
    kept = [process for process in rest if process.pid not in left_out and process.pid not in wrong]
    told = [LeftOut(one.pid, one.comm, left_out[one.pid]) for one in chosen if one.pid in left_out]
    return Judgement(kept, told, refused, _warnings(kept, value))


def line_of(process: Candidate):
    """The lifeline that the process is, None for any other."""
    return unkillable.line_of(process.executable, process.cgroup)


def _starters(chosen, by_pid, value):
    """{pid: reason} of those whose children would inherit what only they are to have."""
    found = {}
    for process in chosen:
        if sessions.is_daemon(process, by_pid):
            found[process.pid] = f"runs a session, and every program in the session would inherit {value}"
        elif _is_worker(process, by_pid):
            # udevd's workers, for one, have 0 and run the programs of the rules.
            found[process.pid] = f"is a worker of the lifeline, and every program that it starts would inherit {value}"
    return found


def _is_worker(process, by_pid):
    parent = by_pid.get(process.ppid)
    if parent is None or parent.executable != process.executable:
        return False
    return line_of(process) is not None and line_of(parent) is line_of(process)


def _refused(rest, by_pid, value, left_out):
    """Process 1 with a negative value, and with the lowest whatever is no lifeline; its helpers go to `left_out`."""
    refused = [process for process in rest if process.pid == 1] if value < 0 else []
    if value != unkillable.VALUE:
        return refused
    lines = {process.pid: process.owner.unit for process in rest if process.pid != 1 and line_of(process)}
    units = {unit for unit in lines.values() if unit is not None}
    for process in rest:
        if process.pid == 1 or process.pid in lines:
            continue
        if process.owner.unit in units or process.ppid in lines:
            left_out[process.pid] = "is not the lifeline itself and must stay killable"
        else:
            refused.append(process)
    return refused


def _warnings(kept, value):
    found = []
    if value != 0 and any(process.pid == 1 for process in kept):
        found.append(
            f"Process 1 is set to {value}: every process that is started from now on inherits {value}, unless its unit "
            "sets OOMScoreAdjust, and keeps the value even after process 1 is restored."
        )
    found += _raised(kept, value)
    if value < 0:
        found += [
            f"{process.comm} (pid {process.pid}) passes {value} on to every job that it starts from now on."
            for process in kept
            if sessions.starts_jobs(process)
        ]
    return found


def _raised(kept, value):
    """One sentence on the lifelines that are killed more easily than their projects want; process 1 never is."""
    by_line: Dict = {}
    for process in kept:
        line = line_of(process)
        if process.pid != 1 and line is not None and value > (line.adj or 0):
            by_line.setdefault(line, []).append(process.pid)
    if not by_line:
        return []
    named = [f"{line.name} ({_pids(pids)}, shipped with {line.adj or 0})" for line, pids in by_line.items()]
    return [
        f"{value} makes these lifelines more likely to be killed than the values that their projects ship: "
        f"{', '.join(named)}. If you do not want this, select fewer processes."
    ]


def _pids(pids):
    more = f" and {len(pids) - _SHOWN} more" if len(pids) > _SHOWN else ""
    return "pid " + ", ".join(str(pid) for pid in sorted(pids)[:_SHOWN]) + more
