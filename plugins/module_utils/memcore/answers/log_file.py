# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The OOM events of a file as it stands: a log, packed or not, or an archive such as a sosreport with many logs."""

from typing import BinaryIO, Dict, List, Optional

from ..models.event_id import same_event
from ..models.event_list import EventList
from ..sources.oomlog.log_source import Tally
from ..sources.oomlog.packed_log import Packed, Unpacker
from . import events


def read(stream: BinaryIO, name: str, asked: events.Asked, of_zstd: Optional[Unpacker] = None) -> EventList:
    """The events, of an archive those of all its logs by their dates, each once. name: how to call the file.

    of_zstd: as for Packed.
    """
    packed = Packed(stream, of_zstd)
    answers = []
    for log in packed.logs():
        tally = Tally(log.lines)
        found = events.newest(tally, events.NOWHERE, asked.top, events.since_of(asked), asked.limit)
        answers.append(events.listed(found, name if log.name is None else f"{name}:{log.name}", asked, tally))
    answer = answers[0] if len(answers) == 1 and not packed.is_archive else _joined(answers, name, asked)
    if packed.trouble is None:
        return answer
    answer.incomplete.append({"source": name, "reason": packed.trouble})
    return answer if answer.total else answer._replace(complaint=packed.trouble)


def _joined(answers: List[EventList], name: str, asked: events.Asked) -> EventList:
    """One answer out of those of all logs; the same OOM may stand in several of them."""
    kept: List[Dict] = []
    of_victim: Dict[str, List[Dict]] = {}
    doubled = failed = 0
    for answer in answers:
        for event in answer.events:
            known = of_victim.setdefault(event["id"].rpartition(":")[2], [])
            if any(same_event(event, other) for other in known):
                doubled += 1
                continue
            known.append(event)
            failed += event["outcome"] == "allocation-failed"
            kept.append(event)
    # Events without a date stay in the order of the archive, behind the others.
    kept.sort(key=lambda event: (event["time"] is None, event["time"] or ""))
    total = sum(answer.total for answer in answers) - doubled
    incomplete = [row for answer in answers for row in answer.incomplete]
    lines = sum(answer.lines for answer in answers)
    return EventList(name, kept[max(len(kept) - asked.limit, 0) :], total, lines, None, incomplete, failed)
