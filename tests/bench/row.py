# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the bench: what can be asked for by its name, and what came of it."""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from tests.bench import paired
from tests.bench.crowd import Crowd
from tests.bench.figures import Figure
from tests.bench.rounds import Rounds
from tests.bench.tries import Tries


class Setting(NamedTuple):
    """What a row is given to measure in."""

    tries: Tries
    rounds: Rounds
    crowd: Crowd
    quick: bool

    def times(self, subjects: Dict[str, Callable[[], object]]) -> paired.Times:
        """What each subject took, in the best try."""
        return self.tries.best(lambda: paired.alternate(self.rounds, subjects)).value

    def sizes(self, sizes: List[int]) -> List[int]:
        """The sizes as they are, or as many tiny ones."""
        return [2**number for number in range(len(sizes))] if self.quick else sizes


class Row(NamedTuple):
    """`measure` gives the row's own figure and then those that it consists of.

    `seconds` is about what one try takes beside two busy loops: rows share the time by it.
    `crowd` is how many processes more are there meanwhile.
    """

    name: str
    what: str
    seconds: float
    measure: Callable[[Setting], List[Figure]]
    crowd: int = 0
    root: bool = True


class Result(NamedTuple):
    """A row that was measured, or with `left_out` the reason why not."""

    row: Row
    figures: Sequence[Figure] = ()
    tries: int = 0
    others: Optional[float] = None  # in the kept try, of several steps the most disturbed one
    average: Optional[float] = None
    disturbed: bool = False
    seconds: float = 0.0
    left_out: str = ""


class NotToBeHad(Exception):
    """What a row compares with is not on this machine; says what and why."""
