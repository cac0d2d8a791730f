# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Read the processes that an oom_score_adj can be set on: by their pids, or through an open folder of /proc."""

import zlib
from typing import Callable, List, Optional

from ...memcore.errors import ParseError
from ...memcore.sources import cgroup, stat, status
from ...memcore.sources.host import Host, decode
from .selection import Candidate

_DELETED = " (deleted)"


def scan(host: Host) -> List[Candidate]:
    """Every user process that still runs, in the kernel's order."""
    found = (of_pid(host, pid) for pid in host.pids())
    return [process for process in found if process is not None]


def of_pid(host: Host, pid: int) -> Optional[Candidate]:
    """The process with this id; None where it is a kernel thread, a zombie, or vanished while it was read."""
    return read(
        lambda name: host.brief(f"proc/{pid}/{name}"),
        lambda name: host.link(f"proc/{pid}/{name}"),
    )


def read(brief: Callable[[str], bytes], link: Callable[[str], str]) -> Optional[Candidate]:
    """The process behind the two verbs (file to bytes, link to target); None as in `of_pid`."""
    try:
        line = stat.parse(brief("stat"))
        if line.kernel_thread or line.dead:
            return None
        uid = status.parse(brief("status")).uid
        groups = brief("cgroup")
        adj = int(brief("oom_score_adj"))
    except (OSError, ParseError, ValueError):
        return None
    command = _optional(brief, "cmdline") or b""
    words = [decode(word) for word in command.split(b"\0")[:2]]
    executable = _optional(link, "exe")
    if executable is not None and executable.endswith(_DELETED):
        executable = executable[: -len(_DELETED)]  # its package was upgraded, and it runs on
    return Candidate(
        line.pid,
        line.ppid,
        line.starttime,
        decode(line.comm),
        executable,
        uid,
        _paths(groups),
        adj,
        zlib.crc32(command),
        tuple(word.rpartition("/")[2] for word in words),
        words[0],
    )


def _paths(groups):
    named = (cgroup.unit_path_of(groups), cgroup.path_of(groups))
    return tuple(dict.fromkeys(path for path in named if path))


def _optional(verb, name):
    try:
        return verb(name)
    except OSError:  # only root may, or it exits just now
        return None
