# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""One OOM report while its lines come in: each line that belongs to it fills some of its fields."""

import re
from typing import Callable, Dict, List, Optional, Set, Tuple

from ..printable import printable
from . import oom_lines, task_table
from .failed_allocation import Failed
from .kernel_log import LogLine, wall_time
from .kill_lines import Killed, Selected
from .oom_lines import Choice, Invoked, Machine
from .oom_memory_block import MemoryBlock
from .oom_records import Kill, Reaped, Report, Slab, TaskRow, Usage
from .task_table import Table

MOST_ROWS = 1 << 16
_MOST_OTHERS = 4096  # of kills, reaped, slabs and statistics each
_SCOPES = {
    "CONSTRAINT_MEMCG": "memcg",
    "CONSTRAINT_CPUSET": "cpuset",
    "CONSTRAINT_MEMORY_POLICY": "mempolicy",
    "CONSTRAINT_NONE": "global",
}
_PAGE_SIZES = (4096, 8192, 16384, 32768, 65536, 262144)


class Assembly:
    """Fields as they are known by now: take() has the lines of the body, other methods what tells of events."""

    def __init__(self, line: LogLine) -> None:
        self.line = line
        self._has_begun_before = False
        self.done = False  # the kernel has acted; a group's other kills and the reaper may follow
        self.given = False  # as a report; whatever still comes belongs to it, but is not told
        self.invoked: Optional[Invoked] = None
        self.machine: Optional[Machine] = None
        self.selected: Optional[Selected] = None
        self.choice: Optional[Choice] = None
        self.kills: List[Kill] = []
        self._killed: Set[int] = set()
        self._killed_as: Set[Tuple[str, Optional[int]]] = set()  # the names and sizes of those
        self._sharers: List[Tuple[int, str]] = []
        self.reaped: List[Reaped] = []
        self.group: Optional[str] = None
        self.exiting: Optional[Tuple[int, str]] = None
        self.failed: Optional[Failed] = None
        self.repeats = 0
        self.nobody = False
        self.panic: Optional[str] = None
        self.by_sysrq = False
        self.allocating_task = False
        self.of_memcg: Optional[bool] = None
        self._said_scope: Optional[str] = None  # by the line of the choice or of the kill
        self.rows: List[TaskRow] = []
        self._row_of: Dict[int, TaskRow] = {}
        self._table: Optional[Table] = None
        self._row_usec: Optional[int] = None
        self._cut = ""  # a row or the head of the table that ends too early
        self._task_cgroup: Optional[str] = None
        self._limit_cgroup: Optional[str] = None
        self._usages: Dict[str, Usage] = {}
        self._stats_cgroup: Optional[str] = None
        self._stats: Dict[str, int] = {}
        self._cgroups_added: Set[str] = set()  # to the statistics of a subtree
        self._invoker_nodes: Optional[str] = None
        self._in_stats = False
        self._memory = MemoryBlock()
        self._slabs: List[Slab] = []
        self._in_slabs = False
        self._missing: Dict[str, str] = {}
        self._acted: Optional[LogLine] = None  # the line that says what the kernel did

    @classmethod
    def of_rest(cls, line: LogLine) -> Optional["Assembly"]:
        """A report whose beginning is lost, from one of its later lines; None where the line is of no report.

        Stacks are of all kinds of trouble, so that no report is told by a line of one.
        """
        text = line.text.lstrip() if line.bare else line.text
        if text.startswith(_OF_STACKS):
            return None
        report = cls(line)
        report._has_begun_before = True
        report._memory.begun = not text.startswith(_MEM_INFO)
        report._in_stats = True
        return report if report.take(line) else None

    @property
    def shows_oom(self) -> bool:
        """Whether it has a line that only reports of the OOM killer have; others print memory blocks, too."""
        is_by_others = self._has_begun_before and not self._table and not self._usages and not self._limit_cgroup
        return not is_by_others or self.done or self.choice is not None or self.selected is not None

    @property
    def skips_indented(self) -> bool:
        """Whether no line that is indented matters now: those of stacks do not, some of the memory block do."""
        return not self._memory.begun or bool(self.rows)

    @property
    def goes_on(self) -> bool:
        """Whether lines of the body may still come: those of a failed allocation follow the line that says all."""
        return not self.done or self.failed is not None

    def miss(self, what: str, why: str) -> None:
        """Say that something is not whole; the first reason stays."""
        if len(self._missing) < 64:
            self._missing.setdefault(what, why)

    def is_member(self, pid: int, kill: Optional[Kill] = None) -> bool:
        """Whether a kill after the first can be one of the group: its task is in the table, where there is one."""
        if self.group is None:
            return False
        is_whole = bool(self.rows) and "tasks" not in self._missing
        return not is_whole or pid in self._row_of or (kill is not None and self.names_again(kill))

    def names_again(self, kill: Kill) -> bool:
        """Whether a "Killed process" line is about a process that was killed here before.

        Of a group the first victim is killed twice. The kernel names the thread that still has the memory, which is
        another one when the first thread of the process has gone meanwhile (find_lock_task_mm).
        """
        if kill.pid in self._killed or kill.pid in self._row_of or not self.rows or kill.total_vm_bytes is None:
            return kill.pid in self._killed
        return (kill.comm, kill.total_vm_bytes) in self._killed_as

    def is_about_another(self, pid: int) -> bool:
        """Whether the report named another victim, and lines are lost: its own kill then is, too.

        Without a loss the kernel may take a thread of the process, and up to 5.0 a child.
        """
        named = None if self.choice is None else self.choice.pid
        return named is not None and named != pid and self.selected is None and "log" in self._missing

    def has_killed(self, pid: int) -> bool:
        """Whether the process was killed here."""
        return pid in self._killed

    def note_end(self, line: LogLine) -> None:
        """Keep the line that said what the kernel did, if this is it: the time of the event is that line's."""
        if self.done and self._acted is None:
            self._acted = line

    def take(self, line: LogLine) -> bool:
        """Take a line of the body, or say that it is none."""
        text = line.text
        cut, self._cut = self._cut, ""
        if cut and line.bare and self._row(cut.rstrip() + " " + text.lstrip(), line):
            return True
        first = text[:1]
        if first == "[":
            if self._row(text, line) or self._continue_name(line):
                return True
            if text[1:9].lstrip(" 0123456789")[:1] == "]":
                self.miss("tasks", "a row of the task table could not be read")
            return False
        if first == " ":
            text = text.lstrip()
            if not self._memory.begun or not self._memory.counters(text):
                return line.bare and self._continue_name(line) or (line.bare and self._body(text))
            return True
        return self._body(text) or self._invoker_cpuset(text) or self._continue_name(line)

    def _invoker_cpuset(self, text: str) -> bool:
        """Up to 4.20 the report's second line; its first word is the invoker's name."""
        found = oom_lines.invoker_nodes(text) if "mems_allowed=" in text and self._invoker_nodes is None else None
        self._invoker_nodes = self._invoker_nodes or found
        return found is not None

    def _body(self, text: str) -> bool:
        handler = _BY_WORD.get(text.partition(" ")[0])
        if handler and handler(self, text):
            return True
        if self._in_stats and self._stat(text):
            return True
        if self._in_slabs and self._slab(text):
            return True
        if self._memory.begun and not self.rows:
            return self._memory.pages(text) or (":" in text and self._memory.counters(text))
        return False

    def _row(self, text: str, line: LogLine) -> bool:
        if "oom_score_adj" in text or "total_vm" in text:
            table = Table.of_header(text)
            if table is None:
                return self._is_cut(text, line)
            self._in_stats = self._in_slabs = False
            if self._table is None:
                self._table = table
            return True
        if self._table is None:
            self._table = Table.of_row(text)
            if self._table is None:
                return False
            self.miss("tasks", "the head of the task table is not in the log, rows may be lost with it")
        row = self._table.row(text)
        if row is None:
            return self._is_cut(text, line)
        if len(self.rows) < MOST_ROWS:
            self.rows.append(row)
            self._row_of.setdefault(row.pid, row)
            self._row_usec = line.time_usec
        else:
            self.miss("tasks", "the task table has more than {0} rows".format(MOST_ROWS))
        return True

    def _is_cut(self, text: str, line: LogLine) -> bool:
        """Whether a mail program may have wrapped the line, so that the rest is to come."""
        if self._continue_name(line):
            return True
        if line.sequence is None and _CUT_ROW.match(text) and len(text) < _LONGEST_ROW:
            self._cut = text
        return bool(self._cut)

    def _continue_name(self, line: LogLine) -> bool:
        """A name with a newline: dmesg shows what follows as a line of its own, with the same time or indented."""
        same = line.bare if line.time_usec is None else line.time_usec == self._row_usec
        if not same or not self.rows or self.done or self.choice or not line.text.strip():
            return False
        # Where a mail program wrapped the line before the name, there is none yet.
        name = self.rows[-1].comm + "\n" * bool(self.rows[-1].comm) + (line.text.lstrip() if line.bare else line.text)
        if len(name.encode("utf-8", "surrogateescape")) > task_table.LONGEST_COMM:
            return False
        self.rows[-1] = self.rows[-1]._replace(comm=name)
        return True

    def take_invoked(self, found: Invoked) -> None:
        """The first line; order -1 is sysrq-f."""
        self.invoked = found
        self.by_sysrq = self.by_sysrq or found.order == -1
        if found.gfp_mask is None:
            self.miss("trigger", "the report's first line is cut")

    def _cpu(self, text: str) -> bool:
        found = None if self._has_begun_before else oom_lines.machine(text)
        # Another task may print its own: the kernel's line has the name of the one that ran out of memory.
        if (
            found
            and self.machine is None
            and (self.invoked is None or self.invoked.comm is None or found.comm.endswith(self.invoked.comm))
        ):
            self.machine = found
        return found is not None

    def _workqueue(self, text: str) -> bool:
        self.by_sysrq = self.by_sysrq or "moom_callback" in text
        return True

    def _limit_of(self, text: str) -> bool:
        found = oom_lines.limit_of(text)
        if found:
            self._task_cgroup, self._limit_cgroup = found
            self.of_memcg = True
        return found is not None

    def _usage(self, text: str) -> bool:
        found = oom_lines.usage(text)
        if found:
            self._usages.setdefault(*found)
            self.of_memcg = True
        return found is not None

    def _memory_cgroup(self, text: str) -> bool:
        found = oom_lines.stats_of(text)
        if text.startswith("Memory limit reached of "):
            return self._limit_of(text)
        if found is None:
            self._in_stats = self._in_stats and not text.startswith("Memory cgroup min protection")
            return text.startswith("Memory cgroup min protection")
        cgroup, stats = found
        self.of_memcg = True
        if not stats:
            # Since 5.3 the limit's cgroup alone is printed, with all below it.
            if self._stats_cgroup is None or cgroup == self._limit_cgroup:
                self._stats_cgroup, self._stats = cgroup, {}
                self._in_stats = True
            return True
        # Up to 5.2 each cgroup of the subtree has a line, the limit's first, with the pages of its own alone.
        self._stats_cgroup = self._stats_cgroup or cgroup
        if cgroup not in self._cgroups_added and len(self._cgroups_added) < _MOST_OTHERS:
            self._cgroups_added.add(cgroup)
            has_sums = any(name.startswith(_TOTAL) for name in self._stats)
            for name, size in ({} if has_sums else stats).items():
                self._stats[name] = self._stats.get(name, 0) + size
        return True

    def _stat(self, text: str) -> bool:
        found = [oom_lines.stat(line) for line in text.split("\n")[:_MOST_OTHERS]]
        if found[0] is None:
            return False
        # Up to 6.7 all of memory.stat is one record, which is cut where a record is full.
        if found[-1] is None or (len(found) > 1 and len(text) >= _FULL_RECORD):
            found.pop()
            self.miss("stats", "the kernel cuts memory.stat where its log record is full")
        self._stats.update(pair for pair in found if pair and len(self._stats) < _MOST_OTHERS)
        return True

    def _mem_info(self, text: str) -> bool:
        return text in _MEM_INFO and self._memory.begin()

    def _node(self, text: str) -> bool:
        return self._memory.begun and self._memory.node(text)

    def _reserves(self, text: str) -> bool:
        return self._memory.begun and self._memory.reserves(text)

    def _swap(self, text: str) -> bool:
        return self._memory.begun and self._memory.swap(text)

    def _slab_head(self, text: str) -> bool:
        self._in_slabs = True
        return True

    def _slab(self, text: str) -> bool:
        found = oom_lines.slab(text)
        if found and len(self._slabs) < _MOST_OTHERS:
            self._slabs.append(found)
        return found is not None or text.split() == ["Name", "Used", "Total"]

    def take_choice(self, found: Choice) -> None:
        """The "oom-kill:" line."""
        self.choice = found
        if found.pid is None:
            self.miss("victim", "the oom-kill line is cut")

    def take_selected(self, found: Selected) -> None:
        """A "Kill process" line."""
        self.selected = found
        self._take_scope(found.scope)
        self.allocating_task = self.allocating_task or found.allocating_task

    def take_killed(self, found: Killed) -> None:
        """A "Killed process" line."""
        self.done = True
        if found.scope is not None:
            self._take_scope(found.scope)
        self.allocating_task = self.allocating_task or found.allocating_task
        repeated = self.names_again(found.kill)
        if len(self.kills) < _MOST_OTHERS:
            self.kills.append(found.kill._replace(in_group=self.group is not None, repeated=repeated))
            self._killed.add(found.kill.pid)
            self._killed_as.add((found.kill.comm, found.kill.total_vm_bytes))
        else:
            self.miss("kills", "more than {0} kills in one report".format(_MOST_OTHERS))
        if found.is_cut and not self._is_of_old_kernel:
            self.miss("kill", "the line of the kill is cut")

    def _take_scope(self, scope: str) -> None:
        self._said_scope = scope
        self.of_memcg = scope == "memcg"

    @property
    def _is_of_old_kernel(self) -> bool:
        """Whether a line is written as kernels before 2.6.36 wrote it."""
        return (self.selected is not None and self.selected.is_old) or (self._table is not None and self._table.is_old)

    def take_exiting(self, victim: Tuple[int, str]) -> None:
        """The victim needs no kill: it is about to go."""
        self.done = True
        self.exiting = victim

    def take_nobody(self) -> None:
        """No process may be killed."""
        self.done = self.nobody = True

    def take_panic(self, why: str) -> None:
        """The kernel gave up."""
        self.done = True
        self.panic = why
        self.nobody = self.nobody or "no killable processes" in why

    def take_failed(self, found: Failed) -> None:
        """The first line of a failed allocation. It may be two: vmalloc()'s own and one as any allocation has."""
        self.done = True
        self.failed = found
        if found.comm is not None:
            self.invoked = Invoked(found.comm, found.gfp_mask, found.nodemask, found.order, None)

    def take_sharing(self, pid: int, comm: str) -> None:
        """A process that shares the victim's memory."""
        if len(self._sharers) < _MOST_OTHERS:
            self._sharers.append((pid, comm))

    def report(self) -> Report:
        """What is known, as a record."""
        page_size = self._page_size()
        limit, task = self._cgroups()
        self._say_what_is_missing()
        line, choice, invoked = self.line, self.choice, self.invoked
        acted = self._acted or line
        return Report(
            sequence=line.sequence,
            time_usec=line.time_usec,
            wall_time=wall_time(line.stamp),
            boot_id=line.boot_id,
            scope=self._scope(),
            release=None if self.machine is None else _printable(self.machine.release),
            trigger_pid=None if self.machine is None else self.machine.pid,
            trigger_comm=self._trigger_comm(),
            trigger_adj=None if invoked is None else invoked.adj,
            gfp_mask=None if invoked is None else _printable(invoked.gfp_mask),
            order=None if invoked is None else invoked.order,
            allocating_task=self.allocating_task,
            constraint=None if choice is None else choice.constraint,
            nodemask=_printable(choice.nodemask if choice else invoked.nodemask if invoked else None),
            limit_cgroup=_printable(limit),
            task_cgroup=_printable(task),
            selected=None
            if self.selected is None
            else (self.selected.pid, _name(self.selected.comm), self.selected.score),
            target_pid=None if choice is None else choice.pid,
            target_comm=_printable(choice.comm) if choice else None,
            memory=self._usages.get("memory"),
            memory_swap=self._usages.get("memory+swap"),
            swap=self._usages.get("swap"),
            kmem=self._usages.get("kmem"),
            stats=_of_subtree(self._stats),
            meminfo=self._memory.in_bytes(page_size),
            slabs=[slab._replace(name=_name(slab.name)) for slab in self._slabs],
            tasks=[row._replace(comm=_name(row.comm)) for row in self.rows] if self._table else None,
            group_cgroup=_printable(self.group),
            kills=[self._kill(kill) for kill in self.kills],
            reaped=[one._replace(comm=_name(one.comm)) for one in self.reaped],
            outcome=self._outcome(),
            page_size=page_size,
            missing=list(self._missing.items()),
            stamp=_printable(line.stamp),
            panic=_printable(self.panic),
            zones=self._memory.zones(),
            sharers=[(pid, _name(comm)) for pid, comm in self._sharers],
            acted_usec=acted.time_usec,
            acted_stamp=_printable(acted.stamp),
            exiting=None if self.exiting is None else (self.exiting[0], _name(self.exiting[1])),
            mems_allowed=_printable(self._mems_allowed()),
            table_lost_rows=self._has_lost_rows(),
            repeats=self.repeats,
            old_scores=self._is_of_old_kernel,
        )

    def _cgroups(self) -> Tuple[Optional[str], Optional[str]]:
        """(limit's, task's)."""
        limit, task = self._limit_cgroup, self._task_cgroup
        if self.choice:
            limit, task = self.choice.limit_cgroup or limit, self.choice.task_cgroup or task
        return limit or self._stats_cgroup, task

    def _mems_allowed(self) -> Optional[str]:
        return self.choice.mems_allowed if self.choice and self.choice.mems_allowed else self._invoker_nodes

    def _has_lost_rows(self) -> bool:
        """Whether a table is there without rows, or without that of the process that was chosen."""
        if self._table is None:
            return False
        chosen = self.choice.pid if self.choice else self.kills[0].pid if self.kills else None
        return not self.rows or (chosen is not None and chosen not in self._row_of and self.selected is None)

    def _scope(self) -> Optional[str]:
        if self.by_sysrq:
            return "sysrq"
        if self.failed is not None:
            return "global"
        if self.choice and self.choice.constraint in _SCOPES:
            # 5.0 and early 5.1 print CONSTRAINT_NONE for every OOM (fixed by 432b1de0de02).
            is_memcg = self.choice.constraint == "CONSTRAINT_NONE" and self.choice.limit_cgroup is not None
            return "memcg" if is_memcg else _SCOPES[self.choice.constraint]
        if self.of_memcg:
            return "memcg"
        if self._policy_nodes() is not None:
            return "mempolicy"
        if self._said_scope is not None:
            return self._said_scope
        if self.choice and self.choice.in_whole_host:
            return "global"
        return "global" if self._memory.begun and self.invoked else None

    def _policy_nodes(self) -> Optional[str]:
        """Up to 4.20: the nodes that a memory policy allows. 4.9 and 4.10 print those of the cpuset where none is."""
        nodes = None if self.invoked is None else self.invoked.nodemask
        is_policy = nodes is not None and _NODES.match(nodes) and nodes != self._invoker_nodes
        # On 4.9 and 4.10 nothing but the line of the cpuset tells the two apart.
        return nodes if is_policy and self._invoker_nodes is not None else None

    def _outcome(self) -> str:
        if self.failed is not None:
            return "allocation-failed"
        if self.panic:
            return "panic"
        if self.kills:
            return "killed"
        if self.exiting:
            return "already-exiting"
        return "no-killable-process" if self.nobody else "unknown"

    def _trigger_comm(self) -> Optional[str]:
        """The first line has only what follows a newline in the name; "CPU: … Comm: …" may have the whole."""
        comm = None if self.invoked is None else self.invoked.comm
        if self.machine and self.machine.comm and (comm is None or self.machine.comm.endswith("\n" + comm)):
            comm = self.machine.comm
        return _printable(comm)

    def _kill(self, kill: Kill) -> Kill:
        # 5.4.0 to 5.5 print bytes as kB.
        tables = kill.page_tables_bytes
        row = self._row_of.get(kill.pid)
        if tables and row and row.page_tables_bytes == tables // 1024:
            tables //= 1024
        return kill._replace(comm=_name(kill.comm), page_tables_bytes=tables)

    def _page_size(self) -> int:
        """By what is printed both in pages and in kB: the memory block, else a victim in the table and at the kill."""
        size = self._memory.page_bytes(_PAGE_SIZES)
        if size is not None:
            return size
        for kill in self.kills:
            row = self._row_of.get(kill.pid)
            if row and row.total_vm_pages and kill.total_vm_bytes:
                if kill.total_vm_bytes / row.total_vm_pages in _PAGE_SIZES:
                    return kill.total_vm_bytes // row.total_vm_pages
        return 4096

    def _say_what_is_missing(self) -> None:
        if self.failed is not None:
            if not self._memory.begun:
                self.miss("meminfo", "the log does not show the memory block of the failed allocation")
            return
        if self.invoked is self._table is self.choice is None and not self._usages:
            self.miss("report", _ONLY_THE_KILL)
            return
        if self.invoked is None:
            self.miss("trigger", "the beginning of the report is not in the log")
        if self._table is None:
            self.miss("tasks", "no task table: vm.oom_dump_tasks is 0, or it was lost")
        # Without a victim there is nothing to say where it was.
        cgroups = self._cgroups()[:1] if self._outcome() == "no-killable-process" else self._cgroups()
        if self._scope() == "memcg" and None in cgroups:
            self.miss("cgroups", "no line tells whose limit it was and where the victim was")
        if not self.done:
            self.miss("kill", "the log ends before it says what the kernel did")


