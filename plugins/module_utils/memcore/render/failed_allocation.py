# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A page allocation that failed, in sentences: no process died of it, and most callers go on without the memory."""

from typing import Dict, List

from ..models.size import human
from ..sources.printable import one_line, with_pid
from . import event_cause

_NOTHING_KILLED = "Nothing was killed"
_MORE = "whatever requested the memory may have tried again, or may have reported an error"


def summary(event: Dict) -> str:
    """The one line to read first: who did not get memory and why, that nothing died, what to do."""
    why = _why(event) or event_cause.in_short(event)
    return (
        f"{_failed(event)}{': ' + why if why else ''}.{_repeats(event)} {_NOTHING_KILLED}. "
        f"{event_cause.short_advice(event)}."
    )


def headline(event: Dict) -> str:
    """The event in one line, which begins in lower case."""
    repeats = f", {event['repeats'] + 1} times" if event["repeats"] else ""
    return f"{_lowered(_failed(event))}{repeats} ({event['cause']['class']}); nothing was killed"


def paragraphs(event: Dict) -> List[str]:
    """What failed, where the memory was, the verdict, what to do."""
    return [
        f"{_failed(event)}{_when(event)}.{_repeats(event)} {_NOTHING_KILLED}: {_MORE}.{_full_why(event)}",
        event_cause.sentence(event),
        verdict(event),
        event_cause.advice(event),
    ]


def explanation(event: Dict) -> str:
    """Four to eight sentences."""
    return " ".join(paragraphs(event))


def verdict(event: Dict) -> str:
    """There is no choice to judge."""
    return "No verdict: no process was killed."


def _failed(event):
    request, size = event["request"], ""
    if request is not None:
        pieces = " in one block" if request["order"] else ""
        size = f" of {human(request['bytes'])}{pieces}"
    trigger = event["trigger"]
    if trigger is None or trigger["comm"] is None:
        return f"A memory allocation{size} in the kernel failed"
    who = one_line(trigger["comm"]) if trigger["pid"] is None else with_pid(trigger["comm"], trigger["pid"])
    return f"A memory allocation{size} failed while {who} ran"


def _why(event):
    """Why the request could not be served, as a part of a sentence; None where the report does not prove it."""
    request = event["request"]
    if request is None or request["could_be_served"] == "unknown":
        return None
    answer, _colon, why = request["why"].partition(": ")
    return why.rstrip(".") if answer in ("Yes", "No") and why else None


def _full_why(event):
    why = _why(event)
    return f" {why[0].upper()}{why[1:]}." if why else ""


def _repeats(event):
    repeats = event["repeats"]
    return f" The same happened {repeats} more time{'s' * (repeats > 1)}." if repeats else ""


def _when(event):
    return "" if event["time"] is None else f" at {event['time']}"


def _lowered(text):
    return text[0].lower() + text[1:]
