# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The lines of an OOM report, each by itself: what kind it is and which values it has.

Templates of 3.10 to 7.x with those of el7 and el8: mm/oom_kill.c, mm/memcontrol.c, lib/show_mem.c.
A task's name may have any byte, brackets and newlines too, so each pattern is held by what stands around the name.
"""

import re
from typing import Dict, NamedTuple, Optional, Tuple

from . import kill_lines
from .kernel_log import LogLine
from .oom_records import Reaped, Slab, Usage
from .task_table import LONGEST_COMM

_LONGEST_PART = 1 << 14
_BEGIN_OF_PIECES = frozenset(",/: ")
_END_OF_PIECES = frozenset("= ")
_KB = 1024


class Invoked(NamedTuple):
    """`big proc invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=986`.

    comm: None up to 2.6.17, which print `oom-killer: gfp_mask=0xd0, order=0`.
    """

    comm: Optional[str]
    gfp_mask: Optional[str]
    nodemask: Optional[str]
    order: Optional[int]
    adj: Optional[int]


class Choice(NamedTuple):
    """`oom-kill:constraint=…,oom_memcg=…,task_memcg=…,task=…,pid=…,uid=…`, as far as it is whole."""

    constraint: Optional[str]
    nodemask: Optional[str]
    in_whole_host: bool
    limit_cgroup: Optional[str]
    task_cgroup: Optional[str]
    comm: Optional[str]
    pid: Optional[int]
    mems_allowed: Optional[str] = None


class Machine(NamedTuple):
    """`CPU: 1 UID: 0 PID: 122 Comm: python3 Not tainted 6.1.0-50-cloud-amd64 #1`."""

    pid: int
    comm: str
    release: Optional[str]


INVOKED = " invoked oom-killer: "
INVOKED_OLD = "oom-killer: gfp_mask="
_INVOKED = re.compile(
    r"gfp_mask=(0x[0-9a-f]{1,16}(?:\([^)]{0,1000}\))?)(?:, nodemask=([^ ]{1,1000}))?"
    r", {1,2}order=(-?[0-9]{1,2})(?![0-9])(?:, oom(?:kill|_)adj=-?[0-9]{1,3}(?![0-9]))?"
    r"(?:, oom_score_adj=(-?[0-9]{1,5})(?![0-9]))?"
)
_PREFIX = r"(?:(?:Out of memory|Memory cgroup out of memory)(?: \(oom_kill_allocating_task\))?: )"
_INVOKED_OLDEST = re.compile(INVOKED_OLD + r"(0x[0-9a-f]{1,16})$")
_SHARING = re.compile(r"Kill process ([0-9]{1,10}) \((.{0,64})\) sharing same memory", re.S)
_EXITING = re.compile(
    _PREFIX + r"?OOM victim ([0-9]{1,10}) \((.{0,64})\) is already exiting\. Skip killing the task", re.S
)
_REAPED = re.compile(
    r"oom_reaper: reaped process :?([0-9]{1,10}) \((.{0,64})\),?(?: now)? "
    r"anon-rss:([0-9]{1,20})kB, file-rss:([0-9]{1,20})kB(?:, shmem-rss:([0-9]{1,20})l?kB)?",
    re.S,
)
_UNREAPED = re.compile(r"oom_reaper: unable to reap pid:([0-9]{1,10}) \((.{0,64})\)", re.S)
_GROUP = re.compile(r"Tasks in (/.{0,5000}) are going to be killed due to memory\.oom\.group set")
_LIMIT_OF = re.compile(
    r"(?:Task in (?P<task>.{1,5000}?) killed as a result of limit of|Memory limit reached of cgroup) "
)
_USAGE = re.compile(r"([a-z+]{4,11}): usage ([0-9]{1,20})kB, limit ([0-9]{1,20})kB, failcnt ([0-9]{1,20})(?![0-9])")
_STATS_OF = re.compile(r"Memory cgroup stats for (.{1,5000}?):(?: |$)")
_STAT_KB = re.compile(r"(?:^| )([a-z_]{1,40}):([0-9]{1,20})KB")
_STAT = re.compile(r"([a-z][a-z0-9_.]{1,40}) ([0-9]{1,20})$")
_MACHINE = re.compile(
    r"CPU: [0-9]{1,5} (?:UID: [0-9]{1,10} )?PID: ([0-9]{1,10}) Comm: (.{0,64}?) "
    r"(?:Kdump: loaded )?(?:Not tainted|Tainted: [^#]{0,200}?) +([0-9]{1,3}\.[0-9][^ ]{0,100})(?: |$)",
    re.S,
)
# Up to 3.9: "Pid: 2600, comm: httpd Not tainted 2.6.32-642.el6.x86_64 #1", and in brackets before 2.6.29.
_MACHINE_OLD = re.compile(
    r"Pid: ([0-9]{1,10}), comm: (.{0,64}?) (?:Not tainted|Tainted: [^#]{0,200}?) +"
    r"\(?([0-9]{1,3}\.[0-9][^ ]{0,100})(?: |$)",
    re.S,
)
_MACHINE_CUT = re.compile(r"CPU: [0-9]{1,5} (?:UID: [0-9]{1,10} )?PID: ([0-9]{1,10}) Comm: (.{0,64})", re.S)
_CONSTRAINT = re.compile(
    r"oom-kill:constraint=(\w{1,40})(?:,nodemask=(.{0,1000}?)(?:,cpuset=|(?=,global_oom|,oom_memcg=)))?", re.S
)
_WHOSE = re.compile(r",mems_allowed=[0-9,-]{0,1000},(?:(global_oom)|oom_memcg=)(?=[,/]|$)")
_WHOSE_WITHOUT_CPUSETS = re.compile(r",(?:(global_oom)|oom_memcg=)(?=[,/]|$)")
# The pattern before may have taken ",cpuset=" for the end of the nodes.
_NODES_OF_CHOICE = re.compile(r"(?:,cpuset=)?.{0,1000}?,mems_allowed=([0-9,-]{0,1000}),(?=global_oom|oom_memcg=)", re.S)
_NODES_OF_INVOKER = re.compile(r" cpuset=\S{1,1000} mems_allowed=([0-9][0-9,-]{0,1000})$")
_VICTIM = re.compile(r",pid=([0-9]{1,10}),uid=([0-9]{1,10})$")
_SLAB = re.compile(r"(\S{1,100}) +([0-9]{1,20})KB +([0-9]{1,20})KB$")
# No limit: LONG_MAX pages, in kB; 3.x printed ULLONG_MAX bytes, 32 bit kernels have LONG_MAX pages of 4 kB.
_NO_LIMIT_KB = 9007199254740000
_NO_LIMIT_32_KB = 8589934588


def invoked(text: str) -> Optional[Invoked]:
    """Who ran out of memory."""
    if text.startswith(INVOKED_OLD):
        match = _INVOKED.match(text, INVOKED_OLD.index("gfp_mask"))
        without_order = _INVOKED_OLDEST.match(text)  # 2.6.9
        return Invoked(
            None,
            match[1] if match else without_order and without_order[1],
            None,
            _number(match and match[3]),
            None,
        )
    comm, found, rest = text.partition(INVOKED)
    if not found or len(comm) > 4 * LONGEST_COMM:
        return None
    match = _INVOKED.match(rest)
    if match is None:
        return Invoked(comm, None, None, None, None)
    return Invoked(comm, match[1], match[2], _number(match[3]), _number(match[4]))


def choice(text: str) -> Optional[Choice]:
    """The "oom-kill:" line, from both ends: names of cgroups and tasks may have commas."""
    head = _CONSTRAINT.match(text)
    if head is None:
        return None
    whose = _WHOSE_WITHOUT_CPUSETS.match(text, head.end()) or _WHOSE.search(text, head.end())
    victim = _VICTIM.search(text, max(0, len(text) - 40))
    body = text[whose.end() : victim.start() if victim else len(text)] if whose else ""
    comm = None
    if victim and ",task=" in body:
        body, comm = _split_comm(body)
    limit, task = _split_cgroups(body) if whose and not whose[1] else (None, _after(body, ",task_memcg="))
    nodes = _NODES_OF_CHOICE.match(text, head.end()) if whose else None
    return Choice(
        head[1],
        head[2],
        bool(whose and whose[1]),
        limit,
        task,
        comm,
        _number(victim[1]) if victim else None,
        nodes and nodes[1],
    )


def invoker_nodes(text: str) -> Optional[str]:
    """The nodes of whoever requested memory, up to 4.20: `java cpuset=/ mems_allowed=0-1`."""
    match = _NODES_OF_INVOKER.search(text)
    return match[1] if match else None


def _split_comm(body: str) -> Tuple[str, str]:
    """At the first ",task=" that leaves a name short enough for the kernel."""
    at = body.find(",task=", max(0, len(body) - LONGEST_COMM - len(",task=")))
    at = at if at >= 0 else body.rfind(",task=")
    return body[:at], body[at + len(",task=") :]


def _split_cgroups(body: str) -> Tuple[Optional[str], Optional[str]]:
    """The cgroup whose limit it was and the task's own, which is the same or below."""
    first = None
    at = body.find(",task_memcg=")
    while at >= 0:
        limit, task = body[:at], body[at + len(",task_memcg=") :]
        if limit == "/" or task == limit or task.startswith(limit + "/"):
            return limit, task
        first = first or (limit, task)
        at = body.find(",task_memcg=", at + 1)
    return first or (body or None, None)


