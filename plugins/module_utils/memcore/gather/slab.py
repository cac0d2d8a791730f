# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Slab caches: the largest of all, and the largest of those that the kernel does not give back."""

import itertools
import re
from typing import Dict, List

from ..sources import slabinfo
from .survey import Survey

# Caches made with SLAB_RECLAIM_ACCOUNT, for hosts without /sys/kernel/slab (SLAB instead of SLUB, captured trees).
_RECLAIMABLE = re.compile(
    r"(dentry|radix_tree_node|buffer_head|ext4_extent_status|(?!shmem_|mqueue_|hugetlbfs_|lsm_).*inode.*"
    r"|xfs_(ili|buf)|nfs_.*_cache)$"
)


def gather(survey: Survey) -> Dict:
    """Bytes; the lists are None where /proc/slabinfo may not be read."""
    caches = survey.slab_caches
    top = unreclaimable = None
    if caches is not None:
        aliases = _aliases(survey)
        top = [_row(survey, cache, aliases) for cache in survey.capped("kernel.slab.top", caches)]
        unreclaimable = [_row(survey, cache, aliases) for cache in _unreclaimable(survey, caches)]
    return {
        "reclaimable_bytes": survey.meminfo.get("SReclaimable"),
        "unreclaimable_bytes": survey.meminfo.get("SUnreclaim"),
        "top": top,
        "top_unreclaimable": unreclaimable,
    }


def _unreclaimable(survey, caches) -> List[slabinfo.Cache]:
    kept = (cache for cache in caches if not _is_reclaimable(survey, cache.name))
    return survey.capped("kernel.slab.top_unreclaimable", list(itertools.islice(kept, survey.options.top + 1)))


def _is_reclaimable(survey, name):
    flag = survey.host.optional(f"sys/kernel/slab/{name}/reclaim_account")
    return flag.strip() == "1" if flag else bool(_RECLAIMABLE.match(name))


def _row(survey, cache, aliases):
    return {
        "name": cache.name,
        "aliases": aliases.get(cache.name, []),
        "bytes": cache.pages * survey.page_size,
        "objects": cache.objects,
        "active_objects": cache.active_objects,
        "object_bytes": cache.object_bytes,
    }


def _aliases(survey) -> Dict[str, List[str]]:
    """SLUB merges caches of like objects; /sys/kernel/slab links each name to the merged one (mm/slub.c)."""
    merged: Dict[str, List[str]] = {}
    for name in survey.host.names("sys/kernel/slab"):
        if name.startswith(":"):
            continue
        try:
            merged.setdefault(survey.host.link(f"sys/kernel/slab/{name}"), []).append(name)
        except OSError:
            continue  # not a link: a cache of its own
    groups = (sorted(names) for names in merged.values() if len(names) > 1)
    return {name: [other for other in names if other != name] for names in groups for name in names}
