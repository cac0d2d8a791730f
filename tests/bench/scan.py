# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes: our scan and our subsets against a bare loop over the same files, psutil and ps_mem."""

import functools
from typing import Iterator

from memcore.gather import facts, options, process_table, victims
from memcore.sources.host import Host
from tests.bench import bare, figures, paired, peers
from tests.bench.figures import Figure
from tests.bench.module_time import FOUR

_BUDGET, _BUDGET_FROM = 2.0, 500  # with fewer there is more start than scan
_ROUNDS = 7
_BARE = "bare loop over the same files"


def measure(extra: int) -> Iterator[Figure]:
    """`extra` processes are there already, and must be there until the end."""
    named = f"{extra} processes more: "
    four = options.Options(subsets=options.subsets(FOUR.split(",")))
    everything = options.Options()
    whole_of_ps_mem = peers.ps_mem()
    subjects = {"scan": _scan, _BARE: bare.read_every_status, "psutil loop": peers.psutil_loop}
    if whole_of_ps_mem:
        subjects["ps_mem"] = whole_of_ps_mem
    times = paired.interleave(_ROUNDS, subjects)
    yield figures.ratio(named + "scan", times, "scan", _BARE, _BUDGET if extra >= _BUDGET_FROM else None)
    for peer in list(subjects)[2:]:
        yield figures.ratio(named + "scan", times, "scan", peer)
    for name, asked in (("4 subsets", four), ("all subsets", everything)):
        yield from _against_what_it_reads(named, name, functools.partial(_collect, asked))
    yield from _against_what_it_reads(named, "who dies next", _predict)


def _against_what_it_reads(named, name, work):
    tape = bare.record(work)
    subjects = {name: work, "bare loop over all they read": tape.play}
    times = paired.interleave(_ROUNDS - 2, subjects)
    yield figures.ratio(named + name, times, name, "bare loop over all they read")


def _collect(asked):
    facts.collect(Host("/"), asked)


def _predict():
    victims.predict(Host("/"))


def _scan():
    process_table.scan(Host("/"))
