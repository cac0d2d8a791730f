# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/PID/status (fs/proc/array.c): what one process shows of the memory it maps."""

import re
from typing import NamedTuple, Optional

from ..errors import ParseError

# One search over the bytes is several times quicker than a dict of all 50 lines, and this runs for every process.
# The order is the kernel's; RssAnon to RssShmem came with 4.5 (and el7), VmPMD was there from 4.4 to 4.14.
_FIELDS = re.compile(
    rb"^Name:\t([^\n]*)\n(?:[^\n]*\n){0,9}?PPid:\t([0-9]{1,10})\n(?:[^\n]*\n){0,9}?Uid:\t([0-9]{1,10})"
    rb"(?:.*?^VmRSS:\s+([0-9]{1,15}) kB\n)?"
    rb"(?:RssAnon:\s+([0-9]{1,15}) kB\nRssFile:\s+([0-9]{1,15}) kB\nRssShmem:\s+([0-9]{1,15}) kB\n)?"
    rb"(?:.*?^VmPTE:\s+([0-9]{1,15}) kB\n)?(?:VmPMD:\s+([0-9]{1,15}) kB\n)?"
    rb"(?:VmSwap:\s+([0-9]{1,15}) kB\n)?",
    re.MULTILINE | re.DOTALL,
)


class Status(NamedTuple):
    """Bytes; rss_bytes is None for a kernel thread or a zombie, the parts are None on kernels before 4.5."""

    comm: bytes
    ppid: int
    uid: int
    rss_bytes: Optional[int]
    anon_bytes: Optional[int]
    file_bytes: Optional[int]
    shmem_bytes: Optional[int]
    page_tables_bytes: Optional[int]
    swap_bytes: Optional[int]


def parse(data: bytes) -> Status:
    """ParseError where the text is cut before the user id."""
    match = _FIELDS.match(data)
    if match is None:
        raise ParseError(f"/proc/PID/status is cut off after {data[-40:]!r}")
    comm, ppid, uid, rss, anon, file, shmem, pte, pmd, swap = match.groups()
    tables = None if pte is None else (int(pte) + int(pmd or 0)) * 1024
    return Status(comm, int(ppid), int(uid), _kib(rss), _kib(anon), _kib(file), _kib(shmem), tables, _kib(swap))


def _kib(field):
    return None if field is None else int(field) * 1024
