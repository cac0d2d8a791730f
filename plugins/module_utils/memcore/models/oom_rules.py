# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What differs between kernels in how they choose a victim, by their release where only the release tells it."""

import functools
import re
from typing import NamedTuple, Optional, Tuple

from .badness import SIGNED

_RELEASE = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,6}))?(?:-([0-9]{1,6}))?")
# Counters of a process that oom_badness() adds up (include/linux/mm_types_task.h): pages of files, anonymous pages,
# swap entries, shared memory.
_COUNTERS = 4
_PER_THREAD = 64  # TASK_RSS_EVENTS_THRESH
_LEAST_BATCH = 32  # percpu_counter_batch


class Version(NamedTuple):
    """`4.18.0-240.22.1.el8_3.x86_64` is base (4, 18), build 240, vendor "el" (Red Hat's, whose backports are many)."""

    base: Tuple[int, int]
    build: Optional[int]
    vendor: Optional[str]


class Rules(NamedTuple):
    """How a kernel chooses. model: as in badness.py; tie_rule: as in tie_rule.py.

    child_sacrifice: up to 5.0 a child with memory of its own dies for the chosen one.
    root_bonus: up to 4.16 CAP_SYS_ADMIN earned 3 % off.
    skips_vfork: since 4.8 a child of vfork(2) that still uses its parent's memory is never chosen.
    creation_order: cgroups that are children of one cgroup are scanned by inode number (since 4.14 they grow).
    """

    model: str
    tie_rule: str
    child_sacrifice: bool = False
    root_bonus: bool = False
    creation_order: bool = True
    skips_vfork: bool = True


@functools.lru_cache(maxsize=16)  # asked for every process
def version_of(release: Optional[str]) -> Optional[Version]:
    """The parts of a release that tell its age; None where it has none."""
    match = _RELEASE.match(release or "")
    if match is None:
        return None
    vendor = "suse" if "-default" in release else "el" if _is_red_hat(release) else None
    return Version((int(match[1]), int(match[2])), None if match[4] is None else int(match[4]), vendor)


def is_floored(version: Version) -> bool:
    """Whether the release surely floors badness: before 5.9, but for 5.4, whose later releases have the fix.

    Vendors' kernels may have it too, but for those of RHEL that were read: el7, and el8 up to build 240.
    """
    if version.vendor == "el":
        return version.base == (3, 10) or (
            version.base == (4, 18) and version.build is not None and version.build <= 240
        )
    return version.vendor is None and version.base < (5, 9) and version.base != (5, 4)


def of_kernel(release: Optional[str], model: str, tie_rule: str) -> Rules:
    """The rules of a kernel whose model and tie rule are known; a signed kernel is younger than what was dropped."""
    version = version_of(release)
    if version is None or model == SIGNED:
        return Rules(model, tie_rule)
    without_sacrifice = version.vendor == "el" and version.base == (4, 18) and (version.build or 0) >= 147
    return Rules(
        model,
        tie_rule,
        child_sacrifice=version.base < (5, 1) and not without_sacrifice,
        root_bonus=version.base < (4, 17),
        creation_order=version.base >= (4, 14),
        skips_vfork=version.base >= (4, 8),
    )


def drift(release: Optional[str], cpus: int, threads: int) -> int:
    """Pages by which a process's counters may differ from what the kernel sees when it chooses.

    Up to 6.1 each counter may hold back 64 pages in each thread (SPLIT_RSS_COUNTING); from 6.2 on it may hide a batch
    on each CPU (lib/percpu_counter.c); from 7.0 on (commit 5898aa8f9a0b) the kernel adds them up exactly. A release
    that does not tell which of the first two it has gets the larger.
    """
    version = version_of(release)
    if version is not None and version.base >= (7, 0):
        return 0
    by_thread = _COUNTERS * _PER_THREAD * threads
    by_cpu = _COUNTERS * max(_LEAST_BATCH, 2 * cpus) * cpus
    # Red Hat's 5.14 may have the counters of 6.2: its backports are many.
    if version is None or (version.vendor == "el" and (5, 14) <= version.base < (6, 2)):
        return max(by_thread, by_cpu)
    return by_thread if version.base < (6, 2) else by_cpu


def _is_red_hat(release):
    # Oracle's UEK and ELRepo's builds carry the same suffix on kernels that are nearly mainline.
    return re.search(r"\.el[0-9]", release) is not None and "uek" not in release and "elrepo" not in release
