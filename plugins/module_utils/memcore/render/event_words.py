# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""All sentences of an event, by what kind it is: the kernel's kill, a panic, user space's kill, a failed allocation."""

from typing import Dict, List

from . import counted_kills, event, event_summary, failed_allocation, user_kill


def add(record: Dict) -> None:
    """Complete a record with its sentences."""
    if record["source"] == "counter":
        place = record.pop("place")
        record["verdict"]["explanation"] = counted_kills.verdict()
        record["summary"] = counted_kills.summary(record, place)
        record["explanation"] = counted_kills.explanation(record, place)
        return
    words = _words(record)
    record["verdict"]["explanation"] = words.verdict(record)
    record["summary"] = event_summary.summary(record) if words is event else words.summary(record)
    record["explanation"] = words.explanation(record)


def headline(told: Dict) -> str:
    """The event in one line that begins in lower case."""
    return _words(told).headline(told)


def paragraphs(told: Dict) -> List[str]:
    """Its explanation, in paragraphs."""
    return _words(told).paragraphs(told)


def _words(told):
    if told["source"] not in ("kernel", "counter"):
        return user_kill
    return failed_allocation if told["outcome"] == "allocation-failed" else event
