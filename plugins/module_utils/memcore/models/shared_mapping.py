# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who had the shared memory mapped when memory ran out.

Shared anonymous memory (MAP_SHARED|MAP_ANONYMOUS, as PostgreSQL's buffers) goes with the last process that maps it. A
file in tmpfs, a SysV segment or a memfd stays as long as it has a name or somebody holds it. Both are "shmem", so a
report only shows who mapped it.
"""

from typing import Optional

from ..sources.oomlog.oom_records import Report

NOBODY, VICTIMS, OTHERS = "nobody", "victims", "others"


def mapped_by(report: Report, shmem: Optional[int]) -> Optional[str]:
    """Who had at least half of it mapped: nobody, victims (and no process that lives on), others, or None: not known.

    shmem: bytes of shared memory in the domain.
    """
    if not shmem:
        return None
    most = _mapped_at_most(report)
    if most is not None and most * 2 < shmem:
        return NOBODY
    killed = {kill.pid for kill in report.kills}
    alive = [row for row in report.tasks or [] if row.pid not in killed and row.tgid not in killed]
    if any((row.shmem_pages or 0) * report.page_size * 2 >= shmem for row in alive):
        return OTHERS
    others = _of_others_at_most(report, alive)
    if _of_victims(report, killed) * 2 >= shmem and others is not None and others * 2 < shmem:
        return VICTIMS
    return None


def mapped_bytes(report: Report) -> Optional[int]:
    """Bytes of files and shared memory in the domain that processes have mapped, each page once."""
    stats = report.stats if report.scope == "memcg" else report.meminfo
    return stats.get("file_mapped", stats.get("mapped_file", stats.get("mapped")))


def _mapped_at_most(report):
    """Bytes of files and shared memory that are mapped at all; None where the report does not tell."""
    if report.tasks and all(row.shmem_pages is not None for row in report.tasks) and not report.table_lost_rows:
        rows = sum(row.shmem_pages for row in report.tasks) * report.page_size
    else:
        rows = None
    mapped = mapped_bytes(report)
    known = [value for value in (rows, mapped) if value is not None]
    return min(known) if known else None


def _of_victims(report, killed):
    """The most that one victim had mapped, by its line or its row."""
    sizes = [kill.shmem_bytes or 0 for kill in report.kills]
    sizes += [(row.shmem_pages or 0) * report.page_size for row in report.tasks or [] if row.pid in killed]
    return max(sizes, default=0)


def _of_others_at_most(report, alive):
    """Bytes of shared memory that processes which live on may have mapped."""
    if report.tasks is None or report.table_lost_rows:
        return None
    if all(row.shmem_pages is not None for row in alive):
        return sum(row.shmem_pages for row in alive) * report.page_size
    # Without the split: their resident memory without the anonymous memory that must be theirs.
    resident = sum(row.rss_pages for row in alive) * report.page_size
    anon = report.stats.get("anon", report.stats.get("rss")) if report.scope == "memcg" else None
    of_killed = sum(kill.anon_bytes or 0 for kill in report.kills)
    return resident - max((anon or 0) - of_killed, 0)
