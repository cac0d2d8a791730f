# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/vmallocinfo (mm/vmalloc.c): who called vmalloc. Address ranges overstate; only `pages=` is memory."""

import re
from typing import Dict, NamedTuple, Tuple

# Ranges of ioremap and vmap map memory that somebody else owns; only "vmalloc" lines have pages of their own.
_LINE = re.compile(r"0x[^ ]+ +[0-9]{1,20} ([^ ]+)( \[\w+\])? pages=([0-9]{1,15}) (.*)")
_OFFSET = re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+$")

# Thread stacks are vmalloc'ed with CONFIG_VMAP_STACK (4.9 on x86); which function is named depends on inlining.
STACK_CALLERS = frozenset(
    "alloc_thread_stack_node alloc_thread_stack_node_noprof copy_process dup_task_struct _do_fork fork_idle "
    "kernel_clone".split()
)


class Usage(NamedTuple):
    """Pages by calling function."""

    pages: Dict[str, int]

    @property
    def stack_pages(self) -> int:
        """Pages of thread stacks, those cached for the next thread included."""
        return sum(pages for caller, pages in self.pages.items() if caller.split(" ")[0] in STACK_CALLERS)


def parse(text: str) -> Usage:
    """Sum up by caller; a caller in a module reads `function [module]`."""
    raw: Dict[Tuple[str, str], int] = {}
    for line in text.split("\n"):
        match = _LINE.match(line)
        if match and "vmalloc" in match[4].split(" "):
            key = (match[1], match[2] or "")
            raw[key] = raw.get(key, 0) + int(match[3])
    pages: Dict[str, int] = {}
    for (symbol, module), count in raw.items():  # far fewer than lines: each thread's stack has one
        name = _OFFSET.sub("", symbol) + module
        pages[name] = pages.get(name, 0) + count
    return Usage(pages)
