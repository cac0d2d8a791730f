# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Put subsets together: here the four that need least code, with facts.py all of them.

A target is sent every file that a module's imports lead to, and compiles each at every run. This file leads to about
half of memcore; what the other subsets need is in the Scope that facts.py passes.
"""

import time
from typing import Callable, Dict, NamedTuple, Sequence, Tuple

from ..errors import OptionError
from ..findings import quick
from ..findings.judge import judge
from ..findings.rule import Rule
from ..gather import host_identity, kernel, memory, shmem, tmpfs
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


class Scope(NamedTuple):
    """What can be gathered: each subset with its function, the rules for such facts, and who dies next by them."""

    gatherers: Sequence[Tuple[str, Callable[[Survey], object]]]
    rules: Callable[[Dict], Sequence[Rule]]
    who_dies: Callable[[Dict], str]  # empty where the subset oom was not gathered


QUICK = Scope(
    (("memory", memory.gather), ("tmpfs", tmpfs.gather), ("shmem", shmem.gather), ("kernel", kernel.gather)),
    lambda _facts: quick.RULES,
    lambda _facts: "",
)


def collect(host: Host, options: Options, scope: Scope = QUICK) -> Dict:
    """The facts of schemas/facts.schema.json; MemfactsError or OSError where not even /proc/meminfo can be read.

    OptionError for a subset that is not in the scope.
    """
    begun = time.monotonic()
    beyond = set(options.subsets).difference(name for name, _gather in scope.gatherers)
    if beyond:
        raise OptionError(
            f"gather_subset has {', '.join(sorted(beyond))}, which only memfacts gathers; use that module."
        )
    survey = Survey(host, options)
    facts = {
        "schema_version": SCHEMA_VERSION,
        "collected_at": rfc3339(time.time()),
        "host": host_identity.gather(survey),
    }
    for name, gather in scope.gatherers:
        if name in options.subsets:
            facts[name] = gather(survey)
    found = judge(facts, scope.rules(facts), options.thresholds)
    facts["findings"] = [dict(finding._asdict()) for finding in found]
    _cap(survey, facts)
    facts["truncated"] = survey.truncated
    _name_what_is_null(host, facts)
    facts["incomplete"] = [
        {"source": printable(source), "reason": printable(reason)} for source, reason in host.incomplete.items()
    ]
    facts["summary"] = summarize(facts, scope.who_dies(facts))
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