def limit_of(text: str) -> Optional[Tuple[Optional[str], str]]:
    """(task's cgroup or None, limit's cgroup) of `Task in … killed as a result of limit of …`."""
    match = _LIMIT_OF.match(text)
    return (match["task"], text[match.end() :]) if match and match.end() < len(text) else None


def sharing(text: str) -> Optional[Tuple[int, str]]:
    """(pid, comm) of a process that has the victim's memory and dies with it; kernels up to 4.6 say so."""
    match = _SHARING.match(text)
    return (int(match[1]), match[2]) if match else None


def exiting(text: str) -> Optional[Tuple[int, str]]:
    """(pid, comm) of a victim that needs no kill."""
    match = _EXITING.match(text)
    return (int(match[1]), match[2]) if match else None


def reaped(text: str) -> Optional[Reaped]:
    """What the reaper left of a victim, or that it gave up."""
    match = _REAPED.match(text)
    if match:
        return Reaped(int(match[1]), match[2], _bytes(match[3]), _bytes(match[4]), _bytes(match[5]))
    match = _UNREAPED.match(text)
    return Reaped(int(match[1]), match[2], None, None, None) if match else None


def group(text: str) -> Optional[str]:
    """The cgroup all of whose tasks are killed."""
    match = _GROUP.match(text)
    return match[1] if match else None


