# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The lines that name whom the kernel chose and killed, from 2.6.9 to 7.x, whole or cut (mm/oom_kill.c).

A task's name may have any byte, brackets and newlines too, so it ends at the last bracket behind which the line goes
on as a kernel writes it.
"""

import re
from typing import NamedTuple, Optional

from .oom_records import Kill

_KB = 1024
# Kernels up to 2.6.35 told a cpuset or a memory policy in these lines.
_SCOPES = {
    "Out of memory": "global",
    "Out of Memory": "global",
    "Memory cgroup out of memory": "memcg",
    "No available memory (MPOL_BIND)": "mempolicy",
    "No available memory in cpuset": "cpuset",
}
BEGINNINGS = tuple(_SCOPES)
_PREFIX = r"(?:({0})( \(oom_kill_allocating_task\))?: )".format("|".join(re.escape(text) for text in _SCOPES))
# "score 12 and children." of 2.6.18, "score 12 or a child" up to 2.6.35, "score 12 or sacrifice child" up to 5.0.
_SELECTED = re.compile(
    _PREFIX + r"[Kk]ill process ([0-9]{1,10}) \((.{0,64})\) score ([0-9]{1,20}) "
    r"(or sacrifice child|or a child|and children)",
    re.S,
)
_KILLED = _PREFIX + r"?Killed process ([0-9]{1,10})(?:, UID ([0-9]{1,10}),)? \((.{0,64})"
# el7 has a comma behind the name; 2.6.33 to 2.6.35 call the address space vsz.
_SIZES = r"\),? (?:UID ([0-9]{1,10}), )?(?:total-vm|vsz):"
_FIRST = r"([0-9]{1,20})kB, anon-rss:([0-9]{1,20})kB, file-rss:([0-9]{1,20})kB"
_FIRST_CUT = r"(?:([0-9]{1,20})kB(?:, anon-rss:([0-9]{1,20})kB(?:, file-rss:([0-9]{1,20})kB)?)?)?"
_LAST = (
    r"(?:, shmem-rss:([0-9]{1,20})kB)?(?:, UID:([0-9]{1,10})(?![0-9]))?(?: pgtables:([0-9]{1,20})kB)?"
    r"(?: oom_score_adj:(-?[0-9]{1,5})(?![0-9]))?"
)
_WITH_SIZES = [re.compile(_KILLED + _SIZES + first + _LAST, re.S) for first in (_FIRST, _FIRST_CUT)]
_WITHOUT_SIZES = re.compile(_KILLED, re.S)
# The line ends behind the name, or before the first size.
_BEGINS = "|".join(sorted(word[:end] for word in ("total-vm", "vsz", "UID") for end in range(1, len(word) + 1)))
_CLOSING = re.compile(r"\)(?:,?(?: UID [0-9]{1,10},?)?(?: (?:" + _BEGINS + r")?)?|\.)$")
_OLDEST = re.compile(r"\)\.$")
# What a line ends with that is whole, or may be the whole line of a kernel up to 2.6.32.
END = re.compile(r"(?:total-vm|vsz):[0-9]+kB, anon-rss:[0-9]+kB, file-rss:[0-9]+kB|\([^\n]{1,15}\)\.?$")


class Selected(NamedTuple):
    """`Out of memory: Kill process 59 (big proc) score 683 or sacrifice child`.

    scope: what ran out, as a Report has it. is_old: of a kernel before 2.6.36, whose scores were others.
    """

    scope: str
    allocating_task: bool
    pid: int
    comm: str
    score: Optional[int]
    is_old: bool


class Killed(NamedTuple):
    """A "Killed process" line; scope None where it has no prefix. is_cut: its sizes, or some of them, are lost."""

    scope: Optional[str]
    allocating_task: bool
    kill: Kill
    is_cut: bool


def selected(text: str) -> Optional[Selected]:
    """The choice of kernels up to 5.0, which may fall on a thread, or on a parent whose child dies."""
    match = _SELECTED.match(text)
    if match is None:
        return None
    is_old = match[6] != "or sacrifice child"
    return Selected(_SCOPES[match[1]], match[2] is not None, int(match[3]), match[4], int(match[5]), is_old)


def killed(text: str) -> Optional[Killed]:
    """A kill that happened, as far as its line is there. A size whose unit is cut off is none."""
    match = _WITH_SIZES[0].match(text) or _WITH_SIZES[1].match(text)
    if match is None:
        return _without_sizes(text.rstrip())
    total, anon, file, shmem = (_bytes(match[group]) for group in (7, 8, 9, 10))
    kill = Kill(
        pid=int(match[3]),
        comm=match[5],
        uid=_number(match[4] or match[6] or match[11]),
        total_vm_bytes=total,
        anon_bytes=anon,
        file_bytes=file,
        shmem_bytes=shmem,
        page_tables_bytes=_bytes(match[12]),
        adj=_number(match[13]),
        in_group=False,
        repeated=False,
    )
    return Killed(_scope(match[1]), match[2] is not None, kill, file is None)


def has_sizes(text: str) -> bool:
    """Whether the line has the sizes that all such lines have since 2.6.33."""
    return _WITH_SIZES[0].match(text) is not None


def _without_sizes(text):
    """Kernels up to 2.6.32 print none; the oldest end the line with a full stop."""
    match = _WITHOUT_SIZES.match(text)
    if match is None:
        return None
    comm = match[5]
    if match.end() == len(text):
        comm = _CLOSING.sub("", comm)
    kill = Kill(int(match[3]), comm, _number(match[4]), None, None, None, None, None, None, False, False)
    return Killed(_scope(match[1]), match[2] is not None, kill, _OLDEST.search(text) is None)


def _scope(prefix):
    return None if prefix is None else _SCOPES[prefix]


def _number(text: Optional[str]) -> Optional[int]:
    return None if text is None else int(text)


def _bytes(kilobytes: Optional[str]) -> Optional[int]:
    return None if kilobytes is None else int(kilobytes) * _KB
