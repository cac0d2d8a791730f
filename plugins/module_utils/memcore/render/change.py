# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A change of what_if as people read it: its sentence beside its figures."""

from typing import Dict

from ..models.changes import ADJ, EMPTIED, GONE, LIMIT, NO_LIMIT, RESIZED, Outcome
from ..models.size import human
from ..sources.printable import printable, with_pid


def row(outcome: Outcome) -> Dict:
    """The change as the module returns it; sizes in bytes, None where the change has no such figure."""
    resized = outcome.change.change == RESIZED
    before = None if outcome.limit_bytes is None or not resized else max(outcome.limit_bytes - outcome.used_bytes, 0)
    return {
        "change": outcome.change.change,
        "summary": _SENTENCES[outcome.change.change](outcome),
        "pids": sorted(pid for _comm, pid in outcome.tasks),
        "frees_bytes": outcome.frees_bytes,
        "can_take_bytes_before": before,
        "can_take_bytes_after": outcome.new_bytes - outcome.used_bytes if resized else None,
    }


def _adj(outcome):
    return f"{_named(outcome.tasks)} with oom_score_adj {outcome.change.value}"


def _gone(outcome):
    return f"{_named(outcome.tasks)} gone"


def _emptied(outcome):
    mount = printable(outcome.change.mount)
    return f"{mount} emptied, which frees at most {human(outcome.used_bytes)} (files that are open stay)"


def _resized(outcome):
    mount, new, used, limit = (
        printable(outcome.change.mount),
        outcome.new_bytes,
        outcome.used_bytes,
        outcome.limit_bytes,
    )
    before = "without limit until now" if limit is None else f"{human(max(limit - used, 0))} until now"
    return f"{mount} resized to {human(new)}, so it can take {human(new - used)} more ({before})"


def _limit(outcome):
    path = printable("/" + outcome.change.cgroup.strip("/"))
    if outcome.change.size == NO_LIMIT:
        return f"{path} without a limit"
    new, used = outcome.new_bytes, outcome.used_bytes
    below = "" if used is None or used <= new else f", which is below the {human(used)} that it uses"
    return f"{path} with a limit of {human(new)}{below}"


def _named(tasks):
    comm, pid = tasks[0]
    more = f" and {len(tasks) - 1} more" if tasks[1:] else ""
    return with_pid(comm, pid) + more


_SENTENCES = {ADJ: _adj, GONE: _gone, EMPTIED: _emptied, RESIZED: _resized, LIMIT: _limit}