def machine(text: str) -> Optional[Machine]:
    """Which task on which kernel."""
    match = _MACHINE.match(text) or _MACHINE_OLD.match(text)
    if match:
        return Machine(int(match[1]), match[2], match[3])
    match = _MACHINE_CUT.match(text)
    return Machine(int(match[1]), match[2], None) if match else None


def usage(text: str) -> Optional[Tuple[str, Usage]]:
    """(what, Usage) of `memory: usage …`, `memory+swap:`, `swap:`, `kmem:`."""
    match = _USAGE.match(text)
    if match is None:
        return None
    limit = int(match[3])
    unlimited = limit >= _NO_LIMIT_KB or limit == _NO_LIMIT_32_KB
    return match[1], Usage(int(match[2]) * _KB, None if unlimited else limit * _KB, int(match[4]))


def stats_of(text: str) -> Optional[Tuple[str, Dict[str, int]]]:
    """(cgroup, its statistics up to 5.2, which stand on the same line)."""
    match = _STATS_OF.match(text)
    if match is None:
        return None
    return match[1], {name: int(kb) * _KB for name, kb in _STAT_KB.findall(text, match.end() - 1)}


def stat(text: str) -> Optional[Tuple[str, int]]:
    """A line of memory.stat."""
    match = _STAT.match(text)
    return (match[1], int(match[2])) if match else None


def slab(text: str) -> Optional[Slab]:
    """A row of "Unreclaimable slab info"."""
    match = _SLAB.match(text)
    return Slab(match[1], int(match[2]) * _KB, int(match[3]) * _KB) if match else None


def is_whole(text: str) -> bool:
    """Whether a line that others may cut in two, between its pieces or at a newline in a name, has its end."""
    for start, end in _ENDS:
        if start in text:
            return end.search(text) is not None
    return True


