# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The agent as a service: what it tells systemd, its memory locked, and its own oom_score_adj."""

import os
import resource
import socket
from typing import Mapping, NamedTuple, Optional

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAP_IPC_LOCK = 14
_M_ARENA_MAX = -8
_PROTECTED = -500  # an agent above it may die before what it is to report


def notify(text: str, environ: Optional[Mapping[str, str]] = None) -> bool:
    """Tell systemd by sd_notify(3), such as READY=1, WATCHDOG=1, STOPPING=1 or STATUS=…; whether it was told.

    Never waits and never fails: where nobody listens, nobody is told.
    """
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(text.encode("utf-8", "backslashreplace"), address)
    except OSError:
        return False
    return True


def watchdog_seconds(environ: Optional[Mapping[str, str]] = None) -> Optional[float]:
    """How long systemd waits for a WATCHDOG=1 before it restarts the service; None where it does not watch this one.

    Send it at least every half of that.
    """
    given = os.environ if environ is None else environ
    text, watched = given.get("WATCHDOG_USEC", ""), given.get("WATCHDOG_PID")
    if not text.isdecimal() or int(text) == 0 or watched not in (None, "", str(os.getpid())):
        return None
    return int(text) / 1e6


def lock_memory() -> Optional[str]:
    """Keep the pages that this process uses in memory from now on; None, or why not, in one sentence.

    MCL_ONFAULT locks a page when it is first used. Plain mlockall(2) reads in whole libraries, which costs 5 MB.
    """
    # With a limit, and without the capability, the kernel refuses later mappings: a thread's stack, a big buffer.
    limit, _hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit != resource.RLIM_INFINITY and not _has_capability(_CAP_IPC_LOCK):
        return (
            f"The agent's memory is not locked, because RLIMIT_MEMLOCK is {limit} bytes and CAP_IPC_LOCK is missing; "
            "set LimitMEMLOCK=infinity in its unit, or add the capability IPC_LOCK to its container"
        )
    error = _call("mlockall", _MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
    return f"The agent's memory is not locked, because mlockall(2) failed: {error}" if error else None


def use_one_heap() -> None:
    """Have all threads allocate from one heap. glibc gives each thread its own, which keeps what that thread freed."""
    _call("mallopt", _M_ARENA_MAX, 1)


class OwnScore(NamedTuple):
    """adj: this process's oom_score_adj, None where it cannot be read; warning: what is wrong with it, or None."""

    adj: Optional[int]
    warning: Optional[str]


def own_score(root: str = "/") -> OwnScore:
    """The agent's own oom_score_adj. root: where the host's proc is; there /proc/self is this process as well."""
    path = os.path.join(root, "proc/self/oom_score_adj")
    try:
        with open(path, encoding="ascii") as stream:
            adj = int(stream.read(16))
    except (OSError, ValueError):
        return OwnScore(None, f"The agent's own oom_score_adj is not known, because {path} cannot be read")
    if adj == -1000:
        return OwnScore(
            adj,
            "The agent's oom_score_adj is -1000, so it could never be killed, even if it used up all memory; "
            "set OOMScoreAdjust=-900 in its unit",
        )
    if adj > _PROTECTED:
        return OwnScore(
            adj,
            f"The agent's oom_score_adj is {adj}, so the OOM killer may kill it before it can report an OOM; set "
            "OOMScoreAdjust=-900 in its unit, or in a pod priorityClassName: system-node-critical",
        )
    return OwnScore(adj, None)


def _has_capability(number):
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
            held = next(line.split()[1] for line in stream if line.startswith("CapEff:"))
    except (OSError, StopIteration, IndexError):
        return False
    return bool(int(held, 16) >> number & 1)


def _call(name, *numbers) -> Optional[str]:
    """Call a function of the C library; why it failed, or None. musl has no mallopt, and needs none."""
    import ctypes

    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        return f"the C library has no {name}"
    if function(*numbers) == -1:
        return os.strerror(ctypes.get_errno()).lower()
    return None
