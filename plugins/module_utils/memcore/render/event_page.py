# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""OOM events as a short page of plain text; its first line is the answer."""

import textwrap
from typing import Dict, List

from ..models.event_list import EventList
from ..models.size import human
from ..sources.printable import one_line
from . import event as sentences
from . import event_words

WIDTH = 110
_NARROWEST = 40
_ROWS = 6
_LACKS = 6
# Of these the explanation tells.
_TOLD = frozenset(["verdict"])


def render(answer: EventList, width: int = WIDTH) -> List[str]:
    """Lines of at most `width` characters: the summary, then each event, the newest last."""
    width = max(width, _NARROWEST)
    lines = _wrapped(summary(answer), "", width)
    for event in answer.events:
        lines += ["", *_event(event, width, answer.total > 1)]
    return lines + [""] * bool(answer.incomplete) + _notes(answer.incomplete, width)


def one(event: Dict, width: int = WIDTH) -> List[str]:
    """The lines of an event that comes after the page, as where a log is followed."""
    return ["", *_event(event, max(width, _NARROWEST), True)]


def summary(answer: EventList) -> str:
    """The one line to read first."""
    if not answer.total:
        if answer.complaint is not None:
            return f"No OOM report in {answer.name}: {answer.complaint}."
        return f"No OOM report in {answer.name} ({_count(answer.lines, 'line')})."
    last = event_words.headline(answer.events[-1])
    counted = _events(answer)
    if answer.total == 1:
        return f"{last[0].upper()}{last[1:]} ({counted} in {answer.name})"
    wrong = sum(is_wrong(event) for event in answer.events)
    told = f"; in {wrong} of them the kernel killed the wrong process" if wrong else ""
    return f"{counted} in {answer.name}{told}; the last: {last}"


def _events(answer):
    """`18 OOM reports and 1 failed allocation`."""
    reports = answer.total - answer.failed
    told = [_count(reports, "OOM report")] * bool(reports) + [_count(answer.failed, "failed allocation")] * bool(
        answer.failed
    )
    return " and ".join(told)


def is_wrong(event: Dict) -> bool:
    """Whether a floored kernel killed a process that a signed one would have spared."""
    judged = event["verdict"]
    return judged["model"] == "floored" and judged["agrees"] is False and not sentences.expected_died(event)


def _event(event: Dict, width: int, with_headline: bool) -> List[str]:
    if event["source"] == "counter":
        return _wrapped(f"{_moment(event)}  {event['explanation']}", "", width)
    lines = _wrapped(f"{_moment(event)}  {event_words.headline(event)}", "", width) if with_headline else []
    for paragraph in event_words.paragraphs(event):
        lines += _wrapped(paragraph, "  ", width)
    lines += _table(event, width)
    shown = [row for row in event["incomplete"] if row["source"] not in _TOLD]
    for row in shown[:_LACKS]:
        lines += _wrapped(f"not available: {row['source']}: {row['reason']}", "  ", width)
    return lines


def _moment(event):
    if event["time"] is not None:
        return event["time"]
    uptime = event["uptime_seconds"]
    return event["id"] if uptime is None else f"[{uptime:.3f}]"


def _table(event, width):
    rows = _shown(event)
    if not rows:
        return []
    lines = [f"  {'pid':>9} {'resident':>10} {'swap':>10} {'adj':>5} {'points':>12}  name"[:width]]
    for row in rows:
        points = "-" if row["signed_points"] is None else str(row["signed_points"])
        swap = "-" if row["swap_bytes"] is None else human(row["swap_bytes"])
        size = f"{human(row['rss_bytes']):>10} {swap:>10} {row['oom_score_adj']:>5}"
        name = one_line(row["comm"]) + _note(row, event)
        lines.append(f"  {row['pid']:>9} {size} {points:>12}  {name}"[:width])
    rest = event["cause"]["evidence"]["tasks"] - len(rows)
    return lines + [f"  {'…':>9} and {rest} more"] * (rest > 0)


def _shown(event):
    """The first of the list, and whoever was killed; of a large group its first victim at least."""
    rows = [row for place, row in enumerate(event["candidates"]) if place < _ROWS or row["killed"]]
    pid = event["victim"]["pid"] if event["victim"] else None
    victim = [row for row in rows[2 * _ROWS :] if row["pid"] == pid]
    return rows[: 2 * _ROWS - len(victim)] + victim


def _note(row, event):
    notes = ["killed"] if row["killed"] else []
    if row["spared"] is not None:
        notes.append("spared: " + row["spared"])
    if row["pid"] == event["verdict"]["expected_pid"] and not event["verdict"]["agrees"]:
        is_asked = "allocating-task" in event["verdict"]["why"]
        notes.append("highest OOM score" if is_asked else "the victim on Linux 5.9 or later")
    return f"  <- {', '.join(notes)}" if notes else ""


def _notes(items, width):
    return [line for row in items for line in _wrapped(f"note: {row['reason']}", "", width)]


def _count(number, what):
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _wrapped(text, indent, width):
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
