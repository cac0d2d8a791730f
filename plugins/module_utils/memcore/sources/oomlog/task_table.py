# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The task table of an OOM report: its head says which columns the rows have (dump_tasks() of mm/oom_kill.c)."""

import re
from typing import Dict, List, Optional

from .oom_records import TaskRow

LONGEST_COMM = 15
_ROW_WIDTH = re.compile(r"\[( *[0-9]{1,10})\]((?: +-?[0-9]{1,20}){7,10}) ")
_COLUMNS = {
    "pid": "pid",
    "uid": "uid",
    "tgid": "tgid",
    "total_vm": "total_vm_pages",
    "rss": "rss_pages",
    "rss_anon": "anon_pages",
    "rss_file": "file_pages",
    "rss_shmem": "shmem_pages",
    "nr_ptes": "page_tables_pages",
    "nr_pmds": "page_tables_pages",
    "nr_puds": "page_tables_pages",
    "pgtables_bytes": "page_tables_bytes",
    "swapents": "swap_pages",
    "oom_score_adj": "adj",
    "cpu": "",  # up to 3.6
    "oom_adj": "old_adj",  # up to 3.6; before 2.6.36 the only one
}
_NEEDED = frozenset(["pid", "uid", "tgid", "total_vm", "rss"])
# oom_adj runs from -17 (never) to 15; Linux 2.6.36 made oom_score_adj of it like this.
_OLD_SPECIAL = {-17: -1000, 15: 1000}


class Table:
    """The task table: its header says which columns the rows have."""

    def __init__(self, columns: List[str]) -> None:
        self.is_old = "oom_score_adj" not in columns  # of a kernel before 2.6.36
        self._fields = [_COLUMNS[column] for column in columns]
        self._row = re.compile(r"\[ *([0-9]{1,10})\]" + r" +(-?[0-9]{1,20})" * (len(columns) - 1) + r" (.*)$", re.S)

    @classmethod
    def of_header(cls, text: str) -> Optional["Table"]:
        """From `[ pid ]   uid  tgid total_vm … oom_score_adj name`; None if it is no such header."""
        columns = text.replace("[", " ", 1).replace("]", " ", 1).split()
        names = columns[:-1]
        known = columns[-1:] == ["name"] and columns[0] == "pid" and _NEEDED <= set(names) <= set(_COLUMNS)
        has_adj = "oom_score_adj" in names or "oom_adj" in names
        return cls(names) if known and has_adj and len(names) == len(set(names)) else None

    @classmethod
    def of_row(cls, text: str) -> Optional["Table"]:
        """From a row whose header is lost: by its columns, the width of the pid and the size of page tables."""
        match = _ROW_WIDTH.match(text)
        if match is None:
            return None
        numbers = match[2].split()
        tail = ["swapents", "oom_score_adj"]
        head = ["pid", "uid", "tgid", "total_vm", "rss"]
        if len(numbers) >= 10:
            return cls([*head, "rss_anon", "rss_file", "rss_shmem", "pgtables_bytes", *tail])
        if len(match[1]) < 7 and len(numbers) == 8 and int(numbers[5]) < 4096:
            return cls([*head, "nr_ptes", "nr_pmds", *tail])
        if len(match[1]) < 7 and int(numbers[5]) < 0:
            return cls([*head, "cpu", "oom_adj", "oom_score_adj"])
        in_bytes = len(match[1]) >= 7 or int(numbers[4]) >= 4096
        return cls([*head, "pgtables_bytes" if in_bytes else "nr_ptes", *tail])

    def row(self, text: str) -> Optional[TaskRow]:
        """A row; None where the text is none."""
        match = self._row.match(text)
        if match is None:
            return None
        values = match.groups()
        if len(values[-1]) > LONGEST_COMM and len(values[-1].encode("utf-8", "surrogateescape")) > LONGEST_COMM:
            return None
        found: Dict[str, Optional[int]] = dict.fromkeys(TaskRow._fields)
        for field, value in zip(self._fields, values):
            if not field:
                continue
            found[field] = int(value) + (found.get(field) or 0)  # tables of page tables are two columns in 4.4
        old_adj = found.pop("old_adj", None)
        if self.is_old:
            if not -17 <= old_adj <= 15:
                return None
            found["adj"] = _OLD_SPECIAL.get(old_adj, int(old_adj * 1000 / 17))
        if (found["swap_pages"] or 0) < 0:
            found["swap_pages"] = None  # a guessed column is another one
        return TaskRow(comm=values[-1], **{name: found[name] for name in _NUMBERS})


_NUMBERS = [name for name in TaskRow._fields if name != "comm"]
