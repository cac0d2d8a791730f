# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Ask the kernel itself which badness model it has, and keep the evidence."""

from collections import Counter
from typing import List, NamedTuple, Optional

from ..errors import ParseError
from ..models.badness import FLOORED, SIGNED, UNKNOWN
from ..models.badness_model import NO_TOTAL, Sample, by_many, figures, is_proof, told_by, undecided
from ..sources import meminfo, status
from ..sources.host import Host

# Above the default, so that a floored kernel shows 500 and not 0, which a /proc that always shows 0 would show too.
_ADJ_OF_CHILD = 500
_ENOUGH = 2  # other processes whose scores must agree
_DISSENT = 10  # one in so many may have changed between two reads
_LOOK_AT = 200  # processes
_THIS, _CHILD = "this process", "a child process"


class Probe(NamedTuple):
    """model: signed, floored or unknown; evidence: one sentence with the figures that tell it, or why nothing does."""

    model: str
    evidence: str


def probe(host: Host, may_fork: bool = True) -> Probe:
    """The model of the kernel below the host's root.

    A live host shows the score of this process, which proves a signed kernel at once; where it does not, a child with
    a raised oom_score_adj is asked (about a millisecond; not where `may_fork` is off). Else other processes are.
    """
    total = _total(host)
    if not total:
        return Probe(UNKNOWN, NO_TOTAL)
    own = _own(host, total) if host.live else None
    if own and is_proof(own):
        return _told_by_one(_THIS, own)
    child = _child(host, total) if host.live and may_fork else None
    if child and is_proof(child):
        return _told_by_one(_CHILD, child)
    return _told_by_many(host, total, [(_THIS, own), (_CHILD, child)])


def _total(host):
    try:
        fields = meminfo.parse(host.whole("proc/meminfo").decode("utf-8", "replace"))
    except (OSError, ParseError):
        return 0
    return fields.get("MemTotal", 0) + fields.get("SwapTotal", 0)


def _own(host, total) -> Optional[Sample]:
    try:
        # In the pid namespace of that /proc; a process outside it has no such link.
        return _sample_of(host, int(host.link("proc/self")), total)
    except (OSError, ValueError):
        return None


def _child(host, total) -> Optional[Sample]:
    try:
        adj, score, its_status = host.tiny_task(_ADJ_OF_CHILD)
        return _sample(0, adj, score, its_status, total)
    except (OSError, ParseError, ValueError):
        return None


def _told_by_many(host, total, asked):
    samples = _of_others(host, total)
    votes = Counter(map(told_by, samples))
    model, loser = (SIGNED, FLOORED) if votes[SIGNED] >= votes[FLOORED] else (FLOORED, SIGNED)
    proofs = [sample for sample in samples if is_proof(sample) and told_by(sample) == model]
    if votes[model] >= _ENOUGH and votes[model] >= votes[loser] * _DISSENT and proofs:
        return Probe(model, by_many(model, votes[model], votes[loser], len(samples), proofs[0]))
    shown = [figures(who, sample) for who, sample in asked if sample]
    return Probe(UNKNOWN, undecided(shown, votes[SIGNED], votes[FLOORED], len(samples)))


def _of_others(host, total) -> List[Sample]:
    samples: List[Sample] = []
    for pid in host.pids():
        if len(samples) == _LOOK_AT:
            break
        try:
            sample = _sample_of(host, pid, total)
        except OSError:
            continue
        if sample is not None:
            samples.append(sample)
    return samples


def _sample_of(host, pid, total) -> Optional[Sample]:
    try:
        adj, score, its_status = (host.brief(f"proc/{pid}/{name}") for name in ("oom_score_adj", "oom_score", "status"))
        return _sample(pid, adj, score, its_status, total)
    except (ParseError, ValueError):
        return None


def _sample(pid, adj, score, its_status, total) -> Optional[Sample]:
    """None for a kernel thread, which has no memory."""
    shown = status.parse(its_status)
    if shown.rss_bytes is None:
        return None
    size = shown.rss_bytes + (shown.swap_bytes or 0) + (shown.page_tables_bytes or 0)
    return Sample(pid, int(adj), size * 1000 // total, int(score))


def _told_by_one(who, sample):
    return Probe(told_by(sample), figures(who, sample))
