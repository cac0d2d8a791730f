# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A child of this process that lives for a millisecond, to ask the kernel what it shows for a task of a chosen adj.

The only file that makes a process. The child only opens, reads and writes, so it may be forked beside other threads.
"""

import os
from typing import List

_READ = ("oom_score_adj", "oom_score", "status")
_CHUNK = 1 << 16
_SEPARATOR = b"\0"  # none of the files holds one


def ask(folder: str, adj: int) -> List[bytes]:
    """The child's oom_score_adj, oom_score and status, read in `folder` (/proc/self of any procfs that shows it).

    The child raises its oom_score_adj to `adj` where it is lower, which needs no privilege, and goes on where it may
    not. OSError where there can be no child or it could not read.
    """
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if pid == 0:
        _answer_and_leave(folder, adj, writer)
    os.close(writer)
    try:
        answer = _drain(reader)
    finally:
        os.close(reader)
        _reap(pid)
    pieces = answer.split(_SEPARATOR)
    if len(pieces) != len(_READ):
        raise OSError(0, "the child could not read its own oom_score")
    return pieces


def _answer_and_leave(folder, adj, writer):
    # No exception and no buffered output of the parent may leave this process.
    try:
        if int(_read(f"{folder}/oom_score_adj")) < adj:
            _raise_to(folder, adj)
        os.write(writer, _SEPARATOR.join(_read(f"{folder}/{name}") for name in _READ))
    finally:
        os._exit(0)


def _raise_to(folder, adj):
    try:
        descriptor = os.open(f"{folder}/oom_score_adj", os.O_WRONLY)
        try:
            os.write(descriptor, b"%d" % adj)
        finally:
            os.close(descriptor)
    except OSError:
        pass  # a read-only /proc, or a process that may not be dumped: the adj that is read says what came of it


def _read(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, _CHUNK)
    finally:
        os.close(descriptor)


def _drain(descriptor):
    pieces = []
    while True:
        piece = os.read(descriptor, _CHUNK)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def _reap(pid):
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # whoever ignores SIGCHLD has the kernel reap its children
