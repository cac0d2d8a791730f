# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes: our scan and our subsets against a bare loop over the same files, psutil and ps_mem."""

import functools
from typing import Callable, Iterator, List

from memcore.answers import asked, facts
from memcore.gather import options, process_table, victims
from memcore.sources.host import Host
from tests.bench import bare, figures, peers
from tests.bench.figures import Figure
from tests.bench.module_time import FOUR
from tests.bench.row import NotToBeHad, Row, Setting

_BUDGET, _BUDGET_FROM = 2.0, 500  # with fewer there is more start than scan
_FOUR, _ALL = options.Options(subsets=asked.subsets(FOUR.split(","))), options.Options()


def rows(extra: int) -> Iterator[Row]:
    """What is measured while `extra` processes more are there."""
    budget = _BUDGET if extra >= _BUDGET_FROM else None
    yield _scan_row("bare", extra, "bare loop over the same files", lambda: bare.read_every_status, budget)
    yield _scan_row("psutil", extra, "psutil loop", lambda: peers.psutil_loop)
    yield _scan_row("psmem", extra, "ps_mem", peers.ps_mem)
    yield _reading_row("four", extra, "4 subsets", functools.partial(_collect, _FOUR))
    yield _reading_row("all", extra, "all subsets", functools.partial(_collect, _ALL))
    yield _reading_row("victims", extra, "who dies next", _predict)


def _scan_row(name, extra, peer, get, budget=None):
    what = f"{extra} processes more: scan : {peer}"

    def measure(setting: Setting) -> List[Figure]:
        theirs = get()
        if theirs is None:
            raise NotToBeHad(f"{peer} is not installed here and could not be fetched")
        return [figures.ratio(what, setting.times({"scan": _scan, peer: theirs}), "CPU", budget)]

    return Row(f"scan-{name}-{extra}", what, _seconds(extra), measure, extra)


def _reading_row(name, extra, ours, work: Callable[[], None]):
    what = f"{extra} processes more: {ours} : bare loop over all they read"

    def measure(setting: Setting) -> List[Figure]:
        tape = bare.record(work)
        return [figures.ratio(what, setting.times({"ours": work, "tape": tape.play}), "CPU")]

    return Row(f"{name}-{extra}", what, _seconds(extra), measure, extra)


def _seconds(extra):
    return 2 + extra / 500


def _collect(options):
    facts.collect(Host("/"), options)


def _predict():
    victims.predict(Host("/"))


def _scan():
    process_table.scan(Host("/"))
