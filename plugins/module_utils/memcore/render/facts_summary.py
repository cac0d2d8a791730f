# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The one line a person reads first."""

from typing import Dict

from ..models.ledger import hiding, label, used_bytes
from ..models.size import human, percent


def summarize(facts: Dict, who_dies: str) -> str:
    """Used, hidden, the largest of what hides, who dies next, how many findings; each where it was gathered.

    who_dies: a clause from the subset oom, empty without it.
    """
    count = len(facts["findings"])
    found = f"{count} finding{'' if count == 1 else 's'}"
    if who_dies:
        found = f"{who_dies}; {found}"
    memory = facts.get("memory")
    if memory is None:
        return f"{found}; the subset memory was not gathered."
    total, hidden = memory["total_bytes"], memory["hidden_bytes"]
    used = used_bytes(total, memory["ledger"])
    parts = [f"{human(used)} of {human(total)} RAM is used ({percent(used, total)} %)"]
    if hidden is not None:
        parts.append(f"{human(hidden)} of it shows in no process" + _largest(memory))
    parts.append(f"{human(memory['unaccounted_bytes'])} unaccounted")
    return "; ".join(parts) + f"; {found}."


def _largest(memory):
    parts = hiding(memory["ledger"])[:2]
    return f" ({', '.join(f'{label(part)} {human(value)}' for part, value in parts)})" if parts else ""
