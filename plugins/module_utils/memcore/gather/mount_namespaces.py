# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The mounts of every mount namespace, each read once through one process that lives in it."""

from typing import Dict, List, NamedTuple, Optional, Tuple

from ..models import reasons
from ..models.mounts import MEMORY_BACKED, Walk
from ..sources import mountinfo
from ..sources.host import Host, reason
from ..sources.mountinfo import Mount


class Namespace(NamedTuple):
    """One mount namespace; `prefix` is the path of its root below the host's, "" for the own one.

    memory_backed: the mounts whose files are shared memory; tmpfs_points: where those are on which files are kept.
    """

    pid: Optional[int]
    prefix: str
    mounts: List[Mount]
    memory_backed: List[Mount]
    tmpfs_points: Tuple[str, ...]
    walk: Walk


class Namespaces(NamedTuple):
    """The own namespace first; `of_pid` leads a process to its namespace, None where that may not be read."""

    all: List[Namespace]
    of_pid: Dict[int, Optional[Namespace]]


def read(host: Host, pids: List[int], others: bool) -> Namespaces:
    """Read the own namespace and, where `others`, one for each distinct /proc/PID/ns/mnt."""
    own = _own(host)
    by_link = {_link(host, "self" if host.root == "/" else 1): own}
    of_pid: Dict[int, Optional[Namespace]] = {}
    refused = 0
    for pid in pids:
        try:
            link = host.link(f"proc/{pid}/ns/mnt")
        except FileNotFoundError:
            continue
        except OSError:
            refused += 1
            of_pid[pid] = None
            continue
        if link not in by_link and others:
            by_link[link] = _of_process(host, pid)
        of_pid[pid] = by_link.get(link)
    if refused and others:
        host.lacks(
            "/proc/PID/ns/mnt",
            reasons.namespaces_refused(refused, len(pids)),
        )
    return Namespaces([space for space in by_link.values() if space is not None], of_pid)


def _own(host):
    # Below another root (a host's / mounted into a container) it is process 1 whose mounts the root shows.
    for path in (
        ("proc/self/mountinfo", "proc/1/mountinfo") if host.root == "/" else ("proc/1/mountinfo", "proc/self/mountinfo")
    ):
        text = host.optional(path)
        if text is not None:
            return _namespace(None, "", mountinfo.parse(text), trust_root=True)
    text = host.optional("proc/mounts")
    if text is None:
        host.lacks("/proc/self/mountinfo", reasons.NO_MOUNTINFO)
        return _namespace(None, "", [], trust_root=True)
    host.lacks("/proc/self/mountinfo", reasons.NO_MOUNTINFO_BUT_MOUNTS)
    return _namespace(None, "", mountinfo.parse_mounts(text), trust_root=True)


def _of_process(host, pid):
    try:
        text = host.whole(f"proc/{pid}/mountinfo").decode("utf-8", "surrogateescape")
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError as error:
        host.lacks("/proc/PID/mountinfo", reason(error))
        return None
    return _namespace(pid, f"proc/{pid}/root", mountinfo.parse(text), trust_root=False)


def _namespace(pid, prefix, mounts, trust_root):
    backed = [mount for mount in mounts if mount.fstype in MEMORY_BACKED]
    points = tuple(mount.mount_point for mount in backed if mount.fstype != "devtmpfs")
    return Namespace(pid, prefix, mounts, backed, points, Walk(mounts, trust_root))


def _link(host, pid):
    try:
        return host.link(f"proc/{pid}/ns/mnt")
    except OSError:
        return None
