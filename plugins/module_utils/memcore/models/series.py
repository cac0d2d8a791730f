# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which events are the same trouble again, so that a thousand of them are one event with a count.

Since 4.19 a cgroup that has no killable process prints a whole report for each attempt (mm/oom_kill.c,
out_of_memory()), a thousand in a minute. A kill is never folded: each one has a victim.
"""

import json
from typing import Dict, Optional, Tuple

WINDOW_SECONDS = 60.0  # so long after the last of a series the next one is a part of it


def key(record: Dict) -> Optional[str]:
    """Equal for two events of one series; None for an event that stands for itself."""
    parts = _parts(record)
    return None if parts is None else json.dumps(parts)


def _parts(record: Dict) -> Optional[Tuple]:
    source, outcome, killer = record["source"], record["outcome"], record["killer"]
    boot = record["id"].partition(":")[0]
    if killer is not None:
        if outcome == "no-killable-process":
            return boot, source, outcome, killer["cgroup"]
        if source == "kubelet" and killer["pods"]:
            names = tuple((row["namespace"], row["pod"], row["pod_uid"]) for row in killer["pods"])
            return boot, source, outcome, names
        return None
    if outcome == "no-killable-process" and record["limit_owner"] is not None:
        return boot, source, outcome, record["limit_owner"]["cgroup"]
    if outcome == "allocation-failed":
        trigger, request = record["trigger"], record.get("request")
        return boot, source, outcome, trigger and trigger["comm"], request and request["order"]
    return None


def is_near(one: Dict, other: Dict) -> bool:
    """Whether the second came soon after the first, by the log's own time; where it has none, it did."""
    if one["uptime_seconds"] is not None and other["uptime_seconds"] is not None:
        return abs(other["uptime_seconds"] - one["uptime_seconds"]) <= WINDOW_SECONDS
    first, second = _seconds(one), _seconds(other)
    return first is None or second is None or abs(second - first) <= WINDOW_SECONDS


def _seconds(record: Dict) -> Optional[float]:
    """Of its time or its id's date, within a day, which is enough to compare two that follow one another."""
    text = record["time"] or record["id"]
    at = text.find(":")
    while at >= 2:
        clock = text[at - 2 : at + 6]
        if len(clock) == 8 and clock[5] == ":" and clock.replace(":", "").isdigit():
            day = text[max(0, at - 5) : at - 3]
            days = int(day) if day.isdigit() else 0
            return days * 86400 + int(clock[:2]) * 3600 + int(clock[3:5]) * 60 + int(clock[6:])
        at = text.find(":", at + 1)
    return None
