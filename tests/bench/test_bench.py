# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench's own parts, on a machine that is made up: nothing here is measured, and nothing needs root."""

import json
import math
import os
import signal
import subprocess
import sys

import pytest

from tests.bench import __main__ as bench
from tests.bench import catalogue, exponents, figures, load, paired, places, record, runner, table
from tests.bench.crowd import Crowd
from tests.bench.figures import Figure
from tests.bench.machine import Machine
from tests.bench.rounds import Rounds
from tests.bench.row import NotToBeHad, Result, Row
from tests.bench.time_limit import broken_off_after
from tests.bench.tries import MOST, Tries


def tries_on(machine, seconds):
    return Tries(seconds, machine.sample, lambda: 1.5, machine.clock)


def attempts(machine, *shares_of_others):
    """An attempt of ten seconds that takes half of a processor; its value is how many there were before."""
    shares = iter(enumerate(shares_of_others))

    def attempt():
        number, others = next(shares)
        machine.go_on(10, others, own=0.25)
        return number

    return attempt


@pytest.mark.parametrize(("others", "own"), [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.25, 0.0), (0.1, 0.75)])
def test_share_of_others_leaves_out_what_was_idle_or_ours(others, own):
    machine = Machine()
    before = machine.sample()
    machine.go_on(4, others, own)
    assert load.share_of_others(before, machine.sample()) == pytest.approx(others)


def test_no_time_has_no_share():
    machine = Machine()
    assert load.share_of_others(machine.sample(), machine.sample()) == 0


def test_ticks_that_lag_behind_our_own_clock_make_no_negative_share():
    before, after = load.Sample((0.0,) * 8, 0.0), load.Sample((0.01, 0, 0, 0.01, 0, 0, 0, 0), 0.012)
    assert load.share_of_others(before, after) == 0


def test_this_machine_has_a_share_between_none_and_all():
    assert 0 <= load.now(0.02) <= 1


def test_an_undisturbed_try_is_not_repeated():
    machine = Machine()
    tries = tries_on(machine, 1000)
    kept = tries.best(attempts(machine, 0.05))
    assert (kept.value, kept.disturbed, tries.count) == (0, False, 1)
    assert kept.average == 1.5


def test_a_disturbed_try_is_repeated_until_one_is_not():
    machine = Machine()
    tries = tries_on(machine, 1000)
    kept = tries.best(attempts(machine, 0.5, 0.0, 0.5))
    assert (kept.value, kept.disturbed, tries.count) == (1, False, 2)


def test_of_disturbed_tries_the_least_disturbed_is_kept_and_marked():
    machine = Machine()
    tries = tries_on(machine, 1000)
    kept = tries.best(attempts(machine, 0.6, 0.3, 0.5, 0.0))
    assert (kept.value, kept.disturbed, tries.count) == (1, True, MOST)
    assert kept.others == pytest.approx(0.3)


@pytest.mark.parametrize(("seconds", "count"), [(5, 1), (19, 1), (20, 2), (29, 2), (30, 3)])
def test_another_try_begins_only_if_it_fits(seconds, count):
    machine = Machine()
    tries = tries_on(machine, seconds)
    tries.best(attempts(machine, 0.5, 0.5, 0.5))
    assert tries.count == count


def test_steps_of_one_row_share_its_time():
    machine = Machine()
    tries = tries_on(machine, 45)
    attempt = attempts(machine, *[0.5] * 9)
    tries.best(attempt)
    tries.best(attempt)
    assert (tries.count, len(tries.kept)) == (4, 2)


def test_what_is_no_time_is_never_disturbed_nor_repeated():
    machine = Machine()
    tries = tries_on(machine, 1000)
    kept = tries.best(attempts(machine, 0.5, 0.0), timed=False)
    assert (kept.value, kept.disturbed, tries.count) == (0, False, 1)


