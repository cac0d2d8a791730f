# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Replay of an OOM report from its own task table: whom each badness model would have chosen, and what that had freed.

Which model the kernel has is concluded from whom it took, never from its version. The table is printed a moment after
the choice, so points may have moved a little since. Figures of tasks are pages, what was freed is bytes.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple

from ..sources.oomlog.oom_records import Kill, Report, TaskRow
from ..sources.printable import with_pid
from . import badness, oom_total
from .badness import FLOORED, SIGNED, Task
from .oom_rules import Rules, is_floored, version_of
from .oom_total import Total
from .size import human
from .tie_rule import FIRST, LAST, UNKNOWN, of_model_and_release, of_points
from .victims import Domain, frees, holds, rank

BOTH, NEITHER = "both", "neither"
GLOBAL_INIT = "global init"
EARLIER_VICTIM = "killed before"
VFORK = "in vfork: it has its parent's memory"

# Why the kernel took whom it took; several may apply.
WHY = (
    "largest",  # the most points of all
    "floored-first-scanned",  # all had one point, and the first of them was taken
    "floored-last-scanned",
    "tied-in-the-middle",  # points tie, and neither the first nor the last was taken
    "near-tie",  # another has more points in the table, by less than the figures may have moved
    "allocating-task",  # vm.oom_kill_allocating_task: badness was not asked
    "child-sacrificed",  # up to 5.0 a child dies for the chosen parent
    "group-kill",  # memory.oom.group: the rest of the cgroup died with it
    "larger-unkillable",  # something larger has oom_score_adj -1000 or is init
    "vfork-child",  # a child in vfork has more points, and is skipped
    "larger-dying",  # something larger was killed before and was not gone yet
    "unexplained",  # neither model takes it: swapoff, a vfork parent, or figures that moved
)
# Between choice and table a running task goes on; so much is two batches of the counters (64 pages a thread).
_MOVED = 128
_BONUS_PERCENT = 3


class Choice(NamedTuple):
    """Whom a model takes: pid, comm and points (pages); margin to the next, None where there is no other.

    tied: pids with just as many points, in the order of the scan, itself included.
    """

    pid: int
    comm: str
    points: int
    margin: Optional[int]
    tied: List[int]


class Freed(NamedTuple):
    """Bytes of anonymous memory and page tables, and of swap. at_most: shared memory may be among the bytes."""

    bytes: int
    swap_bytes: int
    at_most: bool


class Candidate(NamedTuple):
    """A row of the task table as the kernel scored it. spared: why it could not be chosen; then points are None."""

    position: int
    row: TaskRow
    signed: Optional[int]
    floored: Optional[int]
    spared: Optional[str]


class Replay(NamedTuple):
    """What the replay says. model: SIGNED, FLOORED, BOTH or NEITHER explain the choice; None with a reason.

    chosen_pid, chosen_comm: whom the kernel chose, before children or a group died for it. agrees: a signed kernel
    takes the same.
    total: pages of the domain. slack: pages by which points may be off. tie_rule: what a tie at the top tells.
    freed: by all kills of the report; would_free: by whom a signed kernel takes.
    """

    model: Optional[str]
    reason: Optional[str]
    agrees: Optional[bool]
    chosen_pid: Optional[int]
    chosen_comm: Optional[str]
    signed: Optional[Choice]
    floored: Optional[Choice]
    slack: Optional[int]
    tie_rule: Optional[str]
    why: List[str]
    total: Optional[int]
    freed: Optional[Freed]
    would_free: Optional[Freed]
    candidates: List[Candidate]
    missing: List[Tuple[str, str]]


