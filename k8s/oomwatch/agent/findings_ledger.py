# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which findings are new and which are gone since the last audit. No I/O in here."""

from typing import Dict, List, NamedTuple, Sequence, Tuple

# Of a finding about the host, what tells it from another one of its rule; a pid changes at each restart.
_NAMES = ("mount", "cgroup", "unit", "comm", "path", "name", "key")


class Kept(NamedTuple):
    """What the line about a finding that is gone needs."""

    severity: str
    summary: str
    object: Tuple  # kind, namespace, name; empty for the host
    container: str


class Ledger:
    """take() the findings of each audit."""

    def __init__(self) -> None:
        self._known: Dict[Tuple, Kept] = {}

    def take(self, rows: Sequence[Dict], has_pods: bool = True) -> List[Dict]:
        """The lines to tell, as JSON has them. rows: findings with `object` (None: the host) and `container`.

        has_pods: whether pods were judged; else those known of Kubernetes' objects stay as they were.
        """
        found = {_key(row): row for row in rows}
        gone = [key for key, kept in self._known.items() if key not in found and (has_pods or not kept.object)]
        told = [_gone(key, self._known.pop(key)) for key in gone]
        told = [_new(row) for key, row in found.items() if key not in self._known] + told
        for key, row in found.items():
            self._known[key] = Kept(row["severity"], row["summary"], _object(row), row["container"] or "")
        return told

    def counts(self) -> Dict[Tuple[str, str], int]:
        """How many there are by (id, severity)."""
        rows: Dict[Tuple[str, str], int] = {}
        for key, kept in self._known.items():
            label = (key[0], kept.severity)
            rows[label] = rows.get(label, 0) + 1
        return rows


def _key(row) -> Tuple:
    evidence = row["evidence"]
    which = "" if row["object"] else next((str(evidence[name]) for name in _NAMES if evidence.get(name)), "")
    more = str(evidence.get("volume") or evidence.get("setting") or "") if row["object"] else ""
    return (row["id"], _object(row), row["container"] or "", row.get("uid") or "", which or more)


def _object(row) -> Tuple:
    one = row["object"]
    return () if one is None else (one["kind"], one["namespace"], one["name"])


def _new(row) -> Dict:
    names = ("id", "severity", "summary", "evidence", "remedy", "remedy_commands", "remedy_effect", "ref")
    told = {name: row[name] for name in names}
    return {"type": "finding", "change": "new", **told, "object": row["object"], "container": row["container"]}


def _gone(key, kept: Kept) -> Dict:
    one = dict(zip(("kind", "namespace", "name"), kept.object)) if kept.object else None
    return {
        "type": "finding",
        "change": "gone",
        "id": key[0],
        "severity": kept.severity,
        "summary": kept.summary,
        "object": one,
        "container": kept.container or None,
    }
