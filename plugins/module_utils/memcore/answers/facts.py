# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Put the subsets together: the one call that answers where a host's memory went."""

import time
from typing import Dict

from ..findings import catalogue
from ..findings.judge import judge
from ..gather import cgroups, host_identity, kernel, memory, processes, shmem, tmpfs
from ..gather.options import Options
from ..gather.rows import rfc3339
from ..gather.survey import Survey
from ..models.ledger import NOT_TOLD
from ..render.facts_summary import summarize
from ..sources.host import Host
from ..sources.printable import printable

SCHEMA_VERSION = 2
# Figures that are null on some kernels though nothing went wrong.
_FIGURES = {
    "host": ("machine", "in_container"),
    "memory": (
        "available_bytes",
        "hidden_bytes",
        "processes_bytes",
        "cma_total_bytes",
        "cma_free_bytes",
        "page_takers",
    ),
    "shmem": ("tmpfs_bytes", "sysv_bytes", "swapped_bytes"),
    "kernel": ("bpf_jit_bytes", "bpf_jit_limit_bytes", "allocinfo"),
    "processes": ("count",),
    "cgroups": ("count", "dying"),
    "oom": ("reaper",),
}
# Lists that the rules had to see whole before they are cut.
_SEEN_WHOLE = (
    ("shmem", "sysv"),
    ("cgroups", "near_limit"),
    ("oom", "lifelines"),
    ("oom", "unkillable_workloads"),
    ("oom", "negative_workloads"),
    ("oom", "same_adj_cgroups"),
    ("oom", "without_victim"),
    ("oom", "units"),
)


def _gather_oom(survey: Survey) -> Dict:
    from ..gather import oom  # a target compiles each file at every run, and these are a fifth of all

    return oom.gather(survey)


_GATHERERS = (
    ("memory", memory.gather),
    ("tmpfs", tmpfs.gather),
    ("shmem", shmem.gather),
    ("kernel", kernel.gather),
    ("processes", processes.gather),
    ("cgroups", cgroups.gather),
    ("oom", _gather_oom),
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
    found = judge(facts, catalogue.of_facts(facts), options.thresholds)
    facts["findings"] = [dict(finding._asdict()) for finding in found]
    _cap(survey, facts)
    facts["truncated"] = survey.truncated
    _name_what_is_null(host, facts)
    facts["incomplete"] = [
        {"source": printable(source), "reason": printable(reason)} for source, reason in host.incomplete.items()
    ]
    facts["summary"] = summarize(facts)
    facts["duration_ms"] = round((time.monotonic() - begun) * 1000, 1)
    return facts


def _cap(survey, facts):
    if "tmpfs" in facts:
        facts["tmpfs"] = survey.capped("tmpfs", facts["tmpfs"])
    for subset, name in _SEEN_WHOLE:
        if subset in facts:
            facts[subset][name] = survey.capped(f"{subset}.{name}", facts[subset][name])


def _name_what_is_null(host, facts):
    """What this kernel has no figure for, where no refused file has been named already."""
    for subset, names in _FIGURES.items():
        for name in names:
            if subset in facts and facts[subset][name] is None:
                host.lacks(f"{subset} {name}", NOT_TOLD)