def replay(report: Report, earlier: Optional[Dict[int, str]] = None) -> Replay:
    """Replay one report. earlier: {pid: comm} of processes that reports before it killed."""
    tasks = [_task(row, report, earlier or {}) for row in report.tasks or []]
    total = oom_total.of_report(report, sum(holds(task) for task in tasks))
    chosen = _chosen(report)
    tasks = _without_vfork_child(tasks, chosen, total)
    pages, missing = _pages(report, tasks, chosen, total)
    choices = {model: _choose(tasks, pages or 1, model) for model in (SIGNED, FLOORED)}
    candidates = _candidates(report, tasks, None if report.old_scores else pages)
    freed = _freed(report)
    reason = _why_not(report, chosen, pages, choices)
    empty = Replay(
        None,
        reason,
        None,
        None if chosen is None else chosen.pid,
        None if chosen is None else chosen.comm,
        None,
        None,
        None,
        None,
        _facts(report),
        pages if total.is_known else None,
        freed,
        None,
        candidates,
        missing,
    )
    if reason is not None:
        return empty
    signed, floored = choices[SIGNED], choices[FLOORED]
    slack = _slack(report, tasks)
    known = empty._replace(
        signed=signed,
        floored=floored,
        slack=slack,
        agrees=chosen.pid == signed.pid,
        would_free=_would_free(report, signed.pid, freed),
    )
    if report.allocating_task:
        return known._replace(
            reason="vm.oom_kill_allocating_task is set, so the kernel compared no scores", why=_facts(report)
        )
    return _judged(known, report, tasks, chosen)


def chosen_row(report: Report, pid: Optional[int]) -> Optional[TaskRow]:
    """The row of a process, also by the id of its first thread; None where it is not in the table."""
    rows = report.tasks or []
    return next((row for row in rows if pid in (row.pid, row.tgid)), None)


def kills_with_rows(report: Report) -> List[Tuple[Kill, Optional[TaskRow]]]:
    """Each process that was killed, once, in the order of the log, with its row; None where the table lacks it."""
    # A group may be thousands, so that each is not looked for in the whole table.
    by_id = {row.tgid: row for row in report.tasks or []}
    by_id.update((row.pid, row) for row in report.tasks or [])
    return [
        (kill, by_id.get(kill.pid) or (None if kill.in_group else _row_of_kill(report, kill)))
        for kill in report.kills
        if not kill.repeated
    ]


def is_scan_order(report: Report, release: Optional[str] = None) -> bool:
    """Whether the table has the order of the scan: all but those of memory cgroups up to 5.2, scanned by join.

    release: of the kernel, for a report that lost the line that names it.
    """
    if report.scope != "memcg":
        return True
    version = version_of(report.release or release)
    return version is not None and version.base >= (5, 3)


def _would_free(report, pid, freed) -> Optional[Freed]:
    """What the death of a process frees: where it died with a group, all that the group did."""
    died = any(kill.pid == pid for kill in report.kills)
    return freed if died and _is_group(report) else _of_row(chosen_row(report, pid), report)


def _judged(known, report, tasks, chosen):
    scores = {model: _points(known.candidates, model) for model in (SIGNED, FLOORED)}
    fits = {model: _fits(scores[model], chosen.pid, known.slack) for model in (SIGNED, FLOORED)}
    exact = {model: chosen.pid in _tied(scores[model]) for model in (SIGNED, FLOORED)}
    if is_scan_order(report) and of_points(scores[FLOORED], chosen.pid) is None and len(_tied(scores[FLOORED])) > 1:
        # Of equals the first or the last dies, never one between them.
        exact[FLOORED] = fits[FLOORED] = False
    # A model that takes it exactly explains it better than one that takes it only if figures moved.
    able = [model for model in (SIGNED, FLOORED) if exact[model]] or [model for model in fits if fits[model]]
    model = BOTH if len(able) == 2 else able[0] if able else NEITHER
    rule = _tie_rule(report, scores[FLOORED], chosen.pid) if model == FLOORED else None
    return known._replace(
        model=model,
        agrees=exact[SIGNED] or (model in (SIGNED, BOTH) and fits[SIGNED]),
        tie_rule=rule,
        why=[_how(model, rule, scores, chosen.pid, exact)] + _spared(known, tasks, chosen.pid) + _facts(report),
    )


