# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every counter, gauge and histogram of the agent, for any of its threads. The table is in metrics.py."""

import bisect
import math
import threading
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from oomwatch.agent.metrics import BY_NAME, COUNTER, GAUGE, HISTOGRAM, METRICS, Metric

MOST_ROWS = 2000  # of one metric
_SPARE_ROWS = 100  # beyond that, for the rows of "other"
_LONGEST = 200  # characters of a label's value
_LARGEST = 2**63
_OTHER = "other"


class Distribution(NamedTuple):
    """A histogram: counts of each bucket alone, the last of what is above all bounds; sum in seconds."""

    counts: Tuple[int, ...]
    sum: float


class Tallies:
    """Names and labels that the table does not have are errors of the program: KeyError.

    trouble: what was wrong with the state at `resume`, in one sentence, or None.
    """

    def __init__(self) -> None:
        self.trouble: Optional[str] = None
        self._lock = threading.Lock()
        self._rows: Dict[str, Dict[Tuple[str, ...], Any]] = {metric.name: {} for metric in METRICS}
        for metric in METRICS:
            for row in metric.rows:
                self._rows[metric.name][row] = 0
            if metric.kind == HISTOGRAM:
                self._rows[metric.name][()] = _nothing_observed(metric)

    def add(self, name: str, amount: Union[int, float] = 1, **labels) -> None:
        """Add to a counter. An amount of 0 shows the row as 0."""
        metric = _metric(name, COUNTER)
        if amount < 0 or math.isnan(amount):
            raise ValueError(f"{name} is a counter, which cannot change by {amount}")
        row = _row(metric, labels)
        with self._lock:
            self._add(metric, row, amount)

    def set(self, name: str, value: Union[int, float], **labels) -> None:
        """Set one row of a gauge."""
        metric = _metric(name, GAUGE)
        row = _row(metric, labels)
        with self._lock:
            rows = self._rows[name]
            if row in rows or len(rows) < MOST_ROWS:
                rows[row] = value

    def replace(self, name: str, rows: Dict[Tuple[str, ...], Union[int, float]]) -> None:
        """Replace all rows of a gauge: {values of its labels in their order: value}. At most MOST_ROWS are taken."""
        metric = _metric(name, GAUGE)
        taken = {}
        for values, value in rows.items():
            if len(values) != len(metric.labels):
                raise KeyError(f"{name} has the labels {metric.labels}, not {len(values)} values")
            if len(taken) < MOST_ROWS:
                taken[tuple(map(_label, values))] = value
        with self._lock:
            self._rows[name] = taken

    def observe(self, name: str, seconds: float) -> None:
        """Count a duration in a histogram. A clock that was set back gives a negative one, which counts as 0."""
        metric = _metric(name, HISTOGRAM)
        seconds = max(0.0, seconds)
        with self._lock:
            before = self._rows[name][()]
            counts = list(before.counts)
            counts[bisect.bisect_left(metric.buckets, seconds)] += 1
            self._rows[name][()] = Distribution(tuple(counts), before.sum + seconds)

    def value(self, name: str, **labels) -> Union[int, float]:
        """The value of one row of a counter or gauge, 0 where there is none; the count of a histogram."""
        metric = BY_NAME[name]
        with self._lock:
            found = self._rows[name].get(_row(metric, labels), 0)
        return sum(found.counts) if isinstance(found, Distribution) else found

    def families(self) -> Iterator[Tuple[Metric, List[Tuple[Tuple[str, ...], Any]]]]:
        """Each metric with its rows: (values of its labels in their order, number or Distribution)."""
        for metric in METRICS:
            with self._lock:
                rows = list(self._rows[metric.name].items())
            yield metric, rows

    def state(self) -> Dict:
        """Counters and histograms, as JSON."""
        counters, histograms = {}, {}
        for metric, rows in self.families():
            if metric.kind == COUNTER:
                counters[metric.name] = [[*row, value] for row, value in rows if value]
            elif metric.kind == HISTOGRAM:
                found = rows[0][1]
                buckets = list(metric.buckets)
                histograms[metric.name] = {"buckets": buckets, "counts": list(found.counts), "sum": found.sum}
        return {"counters": counters, "histograms": histograms}

    def resume(self, state: Any) -> None:
        """Add what an earlier run had counted. Of a state that is damaged or of another version the rest is dropped."""
        dropped = 0
        counters, histograms = (_dict(_dict(state).get(part)) for part in ("counters", "histograms"))
        for name, rows in counters.items():
            metric = BY_NAME.get(name)
            if metric is None or metric.kind != COUNTER or not isinstance(rows, list):
                dropped += 1
                continue
            for row in rows[: MOST_ROWS + _SPARE_ROWS]:
                if _is_row(metric, row):
                    with self._lock:
                        self._add(metric, tuple(map(_label, row[:-1])), row[-1])
                else:
                    dropped += 1
            dropped += len(rows[MOST_ROWS + _SPARE_ROWS :])
        for name, kept in histograms.items():
            metric = BY_NAME.get(name)
            if metric is not None and metric.kind == HISTOGRAM and _is_distribution(metric, kept):
                with self._lock:
                    before = self._rows[name][()]
                    counts = tuple(map(sum, zip(before.counts, kept["counts"])))
                    self._rows[name][()] = Distribution(counts, before.sum + kept["sum"])
            else:
                dropped += 1
        if state is not None and not (counters or histograms):
            self.trouble = "The saved counters are damaged; all counters start at 0"
        elif dropped:
            self.trouble = f"{dropped} saved counters are damaged or of another version; they start at 0"

    def _add(self, metric, row, amount):
        rows = self._rows[metric.name]
        if row not in rows and len(rows) >= MOST_ROWS:
            row = tuple(_OTHER if label in metric.workload else value for label, value in zip(metric.labels, row))
            if row not in rows and len(rows) >= MOST_ROWS + _SPARE_ROWS - 1:
                row = (_OTHER,) * len(row)
        rows[row] = rows.get(row, 0) + amount


def _nothing_observed(metric):
    return Distribution((0,) * (len(metric.buckets) + 1), 0.0)


def _metric(name, kind):
    metric = BY_NAME[name]
    if metric.kind != kind:
        raise KeyError(f"{name} is a {metric.kind} and no {kind}")
    return metric


def _row(metric, labels):
    if len(labels) != len(metric.labels):
        raise KeyError(f"{metric.name} has the labels {metric.labels}, not {tuple(labels)}")
    return tuple([_label(labels[label]) for label in metric.labels])


def _label(value):
    """A label's value that can be written as UTF-8: names of mounts may hold any bytes."""
    if value is None:
        return ""
    text = str(value)[:_LONGEST]
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _dict(value):
    return value if isinstance(value, dict) else {}


def _is_count(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value < _LARGEST


def _is_row(metric, row):
    return (
        isinstance(row, list)
        and len(row) == len(metric.labels) + 1
        and all(isinstance(value, str) for value in row[:-1])
        and _is_count(row[-1])
    )


def _is_distribution(metric, kept):
    kept = _dict(kept)
    counts = kept.get("counts")
    return (
        kept.get("buckets") == list(metric.buckets)
        and isinstance(counts, list)
        and len(counts) == len(metric.buckets) + 1
        and all(isinstance(count, int) and _is_count(count) for count in counts)
        and _is_count(kept.get("sum"))
    )
