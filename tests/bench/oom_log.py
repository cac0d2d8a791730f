# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading OOM reports out of a kernel log: lines a second in some formats, cost and memory with more reports."""

import tracemalloc
from typing import Iterator, List

from memcore.sources.oomlog import oom_report
from tests.bench import exponents, figures, kernel_log, paired
from tests.bench.figures import Figure
from tests.bench.row import Row, Setting
from tests.support import log_formats

_LINES, _REPORTS = 100000, 1000
_BUDGET, _BUDGET_OF_JSON = 150000, 70000  # lines a second
_BUDGET_OF_REPORTS = 500  # a second
_SIZES = [10, 100, 1000, 10000]
_FORMATS = {
    "kmsg": "kmsg",
    "dmesg": "dmesg_indented",
    "short": "short",
    "rsyslog": "rsyslog",
    "json": "journal_json",
}


def rows() -> Iterator[Row]:
    """One of each format, then growth; nothing of it is read from this host."""
    for name in _FORMATS:
        yield _format_row(name)
    yield Row("log-growth", "how CPU time of a log grows with OOM reports", 40, _growth, root=False)


def memory_row() -> Row:
    """Apart, since Python takes long to keep account of what it allocates."""
    return Row("log-memory", "most memory while a log is read, each report thrown away", 100, _memory, root=False)


def _format_row(name):
    style = _FORMATS[name]
    what = f"{_LINES} lines of {style} with {_REPORTS} OOM reports"

    def measure(setting: Setting) -> List[Figure]:
        log = kernel_log.mixed(*((2, 200) if setting.quick else (_REPORTS, _LINES)))
        lines = list(log_formats.FORMATS[style](log))
        times = setting.times({"read": lambda: _read(lines), "bare": lambda: _bare(lines)})
        speeds = [len(lines) / spent.cpu for spent in times["read"]]
        budget = _BUDGET_OF_JSON if name == "json" else _BUDGET
        return [
            Figure(what, speeds, "lines/s", "CPU", budget, at_least=True),
            figures.ratio("a loop that makes text of each line and parts it from its head", times, "CPU"),
        ]

    return Row("log-" + name, what, 15, measure, root=False)


def _growth(setting: Setting) -> List[Figure]:
    steps = [exponents.Step(0, 0.0, False)]
    for size in setting.sizes(_SIZES):
        steps.append(_step(setting, size))
    told, dummy, *costs = exponents.figures("how CPU time of a log grows with OOM reports", steps)
    each = [cost.values[0] / step.size for cost, step in zip(costs, steps[1:])]
    last = steps[-1]
    what = f"whole reports a second, of {last.size}"
    a_second = Figure(what, [1000 / each[-1]], "/s", "CPU", _BUDGET_OF_REPORTS, at_least=True)
    return [
        told,
        *(Figure(f"a report of {step.size}", [1000 * cost], "us", "CPU") for step, cost in zip(steps[1:], each)),
        *(
            Figure(f"a report of {step.size} : of the size before", [after / before], "x", "CPU")
            for step, before, after in zip(steps[2:], each, each[1:])
        ),
        a_second,
    ]


def _step(setting, size):
    """Small logs are read often, so that all sizes take long enough to be disturbed alike."""
    lines = list(kernel_log.kmsg_of(size))
    tried = setting.tries.best(lambda: _least_ms(setting, size, lines))
    return exponents.Step(size, tried.value, tried.disturbed)


def _least_ms(setting, size, lines):
    often = setting.rounds._replace(least=1, most=max(1, _SIZES[-2] // size), longest=2.0)
    return min(paired.cpus(paired.alternate(often, {"read": lambda: _read(lines)})["read"]))


def _memory(setting: Setting) -> List[Figure]:
    sizes = setting.sizes(_SIZES)
    *smaller, largest = setting.tries.best(lambda: [_peak_kib(size) for size in sizes], timed=False).value
    return [
        Figure("most memory, of the largest log", [largest], "KiB"),
        *(Figure(str(size), [peak], "KiB") for size, peak in zip(sizes, smaller)),
    ]


def _read(lines):
    for _report in oom_report.read(lines):
        pass


def _bare(lines):
    for line in lines:
        line.decode("utf-8", "surrogateescape").rstrip("\n").partition(";" if line[:1].isdigit() else "] ")


def _peak_kib(size):
    lines = kernel_log.kmsg_of(size)
    tracemalloc.start()
    _read(lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1024