def _tie_rule(report, scores, pid):
    """What the place in the table tells, unless that is not the scan's and the release tells otherwise."""
    rule = of_points(scores, pid)
    by_release = of_model_and_release(FLOORED, report.release)[0]
    return None if not is_scan_order(report) and {rule, by_release} == {FIRST, LAST} else rule


def _how(model, rule, scores, pid, exact):
    if model == NEITHER:
        return "unexplained"
    if not exact[FLOORED if model == FLOORED else SIGNED]:
        return "near-tie"
    if model == FLOORED and len(_tied(scores[FLOORED])) > 1:
        return f"floored-{rule}-scanned" if rule else "tied-in-the-middle"
    return "largest"


def _spared(known, tasks, pid):
    """Whether something larger than the chosen was left alone, and why."""
    own = next((holds(task) for task in tasks if task.pid == pid), 0)
    larger = {task.spared for task in tasks if task.spared and holds(task) > own}
    names = ["vfork-child"] * any(task.spared == VFORK for task in tasks)
    names += ["larger-dying"] * (EARLIER_VICTIM in larger)
    return names + ["larger-unkillable"] * bool(larger - {EARLIER_VICTIM, VFORK})


def _facts(report):
    """What the report says outright about how the victim came to die."""
    facts = ["allocating-task"] * report.allocating_task
    if report.selected and report.kills and _is_other_process(report, report.selected[0], report.kills[0].pid):
        facts.append("child-sacrificed")
    return facts + ["group-kill"] * _is_group(report)


def _is_group(report):
    return report.group_cgroup is not None or any(kill.in_group for kill in report.kills)


class _Chosen(NamedTuple):
    pid: int
    comm: Optional[str]


def _chosen(report) -> Optional[_Chosen]:
    """The process that the scan chose, by the pid of its row where it is in the table."""
    if report.selected is not None:
        pid, comm = report.selected[:2]
    elif report.kills:
        pid, comm = report.kills[0].pid, report.kills[0].comm
    elif report.target_pid is not None:
        pid, comm = report.target_pid, report.target_comm
    else:
        return None
    row = chosen_row(report, pid) or _row_of_thread(report, pid, comm)
    if row is None and report.selected is not None and report.kills:
        # A thread with a name of its own: the line of the kill names its process, or a child of that.
        row = chosen_row(report, report.kills[0].pid)
        comm = comm if row is None else row.comm
    return _Chosen(pid if row is None else row.pid, comm)


def _row_of_thread(report, pid, comm):
    """Up to 4.4 threads are scanned, and the pid may be one's; its process has the memory that the kill line tells."""
    kill = next((kill for kill in report.kills if kill.pid == pid), None)
    rows = report.tasks or []
    if kill is not None and kill.total_vm_bytes is not None:
        rows = [row for row in rows if row.total_vm_pages * report.page_size == kill.total_vm_bytes]
    else:
        rows = [row for row in rows if row.comm == comm]
    return rows[0] if len(rows) == 1 else None


def _is_other_process(report, one, other):
    """Whether two ids surely are of two processes.

    The table has one row a process, so that an id which is in no row is a thread's: el7 and 4.4 choose among threads,
    and the line of the kill names the process.
    """
    first = chosen_row(report, one)
    if first is None or one == other:
        return False
    second = chosen_row(report, other) or _row_of_thread(report, other, None)
    return second is None or second.pid != first.pid


def _task(row, report, earlier):
    tables = row.page_tables_pages
    if tables is None:
        tables = (row.page_tables_bytes or 0) // report.page_size
    spared = None
    if row.tgid == 1:
        spared = GLOBAL_INIT
    elif earlier.get(row.pid) == row.comm and not any(kill.pid == row.pid for kill in report.kills):
        spared = EARLIER_VICTIM
    elif row.adj == -1000:
        spared = "oom_score_adj -1000"
    return Task(
        row.pid,
        row.comm,
        row.adj,
        row.rss_pages,
        row.swap_pages or 0,
        tables,
        row.anon_pages,
        row.file_pages,
        row.shmem_pages,
        row.uid,
        spared=spared,
        total_vm=row.total_vm_pages,
    )


