# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""OOM kills that only a counter shows, in sentences."""

from typing import Dict, Optional

from ..sources.printable import one_line

_ADVICE = "Let oomwatch read the kernel's log (/dev/kmsg, or CAP_SYSLOG) to see which process dies and why"


def headline(event: Dict, place: Optional[str]) -> str:
    """What the counter shows. place: the cgroup, None where only the host's counter rose."""
    kills = event["repeats"] + 1
    if event["group_kill"]:
        return f"The kernel's OOM killer killed all processes of {one_line(place)} (memory.oom.group)"
    return f"The kernel counted {kills} OOM kill{'s' * (kills > 1)}" + (f" in {one_line(place)}" if place else "")


def summary(event: Dict, place: Optional[str]) -> str:
    """The one line to read first."""
    return f"{headline(event, place)}. No report of that was read: {event['incomplete'][0]['reason']}."


def explanation(event: Dict, place: Optional[str]) -> str:
    """What is known, what is not, and what would show it."""
    return f"{summary(event, place)} {verdict()} {_ADVICE}."


def verdict() -> str:
    """Nothing can be judged."""
    return "Whether the right process died cannot be told, because a counter does not name the process."
