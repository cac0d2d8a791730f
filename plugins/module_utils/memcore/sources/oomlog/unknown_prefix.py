# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's text behind a prefix that no format knows: a date in another language, a column of a log viewer.

Not the prefix decides, but what the kernel's lines begin with. Where such an anchor stands behind something, that is
the prefix, and lines that begin alike lose it too. A program's tag (`myapp[77]: `) says that the line is not the
kernel's.
"""

import re
from typing import NamedTuple, Optional

_LONGEST = 300
_LONGEST_NAME = 15  # TASK_COMM_LEN
# 07:26:44 with what stands before it in any language: letters of all alphabets, digits, points, dashes.
_TIMED = re.compile(
    r"(?P<stamp>(?:[^\W_]|[ .,/'+-]){0,48}?(?<![0-9])[0-9]{1,2}[:h][0-9]{2}[:m][0-9]{2}(?:[.,][0-9]{1,9})?s?"
    r"(?:\S{1,8})??(?: [0-9]{4}| [AaPp][Mm])?)"
    r" +(?:\S{1,255} )?(?P<tag>[^\s:\[]{1,128})(?:\[[0-9]{1,10}\])?: ?"
)
# Words with a colon that the kernel's own lines begin with.
_OWN_WORDS = frozenset(
    ["memory", "memory+swap", "swap", "kmem", "oom-kill", "oom_reaper", "CPU", "Workqueue", "Mem-Info", "Code", "RIP"]
)
_PRINTK = re.compile(r"\[ *([0-9]{1,10})\.([0-9]{6})(?:@[0-9]{1,4})?\] ?")
_TIME_OR_COLUMN = re.compile(r"[0-9]:[0-9]{2}:[0-9]{2}|\| *$|> *$|^ *[0-9]{1,9}[:.)]? *$")
_FILE = re.compile(r"[^\s:]{1,1000}?[:-](?:[0-9]{1,9}[:-])?(?=[^\s])")
_ANCHOR = re.compile(
    r"(?:(?:Memory cgroup o|O)ut of [Mm]emory|No available memory (?:\(MPOL_BIND\)|in cpuset))"
    r"(?: \(oom_kill_allocating_task\))?: (?:[Kk]ill(?:ed)? process|OOM victim) "
    r"|Kill(?:ed)? process [0-9]{1,10}(?:, UID [0-9]{1,10},)? \("
    r"|oom-kill:constraint=|Tasks? in /|(?:memory(?:\+swap)?|swap|kmem): usage [0-9]|Memory cgroup stats for "
    r"|Mem-[Ii]nfo:|oom-killer: gfp_mask=0x"
    r"|\[ *pid *\] +uid +tgid |Out of memory and no killable proc|Kernel panic - not sync|oom_reaper: reaped "
    r"|CPU: [0-9]{1,5} (?:UID: [0-9]{1,10} )?PID: |Memory limit reached of cgroup "
)
_INVOKED = re.compile(r"(\S{1,60}) invoked oom-killer: ")
_OF_A_PROGRAM = re.compile(r"[^\s:\[]{1,128}\[[0-9]{1,10}\]: ?$")
_WORDS = re.compile(r"[^\s|>:\]]{1,14}(?: [^\s|>:\]]{1,14}){0,6} $")
_PIECES = re.compile(r"[0-9]+| +|[^0-9 ]+")


class Found(NamedTuple):
    """text: the kernel's; is_foreign: the line is a program's; stamp, time_usec: as a LogLine has them."""

    text: str
    is_foreign: bool = False
    stamp: Optional[str] = None
    time_usec: Optional[int] = None


_FOREIGN = Found("", True)


class UnknownPrefix:
    """Takes the lines that no format knows, and remembers what stood before the last anchor."""

    def __init__(self) -> None:
        self._shape = None

    def strip(self, line: str) -> Optional[Found]:
        """What the line is; None where nothing tells that it has a prefix."""
        found = _timed(line) or self._before_printk(line)
        if found is not None:
            return found
        if self._shape is not None:
            match = self._shape.match(line)
            if match is not None:
                return Found(line[match.end() :])
        return self._before_anchor(line)

    def _before_printk(self, line) -> Optional[Found]:
        if "[" not in line[1:_LONGEST]:
            return None
        match = _PRINTK.search(line, 1, _LONGEST)
        if match is None or _TIME_OR_COLUMN.search(line[: match.start()]) is None:
            return None
        if _OF_A_PROGRAM.search(line[: match.start()]):
            return _FOREIGN
        return Found(line[match.end() :], time_usec=int(match[1] + match[2]))

    def _before_anchor(self, line) -> Optional[Found]:
        start = _anchor(line)
        if not start:
            return None
        prefix = line[:start]
        if _OF_A_PROGRAM.search(prefix):
            return _FOREIGN
        self._shape = _shape_of(prefix)
        return Found(line[start:])


def _anchor(line) -> Optional[int]:
    """Where the kernel's text begins; a name in a row of the task table is no anchor."""
    if line.lstrip()[:1] == "[" and not line[:1].isspace():
        return None
    match = _INVOKED.search(line, 0, _LONGEST)
    if match is not None:
        lead = len(line) - len(line.lstrip(" \t>|"))
        # The name of the task may have blanks itself.
        is_name = match.end(1) - lead <= _LONGEST_NAME and _WORDS.match(line[lead : match.start()]) is not None
        return lead if is_name else match.start()
    match = _ANCHOR.search(line, 0, _LONGEST)
    return None if match is None else match.start()


def _timed(line) -> Optional[Found]:
    match = _TIMED.match(line)
    if match is None or "|" in match[0]:  # columns of a log viewer, whose words are no tags
        return None
    tag = match["tag"]
    if tag in _OWN_WORDS:
        return Found(line[match.start("tag") :], stamp=match["stamp"])
    if tag != "kernel":
        return _FOREIGN
    rest = line[match.end() :]
    printk = _PRINTK.match(rest)
    if printk is None:
        return Found(rest, stamp=match["stamp"])
    return Found(rest[printk.end() :], stamp=match["stamp"], time_usec=int(printk[1] + printk[2]))


def without_file(line: str) -> Optional[str]:
    """The line without the file's name (and the line's number) that grep puts in front; None where it has none."""
    match = _FILE.match(line)
    return None if match is None else line[match.end() :]


def _shape_of(prefix):
    """Lines whose prefix differs in figures alone begin alike."""
    return re.compile("".join(_piece(piece) for piece in _PIECES.findall(prefix)))


def _piece(piece):
    if piece[0] in "0123456789":
        return "[0-9]+"
    return " +" if piece[0] == " " else re.escape(piece)
