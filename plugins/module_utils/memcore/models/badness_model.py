# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which of the two badness models a kernel has, told by the oom_score it shows for a task of known size and adj.

The version does not tell it: 5.4.286 and many vendors' kernels have the change of v5.9, 4.18.0-240.el8 has not.
"""

from typing import NamedTuple, Optional

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
