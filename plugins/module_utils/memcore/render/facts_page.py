# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The facts as a short page of plain text, for whoever logs in at night."""

import textwrap
from typing import Dict, List, Sequence

from ..models.ledger import hiding, label
from ..models.size import human, percent
from ..sources.printable import with_pid
from . import finding

_BAR = 40
_ROWS = 8
_LACKS = 12
_FIGURES = frozenset(("ledger", "host", "memory", "shmem", "kernel", "processes", "cgroups", "oom"))
_WIDTH = 110


def render(facts: Dict, who_dies: Sequence[str]) -> List[str]:
    """Lines from the summary to what is not available; only rows of tables and commands exceed 110 characters.

    who_dies: sentences on the subset oom, none without it.
    """
    lines = _wrapped(facts["summary"], "")
    if "memory" in facts:
        lines += _ledger(facts["memory"])
    if "tmpfs" in facts:
        lines += _tmpfs(facts["tmpfs"])
    if "memory" in facts:
        lines += _hiding(facts)
    if who_dies:
        lines += _oom(who_dies)
    return lines + _findings(facts["findings"]) + _incomplete(facts)


def _ledger(memory):
    total, lines = memory["total_bytes"], ["", f"Where MemTotal ({human(memory['total_bytes'])}) went"]
    for part, value in memory["ledger"].items():
        if value:
            lines.append(_bar(label(part), value, total))
    lines.append(_bar("unaccounted", memory["unaccounted_bytes"], total))
    drift = memory["uncertainty_bytes"]
    if drift is not None:
        lines.append(
            f"  (the kernel's per-CPU counters may be off by {human(drift)} in total{_second_opinion(memory)})"
        )
    unknown = [f"{name} {human(value)}" for name, value in memory["unknown_fields"].items() if value]
    if unknown:
        lines.append(f"  fields of /proc/meminfo that this version does not know: {', '.join(unknown)}")
    missing = [label(part) for part, value in memory["ledger"].items() if value is None]
    if missing:
        lines.append(f"  not available here: {', '.join(missing)}")
    return lines


def _second_opinion(memory):
    by_lru = memory["unaccounted_by_lru_bytes"]
    return "" if by_lru is None else f"; counted by LRU list, {human(by_lru)} is unaccounted"


def _bar(name, value, total):
    share = percent(value, total)
    return f"  {name:<25} {human(value):>10} {share:6.2f} %  {'#' * max(round(_BAR * value / total), 0)}".rstrip()


def _tmpfs(rows):
    used = [row for row in rows if row["used_bytes"] or row["not_read"]]
    if not used:
        return ["", "tmpfs: empty"]
    lines = ["", f"tmpfs{'':<33} {'used':>10} {'of':>10} {'full':>7}  owner"]
    for row in used[:_ROWS]:
        figures = f"{_size(row['used_bytes']):>10} {_limit(row):>10} {_full(row):>7}"
        lines.append(f"  {_cut(row['mount'], 36):<36} {figures}  {_owner(row['owner'])}")
        for file in (row["top_files"] or [])[:3]:
            if file["bytes"] >= max((row["used_bytes"] or 0) // 10, 1 << 20):
                holders = f", held by pid {', '.join(map(str, file['holders'][:3]))}" if file["holders"] else ""
                about = f"uid {file['uid']}, {file['mtime']}{holders}"
                lines.append(f"    {human(file['bytes']):>10}  {_cut(file['path'], 60)}  ({about})")
    if len(used) > _ROWS:
        lines.append(f"  … and {len(used) - _ROWS} more")
    return lines


def _hiding(facts):
    lines = ["", "Memory in use that no process shows"]
    for part, value in hiding(facts["memory"]["ledger"])[:_ROWS]:
        if value >= 1 << 20:
            lines.append(f"  {label(part):<25} {human(value):>10}{_detail(part, facts)}")
    return lines if len(lines) > 2 else []


def _detail(part, facts):
    subset, tell = _DETAILS.get(part, (None, None))
    words = ", ".join(tell(facts[subset])) if subset in facts else ""
    return "  " + words if words else ""


def _kinds_of_shmem(shmem):
    kinds = ("tmpfs", "deleted", "sysv", "memfd", "anonymous_shared", "gpu", "unattributed")
    sizes = [(kind, shmem[f"{kind}_bytes"]) for kind in kinds]
    return [f"{kind.replace('_', ' ')} {human(size)}" for kind, size in sizes if size and abs(size) >= 1 << 16]


def _largest_caches(kernel):
    return [f"{cache['name']} {human(cache['bytes'])}" for cache in (kernel["slab"]["top_unreclaimable"] or [])[:3]]


def _largest_callers(kernel):
    callers = [row for row in kernel["vmalloc"]["top"] or [] if not row["thread_stacks"]]
    return [f"{row['caller']} {human(row['bytes'])}" for row in callers[:3]]


def _largest_page_tables(kernel):
    return [f"{with_pid(row['comm'], row['pid'])} {human(row['bytes'])}" for row in kernel["page_tables"]["top"][:2]]


# Which subset says more about a part of the ledger, and how.
_DETAILS = {
    "shmem": ("shmem", _kinds_of_shmem),
    "slab_unreclaimable": ("kernel", _largest_caches),
    "vmalloc": ("kernel", _largest_callers),
    "page_tables": ("kernel", _largest_page_tables),
}


def _oom(sentences):
    return ["", "Who dies when memory runs out"] + [line for sentence in sentences for line in _wrapped(sentence, "  ")]


def _findings(findings):
    if not findings:
        return ["", "Findings: none"]
    lines = ["", "Findings"]
    for one in findings:
        lines += ["  " + line for line in finding.lines(one, _WIDTH - 2)]
    return lines


def _incomplete(facts):
    """The files that could not be read; which figures are null for that reason is for programs to know."""
    shown = [item for item in facts["incomplete"] if item["source"].split(" ")[0] not in _FIGURES]
    if not shown:
        return []
    lines = ["", "Not available"]
    for item in shown[:_LACKS]:
        lines += _wrapped(f"{item['source']}: {item['reason']}", "  ")
    return lines + [f"  … and {len(shown) - _LACKS} more, see incomplete"] * (len(shown) > _LACKS)


def _wrapped(text, indent):
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "    ", break_on_hyphens=False)


def _owner(owner):
    if owner["kind"] == "pod":
        gone = " (gone)" if owner["pod_alive"] is False else ""
        return f"pod {owner['pod_uid']}{gone}" + (f" {owner['volume']}" if owner["volume"] else "")
    if owner["kind"] == "container":
        return f"container {owner['container'][:12]}"
    return owner["unit"] if owner["kind"] == "unit" else "host"


def _size(value):
    return "?" if value is None else human(value)


def _limit(row):
    return "no limit" if row["unlimited"] else _size(row["size_bytes"])


def _full(row):
    return "" if row["used_percent"] is None else f"{row['used_percent']:.1f} %"


def _cut(text, width):
    return text if len(text) <= width else "…" + text[-(width - 1) :]