def test_the_halves_of_a_pair_run_alternately():
    ran = []
    subjects = {"ours": lambda: ran.append("A"), "theirs": lambda: ran.append("B")}
    times = paired.alternate(Rounds(3, 3, 0, 0), subjects)
    assert "".join(ran) == "ABABAB"
    assert [len(times[name]) for name in subjects] == [3, 3]


@pytest.mark.parametrize(
    ("rounds", "a_round", "count"),
    [
        (Rounds(3, 9, 0.5, 10), 1, 9),  # as many as there may be
        (Rounds(3, 9, 0.5, 10), 2, 5),  # no longer than it may take
        (Rounds(3, 9, 0.5, 10), 20, 3),  # the least there must be
        (Rounds(3, 9, 0.5, 10), 0.03125, 16),  # long enough to tell the load
        (Rounds(3, 9, 0.5, 10, end=5), 20, 1),  # the time of all rows is up
        (Rounds(3, 9, 0.5, 10, end=5), 2, 3),
    ],
)
def test_rounds_end_by_number_or_by_time(rounds, a_round, count):
    machine = Machine()
    numbers = []
    for number in rounds._replace(clock=machine.clock).numbers():
        numbers.append(number)
        machine.go_on(a_round)
    assert numbers == list(range(count))


def test_a_ratio_is_taken_round_by_round_by_either_clock():
    ours = [paired.Spent(0.002, 0.001), paired.Spent(0.006, 0.002), paired.Spent(0.003, 0.003)]
    theirs = [paired.Spent(0.001, 0.001), paired.Spent(0.002, 0.001), paired.Spent(0.003, 0.001)]
    by_wall = figures.ratio("scan", {"ours": ours, "theirs": theirs}, "wall", 2.0)
    by_cpu = figures.ratio("scan", {"ours": ours, "theirs": theirs}, "CPU", 1.5)
    assert by_wall.values == pytest.approx([2, 3, 1]) and by_wall.other == pytest.approx([1, 2, 3])
    assert by_cpu.values == pytest.approx([1, 2, 3]) and by_cpu.other == pytest.approx([2, 3, 1])
    assert (by_wall.verdict, by_cpu.verdict) == ("met", "missed")
    assert (by_wall.detail, by_cpu.detail) == ("3 ms : 2 ms", "2 ms : 1 ms")


def test_a_spread_is_least_median_and_greatest():
    assert figures.spread([5.0, 1.0, 3.0]) == {"min": 1.0, "median": 3.0, "max": 5.0}
    assert figures.spread([]) == {"min": None, "median": None, "max": None}


@pytest.mark.parametrize(
    ("values", "budget", "at_least", "verdict"),
    [
        ([2.0], 2.0, False, "met"),
        ([2.1], 2.0, False, "missed"),
        ([2.0], 2.0, True, "met"),
        ([1.9], 2.0, True, "missed"),
        ([1.0, 1.0, 9.0], 2.0, False, "met"),
        ([1.0], None, False, ""),
        ([], 2.0, False, ""),
    ],
)
def test_a_budget_is_held_against_the_median(values, budget, at_least, verdict):
    assert Figure("a thing", values, "x", budget=budget, at_least=at_least).verdict == verdict


@pytest.mark.parametrize("power", [1, 2, 1.5])
def test_an_exponent_is_exact_on_exact_costs(power):
    steps = [exponents.Step(size, 30 + size**power, False) for size in (100, 1000, 5000)]
    assert exponents.exponent(30, steps) == pytest.approx(power)


def test_costs_that_hardly_grow_have_no_exponent():
    told, *costs = exponents.figures("mounts", [exponents.Step(size, 30 + size, False) for size in (0, 1, 5, 20)])
    assert not told.values and told.note == "too little to tell an exponent"
    assert [(cost.what, cost.values) for cost in costs] == [("none", [30]), ("1", [31]), ("5", [35]), ("20", [50])]


