# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which of the two badness models a kernel has, told by the oom_score it shows for a task of known size and adj.

The version does not tell it: 5.4.286 and many vendors' kernels have the change of v5.9, 4.18.0-240.el8 has not.
"""

from typing import List, NamedTuple, Optional

from .badness import FLOORED, SIGNED, UNKILLABLE_ADJ

_NEAR = 4  # a score counts for a model when it is four times nearer to it than the two models are to each other
_TELLING_GAP = 40  # an unprivileged reader's sizes are off by a few points


class Sample(NamedTuple):
    """What the kernel shows of a task; `share` is its size (resident, swapped, page tables) in 1/1000 of RAM + swap."""

    pid: int
    adj: int
    share: int
    score: int


def expected(sample: Sample, model: str) -> int:
    """The oom_score that a kernel of that model shows, give or take a rounding."""
    if model == FLOORED:
        return max(sample.adj + sample.share, 0)
    return max((1000 + sample.adj + sample.share) * 2 // 3, 0)


def told_by(sample: Sample) -> Optional[str]:
    """SIGNED or FLOORED; None where the sample fits neither, or both.

    The first task (score 0 whatever the model) and one that is never killed say nothing.
    """
    if sample.pid == 1 or sample.adj == UNKILLABLE_ADJ:
        return None
    gap = abs(expected(sample, SIGNED) - expected(sample, FLOORED))
    if gap < _TELLING_GAP:
        return None
    for model in (SIGNED, FLOORED):
        if abs(sample.score - expected(sample, model)) * _NEAR <= gap:
            return model
    return None


def is_proof(sample: Sample) -> bool:
    """Whether the sample alone tells the model: a 0 may also come from a /proc that always shows 0 (gVisor)."""
    return sample.score > 0 and told_by(sample) is not None


# The evidence, in the words that badness_evidence shows to people.
NO_TOTAL = "not tested: /proc/meminfo does not show how much memory there is"


def figures(who: str, sample: Sample) -> str:
    """What one process shows beside what both models would show."""
    return (
        f"{who} (oom_score_adj {sample.adj}, {sample.share}/1000 of RAM and swap) shows oom_score {sample.score}, "
        f"where a signed kernel shows {expected(sample, SIGNED)} and a floored one {expected(sample, FLOORED)}"
    )


def by_many(model: str, votes: int, others: int, count: int, proof: Sample) -> str:
    """So many of `count` processes fit the model and `others` fit the other one; one that proves it."""
    loser = FLOORED if model == SIGNED else SIGNED
    return (
        f"{votes} of {count} processes show the oom_score of a {model} kernel and {others} that of a {loser} one; "
        + figures(f"pid {proof.pid}", proof)
    )


def undecided(shown: List[str], signed: int, floored: int, count: int) -> str:
    """What was looked at without a result."""
    return "; ".join(["undecided"] + shown + [f"of {count} processes {signed} look signed and {floored} floored"])
