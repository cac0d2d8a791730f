# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Whether a process still lives."""

import os
from typing import Optional


def is_alive(root: str, pid: int) -> Optional[bool]:
    """Whether the process runs, or is about to end but has not yet; None where it cannot be told."""
    try:
        with open(os.path.join(root, "proc", str(pid), "stat"), "rb") as stream:
            # pid (comm) state …, and the comm may hold a parenthesis.
            state = stream.read(1024).rpartition(b")")[2].split()[:1]
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return None
    # A zombie has given its memory back, and its cgroup counts it no more.
    return None if not state else state[0] not in (b"Z", b"X", b"x")
