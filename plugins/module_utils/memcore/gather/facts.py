# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Put the subsets together: the one call that answers where a host's memory went."""

import time
from typing import Dict

from ..findings import judge
from ..sources.host import Host
from . import cgroups, host_identity, kernel, memory, oom, processes, shmem, tmpfs
from .options import Options, checked_thresholds
from .rows import rfc3339
from .summary import summarize
from .survey import Survey

SCHEMA_VERSION = 1
_GATHERERS = (
    ("memory", memory.gather),
    ("tmpfs", tmpfs.gather),
    ("shmem", shmem.gather),
    ("kernel", kernel.gather),
    ("processes", processes.gather),
    ("cgroups", cgroups.gather),
    ("oom", oom.gather),
)


def collect(host: Host, options: Options) -> Dict:
    """The facts of schemas/facts.schema.json; MemfactsError or OSError where not even /proc/meminfo can be read."""
    begun = time.monotonic()
    survey = Survey(host, options)
    facts = {
        "schema_version": SCHEMA_VERSION,
        "collected_at": rfc3339(time.time()),
        "host": host_identity.gather(survey),
    }
    for name, gather in _GATHERERS:
        if name in options.subsets:
            facts[name] = gather(survey)
    found = judge.judge(facts, options.thresholds or checked_thresholds({}))
    facts["findings"] = [dict(finding._asdict()) for finding in found]
    if "tmpfs" in facts:
        facts["tmpfs"] = survey.capped("tmpfs", facts["tmpfs"])  # only now, since the rules add all of them up
    facts["truncated"] = survey.truncated
    facts["incomplete"] = [{"source": source, "reason": reason} for source, reason in host.incomplete.items()]
    facts["summary"] = summarize(facts)
    facts["duration_ms"] = round((time.monotonic() - begun) * 1000, 1)
    return facts
