# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which host and kernel the facts are about."""

from typing import Dict, Optional

from ..sources.host import Host
from .survey import Survey

INITIAL_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO (include/linux/proc_ns.h)
_CONTAINER_MARKS = (".dockerenv", "run/.containerenv", "run/systemd/container")


def gather(survey: Survey) -> Dict:
    """Release, machine, page size, boot, cgroup version and whether this is a container."""
    host = survey.host
    return {
        "kernel_release": release_of(host),
        "machine": host.machine,
        "page_size_bytes": survey.page_size,
        "boot_id": _line(host.text("proc/sys/kernel/random/boot_id")),
        "cgroup_version": survey.hierarchy.version,
        "in_container": _in_container(host),
        "captured": not host.live,
    }


def release_of(host: Host) -> Optional[str]:
    """What `uname -r` prints there; None where nothing tells."""
    return _line(host.text("proc/sys/kernel/osrelease")) or _release_in(host.optional("proc/version"))


def _in_container(host) -> Optional[bool]:
    """By the pid namespace; a captured tree has only the marks that runtimes leave, and no mark proves nothing."""
    try:
        return host.link("proc/self/ns/pid") != INITIAL_PID_NAMESPACE
    except OSError:
        return True if any(host.optional(mark) is not None for mark in _CONTAINER_MARKS) else None


def _line(text):
    return text.strip() if text else None


def _release_in(version):
    """`Linux version 5.10.0-32-amd64 (…) …`"""
    words = (version or "").split()
    return words[2] if len(words) > 2 and words[:2] == ["Linux", "version"] else None