_AFTER_NAME = re.compile(r"Killed process .*(?:\)|kB|UID:[0-9]{1,10}),?\s*$", re.S)
_KEY_OF_KILL = re.compile(r"(?:total-vm|anon-rss|file-rss|shmem-rss|UID|pgtables|oom_score_adj):-?[0-9]")
_WRAPPED_KILL = re.compile(r"(?:[0-9],? |,|\)[,.]? ?|UID:[0-9]{1,10}|kB |pgtables:[0-9]{1,20}kB)$")
# By what a line that may be cut is known, and what it has when it is whole.
_ENDS = [
    ("oom-kill:constraint=", _VICTIM),
    ("Killed process ", kill_lines.END),
    ("Kill process ", re.compile("or sacrifice child|and children|sharing same memory")),
    (INVOKED, re.compile("order=-?[0-9]")),
    ("oom_reaper: reaped", re.compile("file-rss:[0-9]+")),
    ("Task in /", re.compile(" limit of ./?")),
    ("Tasks in /", re.compile(r"memory\.oom\.group set")),
    ("Memory cgroup stats for ", re.compile(":(?: |$)")),
    (" Comm: ", re.compile("ainted")),
]


def joined(part: LogLine, rest: LogLine) -> Optional[str]:
    """Two parts of a line as one text; None where the second is no part of the first.

    Another CPU may come in between the pieces that the kernel prints one by one: the rest is a record that says so, or
    is what was wanting. Where dmesg shows records as lines, a name may have a newline: the rest has the same time.
    """
    if is_event(rest.text) or len(part.text) > _LONGEST_PART:
        return None
    text = rest.text.lstrip() if rest.bare else rest.text
    fits = text[:1] in _BEGIN_OF_PIECES or part.text[-1:] in _END_OF_PIECES
    if rest.continues:
        return part.text + text if fits else None
    wrapped = _unwrapped(part.text, text) if rest.bare else None
    if wrapped is not None:
        return wrapped
    if is_whole(part.text):
        # A mail program might have wrapped it, but has not. A name of many lines may have such an end inside.
        whole = part.text + "\n" + text
        is_name = not rest.bare and rest.time_usec == part.time_usec and kill_lines.has_sizes(whole)
        return whole if is_name and not kill_lines.has_sizes(part.text) else None
    in_name = not part.text.startswith(("Task", "Memory cgroup stats for "))
    if part.text.startswith("oom-kill:"):
        in_name = ",task=" in part.text
    if not in_name:
        return part.text + text if fits and is_whole(part.text + text) else None
    if not rest.bare and rest.time_usec != part.time_usec:
        return None
    whole = part.text + "\n" + text
    return whole if is_whole(whole) or len(text) <= LONGEST_COMM else None


def _unwrapped(part: str, rest: str) -> Optional[str]:
    """Two lines that a mail program made of one, at a blank; None where the first may end inside a name."""
    if INVOKED.rstrip() in part or (_AFTER_NAME.search(part) and _KEY_OF_KILL.match(rest)):
        return part.rstrip() + " " + rest
    return None


def may_go_on(line: LogLine) -> bool:
    """Whether a kill's line looks as if a mail program had wrapped it: it ends where a part of it may follow.

    A record of /dev/kmsg is whole. RHEL 8.3 ends the line behind the UID.
    """
    return line.sequence is None and "Killed process " in line.text and _WRAPPED_KILL.search(line.text) is not None


def _after(text: str, key: str) -> Optional[str]:
    dummy, found, rest = text.partition(key)
    return rest if found else None


def _number(text: Optional[str]) -> Optional[int]:
    return None if text is None else int(text)


def _bytes(kilobytes: Optional[str]) -> Optional[int]:
    return None if kilobytes is None else int(kilobytes) * _KB


_OF_ALLOCATIONS = ("allocation failure", "vmalloc error", "vmap allocation", "warn_alloc")


def may_be_special(text: str) -> bool:
    """Whether the line may begin, decide or end a report, tell of lost ones, or be cut in two: a quick look."""
    return (
        "oom" in text
        or "Kill" in text
        or "emory" in text
        or "Task" in text
        or "Comm: " in text
        or "OOM" in text
        or "printk mess" in text
        or "Missed " in text
        or "Linux version " in text
        or "kmsg buffer" in text
        or ("alloc" in text and any(words in text for words in _OF_ALLOCATIONS))
    )


def is_event(text: str) -> bool:
    """Whether the line is the beginning of one that begins, decides or ends a report."""
    return INVOKED in text or text.startswith(
        ("oom-kill:constraint=", "Out of memory", "Memory cgroup out of memory: ", "Killed process ", "oom_reaper: ")
    )
