# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random scenes of more kinds than oom_plan.py has: close scores, and programs that grow after the prediction.

In these a prediction may be wrong, but not while it is sure.
"""

import random

from tests.lab import oom_plan
from tests.lab.oom_plan import UNKILLABLE, Guest, Plan

CLOSE_SHARE, GROWING_SHARE = 0.15, 0.55
MOST_KILLS = 6


def plan(seed: int, number: int, guest: Guest) -> Plan:
    """The plan of that number, the same on any machine."""
    chance = random.Random(f"mixed {seed}/{number}/{guest}")
    kind = chance.random()
    while True:
        drawn = oom_plan.draw(chance, number, guest)
        if kind < CLOSE_SHARE:
            return drawn
        if kind < CLOSE_SHARE + GROWING_SHARE:
            return _growing(chance, drawn, guest)
        if oom_plan.is_decided(drawn, guest):
            return _longer(drawn)


def _growing(chance, drawn, guest):
    """One or two programs take more after the prediction: any, or one that little is missing to come first."""
    if drawn.trigger.adj != UNKILLABLE:
        return drawn  # it grows itself
    names = {one.name for one in drawn.programs if one.parent is None}
    # By what they hold now, with the adjustment: the order of a kernel that does not floor.
    step = oom_plan.total(drawn, guest) // 1000
    ranked = sorted(oom_plan.candidates(drawn), key=lambda one: -(one.private + one.adj * step))
    growers = [one for one in ranked if one.name in names]
    # The programs take two thirds at most.
    most = min(oom_plan.total(drawn, guest), _limit(drawn)) // 4
    behind = [one for one in growers[1:] if _lead(ranked, one, step) < most // 2]
    if behind and chance.random() < 0.5:
        one = chance.choice(behind)
        pages = max(1, _lead(ranked, one, step) * chance.randrange(40, 200) // 100)
        return drawn._replace(later=((one.name, pages),), kills=1)
    count = min(len(growers), chance.choice((1, 1, 2)))
    pages = [chance.randrange(1, chance.choice((most // 8, most // count)) + 1) for _grower in range(count)]
    some = chance.sample([one.name for one in growers], count)
    return drawn._replace(later=tuple(zip(some, pages)), kills=1)


def _lead(ranked, one, step):
    """Pages that it lacks to the first of all."""
    first = ranked[0]
    return first.private + first.adj * step - one.private - one.adj * step


def _limit(drawn):
    group = next((one for one in drawn.groups if one.path == drawn.domain), None)
    return 48 * oom_plan.MIB if group is None else group.limit


def _longer(drawn):
    """More kills than one needs to see whether the order is right, since each counts."""
    if drawn.kills == 1 or drawn.domain is None:
        return drawn
    return drawn._replace(kills=max(drawn.kills, min(MOST_KILLS, len(oom_plan.candidates(drawn)) - 1)))
