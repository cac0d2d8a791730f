# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""All subsets: the one call that answers where a host's memory went, and the page that shows the answer.

What only the subset oom needs is a fifth of all files, and is imported where it was asked for.
"""

from typing import Dict, List

from ..findings import catalogue
from ..gather import cgroups, processes
from ..gather.options import Options
from ..gather.survey import Survey
from ..render import facts_page
from ..sources.host import Host
from .quick_facts import QUICK, Scope
from .quick_facts import collect as collect_scope


def collect(host: Host, options: Options) -> Dict:
    """The facts of schemas/facts.schema.json; MemfactsError or OSError where not even /proc/meminfo can be read."""
    return collect_scope(host, options, _ALL)


def page(facts: Dict) -> List[str]:
    """The facts as lines of plain text."""
    if "oom" not in facts:
        return facts_page.render(facts, ())
    from ..render import next_victim

    return facts_page.render(facts, next_victim.in_facts(facts["oom"]))


def _gather_oom(survey: Survey) -> Dict:
    from ..gather import oom

    return oom.gather(survey)


def _who_dies(facts):
    if "oom" not in facts:
        return ""
    from ..render import next_victim

    return next_victim.in_short(facts["oom"])


_ALL = Scope(
    (*QUICK.gatherers, ("processes", processes.gather), ("cgroups", cgroups.gather), ("oom", _gather_oom)),
    catalogue.of_facts,
    _who_dies,
)
