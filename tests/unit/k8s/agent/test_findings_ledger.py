# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding is told when it is new and when it is gone, and not in between."""

import json
import pathlib

import jsonschema

from oomwatch.agent.findings_ledger import Ledger

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[4] / "schemas" / "notice.schema.json").read_text())


def row(name="memory-emptydir-unsized", pod="cart", severity="warning", container=None, **evidence):
    one = {"kind": "Pod", "namespace": "shop", "name": pod} if pod else None
    return {
        "id": name,
        "severity": severity,
        "summary": "it is so",
        "evidence": evidence,
        "remedy": "Do this.",
        "remedy_commands": [],
        "remedy_effect": "none",
        "ref": f"docs/pod-rules.md#{name}",
        "object": one,
        "container": container,
        "uid": pod,
        "confidence": "high",
    }


def told(ledger, rows, **more):
    lines = ledger.take(rows, **more)
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    return [(line["change"], line["id"], (line["object"] or {}).get("name")) for line in lines]


def test_finding_is_told_once_and_again_when_it_is_gone():
    ledger = Ledger()
    assert told(ledger, [row()]) == [("new", "memory-emptydir-unsized", "cart")]
    assert told(ledger, [row(limit_bytes=5)]) == []
    assert told(ledger, []) == [("gone", "memory-emptydir-unsized", "cart")]
    assert told(ledger, [row()]) == [("new", "memory-emptydir-unsized", "cart")]


def test_pods_and_containers_have_findings_of_their_own():
    ledger = Ledger()
    rows = [row(), row(pod="desk"), row(container="app"), row(container="proxy")]
    assert len(told(ledger, rows)) == 4
    assert told(ledger, rows[1:]) == [("gone", "memory-emptydir-unsized", "cart")]
    assert ledger.counts() == {("memory-emptydir-unsized", "warning"): 3}


def test_pods_that_cannot_be_judged_keep_their_findings():
    ledger = Ledger()
    told(ledger, [row(), row("swap-full", pod=None)])
    assert told(ledger, [], has_pods=False) == [("gone", "swap-full", None)]
    assert ledger.counts() == {("memory-emptydir-unsized", "warning"): 1}


def test_findings_of_the_host_are_told_apart_by_what_they_name():
    ledger = Ledger()
    rows = [row("tmpfs-nearly-full", pod=None, mount=mount) for mount in ("/tmp", "/run")]
    assert len(told(ledger, rows)) == 2
    assert told(ledger, rows[:1]) == [("gone", "tmpfs-nearly-full", None)]


def test_severity_that_changed_is_counted_as_it_is_now():
    ledger = Ledger()
    told(ledger, [row()])
    assert told(ledger, [row(severity="critical")]) == []
    assert ledger.counts() == {("memory-emptydir-unsized", "critical"): 1}
