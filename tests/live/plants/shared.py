# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plants of shared memory: files on a tmpfs, deleted files, memfd, System V segments, anonymous shared memory."""

import os

from tests.live import holder
from tests.live.plants.planting import SIZE, plant, row_of, settled, shared, shmem, shmem_part, take, tmpfs_row


@plant
def tmpfs_file(baseline):
    """A file in a tmpfs of the host."""
    with holder.own_tmpfs() as folder:
        path = os.path.join(folder, "planted-file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        try:
            baseline()
            with settled(shmem, lambda: SIZE):
                record = {"bytes": holder.write_file(descriptor, SIZE)}
        finally:
            os.close(descriptor)
        yield shared(
            "tmpfs_file",
            record,
            {
                "tmpfs.used": lambda facts: tmpfs_row(facts, folder).get("used_bytes", 0),
                "tmpfs.top_files": lambda facts: row_of(tmpfs_row(facts, folder).get("top_files") or [], path=path).get(
                    "bytes", 0
                ),
                **shmem_part("tmpfs"),
            },
            {},
        )


@plant
def private_tmpfs(baseline):
    """A tmpfs that only one process' mount namespace has."""
    with holder.own_folder() as folder, holder.holding("private_tmpfs", SIZE, folder) as child:
        record = take(child, baseline)
        yield shared(
            "private_tmpfs",
            record,
            {
                "tmpfs.used": lambda facts: tmpfs_row(facts, folder).get("used_bytes", 0),
                **shmem_part("tmpfs"),
            },
            {"tmpfs.pid": lambda facts: tmpfs_row(facts, folder).get("pid") == child.pid},
        )


@plant
def deleted_file(baseline):
    """A tmpfs file that is deleted and still open."""
    with holder.own_tmpfs() as folder, holder.holding("deleted_file", SIZE, folder) as child:
        record = take(child, baseline)
        yield shared(
            "deleted_file",
            record,
            {
                "tmpfs.used": lambda facts: tmpfs_row(facts, folder).get("used_bytes", 0),
                "tmpfs.deleted": lambda facts: tmpfs_row(facts, folder).get("deleted_bytes", 0),
                **shmem_part("deleted"),
                "shmem.deleted[]": lambda facts: _held_row(facts, "deleted", folder).get("bytes", 0),
            },
            {"deleted.holders": lambda facts: _holds(_held_row(facts, "deleted", folder), child)},
        )


def _memfd(kind, name, baseline):
    with holder.holding(kind, SIZE) as child:
        record = take(child, baseline)
        yield shared(
            kind,
            record,
            {
                **shmem_part("memfd"),
                "shmem.memfd[]": lambda facts: _held_row(facts, "memfd", name).get("bytes", 0),
            },
            {"memfd.holders": lambda facts: _holds(_held_row(facts, "memfd", name), child)},
        )


def _held_row(facts, kind, name):
    """The row of a held shared memory file with `name` in its name; {} if there is none."""
    rows = [row for row in facts["shmem"][kind] if name in row["name"]]
    return rows[0] if rows else {}


def _holds(row, child):
    return row.get("holders") == [child.pid] and row.get("comm") == child.comm


@plant
def memfd(baseline):
    """A memfd held by its descriptor."""
    return _memfd("memfd", "planted-memfd", baseline)


@plant
def mapped_memfd(baseline):
    """A memfd held by a mapping alone."""
    return _memfd("mapped_memfd", "planted-mapped", baseline)


def _segment(kind, baseline, parts, holders):
    with holder.holding(kind, SIZE) as child:
        record = take(child, baseline)

        def row(facts):
            return row_of(facts["shmem"]["sysv"], shmid=record["shmid"], creator_pid=record["creator"])

        yield shared(
            kind,
            record,
            {
                **parts,
                "shmem.sysv[]": lambda facts: row(facts).get("bytes", 0),
            },
            {name: lambda facts, true=true: true(row(facts)) for name, true in holders.items()},
        )


@plant
def orphan_segment(baseline):
    """A SysV segment without creator and without anybody attached."""
    return _segment(
        "orphan_segment",
        baseline,
        {**shmem_part("sysv"), **shmem_part("sysv_orphan")},
        {
            "sysv.attached": lambda row: row.get("attached") == 0,
            "sysv.creator_dead": lambda row: row.get("creator_alive") is False,
            "sysv.orphan": lambda row: row.get("orphan") is True,
        },
    )


@plant
def foreign_segment(baseline):
    """A SysV segment in another IPC namespace."""
    holders = {"sysv.creator_alive": lambda row: row.get("creator_alive") is True}
    return _segment("foreign_segment", baseline, shmem_part("sysv"), holders)


def _anonymous(kind, baseline):
    with holder.holding(kind, SIZE) as child:
        record = take(child, baseline)

        def row(facts):
            rows = facts["shmem"]["anonymous_shared"]
            return next((row for row in rows if child.pid in row["holders"]), {})

        yield shared(
            kind,
            record,
            {
                **shmem_part("anonymous_shared"),
                "shmem.anonymous_shared[]": lambda facts: row(facts).get("bytes", 0),
            },
            {"anonymous_shared.holders": lambda facts: _holds(row(facts), child)},
        )


@plant
def anonymous_shared(baseline):
    """Shared anonymous memory in the process that filled it."""
    return _anonymous("anonymous_shared", baseline)


@plant
def untouched_shared(baseline):
    """Shared anonymous memory whose writer is gone; who still maps it never touched it."""
    return _anonymous("untouched_shared", baseline)