def _choose(tasks, total, model) -> Optional[Choice]:
    """A signed kernel takes the last of equals; for a floored one the first stands here, and `tied` names the rest."""
    rule = LAST if model == SIGNED else UNKNOWN
    ranking = rank(Domain(None, total, tasks), Rules(model, rule))
    if not ranking.chosen:
        return None
    task = ranking.chosen[0]
    best = ranking.rows[0].points
    tied = [row.task.pid for row in ranking.rows if row.points == best]
    margin = best - ranking.rows[1].points if len(ranking.rows) > 1 else None
    return Choice(task.pid, task.comm, best, margin, tied[::-1] if rule == LAST else tied)


def _candidates(report, tasks, total):
    scores: Dict[str, Dict[int, int]] = {SIGNED: {}, FLOORED: {}}
    if total:
        for model, found in scores.items():
            ranking = rank(Domain(None, total, tasks), Rules(model, UNKNOWN))
            found.update((row.task.pid, row.points) for row in ranking.rows)
    return [
        Candidate(
            position, row, scores[SIGNED].get(row.pid), scores[FLOORED].get(row.pid), task.spared if task else None
        )
        for position, (row, task) in enumerate(zip(report.tasks or [], tasks), 1)
    ]


def _points(candidates, model) -> List[Tuple[int, int]]:
    found = ((one.row.pid, one.signed if model == SIGNED else one.floored) for one in candidates)
    return [(pid, points) for pid, points in found if points is not None]


def _tied(scores):
    best = max(points for dummy, points in scores)
    return [pid for pid, points in scores if points == best]


def _fits(scores, pid, slack):
    own = next((points for one, points in scores if one == pid), None)
    return own is not None and max(points for dummy, points in scores) - own <= slack


