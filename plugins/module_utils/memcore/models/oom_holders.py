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
    """largest, group: None where nothing tells which it is.

    together: bytes of all processes, None without a whole task table.

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


def of_report(report: Report, bound: Optional[int], shared: int) -> Held:
    """Who held how much. bound: bytes that processes can have together in the domain, where that is known.

    shared: bytes that processes may have mapped of files and shared memory, 0 where they are too few to matter. Where
    the table has no split they are in the rows of all that map them, so that only what exceeds them is sure to be a
    process's own.
    """
    anon = {kill.pid: kill.anon_bytes for kill in report.kills if kill.anon_bytes is not None}
    rows = report.tasks or []
    sizes = [_of_row(row, report.page_size, anon.get(row.pid), shared) for row in rows]
    listed = {row.pid for row in rows} | {row.tgid for row in rows}
    unlisted = [
        _Sized(kill.pid, kill.comm, kill.uid, kill.anon_bytes, kill.anon_bytes)
        for kill in report.kills
        if kill.anon_bytes is not None and not kill.repeated and kill.pid not in listed
    ]
    sizes += unlisted
    if not sizes:
        return Held(None, None, None)
    most = max(sizes, key=lambda one: one.least)
    is_whole = bool(rows) and not unlisted and not report.table_lost_rows
    return Held(
        Holder(most.pid, most.comm, _bounded(most.least, bound)) if _is_largest(most, sizes, bound) else None,
        _largest_group(sizes, bound),
        _bounded(sum(one.most for one in sizes), bound) if is_whole else None,
    )


class _Sized(NamedTuple):
    """least, most: bytes of anonymous memory and swap that the process has at least, and at most."""

    pid: int
    comm: str
    uid: Optional[int]
    least: int
    most: int


def _of_row(row, page_size, anon_of_kill, shared):
    most = held(row, page_size)
    swap = (row.swap_pages or 0) * page_size
    if row.anon_pages is not None:
        least = most
    elif anon_of_kill is not None:
        # The line of the kill splits what a table before 6.8 does not. It is printed later: growth is left out.
        least = most = min(anon_of_kill, row.rss_pages * page_size) + swap
    else:
        least = max(row.rss_pages * page_size - shared, 0) + swap
    return _Sized(row.pid, row.comm, row.uid, least, most)


def _is_largest(one, sizes, bound):
    """Whether no other process can have more."""
    if bound is not None and one.least * 2 >= bound:
        return True
    return all(other.most <= one.least or other is one for other in sizes)


def _largest_group(sizes, bound):
    groups = {}
    for one in sizes:
        count, together = groups.get((one.comm, one.uid), (0, 0))
        groups[one.comm, one.uid] = (count + 1, together + one.least)
    several = [(together, count, comm, uid) for (comm, uid), (count, together) in groups.items() if count > 1]
    if not several:
        return None
    together, count, comm, uid = max(several, key=lambda one: one[:2])
    return HolderGroup(comm, uid, count, _bounded(together, bound))


def _bounded(size, bound):
    return size if bound is None else min(size, bound)