# Without a name, and no more than numbers; or the head of the table without its end.
_CUT_ROW = re.compile(r"\[ *[0-9]{1,10}\](?: +-?[0-9]{1,20}){0,11}\s*$|\[ *pid *\][ a-z_]{0,120}$")
_LONGEST_ROW = 200
_NODES = re.compile(r"[0-9][0-9,-]{0,1000}$")
_ONLY_THE_KILL = "only the kill is in the log: it begins here, or the kernel printed 10 reports within 5 seconds"
_FULL_RECORD = 960
_MEM_INFO = ("Mem-Info:", "Mem-info:")  # the second up to 2.6.24
_OF_STACKS = ("CPU: ", "Pid: ", "Workqueue: ")
_TOTAL = "total_"
_BY_WORD: Dict[str, Callable[[Assembly, str], bool]] = {
    "CPU:": Assembly._cpu,
    "Pid:": Assembly._cpu,
    "Workqueue:": Assembly._workqueue,
    "Task": Assembly._limit_of,
    "Memory": Assembly._memory_cgroup,
    "memory:": Assembly._usage,
    "memory+swap:": Assembly._usage,
    "swap:": Assembly._usage,
    "kmem:": Assembly._usage,
    "Mem-Info:": Assembly._mem_info,
    "Mem-info:": Assembly._mem_info,
    "Node": Assembly._node,
    # Zones (include/linux/mmzone.h), on kernels without NUMA.
    "DMA": Assembly._node,
    "DMA32": Assembly._node,
    "Normal": Assembly._node,
    "HighMem": Assembly._node,
    "Movable": Assembly._node,
    "Device": Assembly._node,
    "DMA:": Assembly._node,
    "DMA32:": Assembly._node,
    "Normal:": Assembly._node,
    "HighMem:": Assembly._node,
    "Movable:": Assembly._node,
    "hugepages_total": Assembly._node,
    "lowmem_reserve[]:": Assembly._reserves,
    "Free": Assembly._swap,
    "Total": Assembly._swap,
    "Unreclaimable": Assembly._slab_head,
}


def _of_subtree(stats: Dict[str, int]) -> Dict[str, int]:
    """Statistics with those of the cgroups below, where version 1 prints both: `rss 0` and `total_rss 531599360`."""
    totals = {name[len(_TOTAL) :]: value for name, value in stats.items() if name.startswith(_TOTAL)}
    return dict(stats, **totals) if totals else stats


def _name(text: str) -> str:
    return _printable(text) or ""


def _printable(text: Optional[str]) -> Optional[str]:
    return None if text is None else printable(text)
