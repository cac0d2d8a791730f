# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that are not drawn: the pod whose processes are all at -998, and the exercise of `make experiment`."""

from tests.lab.oom_plan import MIB, UNKILLABLE, Group, Plan, Program

_POD = -998


def _pod(number, limit, programs, trigger):
    group = Group("pod", limit=limit)
    joins = tuple(one.name for one in programs)
    return Plan(number, "pod", (group,), programs, joins, trigger, 1)


def pod():
    """Two scenes: a small one, from which the log tells which of equals the kernel takes, and the one that matters.

    There the first process is as tiny as a `pause`, two hogs follow, and the last one fills the limit of 100 MiB up.
    """
    # The largest is in the middle, so that neither rule takes it.
    small = (Program("first", "pod", _POD, MIB), Program("second", "pod", _POD, 9 * MIB))
    rehearsal = _pod(0, 16 * MIB, small, Program("third", "pod", _POD, 0))
    programs = (
        Program("pause", "pod", _POD, 0),
        Program("hog", "pod", _POD, 40 * MIB),
        Program("hog-2", "pod", _POD, 38 * MIB),
    )
    return [rehearsal, _pod(1, 100 * MIB, programs, Program("last", "pod", _POD, 0))]


def experiment():
    """Programs of a small server with different oom_score_adj; then the host runs out of memory."""
    programs = (
        Program("sshd", None, UNKILLABLE, 2 * MIB),
        Program("database", None, -800, 30 * MIB),
        Program("web", None, 0, 16 * MIB),
        Program("cache", None, 0, 24 * MIB),
        Program("batch", None, 300, 8 * MIB),
        Program("browser", None, 1000, 4 * MIB),
    )
    return Plan(0, None, (), programs, (), Program("leak", None, UNKILLABLE, 0), 4)
