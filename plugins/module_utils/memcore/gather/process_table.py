# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""One pass over /proc/PID/status: every process once, as cheaply as Python can."""

from typing import List, NamedTuple

from ..errors import ParseError
from ..models import reasons
from ..sources import status
from ..sources.host import Host


class Process(NamedTuple):
    """A process and what its status showed."""

    pid: int
    status: status.Status


class Table(NamedTuple):
    """All processes of the pid namespace; `refused` could not be read, and `hidden` says that more may exist.

    user: those with memory of their own, so no kernel threads and no zombies.
    """

    processes: List[Process]
    user: List[Process]
    refused: int
    hidden: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.refused and not self.hidden


def scan(host: Host) -> Table:
    """Read the table; a process that exits meanwhile is left out, one that hides is counted."""
    processes, refused = [], 0
    for pid in host.pids():
        try:
            processes.append(Process(pid, status.parse(host.brief(f"proc/{pid}/status"))))
        except (FileNotFoundError, ProcessLookupError):
            continue
        except (OSError, ParseError):
            refused += 1
    hidden = not any(map(_is_kthreadd, processes)) if host.live else not processes
    if refused:
        host.lacks("/proc/PID/status", reasons.processes_unread(refused, refused + len(processes)))
    if hidden:
        host.lacks("/proc/PID", reasons.PROCESSES_HIDDEN if host.live else reasons.NO_PROCESS_CAPTURED)
    user = [process for process in processes if process.status.rss_bytes is not None]
    return Table(processes, user, refused, hidden)


def _is_kthreadd(process):
    """Every host has this kernel thread; a container's pid namespace and an ordinary user under hidepid=2 have not."""
    return process.pid == 2 and process.status.ppid == 0 and process.status.comm == b"kthreadd"
