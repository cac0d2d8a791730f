# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every process as oom_badness() sees it, from the one pass over the process table and one more file of each."""

from typing import Dict, List, NamedTuple, Optional

from ..errors import ParseError
from ..models import oom_rules, reasons, vfork
from ..models.badness import Task
from ..sources import cpus, number, status
from ..sources.printable import printable_bytes
from .host_identity import INITIAL_PID_NAMESPACE
from .process_table import Process
from .survey import Survey

_GLOBAL_INIT = "global init"


class Tasks(NamedTuple):
    """Tasks with memory of their own by pid, those whose adj could be read; threads of each, and what counters hide.

    families: of each that may share its memory with a parent or a child the pids of all that may (models/vfork.py).
    """

    by_pid: Dict[int, Task]
    threads: Dict[int, int]
    release: Optional[str]
    cpus: int
    families: Dict[int, List[int]]

    def drift(self, task: Task) -> int:
        """Pages by which the task's counters may be off."""
        return oom_rules.drift(self.release, self.cpus, self.threads.get(task.pid, 1))


def read(survey: Survey, release: Optional[str], rules: oom_rules.Rules, cgroup_of: Dict[int, str]) -> Tasks:
    """The tasks of the host, administrators only where that counts; `cgroup_of` tells where each is charged.

    This process is left out: it is gone before anybody reads the answer.
    """
    host, size = survey.host, survey.page_size
    init = _GLOBAL_INIT if _sees_global_init(survey) else None
    tasks: Dict[int, Task] = {}
    refused = 0
    user = sorted(
        survey.table.user + _headless(survey), key=lambda process: process.pid
    )  # a captured tree has no order
    for pid, shown in user:
        if pid == survey.own_pid:
            continue
        try:
            adj = _adj(host, pid)
        except (FileNotFoundError, ProcessLookupError):
            if host.live:
                continue  # it has ended meanwhile
            adj = None
        except OSError:
            adj = None
        if adj is None:
            refused += 1
            continue
        tasks[pid] = Task(
            pid=pid,
            comm=printable_bytes(shown.comm),
            adj=adj,
            rss=shown.rss_bytes // size,
            swap=(shown.swap_bytes or 0) // size,
            page_tables=(shown.page_tables_bytes or 0) // size,
            anon=_pages(shown.anon_bytes, size),
            file=_pages(shown.file_bytes, size),
            shmem=_pages(shown.shmem_bytes, size),
            uid=shown.uid,
            ppid=shown.ppid,
            cgroup=cgroup_of.get(pid),
            spared=init if pid == 1 else None,
            administrator=shown.administrator and rules.root_bonus,
            total_vm=_pages(shown.total_vm_bytes, size),
            nodes=shown.nodes,
        )
    if refused:
        host.lacks("/proc/PID/oom_score_adj", reasons.processes_unread(refused, refused + len(tasks)))
    suspected = vfork.suspects(tasks)
    for pid in suspected:
        tasks[pid] = tasks[pid]._replace(maybe_vfork=True)
    threads = {pid: shown.threads for pid, shown in user}
    return Tasks(tasks, threads, release, _cpus(survey), vfork.families(tasks, suspected))


def by_creation(survey: Survey, tasks: List[Task]) -> Optional[List[Task]]:
    """The tasks in the order in which they were created: by start time, and by pid within one clock tick.

    None where a captured tree does not tell. One that has ended meanwhile stands first.
    """
    starts = {task.pid: _start(survey.host, task.pid) for task in tasks}
    if None in starts.values() and not survey.host.live:
        return None
    return sorted(tasks, key=lambda task: (starts[task.pid] or 0, task.pid))


def _headless(survey) -> List[Process]:
    """Processes whose first thread has ended: another one shows their memory."""
    found = (
        (process.pid, _of_thread(survey.host, process)) for process in survey.table.processes if _has_ended(process)
    )
    return [Process(pid, shown) for pid, shown in found if shown is not None]


def _has_ended(process) -> bool:
    return process.status.rss_bytes is None and process.status.threads > 1


def _of_thread(host, process) -> Optional[status.Status]:
    for thread in host.names(f"proc/{process.pid}/task"):
        try:
            shown = status.parse(host.brief(f"proc/{process.pid}/task/{thread}/status"))
        except (OSError, ParseError):
            continue
        if shown.rss_bytes is not None:
            return shown._replace(comm=process.status.comm)
    return None


def _adj(host, pid) -> Optional[int]:
    return number.parse(host.brief(f"proc/{pid}/oom_score_adj").decode("ascii", "replace"))


def _start(host, pid) -> Optional[int]:
    try:
        # The name may hold blanks and parentheses; the 20th field after its last parenthesis is starttime.
        return int(host.brief(f"proc/{pid}/stat").rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def _sees_global_init(survey) -> bool:
    """Only pid 1 of the initial pid namespace is spared; a container's is not."""
    try:
        return survey.host.link("proc/1/ns/pid") == INITIAL_PID_NAMESPACE
    except OSError:
        return not survey.table.hidden  # kthreadd is to be seen, or it is a captured host


def _cpus(survey) -> int:
    found = cpus.count(survey.host.text("proc/stat") or "")
    if found is None:
        survey.host.lacks("number of CPUs", reasons.NO_CPU_COUNT)
    return found or 1


def _pages(size, page):
    return None if size is None else size // page
