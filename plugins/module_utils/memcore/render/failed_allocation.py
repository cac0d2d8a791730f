# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A page allocation that failed, in sentences: no process died of it, and most callers go on without the memory."""

from typing import Dict, List

from ..sources.printable import one_line, with_pid
from . import event_cause

_NOTHING_KILLED = "Nothing was killed"
_MORE = "the caller may have tried again, or may have reported an error of its own"


def summary(event: Dict) -> str:
    """The one line to read first: who did not get memory, what died (nothing), what to do."""
    filled = event_cause.in_short(event)
    return (
        f"{_failed(event)}{': ' + filled if filled else ''}. {_NOTHING_KILLED}{_repeats(event)}. "
        f"{event_cause.short_advice(event)}."
    )


def headline(event: Dict) -> str:
    """The event in one line, which begins in lower case."""
    told = f"no kill: {_failed(event)[0].lower()}{_failed(event)[1:]}{_repeats(event)}"
    return f"{told} ({event['cause']['class']})"


def paragraphs(event: Dict) -> List[str]:
    """What failed, where the memory was, the verdict, what to do."""
    return [
        f"{_failed(event)}{_when(event)}. {_NOTHING_KILLED}: {_MORE}{_repeats(event)}.",
        event_cause.sentence(event),
        verdict(event),
        event_cause.advice(event),
    ]


def explanation(event: Dict) -> str:
    """Four to six sentences."""
    return " ".join(paragraphs(event))


def verdict(event: Dict) -> str:
    """There is no choice to judge."""
    return "No verdict: no process was killed."


def _failed(event):
    trigger = event["trigger"]
    if trigger is None or trigger["comm"] is None:
        return "The kernel could not allocate memory"
    who = one_line(trigger["comm"]) if trigger["pid"] is None else with_pid(trigger["comm"], trigger["pid"])
    return f"The kernel could not allocate memory while {who} ran"


def _repeats(event):
    repeats = event["repeats"]
    return f", and {repeats} more such failure{'s' * (repeats > 1)} followed" if repeats else ""


def _when(event):
    return "" if event["time"] is None else f" at {event['time']}"