def _slack(report, tasks):
    """Up to 4.16 CAP_SYS_ADMIN earned 3 % off, and who has it is not in the report."""
    version = version_of(report.release)
    is_old = version is not None and version.base < (4, 17) or version is None and report.selected is not None
    largest = max((holds(task) for task in tasks), default=0)
    return max(_MOVED, largest * _BONUS_PERCENT // 100) if is_old else _MOVED


def _why_not(report, chosen, total, choices):
    """Why there is no verdict, None where there is one."""
    if report.outcome in _NO_KILL:
        return _NO_KILL[report.outcome]
    if chosen is None:
        return "the log ends before it shows a kill"
    if report.old_scores:
        return "kernels before 2.6.36 scored processes by another rule, which memfacts does not replay"
    if report.tasks == []:
        return "the rows of the task table are not in the log: something filtered them out, or they were lost"
    if report.tasks is None:
        return "the report has no task table: the log was rate-limited or cut, or vm.oom_dump_tasks is 0"
    if choices[SIGNED] is None:
        return "the task table has no process that the kernel may kill"
    if total is None:
        return "the report does not show how much memory there was, and the processes have different oom_score_adj"
    if chosen_row(report, chosen.pid) is None:
        victim = f"with pid {chosen.pid}" if chosen.comm is None else with_pid(chosen.comm, chosen.pid)
        return f"the victim {victim} is not in the task table"
    return None


_NO_KILL = {
    "no-killable-process": "there was no process that the kernel may kill",
    "panic": "the kernel panicked instead of killing a process",
    "already-exiting": "the kernel found its victim already exiting",
}


def _pages(report, tasks, chosen, total: Total) -> Tuple[Optional[int], List[Tuple[str, str]]]:
    """Pages of the domain, None where the choice depends on what nothing tells; and what had to be assumed."""
    if total.assumed is None:
        return total.usual, []
    adjs = {row.adj for row in report.tasks or [] if row.adj != -1000}
    ways = None if chosen is None else oom_total.span(tasks, chosen.pid, total)
    is_always = ways == (total.least // 1000, None if total.most is None else total.most // 1000)
    if not total.is_known:
        return (total.usual, [total.assumed]) if len(adjs) == 1 or is_always else (None, [])
    if len(adjs) <= 1 or is_always:
        return total.usual, []
    thousands = total.usual // 1000
    version = version_of(report.release)
    if ways is None or (version is not None and is_floored(version)):
        is_within = True  # nothing fits better
    else:
        is_within = ways[0] <= thousands and (ways[1] is None or thousands <= ways[1])
    if is_within:
        # Where nothing was swapped out at the limit, there was nothing to swap to.
        return total.usual, [total.assumed] * (total.usual != total.least or _swapped(report))
    pages = max(ways[0] if thousands < ways[0] else ways[1], 1) * 1000
    size = human(pages * report.page_size)
    why = f"the report does not show it; memfacts assumes {size} with the memory, as the choice then follows the rule"
    return pages, [(total.assumed[0], why)]


def _swapped(report):
    return report.scope != "memcg" or oom_total.swap_in_use(report, report.page_size) > 0


def _without_vfork_child(tasks, chosen, total) -> List[Task]:
    """The tasks, where a child in vfork is marked: the kernel skips it, for it still has its parent's memory.

    The table does not say who is in vfork. Taken for one is a task that would have been chosen, and was not, and whose
    figures are those of an earlier task of the same name to the page.
    """
    own = None if chosen is None else next((task for task in tasks if task.pid == chosen.pid), None)
    least = None if own is None else badness.points(own, total.usual, SIGNED)
    if least is None:
        return tasks
    found, seen, is_behind = [], set(), False
    for task in tasks:
        is_own = task.pid == own.pid
        is_behind = is_behind or is_own  # of equals a signed kernel takes the last
        score, figures = badness.points(task, total.usual, SIGNED), task._replace(pid=0, adj=0)
        if not is_own and score is not None and (score > least or (score == least and is_behind)):
            if figures not in seen:
                # This larger one is no child in vfork, so that another reason is to be found.
                return tasks
            found.append(task._replace(spared=VFORK))
            continue
        if task.spared is None:
            seen.add(figures)
        found.append(task)
    return found


def _freed(report) -> Optional[Freed]:
    """By all processes that the report says were killed, each once."""
    found = [_of_kill(kill, row, report) for kill, row in kills_with_rows(report)]
    rows = [row for row in found if row is not None]
    if not rows:
        return None
    return Freed(sum(row.bytes for row in rows), sum(row.swap_bytes for row in rows), any(row.at_most for row in rows))


def _row_of_kill(report, kill):
    return chosen_row(report, kill.pid) or _row_of_thread(report, kill.pid, kill.comm)


def _of_kill(kill: Kill, row: Optional[TaskRow], report) -> Optional[Freed]:
    if kill.anon_bytes is None:
        return _of_row(row, report)
    tables = kill.page_tables_bytes
    if tables is None and row is not None:
        tables = _task(row, report, {}).page_tables * report.page_size
    swap = 0 if row is None else (row.swap_pages or 0) * report.page_size
    return Freed(kill.anon_bytes + (tables or 0), swap, False)


def _of_row(row: Optional[TaskRow], report) -> Optional[Freed]:
    if row is None:
        return None
    task = _task(row, report, {})
    own = frees(task)
    at_most = own is None
    kill = next((kill for kill in report.kills if kill.pid == row.pid and kill.anon_bytes is not None), None)
    if at_most and kill is not None:
        return _of_kill(kill, row, report)
    pages = task.rss + task.page_tables if own is None else own
    return Freed(pages * report.page_size, task.swap * report.page_size, at_most)