def test_a_disturbed_size_leaves_no_exponent_but_all_costs():
    steps = [exponents.Step(0, 30, False), exponents.Step(100, 130, True), exponents.Step(1000, 1030, False)]
    told, *costs = exponents.figures("processes", steps)
    assert not told.values and told.note == "disturbed: no exponent"
    assert [cost.note for cost in costs] == ["", "disturbed", ""]
    calm, *_costs = exponents.figures("processes", [step._replace(disturbed=False) for step in steps])
    assert calm.values == pytest.approx([1.0])


def row_of(machine, name, seconds, takes=None, others=0.0):
    def measure(setting):
        kept = setting.tries.best(lambda: machine.go_on(seconds if takes is None else takes, others))
        return [Figure(name, [1.0 if kept.value is None else kept.value], "x")]

    return Row(name, "what " + name + " measures", seconds, measure)


def results_of(machine, rows, seconds):
    return list(runner.run(rows, runner.Deadline(seconds, machine.clock), Crowd(), sample=machine.sample))


def test_rows_that_no_longer_fit_are_left_out_and_say_so():
    machine = Machine()
    rows = [row_of(machine, "slow", 20, takes=70), row_of(machine, "big", 40), row_of(machine, "small", 10)]
    slow, big, small = results_of(machine, rows, 100)
    assert (slow.left_out, slow.seconds) == ("", 70)
    assert big.left_out == "needs about 40 s, and only 30 s were left"
    assert list(table.lines(big)) == [f"{'big':<18}  left out: {big.left_out}"]
    assert not small.left_out, "a row that fits is measured after one that does not"
    assert list(bench.closing([slow, big, small], 80, "bench.json"))[-1] == "1 rows left out: big"


def test_a_deadline_that_has_passed_leaves_out_every_row():
    machine = Machine()
    results = results_of(machine, [row_of(machine, "one", 1), row_of(machine, "two", 1)], 0)
    assert [result.left_out for result in results] == ["needs about 1 s, and only 0 s were left"] * 2


def test_starting_processes_counts_as_time_that_a_row_needs():
    machine = Machine()
    row = row_of(machine, "crowded", 10)._replace(crowd=3000)
    (result,) = results_of(machine, [row], 25)
    assert result.left_out == "needs about 30 s, and only 25 s were left"


def test_a_disturbed_row_is_played_again_within_its_share_and_marked():
    machine = Machine()
    first, second = results_of(machine, [row_of(machine, "one", 10, others=0.5), row_of(machine, "two", 10)], 50)
    assert (first.tries, first.disturbed, first.others) == (2, True, pytest.approx(0.5))
    assert (second.tries, second.disturbed, second.others) == (1, False, 0)
    assert (first.seconds, second.seconds) == (20, 10)


def test_a_row_that_does_not_end_is_broken_off_when_the_time_is_up(monkeypatch):
    monkeypatch.setattr(runner, "BREAK_OFF_SECONDS", 0.05)

    def measure(_setting):
        subprocess.run(["sleep", "infinity"], check=True)

    endless = Row("endless", "what never ends", 0, measure)
    after = Row("after", "what comes next", 1, measure)
    results = list(runner.run([endless, after], runner.Deadline(0), Crowd()))
    assert [result.left_out for result in results] == [
        "was broken off when the time of all rows was up",
        "needs about 1 s, and only 0 s were left",
    ]


@pytest.mark.parametrize("seconds", [1000, math.inf])
def test_a_limit_that_is_not_reached_changes_nothing(seconds):
    with broken_off_after(seconds):
        pass


def test_a_signal_that_comes_after_the_work_does_nothing():
    with broken_off_after(1000):
        pass
    os.kill(os.getpid(), signal.SIGUSR1)


def test_what_a_row_compares_with_may_be_missing():
    machine = Machine()

    def measure(_setting):
        raise NotToBeHad("ps_mem is not installed here")

    rows = [Row("peer", "scan : ps_mem", 1, measure), row_of(machine, "next", 1)]
    peer, after = results_of(machine, rows, 100)
    assert (peer.left_out, after.left_out) == ("ps_mem is not installed here", "")


