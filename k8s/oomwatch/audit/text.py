# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An audit as text for people: what is wrong first, then what each pod gets."""

import textwrap
from typing import Dict, List

from memcore.answers.audit import name_of
from memcore.findings.rule import SEVERITIES

_NARROWEST = 60


def lines(found: Dict, width: int, with_suppressed: bool) -> List[str]:
    """The findings by object, the worst first; the pods; what was not judged; and the count."""
    width = max(width, _NARROWEST)
    told = []
    for rows in _by_object(found["findings"]):
        told += [_title(rows[0]), *[line for row in rows for line in _finding(row, width)], ""]
    if with_suppressed and found["suppressed"]:
        told += ["Suppressed by an annotation:"]
        told += _wrapped(
            [f"{name_of(row['object'])}: {row['id']}: {row['suppressed']}" for row in found["suppressed"]], width, "  "
        )
        told += [""]
    told += _table(found["pods"])
    if found["skipped"]:
        told += ["", "Not judged:"]
        told += _wrapped(_not_judged(found["skipped"]), width, "  ")
    return [*told, "", summary(found)]


def _not_judged(rows) -> List[str]:
    """Each row, but rules that lack the same figure as one: `9 rules: no OOM events of the node are known`."""
    reasons: Dict = {}
    for row in rows:
        key = row["reason"] if row["what"].startswith("rule ") else (row["what"], row["reason"])
        reasons.setdefault(key, []).append(row)
    return [
        f"{same[0]['what'] if len(same) == 1 else _count(len(same), 'rule')}: {same[0]['reason']}"
        for same in reasons.values()
    ]


def summary(found: Dict) -> str:
    """`3 pods: 2 warnings, 1 info; 1 finding suppressed`."""
    counts = {name: sum(row["severity"] == name for row in found["findings"]) for name in SEVERITIES}
    words = [_count(counts[name], name) for name in reversed(SEVERITIES) if counts[name]]
    told = f"{_count(len(found['pods']), 'pod')}: {', '.join(words) or 'no findings'}"
    hidden = len(found["suppressed"])
    return told + (f"; {_count(hidden, 'finding')} suppressed" if hidden else "")


def _count(number, what):
    return f"{number} {what}" + ("s" if number != 1 and what not in ("info", "critical") else "")


def _by_object(findings) -> List[List[Dict]]:
    groups: Dict = {}
    for row in findings:
        groups.setdefault((row["file"], name_of(row["object"])), []).append(row)
    return list(groups.values())


def _title(row):
    return name_of(row["object"]) + ("" if row["file"] is None else f"  ({row['file']})")


def _finding(row, width):
    place = "" if row["line"] is None else f" (line {row['line']})"
    head = f"{row['severity']}: {row['summary']}{place}"
    return _wrapped([head], width, "  ") + _wrapped([f"{row['remedy']} [{row['id']}]"], width, "    ")


def _wrapped(texts, width, indent):
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            text, width, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
        )
    ]


def _table(pods) -> List[str]:
    """Each container with the oom_score_adj that it gets on each size of node."""
    if not pods:
        return []
    sizes = list(pods[0]["containers"][0]["oom_score_adj"])
    rows = [("object", "container", "QoS class", *[f"adj on {text}" for text in sizes])]
    for pod in pods:
        for one in pod["containers"]:
            kind = "" if one["kind"] == "container" else f" ({one['kind']})"
            values = [str(one["oom_score_adj"][text]) for text in sizes]
            rows.append((name_of(pod), one["name"] + kind, pod["qos_class"], *values))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(size) for cell, size in zip(row, widths)).rstrip() for row in rows]
