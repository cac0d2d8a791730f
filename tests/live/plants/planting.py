# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all plants share: how memory is taken and seen in the kernel's own counters, and where a plant is registered."""

import collections
import contextlib

from tests.live import procfs

MIB = 1 << 20
SIZE = 32 * MIB

# kind; bytes planted, by a measure the collector does not use; traces: {name: function(facts) -> bytes that moved, None
# if not reported}; holders: {name: function(facts) -> truth}; also: {name as of a trace: most it may move, in bytes},
# what comes with the kind by its nature. Of all sums of the facts only those named in traces and also may move.
Planted = collections.namedtuple("Planted", "kind bytes traces holders also")

KINDS = collections.OrderedDict()


def plant(function):
    """Register a plant under its function's name, as a context manager."""
    KINDS[function.__name__] = contextlib.contextmanager(function)
    return KINDS[function.__name__]


class NotSettled(Exception):
    """The kernel's own counter never showed the memory: the plant is wrong, or the host too busy to tell."""


def ledger_part(part):
    """The trace of a part of the ledger, by the name it has among the sums."""
    return {f"ledger.{part}": lambda facts: facts["memory"]["ledger"][part]}


def shmem_part(part):
    """The trace of a part of shared memory, by the name it has among the sums."""
    return {f"shmem.{part}": lambda facts: facts["shmem"][f"{part}_bytes"]}


def tmpfs_row(facts, folder):
    """The row of the tmpfs mounted on `folder`; {} if there is none."""
    rows = [row for row in facts["tmpfs"] if row["mount"] == folder or folder in row["mounts"]]
    return rows[0] if rows else {}


def row_of(rows, **wanted):
    """The first row with these values; {} if there is none."""
    for row in rows:
        if all(row.get(key) == value for key, value in wanted.items()):
            return row
    return {}


@contextlib.contextmanager
def settled(counter, expected):
    """Take memory in the block, then wait until `counter` grew by `expected()` within the margin."""
    before = counter()
    yield
    wanted = expected()
    if not procfs.wait_until(lambda: _grew(counter, before) >= wanted - margin(wanted), 5):
        raise NotSettled(f"the kernel counts {_grew(counter, before)} bytes more, planted were {wanted}")


def _grew(counter, before):
    procfs.fold_counters()
    return counter() - before


def margin(size):
    """How far a reading may be off: 2 % or 1 MiB."""
    return max(size // 50, MIB)


def shmem():
    """Bytes of shared memory by the kernel's own counter."""
    return procfs.meminfo("Shmem")


def take(child, baseline, counter=shmem):
    """The usual course: baseline, take, wait until the kernel counts it; returns the holder's record."""
    baseline()
    record = {}
    with settled(counter, lambda: record["bytes"]):
        record.update(child.take())
    return record


def shared(kind, record, traces, holders):
    """A Planted of some shared memory: Shmem and nothing else of the ledger."""
    return Planted(kind, record["bytes"], {**ledger_part("shmem"), **traces}, holders, {})