def test_the_share_of_a_row_leaves_the_others_theirs():
    machine = Machine()
    rows = [row_of(machine, "first", 10), row_of(machine, "second", 30)]
    assert runner.share(rows, 80) == 20
    assert runner.share(rows[1:], 80) == 80
    assert runner.share(rows, 20) == 5


def result_of(**changes):
    row = Row("scan", "scan : loop", 5, lambda _setting: [])
    own = Figure("scan : loop", [1.0, 2.0, 4.0], "x", "CPU", 2.0, detail="2 ms : 1 ms", other=[3.0])
    part = Figure("of it reading", [7.0], "ms", "wall")
    return Result(row, [own, part], 2, 0.25, 3.5, True, 8.0)._replace(**changes)


def test_the_record_has_all_that_is_printed():
    begun = record.start(0.5, 2.0, quick=False)
    whole = json.loads(json.dumps(record.whole(begun, 12.5, [result_of()])))
    assert set(whole) == {"date", "python", "kernel", "cores", "load_at_start", "meaningful", "seconds", "rows"}
    assert (whole["load_at_start"], whole["meaningful"]) == ({"others": 0.5, "average": 2.0}, True)
    (row,) = whole["rows"]
    (part,) = row.pop("parts")
    assert row == {
        "name": "scan",
        "what": "scan : loop",
        "unit": "x",
        "clock": "CPU",
        "min": 1.0,
        "median": 2.0,
        "max": 4.0,
        "values": [1.0, 2.0, 4.0],
        "other_clock": {"min": 3.0, "median": 3.0, "max": 3.0},
        "budget": 2.0,
        "verdict": "met",
        "detail": "2 ms : 1 ms",
        "note": "",
        "others": 0.25,
        "load_average": 3.5,
        "tries": 2,
        "disturbed": True,
        "seconds": 8.0,
        "left_out": None,
    }
    assert (part["what"], part["median"], part["clock"]) == ("of it reading", 7.0, "wall")


def test_the_record_keeps_rows_that_were_left_out():
    row = record.row(Result(result_of().row, left_out="no time"))
    assert (row["name"], row["left_out"], row["values"], row["median"], row["parts"]) == (
        "scan",
        "no time",
        [],
        None,
        [],
    )


def test_a_printed_row_has_its_spread_the_load_and_the_tries():
    own, part = table.lines(result_of())
    measured = "scan 1.00 x 2.00 x 4.00 x CPU 3.00 x 2.00 x met 25 % 3.5 2 disturbed scan : loop; 2 ms : 1 ms"
    assert own.split() == measured.split()
    assert part.split() == "7.0 ms 7.0 ms 7.0 ms wall of it reading".split()
    calm, _part = table.lines(result_of(disturbed=False))
    assert "disturbed" not in calm


@pytest.mark.parametrize(("others", "expected"), [(0.02, False), (0.5, True)])
def test_a_loaded_machine_is_said_at_the_start(others, expected):
    said = "\n".join(bench.opening(record.start(others, 3.25, quick=False)))
    assert f"others have {others:.0%}" in said and "load average 3.2" in said
    assert ("expect disturbed rows" in said) is expected


def test_rows_are_chosen_by_name_in_their_own_order():
    known = catalogue.rows()
    names = [row.name for row in known]
    assert len(set(names)) == len(names)
    assert [row.name for row in catalogue.chosen(known, [names[5], names[2]])] == [names[2], names[5]]
    assert catalogue.chosen(known, []) == known


def test_all_rows_fit_beside_two_busy_loops():
    """Except for the memory of a log, which comes last and is left out first."""
    *rows, last = catalogue.rows()
    assert last.name == "log-memory"
    assert sum(row.seconds for row in rows) < runner.LIMIT_SECONDS - runner.SPARE_SECONDS


def test_an_unknown_row_is_one_sentence_with_the_known_names():
    command = [sys.executable, "-m", "tests.bench", "no-such-row"]
    done = subprocess.run(command, cwd=places.CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("bench: no row is named no-such-row; choose of module-four, ")
    assert all(row.name in line for row in catalogue.rows())
