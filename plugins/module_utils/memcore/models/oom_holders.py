# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which processes held the memory when it ran out: the largest one, and the largest group of one program."""

from typing import NamedTuple, Optional

from ..sources.oomlog.oom_records import Report, TaskRow


class Holder(NamedTuple):
    """The process that holds most, and how much of anonymous memory and swap."""

    pid: int
    comm: str
    bytes: int


class HolderGroup(NamedTuple):
    """The processes of one program and one user that hold most together: a fork bomb, a prefork server.

    count: how many, at least 2; uid: None where the log does not tell; bytes: of anonymous memory and swap.
    """

    comm: str
    uid: Optional[int]
    count: int
    bytes: int


class Held(NamedTuple):
    """largest, group: None where no such is known; together: bytes of all processes, None without a whole task table.

    A victim that the table lacks counts too: the line of its kill has its anonymous memory.
    """

    largest: Optional[Holder]
    group: Optional[HolderGroup]
    together: Optional[int]


def held(row: TaskRow, page_size: int) -> int:
    """Bytes of memory and swap of a task that are its own; where the table has no split also what it shares."""
    own = row.rss_pages if row.anon_pages is None else row.anon_pages
    return (own + (row.swap_pages or 0)) * page_size


def swap_of_tasks(report: Report) -> int:
    """Bytes of swap by the task table."""
    return sum(row.swap_pages or 0 for row in report.tasks or []) * report.page_size


def of_report(report: Report, bound: Optional[int]) -> Held:
    """Who held how much. bound: bytes that processes can have together in the domain, where that is known.

    Where the table has no split, pages that processes share count once for each of them.
    """
    anon = {kill.pid: kill.anon_bytes for kill in report.kills if kill.anon_bytes is not None}
    rows = report.tasks or []
    sizes = [(row.pid, row.comm, row.uid, _own(row, report.page_size, anon.get(row.pid))) for row in rows]
    listed = {row.pid for row in rows} | {row.tgid for row in rows}
    unlisted = [
        (kill.pid, kill.comm, kill.uid, kill.anon_bytes)
        for kill in report.kills
        if kill.anon_bytes is not None and not kill.repeated and kill.pid not in listed
    ]
    sizes += unlisted
    if not sizes:
        return Held(None, None, None)
    pid, comm, _uid, size = max(sizes, key=lambda one: one[3])
    is_whole = bool(rows) and not unlisted and not report.table_lost_rows
    return Held(
        Holder(pid, comm, _bounded(size, bound)),
        _largest_group(sizes, bound),
        _bounded(sum(one[3] for one in sizes), bound) if is_whole else None,
    )


def _own(row, page_size, anon_of_kill):
    if row.anon_pages is not None or anon_of_kill is None:
        return held(row, page_size)
    # A table before 6.8 does not split what the line of the kill does. That is printed later: growth is left out.
    return min(anon_of_kill, row.rss_pages * page_size) + (row.swap_pages or 0) * page_size


def _largest_group(sizes, bound):
    groups = {}
    for _pid, comm, uid, size in sizes:
        count, together = groups.get((comm, uid), (0, 0))
        groups[comm, uid] = (count + 1, together + size)
    several = [(together, count, comm, uid) for (comm, uid), (count, together) in groups.items() if count > 1]
    if not several:
        return None
    together, count, comm, uid = max(several, key=lambda one: one[:2])
    return HolderGroup(comm, uid, count, _bounded(together, bound))


def _bounded(size, bound):
    return size if bound is None else min(size, bound)
