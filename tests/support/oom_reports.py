# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM reports by hand, for the tests of the models that read them."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.oom_records import (
    Kill,
    Report,
    TaskRow,
    Usage,
)

MIB = 1 << 20
PAGES = MIB // 4096  # of a MiB


def row(pid, comm, mib, adj=0, swap=0, tables=0, anon=None, tgid=None):
    """A row whose resident set is `mib` MiB; anon in MiB where the table has the column."""
    split = (None, None, None) if anon is None else (anon * PAGES, 0, (mib - anon) * PAGES)
    return TaskRow(pid, tgid or pid, 0, mib * PAGES, mib * PAGES, *split, None, tables * 4096, swap * PAGES, adj, comm)


def kill(pid, comm, mib, adj=0, in_group=False, repeated=False, total_vm=None):
    """A kill line whose anonymous memory is `mib` MiB."""
    return Kill(pid, comm, 0, (total_vm or mib) * MIB, mib * MIB, 0, 0, None, adj, in_group, repeated)


def report(tasks=(), kills=(), **fields):
    """A report of a cgroup with a limit of 1000 MiB, on a 5.4."""
    known = {
        "scope": "memcg",
        "release": "5.4.59",
        "limit_cgroup": "/a",
        "task_cgroup": "/a",
        "memory": Usage(1000 * MIB, 1000 * MIB, 7),
        "tasks": list(tasks) or None,
        "kills": list(kills),
        "outcome": "killed" if kills else "unknown",
        "page_size": 4096,
        "stats": {},
        "meminfo": {},
        "slabs": [],
        "reaped": [],
        "missing": [],
        "allocating_task": False,
    }
    known.update(fields)
    return Report(**{name: known.get(name) for name in Report._fields if name in known or name not in _OPTIONAL})


_OPTIONAL = frozenset(Report._field_defaults)


def of_host(ram_mib=1000, swap_mib=0, **meminfo):
    """scope and memory block of a global OOM, sizes in MiB."""
    block = {"ram": ram_mib * MIB, "reserved": 0, "total_swap": swap_mib * MIB, "free_swap": 0}
    block.update((name, size * MIB) for name, size in meminfo.items())
    return {"scope": "global", "memory": None, "limit_cgroup": None, "task_cgroup": None, "meminfo": block}
