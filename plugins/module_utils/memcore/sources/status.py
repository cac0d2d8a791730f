# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/status (fs/proc/array.c): what one process shows of the memory it maps."""

import re
from typing import NamedTuple, Optional

from ..errors import ParseError

# Short searches, each from the end of the last, are several times quicker than a dict of all 50 lines, and this runs
# for every process. The order is the kernel's; RssAnon to RssShmem came with 4.5 (and el7), VmPMD was there from 4.4 to
# 4.14.
_KIB = rb":[ \t]+([0-9]{1,15}) kB\n"
_NAME = re.compile(rb"Name:\t([^\n]*)\n")
_PARENT = re.compile(rb"\nPPid:\t([0-9]{1,10})\n")
_USER = re.compile(rb"\nUid:\t([0-9]{1,10})")
_SIZE = re.compile(rb"\nVmSize" + _KIB)
_RESIDENT = re.compile(rb"\nVmRSS" + _KIB + rb"(?:RssAnon" + _KIB + rb"RssFile" + _KIB + rb"RssShmem" + _KIB + rb")?")
_TABLES = re.compile(rb"\nVmPTE" + _KIB + rb"(?:VmPMD" + _KIB + rb")?(?:VmSwap" + _KIB + rb")?")
_THREADS = re.compile(rb"\nThreads:\t([0-9]{1,10})\n")
_CAPABILITIES = re.compile(rb"\nCapEff:\t([0-9a-f]{1,16})\n")
_NODES = re.compile(rb"\nMems_allowed_list:\t([0-9,-]{1,4096})\n")
_ADMINISTRATOR = 1 << 21  # CAP_SYS_ADMIN


class Status(NamedTuple):
    """Bytes; rss_bytes is None for a kernel thread or a zombie, the parts are None on kernels before 4.5.

    A zombie with more than one thread is a process whose first thread has ended and whose others live on.

    threads is 1 and administrator (it has CAP_SYS_ADMIN) False where the text ends before it tells.
    nodes: the memory nodes that the process may use, `0-1`; None where the kernel has no cpusets.
    """

    comm: bytes
    ppid: int
    uid: int
    rss_bytes: Optional[int]
    anon_bytes: Optional[int]
    file_bytes: Optional[int]
    shmem_bytes: Optional[int]
    page_tables_bytes: Optional[int]
    swap_bytes: Optional[int]
    threads: int = 1
    administrator: bool = False
    total_vm_bytes: Optional[int] = None
    nodes: Optional[str] = None


def parse(data: bytes) -> Status:
    """ParseError where the text is cut before the user id."""
    name = _NAME.match(data)
    parent = name and _PARENT.search(data, name.end() - 1)
    user = parent and _USER.search(data, parent.end() - 1)
    if user is None:
        raise ParseError(f"/proc/PID/status is cut off after {data[-40:]!r}")
    identity = (name[1], int(parent[1]), int(user[1]))
    resident = _RESIDENT.search(data, user.end())
    if resident is None:
        threads = _THREADS.search(data, user.end() - 1)
        return Status(*identity, None, None, None, None, None, None, int(threads[1]) if threads else 1)
    total = _SIZE.search(data, user.end(), resident.start() + 1)
    tables = _TABLES.search(data, resident.end() - 1)
    pte, pmd, swap = tables.groups() if tables else (None, None, None)
    threads = _THREADS.search(data, (tables or resident).end() - 1)
    capabilities = threads and _CAPABILITIES.search(data, threads.end() - 1)
    nodes = capabilities and _NODES.search(data, capabilities.end() - 1)
    return Status(
        *identity,
        *map(_bytes, resident.groups()),
        None if pte is None else _bytes(pte) + (_bytes(pmd) or 0),
        _bytes(swap),
        int(threads[1]) if threads else 1,
        bool(capabilities and int(capabilities[1], 16) & _ADMINISTRATOR),
        None if total is None else _bytes(total[1]),
        nodes[1].decode("ascii") if nodes else None,
    )


def _bytes(kib):
    return None if kib is None else int(kib) * 1024
