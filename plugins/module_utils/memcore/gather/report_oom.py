# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The subset oom in words: who dies next, in a line for the host and one for the fullest cgroup."""

from typing import Dict, List

from ..models import victims
from ..models.badness import FLOORED, UNKNOWN
from ..models.size import human, percent
from .victims_words import name, outcome

_NAMES = 3
_SHORT = {
    victims.PANIC: "when memory runs out the kernel panics (vm.panic_on_oom)",
    victims.ALLOCATING: "when memory runs out whoever asks for more dies (vm.oom_kill_allocating_task)",
    victims.NOBODY: "when memory runs out no process may be killed",
}
_MODEL = {
    FLOORED: "; this kernel's points are floored",
    UNKNOWN: "; whether its points are floored is unknown",
}


def lines(oom: Dict) -> List[str]:
    """Sentences, not yet wrapped."""
    found = [f"on this host: {_outcome(oom)}"]
    full = [row for row in oom["by_cgroup"] if row["used_bytes"]]
    if full:
        row = full[0]
        share = percent(row["used_bytes"], row["limit_bytes"])
        found.append(f"in {row['cgroup']} ({share} % of {human(row['limit_bytes'])} used): {_outcome(row)}")
    return found + [_so_far(oom)]


def next_victim(oom: Dict) -> str:
    """The host's next victim in a few words, for the summary."""
    if oom["choice"] != victims.HIGHEST:
        return _SHORT[oom["choice"]]
    if oom["next_count"] > 1:
        return f"the OOM killer would take one of {oom['next_count']} with the same score"
    return f"the OOM killer would take {name(oom['next'][0])}"


def _outcome(row):
    rivals = f", or pid {', '.join(map(str, row['rivals'][:_NAMES]))}, too close to tell" if row["rivals"] else ""
    return outcome(row) + rivals


def _so_far(oom):
    kills, model = oom["kills_since_boot"], _MODEL.get(oom["badness_model"], "")
    if kills is None:
        return f"this kernel does not count what the OOM killer takes{model}"
    return f"since boot the OOM killer has taken {kills or 'no'} process{'es' if kills > 1 else ''}{model}"
