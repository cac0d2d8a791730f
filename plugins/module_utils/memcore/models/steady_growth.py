# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""When will a limit be reached? Said only where memory grows steadily, and as a span, not as a moment."""

import math
from typing import NamedTuple, Optional, Sequence, Tuple

LEAST_SAMPLES = 5
MOST_SAMPLES = 15
_MOST_DOUBT = 0.25  # half the width of the pace's interval, as a share of the pace
# Two-sided 95 % quantiles of Student's t for 3 to 13 degrees of freedom.
_T95 = (3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160)


class Growth(NamedTuple):
    """Bytes in a second: pace, and the bounds between which it is with 95 % certainty; from how many samples.

    span_seconds: from the first sample to the last.
    """

    pace: float
    slowest: float
    fastest: float
    samples: int
    span_seconds: float


class Reach(NamedTuple):
    """Seconds until a limit is reached, if the growth goes on as it is."""

    soonest_seconds: float
    latest_seconds: float


def steady(samples: Sequence[Tuple[float, int]]) -> Optional[Growth]:
    """The growth of (seconds, bytes), the oldest first; None where it is not steady.

    Steady: at least 5 samples, none below the one before it, on a straight line whose slope is known to a quarter of
    itself with 95 % certainty.
    """
    taken = list(samples)[-MOST_SAMPLES:]
    if len(taken) < LEAST_SAMPLES or any(later[1] < earlier[1] for earlier, later in zip(taken, taken[1:])):
        return None
    count = len(taken)
    middle = math.fsum(at for at, _size in taken) / count
    level = math.fsum(size for _at, size in taken) / count
    spread = math.fsum((at - middle) ** 2 for at, _size in taken)
    if spread <= 0:
        return None
    pace = math.fsum((at - middle) * (size - level) for at, size in taken) / spread
    rest = math.fsum((size - level - pace * (at - middle)) ** 2 for at, size in taken)
    doubt = _T95[count - LEAST_SAMPLES] * math.sqrt(rest / (count - 2) / spread)
    if pace <= 0 or doubt > pace * _MOST_DOUBT:
        return None
    return Growth(pace, pace - doubt, pace + doubt, count, taken[-1][0] - taken[0][0])


def reach(growth: Growth, used: int, limit: int) -> Reach:
    """When what is used now reaches the limit; at once where it has."""
    left = max(0, limit - used)
    return Reach(left / growth.fastest, left / growth.slowest)
