# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that panicked for lack of memory, in sentences: the host went down, which is the first thing to say."""

from typing import Dict, Optional

from ..sources.printable import one_line

_COMPULSORY, _SYSTEM_WIDE, _NOBODY = "compulsory", "system-wide", "nobody"
# check_panic_on_oom() and out_of_memory() (mm/oom_kill.c), since 2.6.
_KINDS = (
    ("ompulsory panic_on_oom", _COMPULSORY),
    ("panic_on_oom", _SYSTEM_WIDE),
    ("no killable processes", _NOBODY),
    ("deadlocked on memory", _NOBODY),
)
_BECAUSE = {
    _COMPULSORY: " because vm.panic_on_oom is 2",
    _SYSTEM_WIDE: " because vm.panic_on_oom is 1",
    _NOBODY: " because it found no process that it may kill",
}
_TO_DO = {
    _COMPULSORY: "Set vm.panic_on_oom to 0 if the host shall kill a process and go on",
    _SYSTEM_WIDE: "Set vm.panic_on_oom to 0 if the host shall kill a process and go on",
    _NOBODY: "Find out what holds the memory beside processes (tmpfs, huge pages, the kernel), and which processes "
    "have an oom_score_adj of -1000",
}
_ANY = "Find out why the kernel panicked: the lines before it in the log show it"


def what(event: Dict, when: str = "") -> str:
    """That the kernel panicked, and why; without a full stop. when: ` at 2026-…`."""
    kind = _kind(event)
    said = f" ({one_line(event['panic'])})" if kind is None and event["panic"] else ""
    return f"The kernel panicked{when}{_BECAUSE.get(kind, '')}{said}: the host went down, and no process was killed"


def headline(event: Dict) -> str:
    """The same in few words, which begins in lower case."""
    return f"kernel panic{_BECAUSE.get(_kind(event), '')}"


def to_do(event: Dict) -> str:
    """What to do about the panic, without a full stop."""
    return _TO_DO.get(_kind(event), _ANY)


def _kind(event: Dict) -> Optional[str]:
    said = event["panic"] or ""
    return next((kind for words, kind in _KINDS if words in said), None)
